//! Program of the browser: its names, and the flags that it is started with.

use std::path::Path;
use std::process::Stdio;

use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Its programs by their names, the one that Debian installs first.
const PROGRAMS: &str = "chromium chromium-browser google-chrome google-chrome-stable";

/// Finds the program, and gives it the two pipes under the numbers that it reads and writes.
const START: &str = r#"for program in $PROGRAMS; do
  if command -v "$program" > /dev/null; then exec "$program" "$@" 3<&0 4>&1 < /dev/null > /dev/null 2>&1; fi
done
echo 'no Chromium was found; install it (Debian: apt-get install chromium) and run the test again' >&2; exit 1"#;

const FLAGS: [&str; 10] = [
    "--headless",
    "--remote-debugging-pipe",
    // The test may run as root, whom the sandbox refuses; it opens no page but the test's own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

pub(crate) fn start(profile: &Path, rules: &str) -> (Child, ChildStdin, ChildStdout) {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", START, "sh"]).args(FLAGS);
    command.arg(format!("--user-data-dir={}", profile.display()));
    command.arg(format!("--host-resolver-rules={rules}"));
    command.env("PROGRAMS", PROGRAMS).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().unwrap();
    let (input, output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    (child, input, output)
}
