//! From pixels to a small, upright sRGB picture.

use std::num::NonZeroU32;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use crate::color;
use crate::decode::Decoded;
use crate::format::Format;
use crate::rejection::{Cause, Rejection};
use crate::shrink;
use crate::spec::Spec;

/// JPEG stores each side in 16 bits.
const LONGEST_SIDE: u32 = 65_535;

/// A thumbnail's pixels: upright, opaque, sRGB.
#[derive(Debug)]
pub struct Resized {
    pub(crate) format: Format,
    pub(crate) pixels: RgbImage,
}

impl Resized {
    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.pixels.width()
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.pixels.height()
    }
}

impl Decoded {
    /// Makes the image fit the box of `spec`, turns it upright, and converts its colours to sRGB.
    ///
    /// The shape is kept; an image that fits already keeps its size. Colours, transparency and
    /// orientation are dealt with after the image has become small, where they cost next to nothing.
    /// Pixels are averaged and blended as they are encoded, not in linear light: that is what
    /// browsers and other thumbnailers do, and what people expect to see.
    ///
    /// # Errors
    ///
    /// [`Rejection::Unrenderable`]; no image is known that leads to it.
    pub fn resize(&self, spec: &Spec) -> Result<Resized, Rejection> {
        let side = spec.side_px.min(self.largest_side);
        let small =
            self.shrink(side).map_err(|source| Rejection::Unrenderable { format: self.format, source })?;
        let srgb = color::to_srgb(&small, self.ink, self.profile.as_deref());
        let mut upright = DynamicImage::ImageRgb8(color::flatten(srgb, spec.background));
        if self.orientation != Orientation::NoTransforms {
            upright.apply_orientation(self.orientation);
        }
        Ok(Resized { format: self.format, pixels: upright.into_rgb8() })
    }

    fn shrink(&self, side: NonZeroU32) -> Result<DynamicImage, Cause> {
        let fitting = fit(self.pixels.width(), self.pixels.height(), side.get());
        let mut pixels = shrink::shrink(&self.pixels, fitting)?;
        if self.ink.is_none() {
            shrink::unpremultiply(&mut pixels);
        }
        Ok(pixels)
    }
}

/// The largest size of the same shape that fits a square, at least one pixel each way.
fn fit(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longer = width.max(height);
    let side = side.min(longer).min(LONGEST_SIDE);
    let scaled = |length: u32| {
        let rounded = (u64::from(length) * u64::from(side) + u64::from(longer) / 2) / u64::from(longer);
        u32::try_from(rounded).unwrap_or(side).max(1)
    };
    (scaled(width), scaled(height))
}

#[cfg(test)]
mod tests {
    use super::fit;

    #[test]
    fn shape_is_kept_within_the_box() {
        assert_eq!(fit(4032, 3024, 256), (256, 192));
        assert_eq!(fit(3024, 4032, 256), (192, 256));
        assert_eq!(fit(1000, 667, 256), (256, 171));
    }

    #[test]
    fn small_image_is_not_enlarged() {
        assert_eq!(fit(200, 10, 256), (200, 10));
        assert_eq!(fit(256, 256, 256), (256, 256));
    }

    #[test]
    fn thin_image_keeps_one_pixel() {
        assert_eq!(fit(50_000, 1, 256), (256, 1));
        assert_eq!(fit(1, 50_000, 256), (1, 256));
        assert_eq!(fit(u32::MAX, 1, u32::MAX), (65_535, 1));
    }
}
