//! From untrusted bytes to pixels in memory, within limits.

mod budget;
mod generic;
mod gif;
mod jpeg;
mod png;
mod tiff;
mod webp;

use std::num::NonZeroU32;

use image::DynamicImage;
use image::metadata::Orientation;

use self::budget::Budget;
use crate::alpha;
use crate::format::{Format, sniff};
use crate::guard::{self, Stage};
use crate::limits::Limits;
use crate::planar::Planar;
use crate::reduce::{self, reduce};
use crate::rejection::Rejection;
use crate::shrink;

/// What a decoder hands over.
struct Raster {
    /// The pixels; four inks, when `ink` is set, stand in place of red, green, blue and alpha.
    pixels: Pixels,
    ink: Option<Ink>,
    profile: Option<Vec<u8>>,
    orientation: Orientation,
}

/// Pixels, as the decoder has them.
#[derive(Debug)]
pub(crate) enum Pixels {
    /// The whole picture.
    Whole(DynamicImage),
    /// Its channels, of about the wanted size or larger.
    Planes(Planar),
}

impl Pixels {
    /// Width and height of the picture as stored, whatever the size of its channels.
    fn stored(&self) -> (u32, u32) {
        match self {
            Self::Whole(pixels) => (pixels.width(), pixels.height()),
            Self::Planes(planar) => (planar.width, planar.height),
        }
    }
}

/// How the four channels of a print image are to be read. All are stored inverted, 0 being full ink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    /// Cyan, magenta, yellow, black.
    Cmyk,
    /// The first three turned into luminance and two colour differences.
    Ycck,
}

/// An image in memory, with what its file says about how to show it.
///
/// Transparent pixels are premultiplied, so that colours of invisible pixels never bleed into
/// visible ones when the image is made smaller.
#[derive(Debug)]
pub struct Decoded {
    pub(crate) format: Format,
    pub(crate) pixels: Pixels,
    pub(crate) ink: Option<Ink>,
    pub(crate) profile: Option<Vec<u8>>,
    pub(crate) orientation: Orientation,
    pub(crate) stored: (u32, u32),
    pub(crate) largest_side: NonZeroU32,
}

impl Decoded {
    /// The format of the file.
    #[must_use]
    pub const fn format(&self) -> Format {
        self.format
    }

    /// Width of the image as it is shown, orientation applied, in pixels.
    #[must_use]
    pub const fn width(&self) -> u32 {
        if self.is_turned() { self.stored.1 } else { self.stored.0 }
    }

    /// Height of the image as it is shown, orientation applied, in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        if self.is_turned() { self.stored.0 } else { self.stored.1 }
    }

    /// Width and height as stored in the file, before orientation.
    #[must_use]
    pub const fn stored_size(&self) -> (u32, u32) {
        self.stored
    }

    const fn is_turned(&self) -> bool {
        matches!(
            self.orientation,
            Orientation::Rotate90
                | Orientation::Rotate270
                | Orientation::Rotate90FlipH
                | Orientation::Rotate270FlipH
        )
    }
}

/// Decodes the first picture in `bytes`.
///
/// `largest_side` is the largest [`Spec::side_px`](crate::Spec::side_px) that will be asked of the
/// result: a decoder may skip detail that no thumbnail of that side can show. A larger request is
/// answered at `largest_side`.
///
/// A decoder that panics on hostile bytes is caught and reported as [`Rejection::Corrupt`]. The
/// process's panic hook still runs, and by default prints to standard error; it is global state
/// and left to the program.
///
/// # Errors
///
/// A [`Rejection`], which trying again cannot change.
pub fn decode(bytes: &[u8], limits: &Limits, largest_side: NonZeroU32) -> Result<Decoded, Rejection> {
    let size = bytes.len() as u64;
    if size > limits.max_bytes {
        return Err(Rejection::TooManyBytes { bytes: size, limit: limits.max_bytes });
    }
    let format = sniff(bytes)?;
    let budget = Budget::start(format, *limits);
    let outcome = guard::catch(Stage::Decode, format, || {
        let mut raster = match format {
            Format::Jpeg => jpeg::decode(bytes, &budget, largest_side),
            Format::WebP => webp::decode(bytes, &budget, largest_side),
            Format::Png => png::decode(bytes, &budget, largest_side.get()),
            Format::Tiff => tiff::decode(bytes, &budget, largest_side.get()),
            Format::Gif => gif::decode(bytes, &budget),
            Format::Bmp => generic::decode(bytes, &budget),
        }?;
        if let Pixels::Whole(pixels) = raster.pixels {
            let mut pixels = shrink::to_integers(pixels);
            if raster.ink.is_none() {
                alpha::premultiply(&mut pixels);
            }
            raster.pixels = reduced(pixels, largest_side.get(), &budget);
        }
        Ok(raster)
    });
    // Some decoders take a refused read for the end of the file and go on with grey pixels.
    budget.check_time()?;
    let Raster { pixels, ink, profile, orientation } = outcome?;
    let stored = pixels.stored();
    Ok(Decoded { format, pixels, ink, profile, orientation, stored, largest_side })
}

/// As small as the largest thumbnail needs it, if there is memory for both.
fn reduced(pixels: DynamicImage, side: u32, budget: &Budget) -> Pixels {
    let (width, height) = (pixels.width(), pixels.height());
    let factor = reduce::factor(width, height, side);
    let small = reduce::bytes(width, height, pixels.color().channel_count().into(), factor);
    if budget.check_memory(pixels.as_bytes().len() as u64 + small).is_err() {
        return Pixels::Whole(pixels);
    }
    reduce(pixels, side).map_or_else(Pixels::Whole, Pixels::Planes)
}
