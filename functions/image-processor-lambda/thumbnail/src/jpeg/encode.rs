//! A baseline JPEG encoder (ITU-T T.81) for pictures in `YCbCr` 4:4:4 and 4:2:0, in safe Rust.
//!
//! See docs/decisions/jpeg-encoder.md.

mod bit_writer;
mod blocks;
mod fdct;
mod header;
mod huffman;
mod quantization;
mod scan;
#[cfg(test)]
mod tests;

use std::num::NonZeroU16;

use crate::pixels::Ycbcr;
use crate::rejection::Cause;

/// The file; qualities beyond 1 and 100 are those.
///
/// # Errors
///
/// A side of nothing, or of more than 65,535.
pub(crate) fn write(pixels: &Ycbcr, quality: u8) -> Result<Vec<u8>, Cause> {
    let (width, height) = pixels.size();
    let [width, height] = [NonZeroU16::try_from(u16::try_from(width)?)?, u16::try_from(height)?.try_into()?];
    let tables = quantization::scaled(quality);
    let mut jpeg = Vec::new();
    header::write(&mut jpeg, width, height, pixels.subsampling, &tables);
    scan::write(&mut jpeg, pixels, &tables);
    jpeg.extend(header::END);
    Ok(jpeg)
}
