//! Keeps the processors from going idle.
//!
//! In a virtual machine an idle processor takes longer to wake than all of telemetry takes, and how long it
//! takes changes from one second to the next.

use std::process::{Child, Command};

/// Does nothing on every processor, behind everybody else, until it is dropped.
pub(crate) struct Awake(Vec<Child>);

impl Awake {
    /// Does without when `chrt`, a part of util-linux, is missing.
    pub(crate) fn keep() -> Self {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let busy = || Command::new("chrt").args(["--idle", "0", "sh", "-c", "while :; do :; done"]).spawn();
        Self((0..processors).filter_map(|_| busy().ok()).collect())
    }

    /// Whether it does.
    pub(crate) fn is_kept(&self) -> bool {
        !self.0.is_empty()
    }
}

impl Drop for Awake {
    fn drop(&mut self) {
        for busy in &mut self.0 {
            drop(busy.kill());
            drop(busy.wait());
        }
    }
}
