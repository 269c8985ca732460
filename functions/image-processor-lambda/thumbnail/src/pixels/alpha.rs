//! Premultiplied alpha: colours weighed by their opacity while a picture is made smaller.

use image::{DynamicImage, GrayImage};
use pic_scale_safe::{premultiply_la8, premultiply_la16, premultiply_rgba8, premultiply_rgba16};

use super::Channels;

/// How the colours of a picture with transparency are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alpha {
    /// As they are.
    Straight,
    /// Weighed by their opacity.
    Premultiplied,
}

/// Bits of a channel of the larger integer types.
const BITS: u32 = 16;

/// The opacity of pixels of eight bits, if they have one.
pub(crate) fn channel(pixels: &DynamicImage) -> Option<GrayImage> {
    let samples = match pixels {
        DynamicImage::ImageRgba8(it) => it.pixels().map(|pixel| pixel.0[3]).collect(),
        DynamicImage::ImageLumaA8(it) => it.pixels().map(|pixel| pixel.0[1]).collect(),
        _ => return None,
    };
    GrayImage::from_raw(pixels.width(), pixels.height(), samples)
}

/// Weighs colours by their opacity, so that what nobody sees does not bleed into its neighbours.
pub(crate) fn premultiply(pixels: &mut DynamicImage) {
    match pixels {
        DynamicImage::ImageLumaA8(pixels) => premultiply_la8(pixels),
        DynamicImage::ImageRgba8(pixels) => premultiply_rgba8(pixels),
        DynamicImage::ImageLumaA16(pixels) => premultiply_la16(pixels, BITS),
        DynamicImage::ImageRgba16(pixels) => premultiply_rgba16(pixels, BITS),
        _ => {}
    }
}

/// [`premultiply`] for one row of samples.
pub(crate) fn premultiply_row(row: &mut [u8], channels: Channels) {
    match channels {
        Channels::GrayAlpha => premultiply_la8(row),
        Channels::Rgba => premultiply_rgba8(row),
        _ => {}
    }
}

/// Undoes [`premultiply`] on a picture that was made smaller, which has eight bits a channel.
///
/// Not by `pic-scale-safe` 0.1.12: rows of its table overlap by one entry, so that a colour of 255, which
/// Lanczos3 makes beside bright edges, becomes 0 at every alpha below 255.
pub(crate) fn unpremultiply(pixels: &mut DynamicImage) {
    match pixels {
        DynamicImage::ImageLumaA8(pixels) => divide::<2>(pixels),
        DynamicImage::ImageRgba8(pixels) => divide::<4>(pixels),
        _ => {}
    }
}

/// Divides colours by the alpha that is the last of `N` channels.
fn divide<const N: usize>(samples: &mut [u8]) {
    for pixel in samples.as_chunks_mut::<N>().0 {
        if let Some((alpha, colors)) = pixel.split_last_mut() {
            for color in colors {
                *color = divided(*color, *alpha);
            }
        }
    }
}

/// The nearest colour; more than its alpha allows is full.
fn divided(color: u8, alpha: u8) -> u8 {
    let alpha = u16::from(alpha);
    let nearest = (u16::from(color) * 255 + alpha / 2).checked_div(alpha);
    nearest.map_or(0, |nearest| u8::try_from(nearest).unwrap_or(u8::MAX))
}

#[cfg(test)]
mod tests {
    use image::{GrayAlphaImage, LumaA, Rgba, RgbaImage};

    use super::*;

    #[test]
    fn every_colour_at_every_alpha_is_the_nearest_quotient() {
        for alpha in 0..=255_u8 {
            for color in 0..=255_u8 {
                let (a, c) = (u32::from(alpha), u32::from(color));
                let exact = (c * 255 + a / 2).checked_div(a).unwrap_or(0);
                let expected = u8::try_from(exact.min(255)).unwrap();
                let mut gray = GrayAlphaImage::from_pixel(1, 1, LumaA([color, alpha])).into();
                unpremultiply(&mut gray);
                assert_eq!(gray.as_bytes(), [expected, alpha], "{color} at {alpha}");
                let mut rgba = RgbaImage::from_pixel(1, 1, Rgba([0, color, 255, alpha])).into();
                unpremultiply(&mut rgba);
                let full = if alpha == 0 { 0 } else { 255 };
                assert_eq!(rgba.as_bytes(), [0, expected, full, alpha], "{color} at {alpha}");
            }
        }
    }

    #[test]
    fn opaque_colours_stay_as_they_are() {
        for color in 0..=255 {
            let mut pixel = RgbaImage::from_pixel(1, 1, Rgba([color, 255 - color, 7, 255])).into();
            let before: Vec<u8> = DynamicImage::as_bytes(&pixel).to_vec();
            premultiply(&mut pixel);
            assert_eq!(pixel.as_bytes(), before);
            unpremultiply(&mut pixel);
            assert_eq!(pixel.as_bytes(), before);
        }
    }
}
