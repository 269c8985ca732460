//! One `ops up` of a test.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::processes::{self, Process, assert_no_orphans, wait_for};

/// A stack's name that no other stack and no other run of the tests has; also the marker of its processes.
pub(crate) struct Name(String);

/// `ops up` that stays.
pub(crate) struct Up {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
    printed: String,
}

/// How `ops up` ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// `None` when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) printed: String,
}

impl Name {
    pub(crate) fn new(word: &str) -> Self {
        Self(format!("interrupted-{word}-{}", std::process::id()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn directory(&self) -> PathBuf {
        root().join(".local-stack").join(&self.0)
    }

    pub(crate) fn ops(&self, words: &[&str]) -> Command {
        let mut command = program();
        command.args(words).args(["--name", &self.0, "--root"]).arg(root());
        // Inherited by all that does not get an environment of its own.
        command.env("OPS_TEST_RUN", &self.0).env("CARGO", env!("CARGO"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a stack that stays up without pushing photos.
    pub(crate) fn up(&self) -> Up {
        let mut child =
            self.ops(&["up", "--json", "--engine-port", "0", "--console-port", "0"]).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Up { child, stderr, printed: String::new() }
    }

    /// The main job, from nothing to nothing.
    pub(crate) fn once(&self) -> Output {
        self.ops(&["up", "--once", "--json", "--engine-port", "0", "--console-port", "0"]).output().unwrap()
    }

    pub(crate) fn processes(&self, wanted: fn(&Process) -> bool) -> Vec<Process> {
        processes::of(&self.0).into_iter().filter(wanted).collect()
    }

    pub(crate) fn engine(&self) -> Process {
        wait_for("an engine", || self.processes(Process::is_engine).pop())
    }

    /// Nothing runs, nothing is published, and the same name starts again without a hand's help.
    pub(crate) fn assert_recovers(&self) {
        assert_no_orphans(&self.0);
        let next = self.once();
        let printed = String::from_utf8_lossy(&next.stderr);
        assert_eq!(next.status.code(), Some(0), "{printed}");
        let document: Value = serde_json::from_slice(&next.stdout).unwrap();
        assert_eq!(document["ok"], true, "{document}");
        self.assert_left_nothing();
    }

    pub(crate) fn assert_left_nothing(&self) {
        assert_no_orphans(&self.0);
        let left = fs::read_dir(self.directory()).unwrap().map(|entry| entry.unwrap().file_name());
        let left: Vec<_> = left.filter(|name| name != "lock" && name != "engine.log").collect();
        assert!(left.is_empty(), "{left:?}");
    }

    pub(crate) fn assert_no_orphans(&self) {
        assert_no_orphans(&self.0);
    }
}

/// Leaves the repository as it was, also after a failed test.
impl Drop for Name {
    fn drop(&mut self) {
        for process in processes::of(&self.0) {
            process.send(Signal::SIGKILL);
        }
        fs::remove_dir_all(self.directory()).ok();
    }
}

impl Up {
    /// Reads progress until a line of it starts with `line`.
    pub(crate) fn until_printed(&mut self, line: &str) {
        loop {
            let mut next = String::new();
            assert!(self.stderr.read_line(&mut next).unwrap() > 0, "no {line:?} in {}", self.printed);
            self.printed.push_str(&next);
            if next.starts_with(line) {
                return;
            }
        }
    }

    /// Waits until the stack is ready and returns what `--json` prints of it.
    pub(crate) fn until_ready(&mut self) -> Value {
        let mut line = String::new();
        BufReader::new(self.child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("the stack did not come up"))
    }

    pub(crate) fn close_stdout(&mut self) {
        self.child.stdout.take();
    }

    pub(crate) fn send(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Waits for the end.
    pub(crate) fn ended(mut self) -> Ended {
        self.stderr.read_to_string(&mut self.printed).unwrap();
        Ended { code: self.child.wait().unwrap().code(), printed: self.printed }
    }
}

/// The program, killed by SIGHUP also where the tests run under `nohup`, which has it ignored.
pub(crate) fn program() -> Command {
    let mut command = Command::new("env");
    command.args(["--default-signal=HUP", env!("CARGO_BIN_EXE_ops")]);
    command
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}
