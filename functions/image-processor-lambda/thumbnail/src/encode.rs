//! From a small picture to JPEG bytes: baseline, in safe Rust.
//!
//! See docs/decisions/jpeg-encoder.md.

mod bits;
mod blocks;
mod header;
mod huffman;
mod scan;
mod tables;
#[cfg(test)]
mod tests;
mod transform;

use std::num::NonZeroU16;

use crate::guard::{self, Stage};
use crate::halved::Halved;
use crate::rejection::{Cause, Rejection};
use crate::resize::Resized;
use crate::spec::Spec;

/// A finished thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The JPEG file: three channels, sRGB, 4:2:0, no metadata.
    pub jpeg: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl Resized {
    /// Writes the JPEG. Nothing of the original's metadata can be in it: it is made from pixels only.
    ///
    /// # Errors
    ///
    /// [`Rejection::Unrenderable`]; no image is known that leads to it.
    pub fn encode(&self, spec: &Spec) -> Result<Thumbnail, Rejection> {
        guard::catch(Stage::Encode, self.format, || {
            let jpeg = write(&self.pixels, spec.quality)
                .map_err(|source| Rejection::Unrenderable { format: self.format, source })?;
            Ok(Thumbnail { jpeg, width: self.width(), height: self.height() })
        })
    }
}

/// The file; qualities beyond 1 and 100 are those.
///
/// # Errors
///
/// A side of nothing, or of more than 65,535.
pub(crate) fn write(pixels: &Halved, quality: u8) -> Result<Vec<u8>, Cause> {
    let (width, height) = pixels.size();
    let [width, height] = [NonZeroU16::try_from(u16::try_from(width)?)?, u16::try_from(height)?.try_into()?];
    let tables = tables::scaled(quality);
    let mut jpeg = Vec::new();
    header::write(&mut jpeg, width, height, &tables);
    scan::write(&mut jpeg, pixels, &tables);
    jpeg.extend(header::END);
    Ok(jpeg)
}
