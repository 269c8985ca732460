//! Process groups: a program and everything it starts end together.

use std::io;
use std::process::{Output, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};

/// A process group that is killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    id: Pid,
    released: bool,
}

impl Group {
    /// Starts `command` as the leader of a group of its own; Ctrl-C in a terminal does not reach it.
    pub(crate) fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        let child = command.process_group(0).spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        let id = id.ok_or_else(|| io::Error::other("the process ended at once"))?;
        Ok((child, Self { id: Pid::from_raw(id), released: false }))
    }

    /// Runs `command` to its end; dropping the future kills all it started.
    pub(crate) async fn output(command: &mut Command) -> io::Result<Output> {
        let (child, group) =
            Self::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        let output = child.wait_with_output().await?;
        group.release();
        Ok(output)
    }

    /// The group's number.
    pub(crate) fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// Kills whoever is in the group; an empty one is what we want.
    pub(crate) fn kill(&self) {
        killpg(self.id, Signal::SIGKILL).ok();
    }

    /// Whether nobody is left, not even a dead process that waits to be collected.
    pub(crate) fn is_empty(&self) -> bool {
        killpg(self.id, None) == Err(Errno::ESRCH)
    }

    /// Forgets the group: its leader is gone, so its number may soon be somebody else's.
    pub(crate) fn release(mut self) {
        self.released = true;
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if !self.released {
            self.kill();
        }
    }
}
