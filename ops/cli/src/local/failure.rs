//! Errors of a local stack's commands.

use std::io;
use std::path::PathBuf;

use aws_client::http::HttpError;
use drill::DrillError;
use local_stack::faults::LeaseError;
use local_stack::stack::{FindError, MissingOutput, UpError};
use pipeline_client::user::LoginError;

/// Why a command on a local stack failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocalFailure {
    /// The stack did not come up.
    #[error("the stack did not come up")]
    Up(#[source] Box<UpError>),
    /// The engine ended while the stack was up.
    #[error(
        "the engine ended by itself ({status}); start again, and if it happens again see its log ({log}). Its last lines:\n{tail}"
    )]
    EngineEnded {
        /// How it ended.
        status: String,
        /// Where its log is.
        log: PathBuf,
        /// The log's last lines.
        tail: String,
    },
    /// A process of the stack did not end.
    #[error("the stack was not taken down whole; look for leftover processes of the engine")]
    Down(#[source] io::Error),
    /// No running stack of that name.
    #[error(transparent)]
    Find(#[from] FindError),
    /// The console does not answer.
    #[error("the stack's console does not answer; is `ops up` still running?")]
    Console(#[source] HttpError),
    /// The console's response is not what was expected.
    #[error(
        "the stack's console answered something unknown; stop the stack and start it anew, it may be of another version"
    )]
    Answer(#[source] serde_json::Error),
    /// The demo user cannot sign in.
    #[error(
        "the stack's demo user cannot sign in; stop the stack and start it anew, which makes another user"
    )]
    SignIn(#[source] LoginError),
    /// The stack was started from another template.
    #[error(transparent)]
    Output(MissingOutput),
    /// The clock's rate was refused.
    #[error("the clock goes on as it did: {0}")]
    Clock(String),
    /// A drill could not be run.
    #[error("the drill was not run to its end")]
    Drill(#[source] DrillError),
    /// Drills that would take hours.
    #[error(
        "this takes about {minutes} min; `ops clock 60` makes them seconds, and so does the console's page Drills; or pass \
         --slow to wait that long"
    )]
    SlowClock {
        /// How long, by the day's clock.
        minutes: u32,
    },
    /// No faults can be put into force, or they ended by themselves.
    #[error("calls of the functions cannot be made to fail")]
    Faults(#[source] LeaseError),
    /// The stack went away during an upload.
    #[error(
        "the stack is gone; {ended} of {files} files had ended. What it held went with it: start it again, and upload again"
    )]
    StackGone {
        /// How many files had ended.
        ended: usize,
        /// How many there were.
        files: usize,
    },
}
