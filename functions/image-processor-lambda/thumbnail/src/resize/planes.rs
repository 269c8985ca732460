//! Planes of a picture, each resampled to the size that it has in a thumbnail.

use image::metadata::Orientation;
use image::{DynamicImage, GrayAlphaImage, GrayImage, RgbImage, RgbaImage};

use super::lanczos::{Axis, resample};
use super::orientation::mirrored;
use crate::color::laid_onto;
use crate::color::ycbcr::to_rgb;
use crate::options::Rgb;
use crate::pixels::{Channels, Planar, Plane, Subsampling, Ycbcr};
use crate::rejection::Cause;

impl Planar {
    /// Whether the channels are those that a thumbnail's file has.
    pub(super) const fn is_encodable(&self) -> bool {
        matches!(self.channels, Channels::Gray | Channels::YCbCr)
    }

    /// The thumbnail of the given size, before it is turned, as an encoder stores it: colours never
    /// become red, green and blue.
    pub(super) fn ycbcr(
        &self,
        size: (u32, u32),
        orientation: Orientation,
        subsampling: Subsampling,
    ) -> Result<Ycbcr, Cause> {
        let luma = |plane| sampled(plane, size, orientation, 1);
        let chroma = |plane| sampled(plane, size, orientation, subsampling.factor());
        match &self.planes[..] {
            [y] => Ok(Ycbcr::gray(luma(y)?, subsampling)),
            [y, cb, cr] => Ok(Ycbcr { luma: luma(y)?, cb: chroma(cb)?, cr: chroma(cr)?, subsampling }),
            _ => Err("not one channel, nor three".into()),
        }
    }

    /// Premultiplied channels on an opaque background; nothing where there is no alpha.
    ///
    /// Before they are resampled: Lanczos3 takes alpha beyond full at edges, where it is cut off and colours are not.
    pub(super) fn flattened(&self, Rgb { red, green, blue }: Rgb) -> Option<Self> {
        let (colors, alpha) = match &self.planes[..] {
            [gray, alpha] => ([gray, gray, gray], alpha),
            [r, g, b, alpha] if self.channels == Channels::Rgba => ([r, g, b], alpha),
            _ => return None,
        };
        let planes = colors.into_iter().zip([red, green, blue]).map(|(color, under)| {
            let samples = color.samples.iter().zip(&alpha.samples);
            let samples = samples.map(|(over, opacity)| laid_onto(*over, *opacity, under)).collect();
            Plane { samples, ..*color }
        });
        Some(Self { channels: Channels::Rgb, planes: planes.collect(), ..*self })
    }

    /// The opacity of the thumbnail of the given size; nothing where there is no alpha.
    pub(super) fn opacity(&self, size: (u32, u32)) -> Option<Result<GrayImage, Cause>> {
        let alpha = match &self.planes[..] {
            [_, alpha] => alpha,
            [_, _, _, alpha] if self.channels == Channels::Rgba => alpha,
            _ => return None,
        };
        Some(sampled(alpha, size, Orientation::NoTransforms, 1))
    }

    /// The thumbnail of the given size with its channels side by side, for conversion of its colours.
    pub(super) fn interleaved(&self, size: (u32, u32)) -> Result<DynamicImage, Cause> {
        const FILLED: &str = "the resizer filled another size";
        let (width, height) = size;
        let samples: Vec<GrayImage> = self
            .planes
            .iter()
            .map(|plane| sampled(plane, size, Orientation::NoTransforms, 1))
            .collect::<Result<_, _>>()?;
        match &samples[..] {
            [gray] => Ok(gray.clone().into()),
            [gray, alpha] => {
                let pixels = gray.as_raw().iter().zip(alpha.as_raw()).flat_map(|(&g, &a)| [g, a]).collect();
                Ok(GrayAlphaImage::from_raw(width, height, pixels).ok_or(FILLED)?.into())
            }
            [one, two, three] => {
                let triples = one.as_raw().iter().zip(two.as_raw()).zip(three.as_raw());
                let to_pixel = |((&a, &b), &c): ((&u8, &u8), &u8)| -> [u8; 3] {
                    match self.channels {
                        Channels::YCbCr => to_rgb(a, b, c),
                        Channels::Coded(matrix) => matrix.to_rgb([a, b, c]),
                        _ => [a, b, c],
                    }
                };
                let pixels = triples.flat_map(to_pixel).collect();
                Ok(RgbImage::from_raw(width, height, pixels).ok_or(FILLED)?.into())
            }
            [one, two, three, four] => {
                let rows = one.as_raw().iter().zip(two.as_raw()).zip(three.as_raw()).zip(four.as_raw());
                let to_pixel = |(((&a, &b), &c), &d): (((&u8, &u8), &u8), &u8)| {
                    let Channels::CodedAlpha(matrix) = self.channels else { return [a, b, c, d] };
                    let [red, green, blue] = matrix.to_rgb([a, b, c]);
                    [red, green, blue, d]
                };
                let pixels = rows.flat_map(to_pixel).collect();
                Ok(RgbaImage::from_raw(width, height, pixels).ok_or(FILLED)?.into())
            }
            _ => Err("not one to four channels".into()),
        }
    }
}

/// One channel, turned upright; `each` wide pixels share a sample.
fn sampled(
    plane: &Plane,
    (width, height): (u32, u32),
    orientation: Orientation,
    each: u32,
) -> Result<GrayImage, Cause> {
    let (from_right, from_bottom) = mirrored(orientation);
    let across = axis(plane.width, width, each, from_right);
    let down = axis(plane.height, height, each, from_bottom);
    let samples = resample(plane, &across, &down);
    let image = GrayImage::from_raw(across.count, down.count, samples);
    let mut image = DynamicImage::from(image.ok_or("the resizer filled another size")?);
    image.apply_orientation(orientation);
    Ok(image.into_luma8())
}

/// Where the samples of a thumbnail lie in a plane. Seen from the side from which it is shown, a shared
/// sample covers pixels from the first on; the last one may cover pixels that are not there.
fn axis(covered: f64, length: u32, each: u32, is_mirrored: bool) -> Axis {
    let pixel = covered / f64::from(length);
    let step = pixel * f64::from(each);
    let count = length.div_ceil(each);
    let beyond = if is_mirrored { f64::from(count * each - length) } else { 0.0 };
    Axis { start: step / 2.0 - beyond * pixel, step, count, end: covered }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shared_samples_begin_at_the_side_that_is_shown_first() {
        let plain = axis(10.0, 5, 2, false);
        assert_eq!((plain.start, plain.step, plain.count), (2.0, 4.0, 3));
        // The last of the three covers the first pixel, and one before it.
        let mirrored = axis(10.0, 5, 2, true);
        assert_eq!((mirrored.start, mirrored.step, mirrored.count), (0.0, 4.0, 3));
    }
}
