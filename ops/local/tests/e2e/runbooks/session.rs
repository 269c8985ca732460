//! Shell session that a reader pastes commands into, from the first block of a runbook to the last.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use local_stack::engine::{AWS_CLI_PACKAGES, Provision};
use local_stack::stack::StackInfo;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

use crate::harness::{Harness, root};
use crate::stacks::functions;

/// Longest wait for a block.
const PATIENCE: Duration = Duration::from_mins(3);

/// The first failure ends the shell, which prints the line of the runbook.
const BEGIN: &str = r#"set -Eeuo pipefail
exec 3>&1
trap 'echo "${BASH_SOURCE[0]-}:$LINENO: $BASH_COMMAND" >&2' ERR
"#;

/// What each runbook has its reader do first on the local stack.
pub(super) const ENVIRONMENT: &str = "eval \"$(cargo run --quiet -- env)\"\n";

/// `cargo run -- ARGUMENTS` for the program as it was built for this test.
const CARGO: &str = r#"#!/bin/sh
while [ "$1" != -- ]; do shift; done
shift
exec "$OPS" "$@"
"#;

/// Version 1 takes no notice of the variable for SQS; the runbooks have readers do this.
const AWS: &str = r#"#!/bin/sh
exec "$AWS_CLI" --endpoint-url "$AWS_ENDPOINT_URL" "$@"
"#;

/// The time of day, and what a reader has waited since who did not wait.
const DATE: &str = r#"#!/bin/sh
[ "$*" = +%s ] || { echo "date $*: only +%s works on every system" >&2; exit 1; }
echo $(( $(/bin/date +%s) + $(cat "$DESK/later") ))
"#;

/// What a block did.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// The exit status; words when there is none.
    pub(super) status: String,
}

/// A running shell.
pub(super) struct Session {
    bash: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    desk: TempDir,
}

impl Session {
    /// Opens a shell that has the AWS CLI, `cargo run` and the stack, in a directory like the repository.
    pub(super) async fn open(harness: &Harness) -> Self {
        let desk = tempfile::tempdir().unwrap();
        let here = desk.path().join("here");
        for directory in [".local-stack", "ops/local"] {
            fs::create_dir_all(here.join(directory)).unwrap();
        }
        for name in ["template.yaml", "ops/local/photos"] {
            symlink(root().join(name), here.join(name)).unwrap();
        }
        symlink(StackInfo::directory(&root(), &harness.info.name), here.join(".local-stack/default"))
            .unwrap();
        for (name, script) in [("aws", AWS), ("cargo", CARGO), ("date", DATE)] {
            let path = desk.path().join(name);
            fs::write(&path, script).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::write(desk.path().join("later"), "0").unwrap();
        let provision = Provision {
            directory: root().join(".local-stack"),
            python: "python3".into(),
            packages: AWS_CLI_PACKAGES,
        };
        let venv = provision.ensure(&()).await.unwrap();
        let functions = functions().await;
        let ops = functions.program(&fs::canonicalize(root().join("ops/cli")).unwrap()).unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", desk.path().display());
        let mut bash = Command::new("bash")
            .args(["--noprofile", "--norc"])
            .env_clear()
            .env("PATH", path.as_str())
            .envs([("HOME", desk.path()), ("DESK", desk.path()), ("OPS", ops)])
            .env("AWS_CLI", venv.python.with_file_name("aws"))
            .env("LANG", "C.UTF-8")
            .current_dir(&here)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut input = bash.stdin.take().unwrap();
        input.write_all(BEGIN.as_bytes()).await.unwrap();
        input.write_all(ENVIRONMENT.as_bytes()).await.unwrap();
        let output = BufReader::new(bash.stdout.take().unwrap()).lines();
        Self { bash, input, output, desk }
    }

    /// Gives a variable the value that a reader has found out.
    pub(super) async fn set(&mut self, name: &str, value: &str) {
        assert!(!value.contains('\''), "{value}");
        self.input.write_all(format!("{name}='{value}'\n").as_bytes()).await.unwrap();
    }

    /// Has so much time passed, as far as commands ask for the time.
    pub(super) fn wait(&self, time: Duration) {
        fs::write(self.desk.path().join("later"), time.as_secs().to_string()).unwrap();
    }

    /// Runs commands that begin on a line of a page; a failure ends the shell.
    pub(super) async fn run(&mut self, page: &str, line: usize, script: &str) -> Output {
        let page = self.lay(page, line, script);
        self.execute(&format!("source '{}' {{}}; echo 0 >&3", page.display())).await
    }

    /// Runs commands whose failure the shell survives, and which leave no variables.
    pub(super) async fn attempt(&mut self, page: &str, line: usize, script: &str) -> Output {
        let page = self.lay(page, line, script);
        let source = format!("(set -e; source '{}') {{}}", page.display());
        self.execute(&format!("set +e; {source}; status=$?; set -e; echo $status >&3")).await
    }

    /// Puts commands into a file where they have the numbers of their lines.
    fn lay(&self, page: &str, line: usize, script: &str) -> PathBuf {
        let path = self.desk.path().join(page);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "\n".repeat(line - 1) + script).unwrap();
        path
    }

    async fn execute(&mut self, command: &str) -> Output {
        let (out, err) = (self.desk.path().join("out"), self.desk.path().join("err"));
        let streams = format!("> '{}' 2> '{}' < /dev/null", out.display(), err.display());
        let command = command.replace("{}", &streams) + "\n";
        self.input.write_all(command.as_bytes()).await.unwrap();
        let ended = timeout(PATIENCE, self.output.next_line()).await;
        let status = if let Ok(line) = ended {
            line.unwrap().unwrap_or_else(|| "it ended the shell".to_owned())
        } else {
            self.bash.start_kill().unwrap();
            "it does not end".to_owned()
        };
        let read = |path: &Path| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned();
        Output { stdout: read(&out), stderr: read(&err), status }
    }
}
