//! Errors of a flow: what a user's steps, or the wait for their evidence, can meet.

use std::io;
use std::time::Duration;

use aws_client::AwsError;
use aws_client::http::HttpError;
use bytes::Bytes;
use http::{Response, StatusCode};

use crate::stack::MissingOutput;
use crate::user::LoginError;

/// Longest wait for one piece of evidence; an image takes a second, a retried one some more.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Who refuses the bytes of an upload.
pub(crate) const UPLOAD_URL: &str = "the upload URL";

/// A step of the flow went wrong.
#[derive(Debug, thiserror::Error)]
pub enum FlowError {
    /// Nobody got in.
    #[error("the user could not sign in")]
    Login(#[from] LoginError),
    /// The template lacks an output.
    #[error(transparent)]
    Output(#[from] MissingOutput),
    /// A request got no answer.
    #[error("the stack did not answer; is it still running?")]
    Http(#[from] HttpError),
    /// An answer was no.
    #[error("{what} answered {status}: {reason}")]
    Refused {
        /// Who.
        what: &'static str,
        /// The HTTP status.
        status: StatusCode,
        /// The body, cut short.
        reason: String,
    },
    /// An answer is not what was promised.
    #[error("{what} answered something that is not understood")]
    Answer {
        /// Who.
        what: &'static str,
        /// Where it went wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An AWS API refused.
    #[error("the evidence could not be read")]
    Aws(#[from] AwsError),
    /// The caller could not remember the upload, so it was not begun.
    #[error("the upload could not be written to the journal")]
    Journal(#[source] io::Error),
    /// What was waited for did not come.
    #[error("{what} did not come within {} s; `ops trace` and the log lines may show why", PATIENCE.as_secs())]
    TooSlow {
        /// What was waited for.
        what: &'static str,
    },
    /// The pipeline refused the image for good.
    #[error("the image was refused: {reason}")]
    Rejected {
        /// One word of a closed set.
        reason: String,
    },
    /// What was made is no image.
    #[error("the thumbnail is no JPEG that can be decoded")]
    Thumbnail(#[source] image::ImageError),
}

impl FlowError {
    /// Longest wait for one piece of evidence.
    pub const PATIENCE: Duration = PATIENCE;

    /// The refusal that an answer is.
    #[must_use]
    pub fn refused(what: &'static str, answer: &Response<Bytes>) -> Self {
        Self::Refused { what, status: answer.status(), reason: reason(answer) }
    }

    /// Whether the same again may go well: nobody answered, or the answer was "not now".
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Http(error) | Self::Login(LoginError::Http(error)) => !error.is_malformed(),
            Self::Refused { status, .. } | Self::Login(LoginError::Refused { status, .. }) => {
                is_passing(*status)
            }
            Self::Aws(error) | Self::Login(LoginError::Pool(error)) => error.is_transient(),
            _ => false,
        }
    }

    /// Whether an upload URL was refused, as one is that has expired; another one may be taken.
    pub(crate) fn is_of_this_url(&self) -> bool {
        matches!(self, Self::Refused { what: UPLOAD_URL, status: StatusCode::FORBIDDEN, .. })
    }

    /// Whether the answer was that there are too many requests.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        match self {
            Self::Refused { status, .. } | Self::Login(LoginError::Refused { status, .. }) => {
                *status == StatusCode::TOO_MANY_REQUESTS
            }
            Self::Aws(error) | Self::Login(LoginError::Pool(error)) => error.is_throttled(),
            _ => false,
        }
    }
}

fn is_passing(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

/// The start of a refusal's body.
pub(crate) fn reason(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_by_itself_is_transient() {
        let refused = |status| FlowError::Refused { what: "the API", status, reason: String::new() };
        for status in [429, 500, 502, 503, 504] {
            assert!(refused(StatusCode::from_u16(status).unwrap()).is_transient(), "{status}");
        }
        for status in [400, 401, 403, 404, 413] {
            assert!(!refused(StatusCode::from_u16(status).unwrap()).is_transient(), "{status}");
        }
        assert!(!FlowError::TooSlow { what: "the end" }.is_transient());
    }
}
