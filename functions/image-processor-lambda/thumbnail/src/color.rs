//! Colours of a small picture: to sRGB, then onto a background.

mod hdr;
mod profile;
pub(crate) mod space;
pub(crate) mod ycbcr;

pub(crate) use self::space::{Cicp, ColorSpace};

use image::{DynamicImage, GenericImageView, GrayImage, Luma, RgbImage, RgbaImage};

use self::ycbcr::to_rgb;
use crate::options::Rgb;
use crate::pixels::Ink;
use crate::pixels::alpha::Alpha;

/// Converts to 8-bit sRGB, alpha kept.
///
/// A colour space that is broken, or that does not belong to such pixels, is ignored, as browsers do:
/// a picture a little off in colour is better than none.
pub(crate) fn to_srgb(pixels: &DynamicImage, ink: Option<Ink>, space: &ColorSpace) -> DynamicImage {
    let pixels = ink.map_or_else(|| to_8_bit(pixels), |ink| to_positive_inks(pixels, ink));
    match profile::to_srgb(&pixels, ink.is_some(), space) {
        Some(converted) => converted,
        None if ink.is_some() => without_profile(&pixels),
        None => pixels,
    }
}

/// Lays the picture onto an opaque background.
pub(crate) fn flatten(pixels: DynamicImage, alpha: Alpha, background: Rgb) -> RgbImage {
    if !pixels.color().has_alpha() {
        return pixels.into_rgb8();
    }
    let Rgb { red, green, blue } = background;
    let pixels = pixels.into_rgba8();
    let mut flat = RgbImage::new(pixels.width(), pixels.height());
    for (to, image::Rgba([r, g, b, opacity])) in flat.pixels_mut().zip(pixels.pixels()) {
        let share = if alpha == Alpha::Premultiplied { u8::MAX } else { *opacity };
        let blend = |over, under| blend((over, share), (under, u8::MAX - opacity));
        *to = image::Rgb([blend(*r, red), blend(*g, green), blend(*b, blue)]);
    }
    flat
}

/// Premultiplied pixels of eight bits on an opaque background; nothing where they are others.
///
/// Before they are resampled: Lanczos3 takes alpha beyond full at edges, where it is cut off and colours are not.
pub(crate) fn flattened(pixels: &DynamicImage, background: Rgb) -> Option<RgbImage> {
    let Rgb { red, green, blue } = background;
    let onto = |over: [u8; 3], opacity: u8| {
        let [r, g, b] = over;
        [laid_onto(r, opacity, red), laid_onto(g, opacity, green), laid_onto(b, opacity, blue)]
    };
    let samples: Vec<u8> = match pixels {
        DynamicImage::ImageRgba8(it) => {
            it.pixels().flat_map(|image::Rgba([r, g, b, a])| onto([*r, *g, *b], *a)).collect()
        }
        DynamicImage::ImageLumaA8(it) => {
            it.pixels().flat_map(|image::LumaA([y, a])| onto([*y; 3], *a)).collect()
        }
        _ => return None,
    };
    RgbImage::from_raw(pixels.width(), pixels.height(), samples)
}

/// Keeps each level within what the background leaves of it: Lanczos3 takes levels beside edges beyond, and through a
/// picture that is nowhere opaque the background shows everywhere.
pub(crate) fn bound(small: &mut RgbImage, opacity: &GrayImage, background: Rgb) {
    let under = [background.red, background.green, background.blue];
    for (pixel, Luma([opacity])) in small.pixels_mut().zip(opacity.pixels()) {
        for (level, under) in pixel.0.iter_mut().zip(under) {
            let least = laid_onto(0, *opacity, under);
            *level = (*level).clamp(least, least.saturating_add(*opacity));
        }
    }
}

/// A premultiplied level on an opaque one.
pub(crate) fn laid_onto(over: u8, opacity: u8, under: u8) -> u8 {
    blend((over, u8::MAX), (under, u8::MAX - opacity))
}

/// The sum of two levels, each with its share of 255, rounded; Lanczos3 may take it beyond white.
fn blend((over, share): (u8, u8), (under, rest): (u8, u8)) -> u8 {
    let sum = u32::from(over) * u32::from(share) + u32::from(under) * u32::from(rest);
    u8::try_from((sum + 127) / 255).unwrap_or(u8::MAX)
}

fn to_8_bit(pixels: &DynamicImage) -> DynamicImage {
    let color = pixels.color();
    match (color.has_color(), color.has_alpha()) {
        (false, false) => pixels.to_luma8().into(),
        (false, true) => pixels.to_luma_alpha8().into(),
        (true, false) => pixels.to_rgb8().into(),
        (true, true) => pixels.to_rgba8().into(),
    }
}

/// Turns stored inks into cyan, magenta, yellow and black with 255 as full ink, as profiles want them.
fn to_positive_inks(pixels: &DynamicImage, ink: Ink) -> DynamicImage {
    let mut inks: RgbaImage = pixels.to_rgba8();
    for image::Rgba(channels) in inks.pixels_mut() {
        let [first, second, third, black] = *channels;
        let [cyan, magenta, yellow] = match ink {
            Ink::Cmyk => [first, second, third].map(|stored| 255 - stored),
            // Writers invert the inks a second time before they compute luminance.
            Ink::Ycck => to_rgb(first, second, third),
        };
        *channels = [cyan, magenta, yellow, 255 - black];
    }
    inks.into()
}

/// Inks to colours when no profile says how: each ink, then black, takes its share of the light.
fn without_profile(inks: &DynamicImage) -> DynamicImage {
    let mut rgb = RgbImage::new(inks.width(), inks.height());
    for ((_, _, image::Rgba([cyan, magenta, yellow, black])), to) in inks.pixels().zip(rgb.pixels_mut()) {
        *to = image::Rgb([cyan, magenta, yellow].map(|ink| blend((255 - ink, 255 - black), (0, black))));
    }
    rgb.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opacity_blends_exactly_at_its_ends_and_stops_at_white() {
        let mix = |over, under, alpha| blend((over, alpha), (under, 255 - alpha));
        assert_eq!(mix(10, 200, 255), 10);
        assert_eq!(mix(10, 200, 0), 200);
        assert_eq!(mix(255, 255, 77), 255);
        assert_eq!(mix(0, 255, 128), 127);
        assert_eq!(blend((255, 255), (255, 5)), 255);
    }

    #[test]
    fn full_black_ink_is_black_and_no_ink_is_white() {
        let inks = RgbaImage::from_raw(2, 1, vec![0, 0, 0, 255, 0, 0, 0, 0]).unwrap();
        assert_eq!(without_profile(&inks.into()).into_rgb8().into_raw(), [0, 0, 0, 255, 255, 255]);
    }
}
