//! The processes that belong to a run, whatever group or parent they have.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Far beyond what any of it takes on a busy machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Killed processes are gone at once; what only ends by itself, later, counts as an orphan.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(5);

/// A process that still runs.
#[derive(Debug)]
pub(crate) struct Process {
    id: Pid,
    command: String,
    environment: String,
}

impl Process {
    pub(crate) fn send(&self, signal: Signal) {
        kill(self.id, signal).unwrap();
    }

    pub(crate) fn is_engine(&self) -> bool {
        self.command.contains("serve.py")
    }

    pub(crate) fn is_function(&self) -> bool {
        self.environment.contains("AWS_LAMBDA_FUNCTION_NAME=")
    }
}

/// All processes whose command line or environment holds `marker`; the dead have neither any more.
pub(crate) fn of(marker: &str) -> Vec<Process> {
    let ids = fs::read_dir("/proc").unwrap().flatten();
    let ids = ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    // Processes come and go while they are looked at.
    let text = |id: i32, name| {
        Some(String::from_utf8_lossy(&fs::read(format!("/proc/{id}/{name}")).ok()?).into_owned())
    };
    ids.filter_map(|id| {
        let (command, environment) = (text(id, "cmdline")?, text(id, "environ")?);
        let is_ours = command.contains(marker) || environment.contains(marker);
        is_ours.then(|| Process { id: Pid::from_raw(id), command, environment })
    })
    .collect()
}

/// Fails if anything of the run is still alive.
pub(crate) fn assert_no_orphans(marker: &str) {
    let began = Instant::now();
    loop {
        let left: Vec<String> = of(marker).into_iter().map(|process| process.command).collect();
        if left.is_empty() {
            return;
        }
        assert!(began.elapsed() < ORPHAN_PATIENCE, "{marker} left {left:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// What `look` finds, as soon as it finds something.
pub(crate) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "{what} did not happen");
        std::thread::sleep(Duration::from_millis(10));
    }
}
