//! What an upload may cost at most.

use std::time::Duration;

use crate::formats::Formats;

/// What one image may cost, checked before and while it is decoded.
///
/// Frames need no limit: the first alone is read, whatever stands behind it.
///
/// [`Limits::default`] suits a function with 512 MB of memory or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest file, in bytes. Default 52,428,800 (50 MiB).
    pub max_bytes: u64,
    /// Largest picture, in pixels (width × height as declared in the file). Default 200,000,000, what phones have at
    /// most. What is decoded in one piece meets the other limits earlier; see docs/decisions/processor-memory.md.
    pub max_pixels: u64,
    /// Most memory that decoding may hold at once, in bytes, the file itself not counted. Default
    /// 268,435,456 (256 MiB). It must stay well below what the process has: a failed allocation
    /// aborts and cannot be turned into a [`Rejection`](crate::Rejection).
    pub max_decode_bytes: u64,
    /// Longest that decoding may take, in wall-clock time. Default 15 s.
    pub time: Duration,
    /// Formats that are accepted. Default all that are built.
    pub formats: Formats,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_bytes: 50 * 1024 * 1024,
            max_pixels: 200_000_000,
            max_decode_bytes: 256 * 1024 * 1024,
            time: Duration::from_secs(15),
            formats: Formats::BUILT,
        }
    }
}
