//! Parts of a running stack that end or hang while `ops up` stays.

use nix::sys::signal::Signal;

use crate::processes::Process;
use crate::run::{Name, root};

#[test]
fn killed_engine_ends_the_stack_with_its_log_and_what_to_do() {
    let name = Name::new("engine");
    let mut up = name.up();
    up.until_ready();

    name.engine().send(Signal::SIGKILL);

    let ended = up.ended();
    assert_eq!(ended.code, Some(2));
    let log = name.directory().join("engine.log");
    for expected in ["the engine ended by itself", "start again", "SIGKILL", log.to_str().unwrap()] {
        assert!(ended.printed.contains(expected), "{expected} is not in {}", ended.printed);
    }
    assert!(log.exists());
    name.assert_left_nothing();
}

#[test]
fn hanging_engine_does_not_outlive_the_stack_however_that_ends() {
    let name = Name::new("hang");
    for (signal, code) in [(Signal::SIGTERM, Some(143)), (Signal::SIGKILL, None)] {
        let mut up = name.up();
        up.until_ready();
        name.engine().send(Signal::SIGSTOP);
        up.send(signal);
        assert_eq!(up.ended().code, code);
        name.assert_no_orphans();
    }
}

#[test]
fn upload_after_all_function_processes_were_killed_is_processed() {
    let name = Name::new("functions");
    let mut up = name.up();
    up.until_ready();
    let photo = root().join("ops/local/photos/raccoon.jpg");
    let upload = || name.ops(&["upload", "--json", photo.to_str().unwrap()]).output().unwrap().status.code();
    assert_eq!(upload(), Some(0));

    let functions = name.processes(Process::is_function);
    assert!(!functions.is_empty());
    for function in &functions {
        function.send(Signal::SIGKILL);
    }

    assert_eq!(upload(), Some(0));
    up.send(Signal::SIGINT);
    assert_eq!(up.ended().code, Some(130));
    name.assert_left_nothing();
}
