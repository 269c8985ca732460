//! The end of `ops up` while it waits for programs that it started.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use local_stack::engine::{ENGINE_PACKAGES, Provision};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::processes::wait_for;
use crate::run::program;

/// A shell command that writes its process id beside `program` and then never ends.
fn stuck(program: &Path) -> String {
    let program = program.display();
    format!("echo $$ > '{program}.part' && mv '{program}.part' '{program}.pid'; exec sleep 600")
}

fn script(directory: &Path, name: &str, text: &str) -> PathBuf {
    let path = directory.join(name);
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn started(program: &Path) -> Pid {
    let file = program.with_extension("pid");
    let text = wait_for("a program's start", || fs::read_to_string(&file).ok());
    Pid::from_raw(text.trim().parse().unwrap())
}

/// What Python is asked for, one after the other, until the engine is installed.
const INSTALLING: [&str; 4] = ["-c *", "-m venv *", "-m ensurepip *", "-m pip *"];

/// A Python that takes part in an installation and behaves as `phase` states.
fn python(root: &Path, phase: &str, does: &str) -> PathBuf {
    let text = format!(
        r#"case "$*" in
            {phase}) {does} ;;
            "-c "*) echo 3 12 ;;
            "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
        esac"#,
        phase = phase.replace(' ', "\\ "),
    );
    script(root, "python3", &text)
}

/// `ops up` with a cargo that never ends and a Python that does not end one phase, once both run.
fn up(root: &Path, phase: &str) -> (Child, [Pid; 2]) {
    fs::write(root.join("template.yaml"), "").unwrap();
    let (python3, cargo) = (root.join("python3"), root.join("cargo"));
    python(root, phase, &stuck(&python3));
    script(root, "cargo", &stuck(&cargo));
    let child = program()
        .args(["up", "--json", "--engine-port", "0", "--console-port", "0"])
        .current_dir(root)
        .env("CARGO", &cargo)
        .env("PATH", format!("{}:/usr/bin:/bin", root.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    (child, [started(&python3), started(&cargo)])
}

/// Ends `ops up` in each phase; without a status the signal itself ends it.
fn ends_cleanly(signal: Signal, status: Option<i32>) {
    for phase in INSTALLING {
        let root = tempfile::tempdir().unwrap();
        let (child, programs) = up(root.path(), phase);
        kill(Pid::from_raw(child.id().try_into().unwrap()), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (status, 0), "{phase}");
        for program in programs {
            wait_for("the end of a program that was started", || has_ended(program).then_some(()));
        }
    }
}

/// Orphans that nobody collects stay listed, without a command line.
fn has_ended(program: Pid) -> bool {
    kill(program, None).is_err()
        || fs::read(format!("/proc/{program}/cmdline")).is_ok_and(|line| line.is_empty())
}

#[test]
fn ctrl_c_while_installing_and_building_ends_what_was_started_and_exits_with_130() {
    ends_cleanly(Signal::SIGINT, Some(130));
}

#[test]
fn sigterm_while_installing_and_building_ends_what_was_started_and_exits_with_143() {
    ends_cleanly(Signal::SIGTERM, Some(143));
}

#[test]
fn terminal_that_closes_while_installing_and_building_ends_what_was_started() {
    ends_cleanly(Signal::SIGHUP, None);
}

#[test]
fn program_killed_while_installing_and_building_takes_with_it_what_it_started() {
    ends_cleanly(Signal::SIGKILL, None);
}

#[tokio::test]
async fn installation_killed_at_any_step_is_made_anew_by_the_next_start() {
    for phase in INSTALLING {
        let root = tempfile::tempdir().unwrap();
        let (mut child, programs) = up(root.path(), phase);
        child.kill().unwrap();
        child.wait().unwrap();
        for program in programs {
            wait_for("the end of a program that was started", || has_ended(program).then_some(()));
        }

        let python = python(root.path(), "-m pip *", "echo pip >> \"$(dirname \"$0\")/../installed\"");
        let provision = Provision {
            directory: root.path().join(".local-stack"),
            python: python.into(),
            packages: ENGINE_PACKAGES,
        };
        let venv = provision.ensure(&()).await.unwrap();

        let installed = venv.python.parent().unwrap().join("../installed");
        assert_eq!(fs::read_to_string(installed).unwrap(), "pip\n", "{phase}");
        provision.ensure(&()).await.unwrap();
    }
}
