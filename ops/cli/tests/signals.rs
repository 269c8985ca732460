//! Ctrl-C and SIGTERM while `ops up` waits for programs that it started.
#![expect(clippy::unwrap_used, reason = "helpers of a test may panic")]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far beyond what any of it takes, also beside two busy processes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A program that tells its process id and then never ends.
fn stuck(directory: &Path, name: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, "#!/bin/sh\necho $$ > \"$0.part\" && mv \"$0.part\" \"$0.pid\"\nexec sleep 600\n")
        .unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

/// What `look` finds, as soon as it finds something.
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn started(program: &Path) -> Pid {
    let file = program.with_extension("pid");
    let text = wait_for("a program's start", || fs::read_to_string(&file).ok());
    Pid::from_raw(text.trim().parse().unwrap())
}

/// `ops up` with a Python and a cargo that never end, once both run.
fn up(root: &Path) -> (Child, [Pid; 2]) {
    fs::write(root.join("template.yaml"), "").unwrap();
    let (python, cargo) = (stuck(root, "python3"), stuck(root, "cargo"));
    let child = Command::new(env!("CARGO_BIN_EXE_ops"))
        .args(["up", "--json", "--engine-port", "0", "--console-port", "0"])
        .current_dir(root)
        .env("CARGO", &cargo)
        .env("PATH", format!("{}:/usr/bin:/bin", root.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, [started(&python), started(&cargo)])
}

fn ends_cleanly(signal: Signal, status: i32) {
    let root = tempfile::tempdir().unwrap();
    let (child, programs) = up(root.path());
    kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(status), 0));
    for program in programs {
        wait_for("the end of a program that was started", || kill(program, None).err());
    }
}

#[test]
fn ctrl_c_while_starting_ends_what_was_started_and_exits_with_130() {
    ends_cleanly(Signal::SIGINT, 130);
}

#[test]
fn sigterm_while_starting_ends_what_was_started_and_exits_with_143() {
    ends_cleanly(Signal::SIGTERM, 143);
}
