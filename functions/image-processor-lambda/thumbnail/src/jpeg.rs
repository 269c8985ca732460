//! JPEG (ITU-T T.81, JFIF): a decoder that makes pictures small while it decodes, and a baseline encoder.

pub(crate) mod abbreviated;
pub(crate) mod decode;
pub(crate) mod encode;
pub(crate) mod marker;
mod narrow;
mod standard_huffman;
mod zigzag;

use self::decode::{Color, Header, Scale};
use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::pixels::{Channels, Ink, Pixels, Planar, Raster, Subsampling, Target};
use crate::rejection::Rejection;

/// What decoding holds beside pixels and coefficients: Huffman tables and a window of the data.
const TABLES_BYTES: u64 = 512 * 1024;

/// Decodes a JPEG at the scales that the thumbnail needs.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let reject = |error| budget.reject(error);
    let header = Header::read(bytes).map_err(reject)?;
    let frame = &header.frame;
    budget.check_pixels(frame.width, frame.height)?;
    let scales = scales(&header, target);
    let memory = decode::memory(frame, &scales);
    // Pictures of a few blocks fill but a small part of their tables.
    budget.check_memory(memory + TABLES_BYTES.min(memory))?;
    let planes = decode::decode(bytes, &header, &scales, &|| budget.clock()).map_err(reject)?;
    let planes = if header.color == Color::YCbCr { narrow::repeated(planes) } else { planes };
    let (width, height) = (frame.width, frame.height);
    let planar = Planar { width, height, channels: channels(header.color), planes };
    Ok(Raster {
        ink: planar.ink(),
        pixels: Pixels::Planes(planar),
        color: ColorSpace::icc(header.metadata.profile()),
        orientation: header.metadata.orientation(),
    })
}

const fn channels(color: Color) -> Channels {
    match color {
        Color::Gray => Channels::Gray,
        Color::YCbCr => Channels::YCbCr,
        Color::Rgb => Channels::Rgb,
        Color::Cmyk => Channels::Inks(Ink::Cmyk),
        Color::Ycck => Channels::Inks(Ink::Ycck),
    }
}

/// For each channel the smallest scale that has a quarter more samples than the thumbnail will have, since
/// fewer leave Lanczos3 too little to tell detail from aliases; of 4:2:0 Cb and Cr may be an eighth short, which
/// nobody sees and which spares a scale at common sizes.
fn scales(header: &Header, target: &Target) -> Vec<Scale> {
    let frame = &header.frame;
    let (width, height) = target.size(frame.width, frame.height);
    let ample = |length: u32| (length * 5).div_ceil(4);
    let scant = |length: u32| (length.div_ceil(2) * 7).div_ceil(8);
    let is_halved = target.subsampling(frame.width, frame.height) == Subsampling::Half;
    let is_chroma = |index| is_halved && matches!(index, 1 | 2) && header.color == Color::YCbCr;
    let wanted = |index| {
        if is_chroma(index) { (scant(width), scant(height)) } else { (ample(width), ample(height)) }
    };
    (0..frame.components.len()).map(|index| frame.scale(index, wanted(index))).collect()
}
