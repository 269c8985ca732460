//! From pixels to a small, upright sRGB picture.

pub(crate) mod box_average;
pub(crate) mod fit;
pub(crate) mod lanczos;
pub(crate) mod orientation;
mod planes;
pub(crate) mod whole;

use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};

use self::fit::fit;
use crate::color::{self, ColorSpace};
use crate::decoded::Decoded;
use crate::format::Format;
use crate::guard::{self, Stage};
use crate::options::{Options, Rgb};
use crate::pixels::alpha::{self, Alpha};
use crate::pixels::{Pixels, Subsampling, Ycbcr};
use crate::rejection::{Cause, Rejection};

/// A thumbnail's pixels: upright, opaque, sRGB.
#[derive(Debug)]
pub struct Resized {
    pub(crate) format: Format,
    pub(crate) pixels: Ycbcr,
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
    /// Makes the image fit the box of `options`, turns it upright, and converts its colours to sRGB.
    ///
    /// The shape is kept; an image that fits already keeps its size. Colours, transparency and
    /// orientation are dealt with after the image has become small, where they cost next to nothing.
    /// Pixels are averaged and blended as they are encoded, not in linear light: that is what
    /// browsers and other thumbnailers do, and what people expect to see.
    ///
    /// # Errors
    ///
    /// [`Rejection::Unrenderable`]; no image is known that leads to it.
    pub fn resize(&self, options: &Options) -> Result<Resized, Rejection> {
        guard::catch(Stage::Resize, self.format, || {
            let pixels = self.resized(*options);
            let pixels = pixels.map_err(|source| Rejection::Unrenderable { format: self.format, source })?;
            Ok(Resized { format: self.format, pixels })
        })
    }

    fn resized(&self, options: Options) -> Result<Ycbcr, Cause> {
        let side = options.side_px.min(self.largest_side);
        let fitting = fit(self.stored.0, self.stored.1, side.get());
        let subsampling = Subsampling::of(fitting, options.quality);
        let space = if self.color.is_srgb() { &ColorSpace::Srgb } else { &self.color };
        match &self.pixels {
            Pixels::Planes(planar) if *space == ColorSpace::Srgb && planar.is_encodable() => {
                planar.ycbcr(fitting, self.orientation, subsampling)
            }
            _ => Ok(Ycbcr::from_rgb(&self.upright(fitting, space, options.background)?, subsampling)),
        }
    }

    /// The small picture on its background, laid onto it before it is resampled; nothing where it is opaque, or where
    /// its pixels are not of eight bits.
    fn flattened(&self, fitting: (u32, u32), background: Rgb) -> Result<Option<RgbImage>, Cause> {
        let (small, opacity) = match &self.pixels {
            Pixels::Planes(planar) => match (planar.flattened(background), planar.opacity(fitting)) {
                (Some(flat), Some(opacity)) => (flat.interleaved(fitting)?, opacity?),
                _ => return Ok(None),
            },
            Pixels::Whole(pixels) => match (color::flattened(pixels, background), alpha::channel(pixels)) {
                (Some(flat), Some(opacity)) => {
                    let opacity = whole::resample(&opacity.into(), fitting)?.into_luma8();
                    (whole::resample(&flat.into(), fitting)?, opacity)
                }
                _ => return Ok(None),
            },
        };
        let mut small = small.into_rgb8();
        color::bound(&mut small, &opacity, background);
        Ok(Some(small))
    }

