//! Inner loops, one by one, for benches. Not part of the crate's interface.

use image::RgbImage;

use crate::jpeg::decode::{self, Header, Scale, transform};
use crate::jpeg::encode;
use crate::pixels::{Channels, Plane, Subsampling, Ycbcr};
use crate::png::Group;
use crate::rejection::Cause;
use crate::resize::box_average::Picture;
use crate::resize::lanczos::{Axis, resample};

/// One in eight, four, two, one.
pub const SCALES: [u32; 4] = [1, 2, 4, 8];

fn scale(samples: u32) -> Scale {
    Scale::ALL.into_iter().rfind(|scale| scale.samples() == samples).unwrap_or(Scale::Full)
}

/// Draws each block of 64 coefficients with `samples` by `samples` samples; the sum of some of them.
#[must_use]
pub fn draw(blocks: &[[i16; 64]], samples: u32) -> u64 {
    transform(blocks, scale(samples))
}

/// Reads all symbols of a JPEG and draws its channels with `samples` by `samples` samples a block.
pub fn decode_jpeg(file: &[u8], samples: u32) -> Result<usize, Cause> {
    let header = Header::read(file)?;
    let scales = vec![scale(samples); header.frame.components.len()];
    let planes = decode::decode(file, &header, &scales, &|| Ok(()))?;
    Ok(planes.iter().map(|plane| plane.samples.len()).sum())
}

/// Takes in `height` times the row of red, green and blue, and makes means of squares of `side` pixels.
#[must_use]
pub fn box_average(row: &[u8], height: u32, side: u32) -> usize {
    let width = u32::try_from(row.len() / 3).unwrap_or(u32::MAX);
    let mut picture = Picture::new((width, height), side, Channels::Rgb);
    for _ in 0..height {
        picture.push(row);
    }
    picture.finish().planes.iter().map(|plane| plane.samples.len()).sum()
}

/// Unfilters four rows of an RGB PNG `count` times; `raw` has each behind its filter byte.
#[must_use]
pub fn unfilter(raw: &[u8], count: u32) -> usize {
    let width = u32::try_from((raw.len() / 4).saturating_sub(1) / 3).unwrap_or(u32::MAX);
    let mut group = Group::new(width, Channels::Rgb);
    let done = (0..count).filter_map(|_| group.unfilter(raw, 4)).count();
    done * group.rows_mut().count()
}

/// Makes a square channel of `from` times `from` samples `to` times `to`.
#[must_use]
pub fn resample_square(samples: Vec<u8>, from: u32, to: u32) -> (Vec<u8>, Vec<u8>) {
    let side = f64::from(from);
    let plane = Plane { samples, stride: from as usize, width: side, height: side };
    let step = side / f64::from(to);
    let axis = Axis { start: step / 2.0, step, count: to, end: side };
    let small = resample(&plane, &axis, &axis);
    (small, plane.samples)
}

/// A small picture as its file stores it.
#[derive(Debug)]
pub struct Small(Ycbcr);

/// RGB to `YCbCr` 4:2:0.
#[must_use]
pub fn ycbcr420(pixels: &RgbImage) -> Small {
    Small(Ycbcr::from_rgb(pixels, Subsampling::Half))
}

/// Writes the JPEG; its bytes.
pub fn encode_jpeg(picture: &Small, quality: u8) -> Result<usize, Cause> {
    encode::write(&picture.0, quality).map(|file| file.len())
}
