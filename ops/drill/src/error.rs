//! Errors of a drill: it could not be run. What it shows to be wrong is in its outcome instead.

use std::io;
use std::path::PathBuf;

use aws_client::AwsError;
use aws_client::http::HttpError;
use local_stack::faults::LeaseError;
use pipeline_client::FlowError;
use pipeline_client::guest::GuestError;
use pipeline_client::stack::MissingOutput;
use pipeline_client::user::LoginError;

/// A drill could not be run.
#[derive(Debug, thiserror::Error)]
pub enum DrillError {
    /// A file cannot be read.
    #[error("{path} cannot be read")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// A file is no drill.
    #[error("{path} is no drill")]
    Malformed {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// The stack has a trouble of its own.
    #[error("the stack is not well, so that a drill would prove nothing: {0}")]
    NotWell(String),
    /// The stack lacks a call that the drill's traffic makes.
    #[error(
        "{0} asks how uploads ended, which this stack does not answer; start one that does with \
         `ops up --param StatusApi=enabled`"
    )]
    NoStatusApi(String),
    /// The rules could not be put into force, or ended by themselves.
    #[error("the fault could not be injected")]
    Lease(#[from] LeaseError),
    /// A switch could not be found or turned.
    #[error("the fault could not be injected: {0}")]
    Switch(String),
    /// Nobody may upload.
    #[error("nothing can be uploaded for the drill")]
    Guest(#[from] GuestError),
    /// Nobody could sign in.
    #[error("nobody can sign in for the drill")]
    Login(#[from] LoginError),
    /// A user's step failed where it must not.
    #[error("an upload of the drill was not accepted")]
    Flow(#[from] FlowError),
    /// The stack's outputs lack something.
    #[error(transparent)]
    Output(#[from] MissingOutput),
    /// An API of the stack refused.
    #[error("the stack cannot be looked at")]
    Aws(#[from] AwsError),
    /// The console does not answer.
    #[error("the stack's console does not answer; is `ops up` still running?")]
    Console(#[from] HttpError),
    /// The console's answer is not understood.
    #[error("the stack's console answered something unknown; is it of another version?")]
    Answer(#[source] serde_json::Error),
    /// A picture could not be drawn.
    #[error("no picture could be drawn")]
    Picture(#[source] image::ImageError),
    /// The second stack is not there, or cannot be ended.
    #[error("no second stack could be run beside this one")]
    Neighbour(#[source] io::Error),
    /// What a drill waits for did not come.
    #[error("{0} did not come")]
    TooSlow(String),
}
