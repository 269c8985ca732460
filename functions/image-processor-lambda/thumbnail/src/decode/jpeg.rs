//! JPEG, through the crate's own decoder.

use std::num::NonZeroU32;

use super::budget::Budget;
use super::{Pixels, Raster};
use crate::fit::fit;
use crate::jpeg::{self, Color, Error, Header, Scale};
use crate::planar::Planar;
use crate::rejection::Rejection;

/// What decoding holds beside pixels and coefficients: Huffman tables and a window of the data.
const TABLES_BYTES: u64 = 512 * 1024;

pub(super) fn decode(bytes: &[u8], budget: &Budget, side: NonZeroU32) -> Result<Raster, Rejection> {
    let is_in_time = || budget.spend().map_err(|_| Error::Late);
    let header = Header::read(bytes).map_err(|error| reject(error, budget))?;
    let frame = &header.frame;
    budget.check_pixels(frame.width, frame.height)?;
    let scales = scales(&header, side.get());
    let memory = jpeg::memory(frame, &scales);
    // Pictures of a few blocks fill but a small part of their tables.
    budget.check_memory(memory + TABLES_BYTES.min(memory))?;
    let planes = jpeg::decode(bytes, &header, &scales, &is_in_time);
    let planes = planes.map_err(|error| reject(error, budget))?;
    let (width, height) = (frame.width, frame.height);
    let planar = Planar { width, height, channels: header.color.into(), planes };
    Ok(Raster {
        ink: planar.ink(),
        pixels: Pixels::Planes(planar),
        profile: header.metadata.profile(),
        orientation: header.metadata.orientation(),
    })
}

/// For each channel the smallest scale that has a quarter more samples than the thumbnail will have, since
/// fewer leave Lanczos3 too little to tell detail from aliases; colour differences may be an eighth short,
/// which nobody sees and which spares a scale at common sizes.
fn scales(header: &Header, side: u32) -> Vec<Scale> {
    let frame = &header.frame;
    let (width, height) = fit(frame.width, frame.height, side);
    let ample = |length: u32| (length * 5).div_ceil(4);
    // Thumbnails have colour differences at half the size.
    let scant = |length: u32| (length.div_ceil(2) * 7).div_ceil(8);
    let is_difference = |index| matches!(index, 1 | 2) && header.color == Color::YCbCr;
    let wanted = |index| {
        if is_difference(index) { (scant(width), scant(height)) } else { (ample(width), ample(height)) }
    };
    (0..frame.components.len()).map(|index| frame.scale(index, wanted(index))).collect()
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
