//! WebP: what is lossy and opaque through the crate's own decoder, all else through `image-webp` itself,
//! because the wrapper in `image` cannot limit the size of a chunk.

use std::num::NonZeroU32;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};
use image_webp::{DecodingError, WebPDecoder};

use super::budget::Budget;
use super::{Pixels, Raster};
use crate::fit::fit;
use crate::planar::{Channels, Planar};
use crate::reduce;
use crate::rejection::Rejection;
use crate::webp::{self, Container, Error, Size, Wish};

/// Room for one metadata chunk. Its declared size is allocated before a byte of it is read.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes that `image-webp` holds for each pixel, the result not counted: a frame in red, green,
/// blue and alpha, the canvas under it, and the planes of the alpha channel.
const WORK_BYTES_PER_PIXEL: u64 = 10;

/// How much smaller than the picture a thumbnail is that does not show whether edges were smoothed.
const SMOOTHED_BELOW: u32 = 2;

pub(super) fn decode(bytes: &[u8], budget: &Budget, side: NonZeroU32) -> Result<Raster, Rejection> {
    match Container::read(bytes) {
        Ok(container) => decode_lossy(&container, budget, side.get()),
        Err(Error::Unsupported(_)) => decode_other(bytes, budget),
        Err(error) => Err(reject(error, budget)),
    }
}

fn decode_lossy(container: &Container, budget: &Budget, box_side: u32) -> Result<Raster, Rejection> {
    let is_in_time = || budget.spend().map_err(|_| Error::Late);
    let size = Size::read(container).map_err(|error| reject(error, budget))?;
    let Size { width, height } = size;
    budget.check_pixels(width, height)?;
    let factor = reduce::factor(width, height, box_side);
    budget.check_memory(webp::memory(size, factor))?;
    let (fitting, _) = fit(width, height, box_side);
    let wish = Wish { factor, is_smoothed: width < SMOOTHED_BELOW * fitting };
    let planes = webp::decode(container, wish, &is_in_time).map_err(|error| reject(error, budget))?;
    let planes = planes.into();
    Ok(Raster {
        pixels: Pixels::Planes(Planar { width, height, channels: Channels::YCbCr, planes }),
        ink: None,
        profile: container.profile.map(<[u8]>::to_vec),
        orientation: container.exif.and_then(orientation).unwrap_or(Orientation::NoTransforms),
    })
}

fn reject(error: Error, budget: &Budget) -> Rejection {
    let format = budget.format;
    let source = Box::new(error);
    match error {
        Error::Unsupported(_) => Rejection::UnsupportedFeature { format, source },
        Error::Truncated(_) => Rejection::Truncated { format, source },
        Error::Corrupt(_) => Rejection::Corrupt { format, source },
        Error::Late => Rejection::TooSlow { format, limit: budget.limits.time },
    }
}

fn decode_other(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
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
