//! Processes of the engine's group, and what befalls them as a whole: the engine stands still, or the disk is full.

use std::fs;
use std::io;
use std::net::SocketAddr;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid};

/// The engine and its group, which the functions are in too.
#[derive(Clone, Copy, Debug)]
pub struct Processes {
    /// The engine itself.
    pub engine: i32,
    /// The group.
    pub group: i32,
}

/// What a rule says could not be done to the engine's processes.
#[derive(Debug, thiserror::Error)]
pub enum StrikeError {
    /// The system does not list connections, or the connection is gone.
    #[error(
        "no process of the engine's group holds the connection from {0}; processes are found on Linux only"
    )]
    UnknownCaller(SocketAddr),
    /// The system refused.
    #[error("process {0} could not be killed")]
    Kill(Pid, #[source] nix::Error),
    /// The signal could not be sent.
    #[error("the engine, process {0}, could not be signalled")]
    Signal(i32, #[source] nix::Error),
    /// The limit could not be set.
    #[error("the files of the engine's processes could not be kept from growing; that is done on Linux only")]
    Limit(#[source] io::Error),
}

impl Processes {
    /// One program that leads a group of its own, instead of an engine.
    #[must_use]
    pub fn led_by(program: i32) -> Self {
        Self { engine: program, group: program }
    }

    /// Stops the engine; it goes on when the answer is dropped. The functions and the guard of the group stay awake: those
    /// shall notice, and this one must be able to end the group.
    pub(super) fn stop_engine(self) -> Result<Stopped, StrikeError> {
        let engine = Pid::from_raw(self.engine);
        kill(engine, Signal::SIGSTOP).map_err(|source| StrikeError::Signal(self.engine, source))?;
        Ok(Stopped(self))
    }

    /// Has the engine end and start again, as the same process.
    pub(super) fn restart_engine(self) -> Result<(), StrikeError> {
        let engine = Pid::from_raw(self.engine);
        kill(engine, Signal::SIGUSR1).map_err(|source| StrikeError::Signal(self.engine, source))
    }

    /// Keeps every file of every process of the group from growing until the answer is dropped: writing fails as it does
    /// beyond a quota. Processes that they start meanwhile inherit that.
    pub(super) fn fill_disk(self) -> Result<FullDisk, StrikeError> {
        let full = FullDisk(self);
        limit::growth_of(self, limit::Growth::None).map_err(StrikeError::Limit)?;
        Ok(full)
    }

    /// The processes of the group.
    pub(super) fn members(self) -> impl Iterator<Item = Pid> {
        let group = Pid::from_raw(self.group);
        let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
        let ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw));
        ids.filter(move |id| getpgid(Some(*id)) == Ok(group))
    }
}

/// An engine that stands still.
#[derive(Debug)]
pub(super) struct Stopped(Processes);

impl Drop for Stopped {
    fn drop(&mut self) {
        let engine = Pid::from_raw(self.0.engine);
        // After its end the number could be another process's.
        if getpgid(Some(engine)) == Ok(Pid::from_raw(self.0.group)) {
            kill(engine, Signal::SIGCONT).ok();
        }
    }
}

/// A disk that is full.
#[derive(Debug)]
pub(super) struct FullDisk(Processes);

impl Drop for FullDisk {
    fn drop(&mut self) {
        limit::growth_of(self.0, limit::Growth::Free).ok();
    }
}

#[cfg(target_os = "linux")]
mod limit {
    use std::io;

    use rustix::io::Errno;
    use rustix::process::{Pid, Resource, Rlimit, getrlimit, prlimit};

    use super::Processes;

    /// How far files may grow.
    #[derive(Clone, Copy)]
    pub(super) enum Growth {
        None,
        Free,
    }

    pub(super) fn growth_of(processes: Processes, growth: Growth) -> io::Result<()> {
        // Children of ours, so they have the hard limit that we have.
        let maximum = getrlimit(Resource::Fsize).maximum;
        let current = match growth {
            Growth::None => Some(0),
            Growth::Free => maximum,
        };
        // Twice: what the engine started during the first time has inherited what was before.
        for member in processes.members().chain(processes.members()) {
            let pid = Pid::from_raw(member.as_raw());
            match prlimit(pid, Resource::Fsize, Rlimit { current, maximum }) {
                // It has ended meanwhile.
                Ok(_) | Err(Errno::SRCH) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod limit {
    use std::io;

    use super::Processes;

    #[derive(Clone, Copy)]
    pub(super) enum Growth {
        None,
        Free,
    }

    pub(super) fn growth_of(_: Processes, _: Growth) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::process::Stdio;
    use std::time::Duration;

    use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
    use tokio::process::{Child, ChildStdin, ChildStdout, Command};

    use super::*;
    use crate::process_group::Group;

    /// Stands in for an engine: adds a line to a file for each line that it reads, and answers whether it could.
    const WRITER: &str = r#"trap '' XFSZ; while read -r line; do
        if echo "$line" >>file 2>/dev/null; then echo written; else echo refused; fi; done"#;

    struct Writer {
        processes: Processes,
        ask: ChildStdin,
        answers: Lines<BufReader<ChildStdout>>,
        _child: Child,
        _group: Group,
    }

    impl Writer {
        fn start(directory: &Path) -> Self {
            let mut command = Command::new("sh");
            command.args(["-c", WRITER]).current_dir(directory);
            let (mut child, group) =
                Group::spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped())).unwrap();
            Self {
                processes: Processes { engine: child.id().unwrap().try_into().unwrap(), group: group.id() },
                ask: child.stdin.take().unwrap(),
                answers: BufReader::new(child.stdout.take().unwrap()).lines(),
                _child: child,
                _group: group,
            }
        }

        async fn answer(&mut self) -> String {
            self.ask.write_all(b"line\n").await.unwrap();
            self.answers.next_line().await.unwrap().unwrap()
        }
    }

    /// A process's state, as the kernel names it.
    fn state(id: i32) -> String {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).unwrap();
        stat.rsplit_once(") ").unwrap().1.chars().take(1).collect()
    }

    #[tokio::test]
    async fn stopped_engine_stands_still_alone_and_goes_on_when_that_is_over() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::start(directory.path());
        assert_eq!(writer.answer().await, "written");
        let Processes { engine, group } = writer.processes;

        let stopped = writer.processes.stop_engine().unwrap();
        until(|| state(engine) == "T").await;
        assert_eq!(state(group), "S", "the group's guard sleeps as ever");
        drop(stopped);

        assert_eq!(writer.answer().await, "written");
    }

    #[tokio::test]
    async fn no_file_of_the_group_grows_while_its_disk_is_full_and_every_one_does_afterwards() {
        let directory = tempfile::tempdir().unwrap();
        let mut writer = Writer::start(directory.path());
        assert_eq!(writer.answer().await, "written");

        let full = writer.processes.fill_disk().unwrap();
        assert_eq!(writer.answer().await, "refused");
        drop(full);

        assert_eq!(writer.answer().await, "written");
        assert_eq!(fs::read_to_string(directory.path().join("file")).unwrap(), "line\nline\n");
    }

    async fn until(condition: impl Fn() -> bool) {
        let reached = async {
            while !condition() {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), reached).await.unwrap();
    }
}
