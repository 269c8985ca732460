//! Queues that several threads of the engine change at the same time.

use tokio::process::Command;

use crate::lab::{Lab, venv};

#[tokio::test]
async fn what_is_deleted_or_sent_while_another_thread_deletes_stays_so() {
    let lab = Lab::start().await;
    let script = include_str!("queues.py");
    let python = venv().await.python;
    let ran = Command::new(python).args(["-c", script]).current_dir(lab.directory()).output().await.unwrap();
    lab.stop().await;

    let left = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(left, "message 11, sent meanwhile\n", "{}", String::from_utf8_lossy(&ran.stderr));
}
