//! Why no URL was issued, and the error response that the client gets.

use contract::http_api::{External, Unauthorized};
use telemetry::JsonError;

use crate::content_type::Accepted;

/// A request that gets no upload URL.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Nobody is known to call.
    #[error(transparent)]
    Unauthorized(#[from] Unauthorized),
    /// The body is no JSON object of the documented form.
    #[error("the request body is not of the documented form")]
    MalformedBody(#[source] BodyError),
    /// The body itself is longer than any documented request.
    #[error("the request body has {bytes} bytes, the limit is {limit}")]
    BodyTooLarge {
        /// Bytes in the body.
        bytes: usize,
        /// Most bytes read.
        limit: usize,
    },
    /// The content type names no image that is accepted.
    #[error("the content type is not one of the accepted image types")]
    UnsupportedType {
        /// What is accepted.
        accepted: Accepted,
    },
    /// The upload would be larger than allowed.
    #[error("the upload would have {bytes} bytes, the limit is {limit}")]
    UploadTooLarge {
        /// Bytes announced.
        bytes: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// An upload without any bytes is no image.
    #[error("the upload would be empty")]
    UploadEmpty,
    /// No length was announced, and the operator requires one.
    #[error("the upload's length is not announced, and must be")]
    LengthRequired,
    /// The checksum is not the base64 form of 32 bytes.
    #[error("the checksum is not a base64 SHA-256 digest")]
    MalformedChecksum,
    /// Signing failed: our fault.
    #[error("could not sign the upload URL")]
    Signing(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Why a body could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BodyError {
    /// API Gateway marked the body as base64, and it is not.
    #[error("the body is marked as base64 and is not")]
    Base64(#[source] base64::DecodeError),
    /// The body is something else than a JSON object.
    #[error("the body is no JSON object")]
    NoObject,
    /// The body is no JSON, or has unknown or mistyped fields.
    #[error("the body is no JSON object with the documented fields")]
    Json(#[source] JsonError),
}

impl Refusal {
    /// The text for the client; causes stay in the log.
    #[must_use]
    pub fn external(&self) -> External {
        let (status, code, message) = match self {
            Self::Unauthorized(error) => return error.external(),
            Self::MalformedBody(_) => (
                400,
                "MalformedBody",
                "Send no body, or a JSON object with any of content_type (text), content_length (whole number), \
                 checksum_sha256 (text) and write_once (true or false), each once and nothing else."
                    .to_owned(),
            ),
            Self::BodyTooLarge { limit, .. } => {
                (413, "BodyTooLarge", format!("The request body may have {limit} bytes; the image itself goes to the upload URL."))
            }
            Self::UnsupportedType { accepted } => {
                let accepted = accepted.types().collect::<Vec<_>>().join(", ");
                (415, "UnsupportedType", format!("content_type must be one of {accepted}."))
            }
            Self::UploadTooLarge { limit, .. } => {
                (413, "UploadTooLarge", format!("content_length may be at most {limit} bytes."))
            }
            Self::UploadEmpty => (400, "UploadEmpty", "content_length must be at least 1.".to_owned()),
            Self::LengthRequired => (
                400,
                "LengthRequired",
                "Send a JSON object with content_length, the image's exact size in bytes.".to_owned(),
            ),
            Self::MalformedChecksum => (
                400,
                "MalformedChecksum",
                "checksum_sha256 must be the base64 form of the image's 32-byte SHA-256 digest.".to_owned(),
            ),
            Self::Signing(_) => (500, "InternalError", "The upload URL could not be made; try again.".to_owned()),
        };
        External { status, code, message }
    }
}
