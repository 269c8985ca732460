//! Why no thumbnail was made: a closed set, worded for the owner of the file.

use std::error::Error;
use std::time::Duration;

use crate::format::{Foreign, Format};
use crate::formats::Formats;

/// What a decoder said, kept as the source of a [`Rejection`].
pub type Cause = Box<dyn Error + Send + Sync>;

/// Why a decoder of this crate gave a file up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DecodeError {
    /// A part of the format that the decoder does not know.
    #[error("{0} is not decoded here")]
    Unsupported(&'static str),
    /// The file ends before its picture.
    #[error("the file ends {0}")]
    Truncated(&'static str),
    /// The bytes contradict the format.
    #[error("{0}")]
    Corrupt(&'static str),
    /// The caller's clock ran out.
    #[error("the time to decode is over")]
    Late,
}

/// Why no thumbnail was made. No retry mends any of these.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Rejection {
    /// There are no bytes.
    #[error("the file is empty; upload it again")]
    Empty,
    /// No known format begins like this.
    #[error("the file is not an image; upload a {accepted} file")]
    NotAnImage {
        /// The formats that are accepted.
        accepted: Formats,
    },
    /// An image, but of a format that is not decoded.
    #[error("{} files are not supported; {}", found.name(), found.advice())]
    UnsupportedFormat {
        /// The format.
        found: Foreign,
    },
    /// An image of a format that is decoded, but not accepted here.
    #[error("{format} files are not accepted here; upload a {accepted} file{}", format.advice())]
    FormatNotAccepted {
        /// The format.
        format: Format,
        /// Those that are accepted.
        accepted: Formats,
    },
    /// A known format that uses a part of it which is not decoded.
    #[error(
        "this kind of {format} file is not supported; save it as an ordinary JPEG or PNG and upload that"
    )]
    UnsupportedFeature {
        /// The format.
        format: Format,
        /// What the decoder said.
        #[source]
        source: Cause,
    },
    /// The file ends before the image does.
    #[error("the {format} file ends too early, as after a broken upload; upload it again")]
    Truncated {
        /// The format.
        format: Format,
        /// What the decoder said.
        #[source]
        source: Cause,
    },
    /// The bytes contradict their format.
    #[error("the {format} file is damaged; open it in an image editor, save it anew and upload that")]
    Corrupt {
        /// The format.
        format: Format,
        /// What the decoder said.
        #[source]
        source: Cause,
    },
    /// The file is too large.
    #[error("the file has {bytes} bytes, more than the {limit} allowed; upload a smaller one")]
    TooManyBytes {
        /// Its size.
        bytes: u64,
        /// Most bytes allowed.
        limit: u64,
    },
    /// The picture is too large.
    #[error("the image has {width} × {height} pixels, more than the {limit} allowed; upload a smaller one")]
    TooManyPixels {
        /// Its declared width.
        width: u32,
        /// Its declared height.
        height: u32,
        /// Most pixels allowed.
        limit: u64,
    },
    /// Decoding would need too much memory.
    #[error(
        "the {format} image needs more than {limit} bytes of memory; upload a smaller one, or save it as an ordinary JPEG"
    )]
    TooMuchMemory {
        /// The format.
        format: Format,
        /// Most bytes allowed.
        limit: u64,
    },
    /// Decoding took too long.
    #[error(
        "the {format} image takes longer than {limit:?} to read; save it as an ordinary JPEG and upload that"
    )]
    TooSlow {
        /// The format.
        format: Format,
        /// Longest time allowed.
        limit: Duration,
    },
    /// The image was read, but a later step failed on it.
    #[error("no thumbnail could be made of the {format} image; save it as an ordinary JPEG and upload that")]
    Unrenderable {
        /// The format.
        format: Format,
        /// What the step said.
        #[source]
        source: Cause,
    },
}

impl Rejection {
    /// Each value that [`Rejection::reason`] can return.
    pub const ALL_REASONS: [&'static str; 11] = [
        "Empty",
        "NotAnImage",
        "UnsupportedFormat",
        "UnsupportedFeature",
        "Truncated",
        "Corrupt",
        "TooManyBytes",
        "TooManyPixels",
        "TooMuchMemory",
        "TooSlow",
        "Unrenderable",
    ];

    /// One word of a closed set, fit to be a metric's dimension.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Empty => "Empty",
            Self::NotAnImage { .. } => "NotAnImage",
            Self::UnsupportedFormat { .. } | Self::FormatNotAccepted { .. } => "UnsupportedFormat",
            Self::UnsupportedFeature { .. } => "UnsupportedFeature",
            Self::Truncated { .. } => "Truncated",
            Self::Corrupt { .. } => "Corrupt",
            Self::TooManyBytes { .. } => "TooManyBytes",
            Self::TooManyPixels { .. } => "TooManyPixels",
            Self::TooMuchMemory { .. } => "TooMuchMemory",
            Self::TooSlow { .. } => "TooSlow",
            Self::Unrenderable { .. } => "Unrenderable",
        }
    }
}
