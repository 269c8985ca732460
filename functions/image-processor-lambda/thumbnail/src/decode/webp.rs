//! WebP, through `image-webp` itself: the wrapper in `image` cannot limit the size of a chunk.

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};
use image_webp::{DecodingError, WebPDecoder};

use super::budget::Budget;
use super::{Pixels, Raster};
use crate::rejection::Rejection;

/// Room for one metadata chunk. Its declared size is allocated before a byte of it is read.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes that decoding holds for each pixel, the result not counted: a frame in red, green,
/// blue and alpha, the canvas under it, and the planes of the alpha channel.
const WORK_BYTES_PER_PIXEL: u64 = 10;

pub(super) fn decode(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let reject = |error| classify(error, budget);
    let mut decoder = WebPDecoder::new(budget.reader(bytes)).map_err(reject)?;
    decoder.set_memory_limit(CHUNK_BYTES.min(bytes.len()));
    let (width, height) = decoder.dimensions();
    let pixels = budget.check_pixels(width, height)?;
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    budget.check_memory(pixels * (channels + WORK_BYTES_PER_PIXEL))?;
    let profile = decoder.icc_profile().unwrap_or_default();
    let exif = decoder.exif_metadata().unwrap_or_default();
    let mut buffer = vec![0; decoder.output_buffer_size().ok_or_else(|| budget.too_much_memory())?];
    decoder.read_image(&mut buffer).map_err(reject)?;
    let pixels = if decoder.has_alpha() {
        RgbaImage::from_raw(width, height, buffer).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, buffer).map(DynamicImage::ImageRgb8)
    };
    Ok(Raster {
        pixels: Pixels::Whole(pixels.ok_or_else(|| reject(DecodingError::InconsistentImageSizes))?),
        ink: None,
        profile,
        orientation: exif.as_deref().and_then(orientation).unwrap_or(Orientation::NoTransforms),
    })
}

/// Reads the orientation; some writers put JPEG's prefix before the chunk.
fn orientation(exif: &[u8]) -> Option<Orientation> {
    Orientation::from_exif_chunk(exif.strip_prefix(b"Exif\0\0").unwrap_or(exif))
}

fn classify(error: DecodingError, budget: &Budget) -> Rejection {
    match error {
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => budget.too_much_memory(),
        DecodingError::UnsupportedFeature(_) => {
            Rejection::UnsupportedFeature { format: budget.format, source: Box::new(error) }
        }
        other => budget.damaged(other),
    }
}
