//! Why no status was answered, and the error response that the client gets.

use contract::http_api::{External, Unauthorized};

/// A failure of AWS, as its SDK reports it.
pub type AwsError = Box<dyn std::error::Error + Send + Sync>;

/// A request that gets no status.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody is known to call.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// What stands in the path is no id, whoever asks.
    #[error("the path holds no image id")]
    MalformedId,
    /// The caller has no image of this id; another user may, which the caller must not learn.
    #[error("the caller has no image of this id")]
    NotFound,
    /// The table gave no answer: our fault or AWS's.
    #[error("could not read the item")]
    Reading(#[source] AwsError),
    /// The item is not as the processor writes it: our fault.
    #[error("the item has a status that is none")]
    UnknownStatus,
    /// Signing failed: our fault.
    #[error("could not sign the URL of a thumbnail")]
    Signing(#[source] AwsError),
}

impl Refusal {
    /// Whether it is ours or AWS's, and not the client's.
    #[must_use]
    pub fn is_fault(&self) -> bool {
        matches!(self, Self::Reading(_) | Self::UnknownStatus | Self::Signing(_))
    }

    /// The text for the client; causes stay in the log.
    #[must_use]
    pub fn external(&self) -> External {
        let (status, code, message) = match self {
            Self::Unauthorized(error) => return error.external(),
            Self::MalformedId => (
                400,
                "MalformedId",
                "An image id is a UUID in lower case with hyphens, as image_id was given with the URL.",
            ),
            Self::NotFound => (404, "ImageNotFound", "No image of yours has this id."),
            Self::Reading(_) | Self::UnknownStatus | Self::Signing(_) => {
                (500, "InternalError", "The status could not be read; try again.")
            }
        };
        External { status, code, message: message.to_owned() }
    }
}
