//! Process groups: a program and everything it starts end together, and never later than we do.

use std::io;
use std::process::{Output, Stdio};
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio::time::sleep;

/// Leads the group and kills it once its stdin ends: the kernel closes that with us, even when we are killed.
const GUARD: &str = "read line; kill -KILL 0";

/// A process group that is killed when it is dropped, or when this process ends.
#[derive(Debug)]
pub struct Group {
    id: Pid,
    /// As long as it is not collected, no other process can get the group's number.
    guard: Child,
}

impl Group {
    /// Starts `command` in a group of its own; Ctrl-C in a terminal does not reach it.
    ///
    /// # Errors
    ///
    /// When the system starts no process.
    pub fn spawn(command: &mut Command) -> io::Result<(Child, Self)> {
        // Before the command: if we are killed between the two, there is nothing to outlive us yet.
        let guard = Command::new("/bin/sh")
            .args(["-c", GUARD])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()?;
        let id = guard.id().and_then(|id| i32::try_from(id).ok());
        let id = Pid::from_raw(id.ok_or_else(|| io::Error::other("the process ended at once"))?);
        let group = Self { id, guard };
        let child = command.process_group(id.as_raw()).spawn()?;
        Ok((child, group))
    }

    /// Runs `command` to its end; dropping the future kills all it started.
    pub(crate) async fn output(command: &mut Command) -> io::Result<Output> {
        let (child, _group) =
            Self::spawn(command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()))?;
        child.wait_with_output().await
    }

    /// The group's number.
    pub(crate) fn id(&self) -> i32 {
        self.id.as_raw()
    }

    /// Kills whoever is in the group, stopped processes too.
    pub fn kill(&self) {
        if self.guard.id().is_some() {
            killpg(self.id, Signal::SIGKILL).ok();
        }
    }

    /// Waits until the killed group is empty; there is no event for processes that are not our children.
    pub(crate) async fn gone(mut self) -> io::Result<()> {
        self.guard.wait().await?;
        while killpg(self.id, None) != Err(Errno::ESRCH) {
            sleep(Duration::from_millis(10)).await;
        }
        Ok(())
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}
