//! HDR: pictures of PQ and HLG (ITU-R BT.2100) as sRGB.
//!
//! Tone mapping is what Chromium does without metadata: light is relative to a reference white of 203 cd/m²
//! (ITU-R BT.2408), and Reinhard's extended curve over the largest of red, green and blue brings 1,000 cd/m² to
//! white. Reference white becomes a light gray, so that highlights have room above it.

use image::{DynamicImage, RgbImage, RgbaImage};
use moxcms::{ColorProfile, Matrix3d};

use super::space::Cicp;

const REFERENCE_WHITE: f32 = 203.0;
/// The brightest light that is kept apart from white; also the peak of the display that HLG is meant for.
const PEAK: f32 = 1_000.0;

/// Converts 8-bit pixels of a PQ or HLG `transfer` with the primaries of `profile`.
pub(super) fn to_srgb(pixels: &DynamicImage, transfer: u8, profile: &ColorProfile) -> Option<DynamicImage> {
    let tone = Tone::new(transfer, profile);
    let (width, height) = (pixels.width(), pixels.height());
    if pixels.color().has_alpha() {
        let mut samples = pixels.to_rgba8().into_raw();
        for [red, green, blue, _] in samples.as_chunks_mut().0 {
            [*red, *green, *blue] = tone.map([*red, *green, *blue]);
        }
        return RgbaImage::from_raw(width, height, samples).map(DynamicImage::from);
    }
    let mut samples = pixels.to_rgb8().into_raw();
    for pixel in samples.as_chunks_mut().0 {
        *pixel = tone.map(*pixel);
    }
    RgbImage::from_raw(width, height, samples).map(DynamicImage::from)
}

struct Tone {
    /// Light of each sample: for PQ relative to reference white, for HLG of the scene, from 0 to 1.
    light: [f32; 256],
    is_hlg: bool,
    /// Of red, green and blue, the share in luminance.
    luminance: [f32; 3],
    /// To linear sRGB.
    matrix: [[f32; 3]; 3],
}

impl Tone {
    fn new(transfer: u8, profile: &ColorProfile) -> Self {
        let is_hlg = transfer == Cicp::HLG;
        let curve = if is_hlg { hlg } else { pq };
        let levels = std::array::from_fn(|level| u8::try_from(level).map_or(0.0, f32::from) / 255.0);
        let to_srgb = narrow(&profile.transform_matrix(&ColorProfile::new_srgb()));
        let luminance = narrow(&profile.colorant_matrix())[1];
        Self { light: levels.map(curve), is_hlg, luminance, matrix: to_srgb }
    }

    fn map(&self, pixel: [u8; 3]) -> [u8; 3] {
        let mut light = pixel.map(|level| self.light.get(usize::from(level)).copied().unwrap_or_default());
        if self.is_hlg {
            // The opto-optical transfer function of a display of `PEAK`: gamma 1.2 over luminance.
            let luminance = dot(self.luminance, light);
            light = light.map(|scene| luminance.powf(0.2) * scene * PEAK / REFERENCE_WHITE);
        }
        let brightest = light.into_iter().fold(0.0, f32::max);
        let white = PEAK / REFERENCE_WHITE;
        let scale = (1.0 + brightest / (white * white)) / (1.0 + brightest);
        let light = light.map(|light| light * scale);
        self.matrix.map(|row| encoded(dot(row, light)))
    }
}

#[expect(clippy::cast_possible_truncation, reason = "colours need no more precision")]
fn narrow(matrix: &Matrix3d) -> [[f32; 3]; 3] {
    matrix.v.map(|row| row.map(|value| value as f32))
}

fn dot(weights: [f32; 3], light: [f32; 3]) -> f32 {
    weights.into_iter().zip(light).map(|(weight, light)| weight * light).sum()
}

/// The electro-optical transfer function of PQ, relative to reference white.
fn pq(level: f32) -> f32 {
    const M1: f32 = 2_610.0 / 16_384.0;
    const M2: f32 = 2_523.0 / 32.0;
    const C1: f32 = 3_424.0 / 4_096.0;
    const C2: f32 = 2_413.0 / 128.0;
    const C3: f32 = 2_392.0 / 128.0;
    let root = level.powf(1.0 / M2);
    let light = ((root - C1).max(0.0) / (C2 - C3 * root)).powf(1.0 / M1);
    light * 10_000.0 / REFERENCE_WHITE
}

/// The inverse of HLG's opto-electronic transfer function.
fn hlg(level: f32) -> f32 {
    const A: f32 = 0.178_832_77;
    const B: f32 = 0.284_668_92;
    const C: f32 = 0.559_910_7;
    if level <= 0.5 { level * level / 3.0 } else { (((level - C) / A).exp() + B) / 12.0 }
}

/// Linear light as a sample of sRGB.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
fn encoded(light: f32) -> u8 {
    let level = if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
    (level * 255.0 + 0.5) as u8
}

#[cfg(test)]
mod tests {
    use image::Rgb;
    use moxcms::{CicpColorPrimaries, CicpProfile, MatrixCoefficients, TransferCharacteristics};

    use super::*;

    fn shown(transfer: u8, pixel: [u8; 3]) -> [u8; 3] {
        let profile = ColorProfile::new_from_cicp(CicpProfile {
            color_primaries: CicpColorPrimaries::Bt2020,
            transfer_characteristics: TransferCharacteristics::Srgb,
            matrix_coefficients: MatrixCoefficients::Identity,
            full_range: true,
        });
        let pixels = RgbImage::from_pixel(1, 1, Rgb(pixel)).into();
        to_srgb(&pixels, transfer, &profile).unwrap().to_rgb8().get_pixel(0, 0).0
    }

    #[test]
    fn black_stays_black_and_the_peak_becomes_white() {
        for transfer in [Cicp::PQ, Cicp::HLG] {
            assert_eq!(shown(transfer, [0; 3]), [0; 3]);
        }
        // 1,000 cd/m² are 0.7518 in PQ, and the largest sample of HLG.
        assert_eq!(shown(Cicp::PQ, [192; 3]), [255; 3]);
        assert_eq!(shown(Cicp::HLG, [255; 3]), [255; 3]);
        assert_eq!(shown(Cicp::PQ, [255; 3]), [255; 3]);
    }

    #[test]
    fn reference_white_becomes_the_same_light_gray_from_both() {
        // 203 cd/m² are 0.58 in PQ and 0.75 in HLG. Half of (1 + 1/4.926²) is 0.521, which sRGB stores as 191.
        for (transfer, level) in [(Cicp::PQ, 148), (Cicp::HLG, 191)] {
            let found = shown(transfer, [level; 3]);
            assert!(found.iter().all(|level| level.abs_diff(191) <= 2), "{transfer}: {found:?}");
        }
    }

    #[test]
    fn colours_beyond_srgb_end_at_its_borders() {
        let [red, green, blue] = shown(Cicp::PQ, [130, 40, 40]);
        assert!(red > 140 && green < 20 && blue < 30, "{red} {green} {blue}");
    }
}
