//! What goes wrong at a dead-letter queue.

use std::io;
use std::path::PathBuf;

use aws_client::{AwsError, EnvironmentError};
use local_stack::stack::MissingOutput;

/// Why a command on a dead-letter queue could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DlqError {
    /// No account, or no region.
    #[error("AWS cannot be called; without --stack and --queue-url the local stack is meant")]
    Environment(#[from] EnvironmentError),
    /// The stack cannot be asked for its queues.
    #[error("the stack {stack} tells nothing of its queues; check its name, AWS_REGION and AWS_PROFILE")]
    Stack {
        /// Its name.
        stack: String,
        /// What CloudFormation says.
        #[source]
        source: AwsError,
    },
    /// The stack is another one.
    #[error("the stack {stack} has no output {output}; it is no stack of this template")]
    Output {
        /// Its name.
        stack: String,
        /// What it lacks.
        output: &'static str,
    },
    /// The local stack is of another version.
    #[error(transparent)]
    LocalOutput(#[from] MissingOutput),
    /// The dead-letter queue does not answer.
    #[error(
        "the dead-letter queue {queue} cannot be read; check the region, and that you may receive from it"
    )]
    Queue {
        /// Its address.
        queue: String,
        /// What SQS says.
        #[source]
        source: AwsError,
    },
    /// A queue alone does not tell where its messages came from.
    #[error("where should they go? Add --to with the URL of the processing queue")]
    NoTarget,
    /// Everything is too much to delete by accident.
    #[error("what should be dropped? Say it with --cause, --image-id, --id or --older-than")]
    NoSelection,
    /// A file that must be written before anything is done.
    #[error(
        "{path} cannot be written, so nothing more is done; check that its directory exists and has room"
    )]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
}
