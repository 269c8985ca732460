//! Colours of a small picture: to sRGB, then onto a background.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, GenericImageView, RgbImage, RgbaImage};
use moxcms::{ColorProfile, DataColorSpace, Layout, ParsingOptions, ToneReprCurve, TransformOptions};

use crate::alpha::Alpha;
use crate::decode::Ink;
use crate::spec::Rgb;

/// Converts to 8-bit sRGB, alpha kept.
///
/// A profile that is broken, or that does not belong to such pixels, is ignored, as browsers do:
/// a picture a little off in colour is better than none.
pub(crate) fn to_srgb(pixels: &DynamicImage, ink: Option<Ink>, profile: Option<&[u8]>) -> DynamicImage {
    let pixels = ink.map_or_else(|| to_8_bit(pixels), |ink| to_positive_inks(pixels, ink));
    // Profiles come from strangers; their parser stands behind the same boundary as the decoders.
    let converted = profile.and_then(|profile| {
        catch_unwind(AssertUnwindSafe(|| convert(&pixels, ink.is_some(), profile))).ok().flatten()
    });
    match converted {
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
            Ink::Ycck => from_ycc(first, second, third),
        };
        *channels = [cyan, magenta, yellow, 255 - black];
    }
    inks.into()
}

/// JFIF's luminance and colour differences to their three colours.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
pub(crate) fn from_ycc(luma: u8, blue: u8, red: u8) -> [u8; 3] {
    let (luma, blue, red) = (f32::from(luma), f32::from(blue) - 128.0, f32::from(red) - 128.0);
    [1.402 * red, -0.344_136 * blue - 0.714_136 * red, 1.772 * blue]
        .map(|difference| (luma + difference + 0.5) as u8)
}

/// Inks to colours when no profile says how: each ink, then black, takes its share of the light.
fn without_profile(inks: &DynamicImage) -> DynamicImage {
    let mut rgb = RgbImage::new(inks.width(), inks.height());
    for ((_, _, image::Rgba([cyan, magenta, yellow, black])), to) in inks.pixels().zip(rgb.pixels_mut()) {
        *to = image::Rgb([cyan, magenta, yellow].map(|ink| blend((255 - ink, 255 - black), (0, black))));
    }
    rgb.into()
}

/// Whether the profile says what is assumed without one, within what eight bits can show.
pub(crate) fn is_srgb(profile: &[u8]) -> bool {
    // Profiles come from strangers; their parser stands behind the same boundary as the decoders.
    catch_unwind(|| parse(profile).is_some_and(|profile| has_srgb_values(&profile))).unwrap_or(false)
}

fn has_srgb_values(profile: &ColorProfile) -> bool {
    /// Half a step of eight bits at the steepest part of the curve.
    const NEAR: f64 = 0.001;
    let srgb = ColorProfile::new_srgb();
    let primaries = |of: &ColorProfile| {
        [of.red_colorant, of.green_colorant, of.blue_colorant].map(|color| [color.x, color.y, color.z])
    };
    let is_near = |(one, other): (&f64, &f64)| (one - other).abs() < NEAR;
    let (found, expected) = (primaries(profile), primaries(&srgb));
    let has_curve = |curve: &Option<ToneReprCurve>| {
        let evaluator = curve.as_ref().and_then(|curve| curve.make_linear_evaluator().ok());
        evaluator.is_some_and(|it| {
            (0_u8..=32).all(|step| {
                let level = f32::from(step) / 32.0;
                is_near((&f64::from(it.evaluate_value(level)), &f64::from(linear(level))))
            })
        })
    };
    profile.color_space == DataColorSpace::Rgb
        && profile.pcs == DataColorSpace::Xyz
        // Tables come before primaries where there are both.
        && profile.lut_a_to_b_perceptual.is_none()
        && profile.lut_a_to_b_colorimetric.is_none()
        && found.as_flattened().iter().zip(expected.as_flattened()).all(is_near)
        && [&profile.red_trc, &profile.green_trc, &profile.blue_trc].into_iter().all(has_curve)
}

/// The curve of sRGB.
fn linear(level: f32) -> f32 {
    if level <= 0.040_45 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
}

fn parse(profile: &[u8]) -> Option<ColorProfile> {
    const LIMITS: ParsingOptions = ParsingOptions {
        max_profile_size: 4 * 1024 * 1024,
        max_allowed_clut_size: 4_000_000,
        max_allowed_trc_size: 40_000,
    };
    ColorProfile::new_from_slice_with_options(profile, LIMITS).ok()
}

/// Applies the profile; none when it is broken or does not fit.
fn convert(pixels: &DynamicImage, is_ink: bool, profile: &[u8]) -> Option<DynamicImage> {
    let profile = parse(profile)?;
    let has_alpha = !is_ink && pixels.color().has_alpha();
    let (source, from) = match (profile.color_space, is_ink) {
        (DataColorSpace::Cmyk, true) => (pixels.to_rgba8().into_raw(), Layout::Rgba),
        (DataColorSpace::Rgb, false) if has_alpha => (pixels.to_rgba8().into_raw(), Layout::Rgba),
        (DataColorSpace::Rgb, false) => (pixels.to_rgb8().into_raw(), Layout::Rgb),
        (DataColorSpace::Gray, false) if pixels.color().has_color() => return None,
        (DataColorSpace::Gray, false) if has_alpha => (pixels.to_luma_alpha8().into_raw(), Layout::GrayAlpha),
        (DataColorSpace::Gray, false) => (pixels.to_luma8().into_raw(), Layout::Gray),
        _ => return None,
    };
    let (to, channels) = if has_alpha { (Layout::Rgba, 4) } else { (Layout::Rgb, 3) };
    let srgb = ColorProfile::new_srgb();
    let transform = profile.create_transform_8bit(from, &srgb, to, TransformOptions::default()).ok()?;
    let (width, height) = pixels.dimensions();
    let mut converted = vec![0; width as usize * height as usize * channels];
    transform.transform(&source, &mut converted).ok()?;
    if has_alpha {
        RgbaImage::from_raw(width, height, converted).map(DynamicImage::ImageRgba8)
    } else {
        RgbImage::from_raw(width, height, converted).map(DynamicImage::ImageRgb8)
    }
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

    #[test]
    fn colour_differences_are_undone() {
        assert_eq!(from_ycc(76, 85, 255), [254, 0, 0]);
        assert_eq!(from_ycc(128, 128, 128), [128, 128, 128]);
    }
}
