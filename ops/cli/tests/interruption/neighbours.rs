//! Stacks side by side.

use nix::sys::signal::Signal;

use crate::run::Name;

#[test]
fn stack_killed_beside_another_leaves_that_one_working() {
    let (killed, lives) = (Name::new("killed"), Name::new("lives"));
    let (mut first, mut second) = (killed.up(), lives.up());
    let endpoints = [first.until_ready(), second.until_ready()].map(|info| info["endpoint"].clone());
    assert_ne!(endpoints[0], endpoints[1]);

    first.send(Signal::SIGKILL);
    first.ended();
    killed.assert_no_orphans();

    let verified = lives.ops(&["verify", "--json"]).output().unwrap();
    assert_eq!(verified.status.code(), Some(0), "{}", String::from_utf8_lossy(&verified.stderr));
    // A start empties what the dead one left and touches nothing of the one alive.
    let third = Name::new("third");
    assert_eq!(third.once().status.code(), Some(0));
    killed.assert_left_nothing();
    assert!(lives.directory().join("stack.json").exists());
    second.send(Signal::SIGTERM);
    assert_eq!(second.ended().code, Some(143));
    lives.assert_left_nothing();
}

#[test]
fn second_stack_of_a_name_is_refused_and_the_first_stays() {
    let name = Name::new("same");
    let mut up = name.up();
    up.until_ready();

    let second = name.once();

    let printed = String::from_utf8_lossy(&second.stderr);
    assert_eq!((second.status.code(), second.stdout.len()), (Some(2), 0), "{printed}");
    assert!(printed.contains("is already running") && printed.contains("--name"), "{printed}");
    assert_eq!(name.ops(&["verify", "--json"]).output().unwrap().status.code(), Some(0));
    up.send(Signal::SIGINT);
    assert_eq!(up.ended().code, Some(130));
    name.assert_left_nothing();
}
