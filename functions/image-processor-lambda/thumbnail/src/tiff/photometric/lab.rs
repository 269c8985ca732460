//! CIE L\*a\*b\* of 1976 with white D50, as sRGB.

#![expect(clippy::indexing_slicing, reason = "tables have an entry for each byte or step")]

/// How a\* and b\* are stored; L\* is 0 to 255 for 0 to 100 in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As signed numbers (TIFF 6.0, section 23).
    Signed,
    /// With 128 for zero (ICC).
    Offset,
}

/// White D50.
const WHITE: [f32; 3] = [0.964_22, 1.0, 0.825_21];
/// XYZ with white D50 to linear sRGB, adapted by Bradford.
const TO_LINEAR_SRGB: [[f32; 3]; 3] = [
    [3.133_856, -1.616_867, -0.490_615],
    [-0.978_768, 1.916_142, 0.033_454],
    [0.071_945, -0.228_991, 1.405_243],
];
/// Steps of linear light; the curve is nowhere steeper than one level of eight bits a step.
const STEPS: u16 = 4096;

/// Tables for a conversion without powers.
pub(super) struct Lab {
    encoding: Encoding,
    /// (L\* + 16) / 116 of each level of L\*.
    lightness: [f32; 256],
    /// The sRGB level of each step of linear light.
    levels: Vec<u8>,
}

impl Lab {
    pub(super) fn new(encoding: Encoding) -> Self {
        let level = |step: u16| {
            let light = f32::from(step) / f32::from(STEPS);
            let value =
                if light <= 0.003_130_8 { light * 12.92 } else { 1.055 * light.powf(1.0 / 2.4) - 0.055 };
            saturated(value * 255.0 + 0.5)
        };
        let lightness = |level: usize| {
            let level = f32::from(u8::try_from(level).unwrap_or(u8::MAX));
            (level * 100.0 / 255.0 + 16.0) / 116.0
        };
        Self { encoding, lightness: std::array::from_fn(lightness), levels: (0..=STEPS).map(level).collect() }
    }

    pub(super) fn to_srgb(&self, [lightness, green_red, blue_yellow]: [u8; 3]) -> [u8; 3] {
        let opponent = |level: u8| match self.encoding {
            Encoding::Signed => f32::from(level.cast_signed()),
            Encoding::Offset => f32::from(level) - 128.0,
        };
        let middle = self.lightness[usize::from(lightness)];
        let x = WHITE[0] * light(middle + opponent(green_red) / 500.0);
        let y = WHITE[1] * light(middle);
        let z = WHITE[2] * light(middle - opponent(blue_yellow) / 200.0);
        TO_LINEAR_SRGB.map(|factors| self.level(factors[0] * x + factors[1] * y + factors[2] * z))
    }

    fn level(&self, light: f32) -> u8 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to the steps of the table"
        )]
        let step = (light.clamp(0.0, 1.0) * f32::from(STEPS) + 0.5) as usize;
        self.levels[step]
    }
}

/// The share of white's light: the cube, and a line near black.
fn light(value: f32) -> f32 {
    const KNEE: f32 = 6.0 / 29.0;
    if value > KNEE { value * value * value } else { 3.0 * KNEE * KNEE * (value - 4.0 / 29.0) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
const fn saturated(value: f32) -> u8 {
    value as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_colours_are_those_of_srgb_in_both_encodings() {
        // L*a*b* of sRGB's primaries and grays with white D50, rounded to eight bits, which is coarse near black.
        for (lab, expected) in [
            ([255, 0, 0], [255, 255, 255]),
            ([0, 0, 0], [0, 0, 0]),
            ([136, 0, 0], [127, 127, 127]),
            ([138, 81, 70], [255, 0, 0]),
            ([224, -79, 81], [0, 255, 0]),
            ([75, 68, -112], [0, 0, 255]),
        ] {
            let lab: [i16; 3] = lab;
            let signed = lab.map(|value| value.to_le_bytes()[0]);
            let offset = [signed[0], signed[1].wrapping_add(128), signed[2].wrapping_add(128)];
            for (encoding, stored) in [(Encoding::Signed, signed), (Encoding::Offset, offset)] {
                let found = Lab::new(encoding).to_srgb(stored);
                let is_near = found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 12);
                assert!(is_near, "{lab:?}: {found:?}, not {expected:?}");
            }
        }
    }
}