    /// The small picture in red, green and blue.
    fn upright(&self, fitting: (u32, u32), space: &ColorSpace, background: Rgb) -> Result<RgbImage, Cause> {
        // Conversion is not linear, so it must see the colours themselves; else one division is spared, and
        // what it would round.
        let is_divided = self.ink.is_none() && *space != ColorSpace::Srgb;
        let flat = if is_divided || self.ink.is_some() { None } else { self.flattened(fitting, background)? };
        let mut small = match (flat, &self.pixels) {
            (Some(flat), _) => flat.into(),
            (None, Pixels::Planes(planar)) => planar.interleaved(fitting)?,
            (None, Pixels::Whole(pixels)) => whole::resample(pixels, fitting)?,
        };
        if is_divided {
            alpha::unpremultiply(&mut small);
        }
        let alpha = if is_divided { Alpha::Straight } else { Alpha::Premultiplied };
        let srgb = color::to_srgb(&small, self.ink, space);
        let mut upright = DynamicImage::ImageRgb8(color::flatten(srgb, alpha, background));
        if self.orientation != Orientation::NoTransforms {
            upright.apply_orientation(self.orientation);
        }
        Ok(upright.into_rgb8())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::num::NonZeroU32;

    use image::{ImageBuffer, ImageFormat, Luma, LumaA, Pixel, Rgba};

    use super::*;
    use crate::pixels::{Channels, Planar};
    use crate::{Limits, decode};

    const SIDE: NonZeroU32 = NonZeroU32::new(256).expect("256 is not zero");
    const COLORS: [u8; 12] = [0, 1, 2, 31, 64, 127, 128, 190, 239, 253, 254, 255];

    /// A column for each alpha, a row for each colour; `of` makes a pixel of both.
    fn flattened<P>(of: impl Fn(u8, u8) -> P, space: &ColorSpace, background: Rgb) -> RgbImage
    where
        P: Pixel + image::PixelWithColorType,
        [P::Subpixel]: image::EncodableLayout,
        DynamicImage: From<ImageBuffer<P, Vec<P::Subpixel>>>,
    {
        let rows = u32::try_from(COLORS.len()).unwrap();
        let color = |y: u32| COLORS[y as usize];
        let picture = ImageBuffer::from_fn(256, rows, |x, y| of(color(y), u8::try_from(x).unwrap()));
        let mut png = Cursor::new(Vec::new());
        DynamicImage::from(picture).write_to(&mut png, ImageFormat::Png).unwrap();
        let decoded = decode(png.get_ref(), &Limits::default(), &Options::default()).unwrap();
        decoded.upright((256, rows), space, background).unwrap()
    }

    fn assert_blended(kind: &str, found: &RgbImage, under: u8, tolerance: f64) {
        for (x, y, pixel) in found.enumerate_pixels() {
            let (alpha, over) = (f64::from(x) / 255.0, f64::from(COLORS[y as usize]));
            let exact = over * alpha + f64::from(under) * (1.0 - alpha);
            let is_near = pixel.0.iter().all(|level| (f64::from(*level) - exact).abs() <= tolerance);
            assert!(is_near, "{kind}: {over} at alpha {x} over {under}: {pixel:?}, not {exact:.2}");
        }
    }

    /// Each kind of picture with transparency, with the tolerance that is asked of it.
    fn assert_all_blended(space: &ColorSpace, tolerance: f64) {
        let wide = |level: u8| u16::from(level) * 257;
        for under in [0, 100, 255] {
            let background = Rgb { red: under, green: under, blue: under };
            let found = flattened(|color, alpha| LumaA([color, alpha]), space, background);
            assert_blended("gray, 8 bits", &found, under, tolerance);
            let found = flattened(|color, alpha| Rgba([color, color, color, alpha]), space, background);
            assert_blended("colour, 8 bits", &found, under, tolerance);
            let found = flattened(|color, alpha| LumaA([color, alpha].map(wide)), space, background);
            assert_blended("gray, 16 bits", &found, under, tolerance);
            let of = |color, alpha| Rgba([color, color, color, alpha].map(wide));
            assert_blended("colour, 16 bits", &flattened(of, space, background), under, tolerance);
        }
    }

    #[test]
    fn each_colour_at_each_alpha_is_blended_within_one_level_at_8_and_16_bits() {
        assert_all_blended(&ColorSpace::Srgb, 1.0);
    }

    /// One that is ignored because it is broken: the colours are divided and weighed again.
    #[test]
    fn each_colour_at_each_alpha_is_blended_behind_a_profile_too() {
        assert_all_blended(&ColorSpace::Icc(b"no profile".to_vec()), 1.5);
    }

    #[test]
    fn a_picture_without_pixels_that_a_decoder_let_through_is_a_rejection() {
        let planes = vec![];
        let planar = Planar { width: 0, height: 0, channels: Channels::Rgb, planes };
        for pixels in [Pixels::Planes(planar), Pixels::Whole(ImageBuffer::<Luma<u8>, _>::new(0, 0).into())] {
            let decoded = Decoded {
                format: Format::Gif,
                pixels,
                ink: None,
                color: ColorSpace::Srgb,
                orientation: Orientation::NoTransforms,
                stored: (0, 0),
                largest_side: SIDE,
            };
            assert_eq!(decoded.resize(&Options::default()).unwrap_err().reason(), "Unrenderable");
        }
    }
}
