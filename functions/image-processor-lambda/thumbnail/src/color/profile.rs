//! Conversion of pixels to sRGB, by an ICC profile or by one made of what a file declares instead.

use std::panic::{AssertUnwindSafe, catch_unwind};

use image::{DynamicImage, GenericImageView, RgbImage, RgbaImage};
use moxcms::{
    Chromaticity, CicpColorPrimaries, CicpProfile, ColorPrimaries, ColorProfile, DataColorSpace, Layout,
    MatrixCoefficients, ParsingOptions, ToneReprCurve, TransferCharacteristics, TransformOptions,
};

use super::hdr;
use super::space::{Cicp, ColorSpace};

/// Converts 8-bit pixels to sRGB, or inks (cyan, magenta, yellow and black, 255 being full ink); nothing when the
/// colour space is broken or does not belong to such pixels.
///
/// Profiles come from strangers; their parser stands behind the same boundary as the decoders.
pub(super) fn to_srgb(pixels: &DynamicImage, is_ink: bool, space: &ColorSpace) -> Option<DynamicImage> {
    let convert = || {
        let profile = profile(space)?;
        match profile.cicp.map(|cicp| cicp.transfer_characteristics as u8) {
            Some(transfer @ (Cicp::PQ | Cicp::HLG)) if !is_ink => hdr::to_srgb(pixels, transfer, &profile),
            _ => convert(pixels, is_ink, &profile),
        }
    };
    catch_unwind(AssertUnwindSafe(convert)).ok().flatten()
}

impl ColorSpace {
    /// Whether it is what is assumed where nothing is declared, within what eight bits can show.
    pub(crate) fn is_srgb(&self) -> bool {
        let is_srgb = || profile(self).is_some_and(|profile| has_srgb_values(&profile));
        *self == Self::Srgb || catch_unwind(is_srgb).unwrap_or(false)
    }
}

/// The colour space as a profile; none where it is broken.
fn profile(space: &ColorSpace) -> Option<ColorProfile> {
    match space {
        ColorSpace::Srgb => None,
        ColorSpace::Icc(bytes) => parse(bytes),
        ColorSpace::Cicp(cicp) => from_cicp(cicp.effective()),
        ColorSpace::Gamma { exponent, chromaticities } => from_gamma(*exponent, chromaticities.as_ref()),
    }
}

fn from_cicp(Cicp { primaries, transfer }: Cicp) -> Option<ColorProfile> {
    let color_primaries = CicpColorPrimaries::try_from(primaries).ok()?;
    let transfer_characteristics = TransferCharacteristics::try_from(transfer).ok()?;
    let mut profile = ColorProfile::new_from_cicp(CicpProfile {
        color_primaries,
        transfer_characteristics,
        matrix_coefficients: MatrixCoefficients::Identity,
        full_range: true,
    });
    if transfer == Cicp::BT1886 {
        set_exponent(&mut profile, 2.4);
    }
    // Reserved code points leave it without curves.
    profile.red_trc.is_some().then_some(profile)
}

fn from_gamma(exponent: f32, chromaticities: Option<&[[f32; 2]; 4]>) -> Option<ColorProfile> {
    let is_sound = |value: f32| value.is_finite() && value > 0.0;
    let mut profile = ColorProfile::new_srgb();
    if let Some(places) = chromaticities {
        let [white, red, green, blue] = places.map(|[x, y]| Chromaticity::new(x, y));
        if !is_sound(white.y) {
            return None;
        }
        profile.update_rgb_colorimetry(white.to_xyyb(), ColorPrimaries { red, green, blue });
        let is_finite = profile.colorant_matrix().v.as_flattened().iter().all(|value| value.is_finite());
        if !is_finite {
            return None;
        }
    }
    set_exponent(&mut profile, exponent);
    is_sound(exponent).then_some(profile)
}

fn set_exponent(profile: &mut ColorProfile, exponent: f32) {
    let curve = Some(ToneReprCurve::Parametric(vec![exponent]));
    (profile.red_trc, profile.green_trc, profile.blue_trc) = (curve.clone(), curve.clone(), curve);
    // It would come before the curves.
    profile.cicp = None;
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

fn convert(pixels: &DynamicImage, is_ink: bool, profile: &ColorProfile) -> Option<DynamicImage> {
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
