//! Whole pictures through the crate `image`, for formats that have a decoder there.

use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder};

use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::pixels::{Pixels, Raster};
use crate::rejection::Rejection;

/// Decodes a picture of which `decoder` has read the header.
///
/// Decoding holds `copies` of the pixels. `rows` may come to them by a faster way than `decoder`; it is
/// passed their size in bytes.
pub(crate) fn decode<'a>(
    decoder: Result<Box<dyn ImageDecoder + 'a>, ImageError>,
    budget: &Budget,
    copies: u64,
    rows: impl FnOnce(u64) -> Result<Option<DynamicImage>, Rejection>,
) -> Result<Raster, Rejection> {
    let reject = |error| reject(error, budget);
    let mut decoder = decoder.map_err(reject)?;
    let (width, height) = decoder.dimensions();
    budget.check_pixels(width, height)?;
    // Read first: a TIFF decoder answers from the file, with a limit of its own on one tag.
    let color = ColorSpace::icc(decoder.icc_profile().unwrap_or_default());
    let orientation = decoder.orientation().map_err(reject)?;
    let pixels_bytes = decoder.total_bytes();
    budget.check_memory(pixels_bytes.saturating_mul(copies))?;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(budget.limits.max_decode_bytes - pixels_bytes);
    decoder.set_limits(limits).map_err(reject)?;
    let pixels = match rows(pixels_bytes)? {
        Some(pixels) => pixels,
        None => DynamicImage::from_decoder(decoder).map_err(reject)?,
    };
    Ok(Raster { pixels: Pixels::Whole(pixels), ink: None, color, orientation })
}

fn reject(error: ImageError, budget: &Budget) -> Rejection {
    match error {
        ImageError::Limits(limit) if limit.kind() == LimitErrorKind::InsufficientMemory => {
            budget.too_much_memory()
        }
        ImageError::Unsupported(source) => {
            Rejection::UnsupportedFeature { format: budget.format, source: Box::new(source) }
        }
        other => budget.damaged(other),
    }
}
