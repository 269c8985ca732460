//! JPEG, through the crate's own decoder, and another for what it leaves out.

use std::num::NonZeroU32;

use super::budget::Budget;
use super::{Pixels, Raster, zune};
use crate::fit::fit;
use crate::jpeg::{self, Error, Frame, Header, Scale};
use crate::planar::Planar;
use crate::rejection::Rejection;

/// What decoding holds beside pixels and coefficients: Huffman tables and a window of the data.
const TABLES_BYTES: u64 = 512 * 1024;

pub(super) fn decode(bytes: &[u8], budget: &Budget, side: NonZeroU32) -> Result<Raster, Rejection> {
    let is_in_time = || budget.spend().map_err(|_| Error::Late);
    let header = match Header::read(bytes) {
        Ok(header) => header,
        Err(Error::Unsupported(_)) => return zune::decode(bytes, budget),
        Err(error) => return Err(reject(error, budget)),
    };
    let frame = &header.frame;
    budget.check_pixels(frame.width, frame.height)?;
    let scales = scales(frame, side.get());
    let memory = jpeg::memory(frame, &scales);
    // Pictures of a few blocks fill but a small part of their tables.
    budget.check_memory(memory + TABLES_BYTES.min(memory))?;
    let planes = match jpeg::decode(bytes, &header, &scales, &is_in_time) {
        Ok(planes) => planes,
        Err(Error::Unsupported(_)) => return zune::decode(bytes, budget),
        Err(error) => return Err(reject(error, budget)),
    };
    let (width, height) = (frame.width, frame.height);
    let planar = Planar { width, height, channels: header.color.into(), planes };
    Ok(Raster {
        ink: planar.ink(),
        pixels: Pixels::Planes(planar),
        profile: header.metadata.profile(),
        orientation: header.metadata.orientation(),
    })
}

/// For each channel the smallest scale that has as many samples as the thumbnail will have.
fn scales(frame: &Frame, side: u32) -> Vec<Scale> {
    let (width, height) = fit(frame.width, frame.height, side);
    // Thumbnails have colour differences at half the size.
    let halves = [(width, height), (width.div_ceil(2), height.div_ceil(2))];
    let is_difference = |index| matches!(index, 1 | 2) && frame.components.len() == 3;
    let wanted = |index| if is_difference(index) { halves[1] } else { halves[0] };
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
