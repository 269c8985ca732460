//! Thumbnails of which one codec of ours is replaced by the crate that it stands for, for `benches/codecs.rs`.

use image::ImageDecoder;
use image::codecs::jpeg::JpegDecoder;
use jpeg_encoder::{Encoder, ImageBuffer, JpegColorType, SamplingFactor};

use crate::budget::Budget;
use crate::decode::{ToRaster, decode_by};
use crate::pixels::{Raster, Subsampling, Target, Ycbcr};
use crate::rejection::{Cause, Rejection};
use crate::{Limits, Options, decode, image_crate, png, webp};

/// The codec that is replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// By `zune-jpeg`, through `image`.
    JpegDecoder,
    /// By `jpeg-encoder`.
    JpegEncoder,
    /// By `image-webp`.
    WebPDecoder,
    /// By `png`.
    PngRows,
}

/// Makes the thumbnail.
pub fn thumbnail(
    bytes: &[u8],
    limits: &Limits,
    options: &Options,
    replaced: Replaced,
) -> Result<Vec<u8>, Cause> {
    let to_raster: ToRaster = match replaced {
        Replaced::JpegDecoder => zune_jpeg,
        Replaced::WebPDecoder => |bytes, budget, _| webp::decode_other(bytes, budget),
        Replaced::PngRows => png::decode_by_png,
        Replaced::JpegEncoder => {
            let small = decode(bytes, limits, options)?.resize(options)?;
            return jpeg_encoder(&small.pixels, options.quality);
        }
    };
    let small = decode_by(to_raster, bytes, limits, *options)?.resize(options)?;
    Ok(small.encode(options)?.jpeg)
}

fn zune_jpeg(bytes: &[u8], budget: &Budget, _: &Target) -> Result<Raster, Rejection> {
    let decoder = JpegDecoder::new(budget.reader(bytes));
    image_crate::decode(decoder.map(|it| Box::new(it) as Box<dyn ImageDecoder>), budget, 2, |_| Ok(None))
}

fn jpeg_encoder(pixels: &Ycbcr, quality: u8) -> Result<Vec<u8>, Cause> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, quality);
    encoder.set_sampling_factor(match pixels.subsampling {
        Subsampling::None => SamplingFactor::F_1_1,
        Subsampling::Half => SamplingFactor::F_2_2,
    });
    encoder.encode_image(WithWholeChroma(pixels))?;
    Ok(jpeg)
}

/// Each sample of Cb and Cr once for each pixel, because the encoder makes the means of squares itself.
struct WithWholeChroma<'a>(&'a Ycbcr);

impl ImageBuffer for WithWholeChroma<'_> {
    fn get_jpeg_color_type(&self) -> JpegColorType {
        JpegColorType::Ycbcr
    }

    fn width(&self) -> u16 {
        u16::try_from(self.0.size().0).unwrap_or(u16::MAX)
    }

    fn height(&self) -> u16 {
        u16::try_from(self.0.size().1).unwrap_or(u16::MAX)
    }

    fn fill_buffers(&self, y: u16, buffers: &mut [Vec<u8>; 4]) {
        let row = |plane: &image::GrayImage, y: u32| {
            let width = plane.width() as usize;
            plane.as_raw().chunks_exact(width).nth(y as usize).unwrap_or_default().to_vec()
        };
        let (whole_width, factor) = (self.width().into(), self.0.subsampling.factor());
        let [luma, cb, cr, _] = buffers;
        luma.extend(row(&self.0.luma, y.into()));
        for (buffer, plane) in [(cb, &self.0.cb), (cr, &self.0.cr)] {
            let samples = row(plane, u32::from(y) / factor);
            let repeated = samples.iter().flat_map(|sample| std::iter::repeat_n(*sample, factor as usize));
            buffer.extend(repeated.take(whole_width));
        }
    }
}
