//! Who runs on which processor, and that none of them goes idle.
//!
//! Whether a message wakes its reader on the same processor or on another one is the scheduler's whim, and makes
//! twice the difference that telemetry makes. In a virtual machine an idle processor takes long to wake, and
//! from one second to the next another time. So the function has one processor and everybody else another one,
//! and on both somebody is busy behind everybody else.

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

/// Counts for ever, and now and then looks whether whoever started it is still there.
const COUNT: &str = "while kill -0 $PPID; do i=0; while [ $i -lt 100000 ]; do i=$((i + 1)); done; done";

/// Whether there are two processors.
static APART: OnceLock<bool> = OnceLock::new();

/// Keeps both processors busy until it is dropped.
pub(crate) struct Busy(Vec<Child>);

impl Busy {
    /// Has this thread and all that it starts leave the function its processor, and keeps both busy; does
    /// without the latter when `chrt`, a part of util-linux, is missing.
    pub(crate) fn keep() -> Self {
        let apart = *APART.get_or_init(|| available_parallelism().is_ok_and(|count| count.get() > FUNCTION));
        let busy = || Command::new("chrt").args(["--idle", "0", "sh", "-c", COUNT]).spawn();
        let mut children = vec![on_its_own(busy)];
        if apart {
            children.push(busy());
        }
        Self(children.into_iter().flatten().collect())
    }

    /// Whether it does.
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
