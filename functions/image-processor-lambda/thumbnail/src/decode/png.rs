//! PNG by rows: a large picture is made smaller while it is read and never held whole.

use image::metadata::Orientation;
use png::{BitDepth, ColorType, Decoder, DecodingError, Reader, Transformations};

use super::budget::{Budget, Timed};
use super::{Pixels, Raster, generic};
use crate::planar::Channels;
use crate::reduce::{self, Reduction};
use crate::rejection::Rejection;
use crate::shrink;

/// Decodes by rows what is large beside a box of `side`; the rest, and what comes in passes, otherwise.
pub(super) fn decode(bytes: &[u8], budget: &Budget, side: u32) -> Result<Raster, Rejection> {
    let Ok(mut reader) = open(bytes, budget) else { return generic::decode(bytes, budget) };
    let info = reader.info();
    let ((width, height), is_interlaced) = (info.size(), info.interlaced);
    budget.check_pixels(width, height)?;
    let factor = reduce::factor(width, height, side);
    let Some(channels) = channels(&reader).filter(|_| factor > 1 && !is_interlaced) else {
        return generic::decode(bytes, budget);
    };
    let profile = info.icc_profile.as_deref().map(<[u8]>::to_vec);
    let orientation = info.exif_metadata.as_deref().and_then(Orientation::from_exif_chunk);
    // Beside them a row as it is stored, the one before it, and a window of what is inflated.
    let rows = u64::from(width) * channels.count() as u64 * 4;
    budget.check_memory(reduce::bytes(width, height, channels.count() as u64, factor) + rows)?;
    let mut reduction = Reduction::new((width, height), factor, channels);
    let mut row = Vec::new();
    for _ in 0..height {
        let Some(read) = reader.next_row().map_err(|error| reject(error, budget))? else { break };
        match channels {
            Channels::GrayAlpha | Channels::Rgba => {
                row.clear();
                row.extend_from_slice(read.data());
                shrink::premultiply_row(&mut row, channels);
                reduction.push(&row);
            }
            _ => reduction.push(read.data()),
        }
    }
    Ok(Raster {
        pixels: Pixels::Planes(reduction.finish()),
        ink: None,
        profile,
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
    })
}

fn open<'a>(bytes: &'a [u8], budget: &'a Budget) -> Result<Reader<Timed<'a>>, DecodingError> {
    let room = generic::PNG_CHUNKS_BYTES.min(budget.limits.max_decode_bytes);
    let limits = png::Limits { bytes: usize::try_from(room).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(budget.reader(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

/// The channels of a row, if they have eight bits each.
fn channels(reader: &Reader<Timed>) -> Option<Channels> {
    match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Eight) => Some(Channels::Gray),
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Some(Channels::GrayAlpha),
        (ColorType::Rgb, BitDepth::Eight) => Some(Channels::Rgb),
        (ColorType::Rgba, BitDepth::Eight) => Some(Channels::Rgba),
        _ => None,
    }
}

fn reject(error: DecodingError, budget: &Budget) -> Rejection {
    match error {
        DecodingError::LimitsExceeded => budget.too_much_memory(),
        other => budget.damaged(other),
    }
}
