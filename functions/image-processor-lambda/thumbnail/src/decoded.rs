//! An image in memory, between decoding and resizing.

use std::num::NonZeroU32;

use image::metadata::Orientation;

use crate::color::ColorSpace;
use crate::format::Format;
use crate::pixels::{Ink, Pixels};
use crate::resize::orientation::swaps_sides;

/// An image in memory, with what its file says about how to show it.
///
/// Transparent pixels are premultiplied, so that colours of invisible pixels never bleed into
/// visible ones when the image is made smaller.
#[derive(Debug)]
pub struct Decoded {
    pub(crate) format: Format,
    pub(crate) pixels: Pixels,
    pub(crate) ink: Option<Ink>,
    pub(crate) color: ColorSpace,
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
        if swaps_sides(self.orientation) { self.stored.1 } else { self.stored.0 }
    }

    /// Height of the image as it is shown, orientation applied, in pixels.
    #[must_use]
    pub const fn height(&self) -> u32 {
        if swaps_sides(self.orientation) { self.stored.0 } else { self.stored.1 }
    }

    /// Width and height as stored in the file, before orientation.
    #[must_use]
    pub const fn stored_size(&self) -> (u32, u32) {
        self.stored
    }
}
