//! Exif: how a picture is to be turned.

use image::metadata::Orientation;

/// What JPEG puts before Exif data, and some writers of WebP too.
pub(crate) const PREFIX: &[u8] = b"Exif\0\0";

/// The orientation that Exif data without [`PREFIX`] declare; none where they are missing or damaged.
pub(crate) fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(Orientation::from_exif_chunk).unwrap_or(Orientation::NoTransforms)
}
