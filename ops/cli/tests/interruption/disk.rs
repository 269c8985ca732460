//! Disks that are really full or read-only: mounted where only the test sees them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output};

use crate::processes::assert_no_orphans;
use crate::run::{Name, root};

/// Runs a script in a mount namespace of its own, where `$ops` is the program, `$1` a directory and `$2` a
/// stack's name.
fn in_namespace(script: &str, directory: &Path, name: &str) -> Output {
    Command::new("unshare")
        .args(["--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(directory)
        .arg(name)
        .env("ops", env!("CARGO_BIN_EXE_ops"))
        .env("CARGO", env!("CARGO"))
        .current_dir(root())
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Brings the repository's stack up in `script`, which must refuse, and returns what it prints.
fn refused(word: &str, script: &str) -> String {
    let name = Name::new(word);
    let directory = name.directory();
    fs::create_dir_all(&directory).unwrap();
    let up = r#"exec "$ops" up --once --json --engine-port 0 --console-port 0 --name "$2""#;
    let output = in_namespace(&format!("{script}\n{up}"), &directory, name.as_str());
    let printed = stderr(&output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{printed}");
    name.assert_no_orphans();
    printed
}

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_that_is_full_for_the_engine_is_named_and_gets_its_room_back() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("template.yaml"), "").unwrap();
    fs::create_dir(root.path().join(".local-stack")).unwrap();
    let cargo = root.path().join("cargo");
    fs::write(&cargo, "#!/bin/sh\nexec sleep 600\n").unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();

    let script = r#"mount -t tmpfs -o size=8m none "$1/.local-stack" || exit 99
        CARGO="$1/cargo" "$ops" up --once --json --engine-port 0 --console-port 0 --root "$1"; status=$?
        ls "$1/.local-stack"; exit $status"#;
    let output = in_namespace(script, root.path(), "default");

    let (left, printed) = (String::from_utf8_lossy(&output.stdout), stderr(&output));
    assert_eq!(output.status.code(), Some(2), "{printed}");
    let directory = fs::canonicalize(root.path()).unwrap().join(".local-stack");
    assert!(printed.contains(&format!("the disk of {} is full", directory.display())), "{printed}");
    assert!(printed.contains("make room and try again"), "{printed}");
    assert!(!left.lines().any(|name| name.starts_with("engine-") && !name.contains(".lock")), "{left}");
    assert_no_orphans(root.path().to_str().unwrap());
}

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_with_too_little_room_for_the_functions_is_refused_with_how_much_they_need() {
    // The smaller one has room for the program that serves the engine and for no function.
    for size in ["1m", "64m"] {
        let printed = refused("room", &format!(r#"mount -t tmpfs -o size={size} none "$1" || exit 99"#));
        assert!(
            printed.contains("the stack needs") && printed.contains("make room and start again"),
            "{printed}"
        );
    }
}

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_that_is_full_for_the_state_is_named_as_full() {
    let printed = refused(
        "state",
        r#"mount -t tmpfs -o size=16k none "$1" || exit 99; head -c 16384 /dev/zero >"$1/engine.log""#,
    );
    assert!(printed.contains("its disk has room, then start again"), "{printed}");
    assert!(printed.contains("No space left on device"), "{printed}");
}

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_that_is_full_for_the_build_is_named_whatever_the_linker_says() {
    let printed = refused(
        "build",
        r"mount -t tmpfs -o size=1m none /mnt || exit 99
        export CARGO_TARGET_DIR=/mnt",
    );
    assert!(
        printed.contains("the functions do not build: the disk of /mnt has only 0 MiB left"),
        "{printed}"
    );
    assert!(printed.contains("make room") && printed.contains("Cargo printed"), "{printed}");
}

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn directory_that_is_read_only_is_named_with_what_to_do() {
    let printed =
        refused("readonly", r#"mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99"#);
    assert!(printed.contains("/.local-stack/") && printed.contains("make it writable"), "{printed}");

    let printed = refused(
        "readonlytarget",
        r"mount -t tmpfs -o ro none /mnt || exit 99
        export CARGO_TARGET_DIR=/mnt",
    );
    assert!(printed.contains("Read-only file system"), "{printed}");
}

/// Uploads before, while and after the disk of the log is full; then ends the stack.
const FILLED: &str = r#"mount -t tmpfs -o size=1g none "$1" || exit 99
    upload() { "$ops" upload --name "$2" ops/local/photos/raccoon.jpg || echo "failed while $1"; }
    "$ops" up --json --engine-port 0 --console-port 0 --name "$2" >"$1.ready" &
    until [ -s "$1.ready" ]; do kill -0 $! || exit 98; sleep 0.1; done
    upload roomy "$2"
    head -c 2G /dev/zero >"$1/filler" 2>/dev/null
    echo "free: $(df --output=avail "$1" | tail -n 1)"
    upload full "$2"
    rm "$1/filler"
    upload roomy-again "$2"
    kill -INT $!; wait $!; echo "status $?"; rm "$1.ready""#;

#[test]
#[ignore = "needs a mount namespace: run by .ci/run where the machine grants one"]
fn disk_that_fills_up_under_a_running_stack_stops_no_upload_and_no_end() {
    let name = Name::new("filled");
    fs::create_dir_all(name.directory()).unwrap();
    let output = in_namespace(FILLED, &name.directory(), name.as_str());
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(
        printed.contains("free: 0\n") || printed.contains("free:     0\n"),
        "{printed} {}",
        stderr(&output)
    );
    assert_eq!(printed.matches("DONE  ").count(), 3, "{printed} {}", stderr(&output));
    assert!(printed.contains("status 130") && !printed.contains("failed"), "{printed}");
    name.assert_left_nothing();
}
