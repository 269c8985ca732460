//! Bytes of an untrusted image in, a JPEG thumbnail out.
//!
//! Pure: no network, no files, no environment, no threads, nothing global. The one thing it asks
//! of the outside is the time, to stop a file that takes too long.
//!
//! The stages can be called one by one, so that a caller can measure each:
//! [`decode`] → [`Decoded::resize`] → [`Resized::encode`]. [`thumbnail()`] runs all three.
//!
//! Invariants, whatever the bytes:
//! - the format is told by the first bytes, never by a name or a declared type;
//! - size, pixels and memory are checked before the memory is allocated;
//! - a panic in any stage is a [`Rejection`];
//! - the result is upright, opaque, sRGB, without metadata, never larger than the original.

#![expect(clippy::inline_always, reason = "only what is inlined into `wide` is compiled for wider vectors")]

mod alpha;
mod color;
mod decode;
mod encode;
mod fit;
mod format;
mod guard;
mod halved;
#[cfg(feature = "inner")]
#[doc(hidden)]
pub mod inner;
mod jpeg;
mod limits;
mod planar;
mod plane;
mod png;
mod reduce;
mod rejection;
mod resample;
mod resize;
mod shrink;
mod spec;
mod webp;
mod wide;

pub use crate::decode::{Decoded, decode};
pub use crate::encode::Thumbnail;
pub use crate::format::{Foreign, Format, sniff};
pub use crate::limits::Limits;
pub use crate::rejection::{Cause, Rejection};
pub use crate::resize::Resized;
pub use crate::spec::{ParseRgbError, Rgb, Spec};

/// Makes a thumbnail in one call.
///
/// ```
/// use thumbnail::{Limits, Spec, thumbnail};
///
/// let photo = include_bytes!("../tests/fixtures/photo.jpg");
/// let small = thumbnail(photo, &Limits::default(), &Spec::default())?;
/// assert!(small.width <= 256 && small.height <= 256);
///
/// let refused = thumbnail(b"%PDF-1.7", &Limits::default(), &Spec::default()).unwrap_err();
/// assert_eq!(refused.reason(), "UnsupportedFormat");
/// # Ok::<(), thumbnail::Rejection>(())
/// ```
///
/// # Errors
///
/// A [`Rejection`], which trying again cannot change.
pub fn thumbnail(bytes: &[u8], limits: &Limits, spec: &Spec) -> Result<Thumbnail, Rejection> {
    decode(bytes, limits, spec.side_px)?.resize(spec)?.encode(spec)
}
