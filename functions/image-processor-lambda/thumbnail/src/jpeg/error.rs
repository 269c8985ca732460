//! Why a JPEG was not decoded here.

/// Why a JPEG was not decoded here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Error {
    /// A part of the standard that this decoder does not know.
    #[error("{0} is not decoded here")]
    Unsupported(&'static str),
    /// The file ends before its picture.
    #[error("the file ends {0}")]
    Truncated(&'static str),
    /// The bytes contradict the standard.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The caller's clock ran out.
    #[error("the time to decode is over")]
    Late,
}
