//! From untrusted bytes to pixels in memory, within limits.

use image::DynamicImage;

use crate::budget::Budget;
use crate::decoded::Decoded;
use crate::format::Format;
use crate::guard::{self, Stage};
use crate::limits::Limits;
use crate::options::Options;
use crate::pixels::{Pixels, Raster, Target, alpha};
use crate::rejection::Rejection;
use crate::resize::fit::target;
use crate::resize::{box_average, whole};
use crate::sniff::sniff;
use crate::{bmp, gif, heif, jpeg, png, tiff, webp};

/// Decodes the first picture in `bytes`.
///
/// `largest` is the largest thumbnail that will be asked of the result: a decoder may skip detail that none of that
/// side and quality can show. A larger request is answered at that side.
///
/// A decoder that panics on hostile bytes is caught and reported as [`Rejection::Corrupt`]. The
/// process's panic hook still runs, and by default prints to standard error; it is global state
/// and left to the program.
///
/// # Errors
///
/// A [`Rejection`], which trying again cannot change.
pub fn decode(bytes: &[u8], limits: &Limits, largest: &Options) -> Result<Decoded, Rejection> {
    decode_by(raster, bytes, limits, *largest)
}

/// From bytes to what a format's decoder yields.
pub(crate) type ToRaster = fn(&[u8], &Budget, &Target) -> Result<Raster, Rejection>;

fn raster(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    match budget.format {
        Format::Jpeg => jpeg::decode(bytes, budget, target),
        Format::WebP => webp::decode(bytes, budget, target),
        Format::Png => png::decode(bytes, budget, target),
        Format::Tiff => tiff::decode(bytes, budget, target),
        Format::Gif => gif::decode(bytes, budget),
        Format::Bmp => bmp::decode(bytes, budget, target),
        Format::Heic | Format::Avif => heif::decode(bytes, budget, target),
    }
}

pub(crate) fn decode_by(
    to_raster: ToRaster,
    bytes: &[u8],
    limits: &Limits,
    largest: Options,
) -> Result<Decoded, Rejection> {
    let size = bytes.len() as u64;
    if size > limits.max_bytes {
        return Err(Rejection::TooManyBytes { bytes: size, limit: limits.max_bytes });
    }
    let format = sniff(bytes, limits.formats)?;
    let budget = Budget::start(format, *limits);
    let target = target(largest.side_px.get(), largest.quality);
    let outcome = guard::catch(Stage::Decode, format, || {
        let mut raster = to_raster(bytes, &budget, &target)?;
        if let Pixels::Whole(pixels) = raster.pixels {
            let mut pixels = whole::to_integers(pixels);
            if raster.ink.is_none() {
                alpha::premultiply(&mut pixels);
            }
            raster.pixels = averaged(pixels, &target, &budget);
        }
        Ok(raster)
    });
    // Some decoders take a refused read for the end of the file and go on with grey pixels.
    budget.check_time()?;
    let Raster { pixels, ink, color, orientation } = outcome?;
    let stored = pixels.stored();
    Ok(Decoded { format, pixels, ink, color, orientation, stored, largest_side: largest.side_px })
}

/// As small as the largest thumbnail needs it, if there is memory for both.
fn averaged(pixels: DynamicImage, target: &Target, budget: &Budget) -> Pixels {
    let (width, height) = (pixels.width(), pixels.height());
    let side = target.box_side(width, height);
    let small = box_average::bytes(width, height, pixels.color().channel_count().into(), side);
    if budget.check_memory(pixels.as_bytes().len() as u64 + small).is_err() {
        return Pixels::Whole(pixels);
    }
    box_average::averaged(pixels, side).map_or_else(Pixels::Whole, Pixels::Planes)
}
