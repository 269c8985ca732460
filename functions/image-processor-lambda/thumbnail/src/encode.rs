//! From a small picture to JPEG bytes.

use jpeg_encoder::{ChromaSubsamplingMethod, ColorType, Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use crate::planar::Halved;
use crate::rejection::{Cause, Rejection};
use crate::resize::{Resized, Small};
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
        let jpeg = self
            .write(spec.quality.clamp(1, 100))
            .map_err(|source| Rejection::Unrenderable { format: self.format, source })?;
        Ok(Thumbnail { jpeg, width: self.width(), height: self.height() })
    }

    fn write(&self, quality: u8) -> Result<Vec<u8>, Cause> {
        let (width, height) = (u16::try_from(self.width())?, u16::try_from(self.height())?);
        let mut jpeg = Vec::new();
        // Not with optimised Huffman tables: this encoder then writes one scan for each component,
        // which some decoders draw wrongly.
        let mut encoder = Encoder::new(&mut jpeg, quality);
        encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
        match &self.pixels {
            Small::Rgb(pixels) => {
                // The default takes every second pixel, which turns coloured edges ragged.
                encoder.set_chroma_subsampling_method(ChromaSubsamplingMethod::Average);
                encoder.encode(pixels.as_raw(), width, height, ColorType::Rgb)?;
            }
            Small::Halved(pixels) => encoder.encode_image(Doubled { width, height, pixels })?,
        }
        Ok(jpeg)
    }
}

/// Channels of half the size as the encoder wants them: each sample twice, of which it takes one.
struct Doubled<'a> {
    width: u16,
    height: u16,
    pixels: &'a Halved,
}

impl ImageBuffer for Doubled<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        self.width
    }

    fn height(&self) -> u16 {
        self.height
    }

    fn fill_buffers(&self, y: u16, [luma, blue, red, _]: &mut [Vec<u8>; 4]) {
        let width = usize::from(self.width);
        luma.extend_from_slice(self.pixels.luma_row(y.into()));
        let [blue_row, red_row] = self.pixels.difference_rows((y / 2).into());
        for (buffer, row) in [(blue, blue_row), (red, red_row)] {
            buffer.extend(row.iter().flat_map(|&sample| [sample; 2]).take(width));
        }
    }
}
