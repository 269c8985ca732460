//! Bytes of an untrusted image in, a JPEG thumbnail out.
//!
//! Pure: no network, no files, no environment, no threads, nothing global. The one thing it asks
//! of the outside is the time, to stop a file that takes too long.
//!
//! The stages can be called one by one, so that a caller can measure each:
//! [`decode`] → [`Decoded::resize`] → [`Resized::encode`]. [`thumbnail()`] runs all three.
//!
//! Invariants, whatever the bytes:
//! - the format is known by the first bytes, never by a name or a declared type;
//! - size, pixels and memory are checked before the memory is allocated;
//! - a panic in any stage is a [`Rejection`];
//! - the result is upright, opaque, sRGB, without metadata, never larger than the original.

#![expect(
    clippy::inline_always,
    reason = "only what is inlined into `simd::vectorize` is compiled for wider vectors"
)]

mod bmp;
mod budget;
mod color;
mod decode;
mod decoded;
mod encode;
mod exif;
mod format;
mod formats;
mod gif;
mod guard;
mod heif;
#[cfg(feature = "peers")]
mod image_crate;
#[cfg(feature = "inner")]
#[doc(hidden)]
pub mod inner;
mod jpeg;
mod limits;
mod options;
#[cfg(feature = "peers")]
#[doc(hidden)]
pub mod peers;
mod pixels;
mod png;
mod rejection;
mod resize;
mod simd;
mod sniff;
mod tiff;
mod webp;

pub use crate::decode::decode;
pub use crate::decoded::Decoded;
pub use crate::encode::Thumbnail;
pub use crate::format::{Foreign, Format};
pub use crate::formats::{Formats, ParseFormatsError};
pub use crate::limits::Limits;
pub use crate::options::{Options, ParseRgbError, Rgb};
pub use crate::rejection::{Cause, Rejection};
pub use crate::resize::Resized;
pub use crate::sniff::sniff;

/// Makes a thumbnail in one call.
///
/// ```
/// use thumbnail::{Limits, Options, thumbnail};
///
/// let photo = include_bytes!("../tests/fixtures/photo.jpg");
/// let small = thumbnail(photo, &Limits::default(), &Options::default())?;
/// assert!(small.width <= 256 && small.height <= 256);
///
/// let refused = thumbnail(b"%PDF-1.7", &Limits::default(), &Options::default()).unwrap_err();
/// assert_eq!(refused.reason(), "UnsupportedFormat");
/// # Ok::<(), thumbnail::Rejection>(())
/// ```
///
/// # Errors
///
/// A [`Rejection`], which trying again cannot change.
pub fn thumbnail(bytes: &[u8], limits: &Limits, options: &Options) -> Result<Thumbnail, Rejection> {
    decode(bytes, limits, options)?.resize(options)?.encode(options)
}
