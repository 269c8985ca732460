//! PNG, TIFF and BMP as a whole, through the crate `image`; of plain PNGs only their headers.

use image::codecs::bmp::BmpDecoder;
use image::codecs::png::PngDecoder;
use image::codecs::tiff::TiffDecoder;
use image::error::{ImageError, LimitErrorKind};
use image::{DynamicImage, ImageDecoder};

use super::budget::{Budget, Timed};
use super::{Pixels, Raster, png};
use crate::format::Format;
use crate::rejection::Rejection;

/// Room for what a PNG carries beside its pixels: profile, text, one row.
pub(super) const PNG_CHUNKS_BYTES: u64 = 8 * 1024 * 1024;

pub(super) fn decode(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let reject = |error| classify(error, budget);
    if budget.format == Format::Bmp {
        // The decoder calls an empty picture too large.
        bitmap_size(bytes).map_or(Ok(0), |[width, height]| budget.check_pixels(width, height))?;
    }
    let mut decoder = open(budget.reader(bytes), budget).map_err(reject)?;
    let (width, height) = decoder.dimensions();
    budget.check_pixels(width, height)?;
    // Read first: a TIFF decoder answers from the file, with a limit of its own on one tag.
    let profile = decoder.icc_profile().unwrap_or_default();
    let orientation = decoder.orientation().map_err(reject)?;
    let pixels_bytes = decoder.total_bytes();
    // TIFF decodes into a buffer of its own and copies.
    let copies = if budget.format == Format::Tiff { 2 } else { 1 };
    budget.check_memory(pixels_bytes.saturating_mul(copies))?;
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(budget.limits.max_decode_bytes - pixels_bytes);
    decoder.set_limits(limits).map_err(reject)?;
    let pixels = match png::whole(bytes, budget, pixels_bytes)? {
        Some(pixels) => pixels,
        None => DynamicImage::from_decoder(decoder).map_err(reject)?,
    };
    Ok(Raster { pixels: Pixels::Whole(pixels), ink: None, profile, orientation })
}

/// Width and height by the header of a bitmap; a negative height stores rows from the top.
fn bitmap_size(bytes: &[u8]) -> Option<[u32; 2]> {
    /// Of the oldest header, whose sides have 16 bits.
    const CORE_HEADER: u32 = 12;
    let header = bytes.get(14..)?;
    let (size, fields) = header.split_first_chunk()?;
    Some(if u32::from_le_bytes(*size) == CORE_HEADER {
        let [w0, w1, h0, h1] = *fields.first_chunk()?;
        [[w0, w1], [h0, h1]].map(|side| u16::from_le_bytes(side).into())
    } else {
        let [w0, w1, w2, w3, h0, h1, h2, h3] = *fields.first_chunk()?;
        [[w0, w1, w2, w3], [h0, h1, h2, h3]].map(|side| i32::from_le_bytes(side).unsigned_abs())
    })
}

fn open<'a>(reader: Timed<'a>, budget: &Budget) -> Result<Box<dyn ImageDecoder + 'a>, ImageError> {
    Ok(match budget.format {
        Format::Tiff => Box::new(TiffDecoder::new(reader)?),
        Format::Bmp => Box::new(BmpDecoder::new(reader)?),
        // PNG; JPEG, WebP and GIF have decoders of their own and never come here.
        Format::Png | Format::Jpeg | Format::WebP | Format::Gif => {
            let mut limits = image::Limits::no_limits();
            limits.max_alloc = Some(PNG_CHUNKS_BYTES.min(budget.limits.max_decode_bytes));
            Box::new(PngDecoder::with_limits(reader, limits)?)
        }
    })
}

fn classify(error: ImageError, budget: &Budget) -> Rejection {
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
