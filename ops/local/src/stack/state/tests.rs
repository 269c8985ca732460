//! Tests of the directories of stacks.

use std::{os::unix::fs::PermissionsExt, time::Duration};

use super::*;
use crate::deploy::Reconciled;
use crate::stack::DemoUser;
use aws_client::Credentials;

fn info() -> StackInfo {
    StackInfo {
        name: "one".into(),
        endpoint: "http://127.0.0.1:1".into(),
        console: "http://127.0.0.1:2".into(),
        region: "ap-northeast-1".into(),
        outputs: [("ApiUrl".to_owned(), "http://a".to_owned())].into(),
        log_groups: vec![],
        outbox_queue_url: String::new(),
        credentials: Credentials {
            access_key_id: "test".into(),
            secret_access_key: "test".into(),
            session_token: None,
        },
        user: DemoUser { email: "e".into(), password: "p".into(), sub: "s".into() },
        pid: 1,
        reconciled: Reconciled::default(),
    }
}

#[test]
fn published_stack_is_found_while_held_and_its_file_is_private() {
    let root = tempfile::tempdir().unwrap();
    let state = StateDir::take(root.path(), "one").unwrap();
    assert!(matches!(StackInfo::find(root.path(), "one"), Err(FindError::NotReady { .. })));

    state.publish(&info()).unwrap();

    assert_eq!(StackInfo::find(root.path(), "one").unwrap().output("ApiUrl").unwrap(), "http://a");
    let mode = fs::metadata(state.path().join("stack.json")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn state_left_by_a_killed_process_counts_as_not_running() {
    let root = tempfile::tempdir().unwrap();
    let state = StateDir::take(root.path(), "one").unwrap();
    state.publish(&info()).unwrap();
    let left = fs::read(state.path().join("stack.json")).unwrap();
    drop(state);
    fs::write(StackInfo::directory(root.path(), "one").join("stack.json"), left).unwrap();

    assert!(matches!(StackInfo::find(root.path(), "one"), Err(FindError::NotRunning { .. })));
}

/// A start locks each directory for a moment, to see whether its stack has ended.
#[test]
fn a_start_that_looks_at_a_lock_is_not_taken_for_a_running_stack() {
    let root = tempfile::tempdir().unwrap();
    drop(StateDir::take(root.path(), "one").unwrap());
    let turn_of_a_start = turn(root.path()).unwrap();
    let lock = File::open(StackInfo::directory(root.path(), "one").join("lock")).unwrap();
    lock.lock().unwrap();
    let (sender, found) = std::sync::mpsc::channel();
    let directory = root.path().to_owned();
    let finder = std::thread::spawn(move || sender.send(StackInfo::find(&directory, "one").map(drop)));

    // Long enough for one that does not wait its turn to be wrong.
    assert!(found.recv_timeout(Duration::from_millis(200)).is_err(), "it answers while a start looks");
    drop(lock);
    drop(turn_of_a_start);

    assert!(matches!(found.recv().unwrap(), Err(FindError::NotRunning { .. })));
    finder.join().unwrap().unwrap();
}

#[test]
fn second_stack_of_the_same_name_is_refused_and_another_name_is_not() {
    let root = tempfile::tempdir().unwrap();
    let _first = StateDir::take(root.path(), "one").unwrap();
    assert!(matches!(StateDir::take(root.path(), "one"), Err(StateError::Running(_))));
    assert!(StateDir::take(root.path(), "two").is_ok());
}

#[test]
fn start_of_any_stack_empties_the_directories_of_dead_ones_but_keeps_their_last_log() {
    let root = tempfile::tempdir().unwrap();
    let alive = StateDir::take(root.path(), "alive").unwrap();
    fs::write(alive.path().join("kept"), "").unwrap();
    // As a killed process leaves it: with a lock that nobody holds.
    let dead = StackInfo::directory(root.path(), "dead");
    fs::create_dir_all(dead.join("tmp/deep")).unwrap();
    for name in ["lock", "stack.json", "engine.log"] {
        fs::write(dead.join(name), "").unwrap();
    }
    let environment = StackInfo::directory(root.path(), "engine-0");
    fs::create_dir_all(environment.join("bin")).unwrap();

    let _other = StateDir::take(root.path(), "other").unwrap();

    let mut left: Vec<_> = fs::read_dir(&dead).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["engine.log", "lock"]);
    assert!(alive.path().join("kept").exists() && environment.join("bin").exists());
}

#[test]
fn name_that_would_leave_the_directory_or_take_the_engines_is_refused() {
    let root = tempfile::tempdir().unwrap();
    for name in ["../x", "", "a/b", "engine-d464f7ad"] {
        assert!(matches!(StateDir::take(root.path(), name), Err(StateError::Name(_))), "{name}");
    }
}
