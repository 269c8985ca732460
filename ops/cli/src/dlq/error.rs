//! Errors of `ops dlq`.

use aws_client::AwsError;
use pipeline_client::dead_letters::FileError;

/// Why a command on a dead-letter queue could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DlqError {
    /// The dead-letter queue does not answer.
    #[error(
        "the dead-letter queue {queue} cannot be read; check the region, and that you may receive from it"
    )]
    Queue {
        /// Its address.
        queue: String,
        /// The error that SQS returned.
        #[source]
        source: AwsError,
    },
    /// The URL of a dead-letter queue does not name the queue that its messages came from.
    #[error("where should they go? Add --to with the URL of the processing queue")]
    NoDestination,
    /// Nothing was selected: deleting every message must not happen by accident.
    #[error("what should be dropped? Name it with --cause, --image-id, --id or --older-than")]
    NoSelection,
    /// The audit log or the evidence file, which are written before a message is deleted.
    #[error(transparent)]
    File(#[from] FileError),
}
