//! From pixels to a small, upright sRGB picture.

use image::DynamicImage;
use image::metadata::Orientation;

use crate::color;
use crate::decode::{Decoded, Pixels};
use crate::fit::fit;
use crate::format::Format;
use crate::halved::Halved;
use crate::rejection::Rejection;
use crate::shrink;
use crate::spec::Spec;

/// A thumbnail's pixels: upright, opaque, sRGB.
#[derive(Debug)]
pub struct Resized {
    pub(crate) format: Format,
    pub(crate) pixels: Halved,
}

impl Resized {
    /// Width in pixels.
    #[must_use]
    pub fn width(&self) -> u32 {
        self.pixels.size().0
    }

    /// Height in pixels.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.pixels.size().1
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
        let fitting = fit(self.stored.0, self.stored.1, side.get());
        let reject = |source| Rejection::Unrenderable { format: self.format, source };
        let profile = self.profile.as_deref().filter(|profile| !color::is_srgb(profile));
        let mut small = match &self.pixels {
            Pixels::Planes(planar) if profile.is_none() && planar.is_encodable() => {
                let pixels = planar.halved(fitting, self.orientation).map_err(reject)?;
                return Ok(Resized { format: self.format, pixels });
            }
            Pixels::Planes(planar) => planar.interleaved(fitting).map_err(reject)?,
            Pixels::Whole(pixels) => shrink::shrink(pixels, fitting).map_err(reject)?,
        };
        if self.ink.is_none() {
            shrink::unpremultiply(&mut small);
        }
        let srgb = color::to_srgb(&small, self.ink, profile);
        let mut upright = DynamicImage::ImageRgb8(color::flatten(srgb, spec.background));
        if self.orientation != Orientation::NoTransforms {
            upright.apply_orientation(self.orientation);
        }
        Ok(Resized { format: self.format, pixels: Halved::from(&upright.into_rgb8()) })
    }
}
