//! CPU affinity: the function has one processor, everything else another one, and neither goes idle.
//!
//! The scheduler wakes a reader on the same processor or on another one, which makes twice the difference that
//! telemetry makes. In a virtual machine an idle processor takes long to wake, and not always as long. So a
//! process of idle priority keeps each of both busy.

use std::{
    process::{Child, Command},
    sync::OnceLock,
    thread::available_parallelism,
};

use nix::{
    sched::{CpuSet, sched_setaffinity},
    unistd::Pid,
};

const OTHERS: usize = 0;
const FUNCTION: usize = 1;

/// A busy loop in the shell that ends with its parent process.
const COUNT: &str = "while kill -0 $PPID; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done";

/// Whether there are two processors.
static APART: OnceLock<bool> = OnceLock::new();

/// Keeps both processors busy until it is dropped.
pub(crate) struct Busy(Vec<Child>);

impl Busy {
    /// Pins this thread and all that it starts to the other processor, and keeps both busy; the latter only
    /// where `chrt`, a part of util-linux, is installed.
    pub(crate) fn keep() -> Self {
        let apart = *APART.get_or_init(|| available_parallelism().is_ok_and(|count| count.get() > FUNCTION));
        let busy = || Command::new("chrt").args(["--idle", "0", "sh", "-c", COUNT]).spawn();
        let mut children = vec![on_its_own(busy)];
        if apart {
            children.push(busy());
        }
        Self(children.into_iter().flatten().collect())
    }

    /// Whether the processors are kept busy.
    pub(crate) fn is_kept(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        for child in &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

/// Starts a function, which inherits its processor from the thread that starts it.
pub(crate) fn on_its_own<T>(start: impl FnOnce() -> T) -> T {
    stay_on(FUNCTION);
    let started = start();
    stay_on(OTHERS);
    started
}

fn stay_on(processor: usize) {
    if APART.get() == Some(&true) {
        let mut set = CpuSet::new();
        set.set(processor).expect("a processor's number is small");
        sched_setaffinity(Pid::from_raw(0), &set).expect("this thread may choose among its processors");
    }
}
