//! Every way to end `ops up`, in every phase that has an engine; installing.rs has the phases before.

use std::fs;

use nix::sys::signal::Signal;

use crate::run::{Name, Up};

/// Signals with the exit status that each leads to; without one the signal itself ends the program.
const ENDS: [(Signal, Option<i32>); 4] = [
    (Signal::SIGINT, Some(130)),
    (Signal::SIGTERM, Some(143)),
    (Signal::SIGHUP, None),
    (Signal::SIGKILL, None),
];

/// Ends a stack by each signal once it is in a phase, then starts it as if nothing had been.
fn interrupt(word: &str, reach: fn(&mut Up)) {
    let name = Name::new(word);
    for (signal, code) in ENDS {
        let mut up = name.up();
        reach(&mut up);
        up.send(signal);
        let ended = up.ended();
        assert_eq!(ended.code, code, "{signal}: {}", ended.printed);
        name.assert_no_orphans();
    }
    name.assert_recovers();
}

#[test]
#[ignore = "long: run by .ci/run"]
fn stack_interrupted_while_its_engine_starts_leaves_nothing_and_starts_again() {
    interrupt("start", |up| up.until_printed("Starting the engine"));
}

#[test]
#[ignore = "long: run by .ci/run"]
fn stack_interrupted_while_it_is_deployed_leaves_nothing_and_starts_again() {
    interrupt("deploy", |up| up.until_printed("Engine answers"));
}

#[test]
#[ignore = "long: run by .ci/run"]
fn stack_interrupted_while_it_is_idle_leaves_nothing_and_starts_again() {
    interrupt("idle", |up| drop(up.until_ready()));
}

#[test]
fn second_ctrl_c_while_the_stack_goes_down_ends_it_as_well() {
    let name = Name::new("twice");
    let mut up = name.up();
    up.until_ready();
    up.send(Signal::SIGINT);
    up.until_printed("Ctrl-C: taking the stack down");
    up.send(Signal::SIGINT);
    assert_eq!(up.ended().code, Some(130));
    name.assert_left_nothing();
}

#[test]
fn closed_stdout_takes_the_stack_down_and_is_no_error() {
    let name = Name::new("pipe");
    let mut up = name.up();
    up.close_stdout();
    let ended = up.ended();
    // As for every command whose reader leaves: nobody waits for the stack's address any more.
    assert_eq!(ended.code, Some(0), "{}", ended.printed);
    assert!(!ended.printed.contains("could not be written"), "{}", ended.printed);
    name.assert_left_nothing();
}

#[test]
fn state_file_that_a_crash_left_as_garbage_does_not_hinder_the_next_start() {
    let name = Name::new("garbage");
    fs::create_dir_all(name.directory().join("tmp")).unwrap();
    for file in ["stack.json", "stack.json.new", "lock", "serve.py"] {
        fs::write(name.directory().join(file), "1\0garbage").unwrap();
    }
    name.assert_recovers();
}
