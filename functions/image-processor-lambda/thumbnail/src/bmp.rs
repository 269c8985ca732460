//! BMP of Windows and OS/2, through a reader of our own: `image` knows neither the headers and run lengths of OS/2 2.x
//! nor that an alpha of zero everywhere is none. Rows are averaged as they are read.

mod header;
mod rle;
mod samples;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage, RgbaImage};

use self::header::{Compression, Header};
use self::samples::Samples;
use crate::budget::Budget;
use crate::color::ColorSpace;
use crate::pixels::{Channels, Pixels, Raster, Target, alpha};
use crate::rejection::{DecodeError, Rejection};
use crate::resize::box_average;

pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let reject = |error| budget.reject(error);
    let header = Header::read(bytes).map_err(reject)?;
    let pixels = budget.check_pixels(header.width, header.height)?;
    let pixels = match header.compression {
        Compression::RunLengths => rle::decode(&header, bytes, pixels, budget)?,
        Compression::None => rows(&header, bytes, budget, target)?,
    };
    let color = ColorSpace::icc(header.profile.map(<[u8]>::to_vec));
    Ok(Raster { pixels, ink: None, color, orientation: Orientation::NoTransforms })
}

/// Reads the rows from the top, wherever they lie in the file.
fn rows(header: &Header, bytes: &[u8], budget: &Budget, target: &Target) -> Result<Pixels, Rejection> {
    let (width, height) = (header.width, header.height);
    let samples = Samples::new(header, bytes).map_err(|error| budget.reject(error))?;
    let channels = if samples.has_alpha { Channels::Rgba } else { Channels::Rgb };
    let count = channels.count() as u64;
    let side = target.box_side(width, height);
    let whole = u64::from(width) * u64::from(height) * count;
    let held = if side > 1 { box_average::bytes(width, height, count, side) } else { whole };
    budget.check_memory(held + u64::from(width) * count)?;
    let mut row = Vec::with_capacity(width as usize * channels.count());
    if side > 1 {
        let mut average = box_average::Picture::new((width, height), side, channels);
        for y in 0..height {
            budget.clock().map_err(|error| budget.reject(error))?;
            samples.row(y, &mut row);
            alpha::premultiply_row(&mut row, channels);
            average.push(&row);
        }
        return Ok(Pixels::Planes(average.finish()));
    }
    let mut all = Vec::with_capacity(usize::try_from(whole).unwrap_or_default());
    for y in 0..height {
        budget.clock().map_err(|error| budget.reject(error))?;
        samples.row(y, &mut row);
        all.extend_from_slice(&row);
    }
    Ok(whole_picture(header, all, samples.has_alpha))
}

fn whole_picture(header: &Header, samples: Vec<u8>, has_alpha: bool) -> Pixels {
    let (width, height) = (header.width, header.height);
    Pixels::Whole(if has_alpha {
        RgbaImage::from_raw(width, height, samples).map_or_else(DynamicImage::default, Into::into)
    } else {
        RgbImage::from_raw(width, height, samples).map_or_else(DynamicImage::default, Into::into)
    })
}

/// The number of `N` bytes at a place of a header.
fn field<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], DecodeError> {
    const SHORT: DecodeError = DecodeError::Truncated("in its header");
    bytes.get(at..).and_then(|rest| rest.first_chunk()).copied().ok_or(SHORT)
}
