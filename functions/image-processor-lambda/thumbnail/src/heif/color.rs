//! Range, matrix, primaries and transfer of a coded picture (ITU-T H.273): what its levels stand for.

use heifer_isobmff::HeifFile;
use heifer_isobmff::boxes::{ColorInfo, Property};

use super::code_points::{CodePoints, UNSPECIFIED};
use super::coded::CodedPicture;
use super::item::Source;
use crate::pixels::Matrix;
use crate::rejection::DecodeError;

/// What the container says about colours; it comes before what the codec says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Color {
    declared: CodePoints,
}

/// How the channels of a coded picture become those of a thumbnail.
#[derive(Clone, Copy, Debug)]
pub(super) struct Encoding {
    pub(super) matrix: Matrix,
    is_full_range: bool,
    bits: [u8; 2],
}

/// From a channel's levels to bytes: `zero` is subtracted, the rest multiplied, and `base` added.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Levels {
    pub(super) zero: i32,
    pub(super) factor: f32,
    pub(super) base: f32,
}

impl Color {
    /// That of the picture, or else of its first tile.
    pub(super) fn read(file: &HeifFile, source: &Source) -> Self {
        let of = |id| file.item_properties(id).ok()?.find_map(code_points);
        let declared = of(source.id).or_else(|| of(*source.tiles.first()?));
        Self { declared: declared.unwrap_or(CodePoints::NONE) }
    }

    /// What holds for a picture: MIAF's defaults where neither container nor codec says anything.
    pub(super) fn encoding(self, picture: &CodedPicture) -> Result<Encoding, DecodeError> {
        let CodePoints { primaries, matrix, is_full_range, .. } = self.resolved(picture);
        let matrix = match matrix {
            0 if picture.sampling.shifts() == (0, 0) => Matrix::Identity,
            // Those of the primaries.
            12 | 13 if primaries == 9 => Matrix::Bt2020,
            1 | 12 | 13 => Matrix::Bt709,
            4 => Matrix::Fcc,
            7 => Matrix::Smpte240,
            8 => Matrix::YCgCo,
            9 | 10 => Matrix::Bt2020,
            11 | 14.. => return Err(DecodeError::Unsupported("colours of these matrix coefficients")),
            _ => Matrix::Bt601,
        };
        Ok(Encoding { matrix, is_full_range: is_full_range.unwrap_or(true), bits: picture.bits })
    }

    /// The container's code points, or else the codec's.
    pub(super) fn resolved(self, picture: &CodedPicture) -> CodePoints {
        let Self { declared } = self;
        let or = |first, second| if first == UNSPECIFIED { second } else { first };
        CodePoints {
            primaries: or(declared.primaries, picture.color.primaries),
            transfer: or(declared.transfer, picture.color.transfer),
            matrix: or(declared.matrix, picture.color.matrix),
            is_full_range: declared.is_full_range.or(picture.color.is_full_range),
        }
    }
}

fn code_points(property: &Property) -> Option<CodePoints> {
    let Property::Color(ColorInfo::Nclx { primaries, transfer, matrix, full_range }) = property else {
        return None;
    };
    // What does not fit a byte is reserved.
    let byte = |value: u16| u8::try_from(value).unwrap_or(UNSPECIFIED);
    Some(CodePoints {
        primaries: byte(*primaries),
        transfer: byte(*transfer),
        matrix: byte(*matrix),
        is_full_range: Some(*full_range),
    })
}

impl Encoding {
    /// Those of channel 0, 1 or 2.
    pub(super) fn levels(self, channel: usize) -> Levels {
        let bits = if channel == 0 { self.bits[0] } else { self.bits[1] };
        let most = f32::from(u16::MAX >> (16 - bits.clamp(1, 16)));
        let step = f32::from(1_u16 << (bits.clamp(8, 16) - 8));
        let is_difference = channel > 0 && self.matrix != Matrix::Identity;
        let (zero, span) = match (is_difference, self.is_full_range) {
            (false, true) => (0, most),
            (false, false) => (16, 219.0 * step),
            (true, true) => (128, most),
            (true, false) => (128, 224.0 * step),
        };
        let zero = zero << (bits.clamp(8, 16) - 8);
        Levels { zero, factor: 255.0 / span, base: if is_difference { 128.0 } else { 0.0 } }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn byte(levels: Levels, level: i32) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let level = (level - levels.zero) as f32;
        f64::from(level.mul_add(levels.factor, levels.base))
    }

    #[test]
    fn black_white_and_neutral_are_the_same_bytes_at_each_depth_and_range() {
        for bits in [8, 10, 12] {
            for (is_full_range, black, white) in [(true, 0, (1 << bits) - 1), (false, 16, 235 << (bits - 8))]
            {
                let black = if is_full_range { black } else { black << (bits - 8) };
                let encoding = Encoding { matrix: Matrix::Bt709, is_full_range, bits: [bits; 2] };
                let luma = encoding.levels(0);
                assert!(byte(luma, black).abs() < 0.01 && (byte(luma, white) - 255.0).abs() < 0.01, "{bits}");
                let neutral = byte(encoding.levels(1), 128 << (bits - 8));
                assert!((neutral - 128.0).abs() < 0.01, "{bits}: {neutral}");
            }
        }
        let chroma = Encoding { matrix: Matrix::Bt601, is_full_range: false, bits: [8; 2] }.levels(2);
        assert!((byte(chroma, 240) - 255.5).abs() < 0.01);
    }

    #[test]
    fn identity_has_no_differences_of_colours() {
        let identity = Encoding { matrix: Matrix::Identity, is_full_range: false, bits: [8; 2] };
        assert_eq!(identity.levels(1), identity.levels(0));
    }
}
