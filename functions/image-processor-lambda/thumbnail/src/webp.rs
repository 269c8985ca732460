//! WebP: lossy opaque pictures (VP8) through the crate's own decoder, all others through `image-webp`
//! itself, because the wrapper in `image` cannot limit the size of a chunk.

mod container;
mod vp8;

use image::{DynamicImage, RgbImage, RgbaImage};
use image_webp::{DecodingError, WebPDecoder};

use self::container::Container;
use self::vp8::{Options, Size};
use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::exif;
use crate::pixels::{Channels, Pixels, Planar, Raster, Target};
use crate::rejection::{DecodeError, Rejection};

/// Room for one metadata chunk. Its declared size is allocated before a byte of it is read.
const CHUNK_BYTES: usize = 4 * 1024 * 1024;

/// Most bytes that `image-webp` holds for each pixel, the result not counted: a frame in red, green,
/// blue and alpha, the canvas under it, and the planes of the alpha channel.
const WORK_BYTES_PER_PIXEL: u64 = 10;

/// From this many times the thumbnail's size on, nobody sees whether a picture went through the loop filter.
const UNFILTERED_FROM: u32 = 2;

/// Decodes a WebP; an opaque lossy one only as large as the thumbnail needs it.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    match Container::read(bytes) {
        Ok(container) => decode_lossy(&container, budget, target),
        Err(DecodeError::Unsupported(_)) => decode_other(bytes, budget),
        Err(error) => Err(budget.reject(error)),
    }
}

fn decode_lossy(container: &Container, budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let reject = |error| budget.reject(error);
    let size = Size::read(container).map_err(reject)?;
    let Size { width, height } = size;
    budget.check_pixels(width, height)?;
    let box_side = target.box_side(width, height);
    budget.check_memory(vp8::memory(size, box_side))?;
    let is_filtered = width < UNFILTERED_FROM * target.size(width, height).0;
    let planes = vp8::decode(container, Options { box_side, is_filtered }, &|| budget.clock());
    let planes = planes.map_err(reject)?.into();
    Ok(Raster {
        pixels: Pixels::Planes(Planar { width, height, channels: Channels::YCbCr, planes }),
        ink: None,
        color: ColorSpace::icc(container.profile.map(<[u8]>::to_vec)),
        orientation: exif::orientation(container.exif),
    })
}

/// Decodes through `image-webp`, whatever the kind.
pub(crate) fn decode_other(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let reject = |error| classify(error, budget);
    let mut decoder = WebPDecoder::new(budget.reader(bytes)).map_err(reject)?;
    decoder.set_memory_limit(CHUNK_BYTES.min(bytes.len()));
    let (width, height) = decoder.dimensions();
    let pixels = budget.check_pixels(width, height)?;
    // Its decoder allocates what a frame declares before it compares that with the canvas.
    if container::most_frame_pixels(bytes) > pixels {
        return Err(budget.reject(DecodeError::Corrupt("a frame is larger than the picture")));
    }
    let channels = if decoder.has_alpha() { 4 } else { 3 };
    budget.check_memory(pixels * (channels + WORK_BYTES_PER_PIXEL))?;
    let color = ColorSpace::icc(decoder.icc_profile().unwrap_or_default());
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
        color,
        orientation: exif::orientation(exif.as_deref()),
    })
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
