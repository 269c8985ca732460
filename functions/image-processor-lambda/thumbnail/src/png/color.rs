//! Colour space of a PNG: cICP comes before iCCP, that before sRGB, that before gAMA and cHRM (third edition, 4.3).
//!
//! What is broken is ignored as Chromium does, whose canvas the tests' values are from.

use png::{Info, ScaledFloat, SourceChromaticities};

use crate::color::{Cicp, ColorSpace};

/// gAMA of 1/2.2, in which sRGB's curve is mostly declared.
const GAMMA_OF_SRGB: f32 = 0.454_55;
/// A gamma so near, as a factor, counts as sRGB where no primaries are declared.
const NEAR: f32 = 0.05;

pub(super) fn space(info: &Info) -> ColorSpace {
    if let Some(cicp) = cicp(info) {
        return ColorSpace::Cicp(cicp);
    }
    if let Some(profile) = &info.icc_profile {
        return ColorSpace::Icc(profile.to_vec());
    }
    match info.gama_chunk {
        Some(gamma) if info.srgb.is_none() => by_gamma(gamma, info.chrm_chunk),
        // Primaries without a curve mean nothing.
        _ => ColorSpace::Srgb,
    }
}

/// Code points that are known, of full range; unspecified ones count as none.
fn cicp(info: &Info) -> Option<Cicp> {
    let found = info.coding_independent_code_points?;
    let transfer = match found.transfer_function {
        // In HEIF and AVIF these are read as sRGB's; in a PNG they are meant.
        1 | 6 | 11 | 14 | 15 => Cicp::BT1886,
        known @ (4 | 5 | 7 | 8 | 12 | 13 | 16..=18) => known,
        _ => return None,
    };
    let is_known = matches!(found.color_primaries, 1 | 4..=12 | 22);
    // Those of other than RGB are not seen here: `hidden`.
    (is_known && found.is_video_full_range_image)
        .then_some(Cicp { primaries: found.color_primaries, transfer })
}

fn by_gamma(gamma: ScaledFloat, chromaticities: Option<SourceChromaticities>) -> ColorSpace {
    let gamma = gamma.into_value();
    let is_near = (gamma / GAMMA_OF_SRGB - 1.0).abs() < NEAR;
    if gamma == 0.0 || is_near && chromaticities.is_none() {
        return ColorSpace::Srgb;
    }
    let chromaticities = chromaticities.map(|SourceChromaticities { white, red, green, blue }| {
        [white, red, green, blue].map(|(x, y)| [x.into_value(), y.into_value()])
    });
    ColorSpace::Gamma { exponent: 1.0 / gamma, chromaticities }
}
