//! Queues that several threads of the engine change at the same time, and messages that come back.

use tokio::process::Command;

use crate::lab::{Lab, venv};

/// What a script prints that runs beside the engine's modules.
async fn printed(script: &str) -> String {
    let lab = Lab::start().await;
    let python = venv().await.python;
    let ran = Command::new(python).args(["-c", script]).current_dir(lab.directory()).output().await.unwrap();
    lab.stop().await;
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[tokio::test]
async fn what_is_deleted_or_sent_while_another_thread_deletes_stays_so() {
    assert_eq!(printed(include_str!("queues.py")).await, "message 11, sent meanwhile\n");
}

#[tokio::test]
async fn a_message_is_handed_out_when_it_becomes_visible_again() {
    assert_eq!(printed(include_str!("visibility.py")).await, "for a moment early\nfor a moment early\n");
}
