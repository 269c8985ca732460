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
    pub(super) declared: CodePoints,
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
    use crate::heif::coded::{Samples, Sampling};

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

    struct Nothing;

    impl Samples for Nothing {
        fn row<'a>(&'a self, _: usize, _: u32, _: &'a mut Vec<u16>) -> &'a [u16] {
            &[]
        }
    }

    fn picture(sampling: Sampling, color: CodePoints) -> CodedPicture {
        CodedPicture { width: 8, height: 8, sampling, bits: [8, 10], color, samples: Box::new(Nothing) }
    }

    fn points(primaries: u8, matrix: u8) -> CodePoints {
        CodePoints { primaries, matrix, ..CodePoints::NONE }
    }

    #[test]
    fn matrix_coefficients_are_those_of_h273() {
        for (primaries, number, expected) in [
            (1, 0, Some(Matrix::Identity)),
            (9, 1, Some(Matrix::Bt709)),
            // Unspecified, and reserved.
            (1, 2, Some(Matrix::Bt601)),
            (1, 3, Some(Matrix::Bt601)),
            (1, 4, Some(Matrix::Fcc)),
            (1, 5, Some(Matrix::Bt601)),
            (1, 6, Some(Matrix::Bt601)),
            (1, 7, Some(Matrix::Smpte240)),
            (1, 8, Some(Matrix::YCgCo)),
            (1, 9, Some(Matrix::Bt2020)),
            (1, 10, Some(Matrix::Bt2020)),
            (1, 11, None),
            // Those of the primaries.
            (1, 12, Some(Matrix::Bt709)),
            (9, 12, Some(Matrix::Bt2020)),
            (9, 13, Some(Matrix::Bt2020)),
            (1, 14, None),
            (1, 255, None),
        ] {
            let color = Color { declared: points(primaries, number) };
            let found = color.encoding(&picture(Sampling::Each, CodePoints::NONE));
            assert_eq!(found.ok().map(|it| it.matrix), expected, "{number} of {primaries}");
        }
        // Red, green and blue have a sample for each pixel, or are not red, green and blue.
        let identity = Color { declared: points(1, 0) };
        let found = identity.encoding(&picture(Sampling::Both, CodePoints::NONE)).unwrap();
        assert_eq!(found.matrix, Matrix::Bt601);
    }

    #[test]
    fn the_container_comes_before_the_codec_field_by_field_and_the_full_range_holds_where_neither_says() {
        let codec = CodePoints { primaries: 9, transfer: 16, matrix: 9, is_full_range: Some(false) };
        let of = |declared, codec| Color { declared }.resolved(&picture(Sampling::Each, codec));
        assert_eq!(of(CodePoints::NONE, codec), codec);
        assert_eq!(of(codec, CodePoints::NONE), codec);
        let declared = CodePoints { primaries: 1, transfer: 13, matrix: 6, is_full_range: Some(true) };
        assert_eq!(of(declared, codec), declared);
        let half = CodePoints { transfer: 13, ..CodePoints::NONE };
        assert_eq!(of(half, codec), CodePoints { transfer: 13, ..codec });
        let nothing = Color { declared: CodePoints::NONE };
        let found = nothing.encoding(&picture(Sampling::Each, CodePoints::NONE)).unwrap();
        assert!(found.is_full_range && found.matrix == Matrix::Bt601);
    }

    #[test]
    fn code_points_beyond_a_byte_are_unspecified() {
        let wide =
            Property::Color(ColorInfo::Nclx { primaries: 265, transfer: 269, matrix: 262, full_range: true });
        assert_eq!(code_points(&wide), Some(CodePoints { is_full_range: Some(true), ..CodePoints::NONE }));
        assert_eq!(code_points(&Property::Rotation(1)), None);
    }

    #[test]
    fn cb_and_cr_have_bits_of_their_own() {
        let color = Color { declared: CodePoints::NONE };
        let encoding = color.encoding(&picture(Sampling::Each, CodePoints::NONE)).unwrap();
        assert_eq!((encoding.levels(0).zero, encoding.levels(1).zero), (0, 512));
        assert!((byte(encoding.levels(2), 1023) - 255.5).abs() < 0.6);
    }
}
