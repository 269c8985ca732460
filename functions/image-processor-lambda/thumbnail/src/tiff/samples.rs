//! Sample depth (`BitsPerSample`, `SampleFormat`): samples of any depth as levels of eight bits.

use super::file::ByteOrder;
use super::page::{Page, Photometric, SampleFormat};
use crate::rejection::DecodeError;

/// How the samples of a page become bytes.
#[derive(Clone, Debug)]
pub(super) enum Depth {
    /// 1 to 7 and 9 to 15 bits, the first in the highest bits; the level of each value.
    Packed {
        bits: u8,
        levels: Vec<u8>,
    },
    Eight,
    Sixteen(ByteOrder),
    /// Of sixteen bits those of the upper byte, which keeps the zero of signed samples.
    UpperByte(ByteOrder),
    ThirtyTwo(ByteOrder),
    /// From zero to one.
    Float(ByteOrder),
}

impl Depth {
    pub(super) fn of(page: &Page) -> Result<Self, DecodeError> {
        let order = page.directory.file.order;
        let is_lab = matches!(page.photometric, Photometric::CieLab | Photometric::IccLab);
        match (page.format, page.bits) {
            (SampleFormat::Unsigned, 8) => Ok(Self::Eight),
            (SampleFormat::Unsigned, 16) if is_lab => Ok(Self::UpperByte(order)),
            (_, _) if is_lab => Err(DecodeError::Unsupported("L*a*b* of other than 8 or 16 bits")),
            (SampleFormat::Unsigned, bits @ 1..8) if page.photometric == Photometric::Palette => {
                Ok(Self::Packed { bits, levels: (0..=u8::MAX >> (8 - bits)).collect() })
            }
            (_, _) if page.photometric == Photometric::Palette => {
                Err(DecodeError::Unsupported("a palette of more than 256 colours"))
            }
            (SampleFormat::Unsigned, bits @ 1..16) => Ok(Self::Packed { bits, levels: levels(bits) }),
            (SampleFormat::Unsigned, 16) => Ok(Self::Sixteen(order)),
            (SampleFormat::Unsigned, 32) if page.photometric == Photometric::Rgb => {
                Ok(Self::ThirtyTwo(order))
            }
            (SampleFormat::Float, 32) if page.photometric == Photometric::Rgb => Ok(Self::Float(order)),
            (SampleFormat::Signed, _) => Err(DecodeError::Unsupported("signed samples")),
            (SampleFormat::Float, _) => {
                Err(DecodeError::Unsupported("floating point samples of other than RGB with 32 bits"))
            }
            _ => Err(DecodeError::Unsupported("samples of more than 16 bits, of other than RGB with 32")),
        }
    }

    /// Puts the first `count` samples of a row into `out`.
    pub(super) fn unpack(&self, row: &[u8], count: usize, out: &mut Vec<u8>) {
        out.clear();
        out.reserve(count);
        match self {
            Self::Packed { bits, levels } => unpack_bits(row, *bits, levels, count, out),
            Self::Eight => out.extend_from_slice(row.get(..count).unwrap_or(row)),
            Self::Sixteen(order) => {
                let shorts = row.as_chunks().0.iter().take(count);
                out.extend(shorts.map(|bytes| level(u32::from(order.u16(*bytes)), 0xffff)));
            }
            Self::UpperByte(order) => {
                let shorts = row.as_chunks().0.iter().take(count);
                out.extend(shorts.map(|bytes| order.u16(*bytes).to_be_bytes()[0]));
            }
            Self::ThirtyTwo(order) => {
                let longs = row.as_chunks().0.iter().take(count);
                out.extend(longs.map(|bytes| level(order.u32(*bytes) >> 16, 0xffff)));
            }
            Self::Float(order) => {
                let floats = row.as_chunks().0.iter().take(count);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "such casts saturate"
                )]
                out.extend(floats.map(|bytes| (f32::from_bits(order.u32(*bytes)) * 255.0 + 0.5) as u8));
            }
        }
    }
}

/// The nearest of 256 levels.
fn level(value: u32, white: u32) -> u8 {
    u8::try_from((value * 255 + white / 2) / white).unwrap_or(u8::MAX)
}

/// The level of each value of so many bits.
fn levels(bits: u8) -> Vec<u8> {
    let white = (1 << bits) - 1;
    (0..=white).map(|value| level(value, white)).collect()
}

#[expect(clippy::indexing_slicing, reason = "a level for each value of so many bits")]
fn unpack_bits(row: &[u8], bits: u8, levels: &[u8], count: usize, out: &mut Vec<u8>) {
    let white = levels.len() - 1;
    let (mut pending, mut held) = (0_usize, 0_u8);
    let end = out.len() + count;
    // A tile may have far more samples than the picture.
    let needed = (count * usize::from(bits)).div_ceil(8);
    for byte in row.iter().take(needed) {
        pending = pending << 8 | usize::from(*byte);
        held += 8;
        while held >= bits && out.len() < end {
            held -= bits;
            out.push(levels[pending >> held & white]);
        }
        // Beyond `held` bits nothing is needed any more.
        pending &= 0xffff;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unpacked(bits: u8, row: &[u8], count: usize) -> Vec<u8> {
        let mut out = Vec::new();
        Depth::Packed { bits, levels: levels(bits) }.unpack(row, count, &mut out);
        out
    }

    #[test]
    fn few_bits_become_levels_from_black_to_white() {
        assert_eq!(unpacked(1, &[0b1010_0000], 3), [255, 0, 255]);
        assert_eq!(unpacked(2, &[0b0001_1011, 0b1100_0000], 5), [0, 85, 170, 255, 255]);
        assert_eq!(unpacked(4, &[0x0f, 0x70], 3), [0, 255, 119]);
        // 72.9, rounded.
        assert_eq!(unpacked(3, &[0b0100_0000], 1), [73]);
    }

    #[test]
    fn samples_beyond_the_picture_are_left_out() {
        assert_eq!(unpacked(1, &[0b1010_0000; 100], 3), [255, 0, 255]);
    }

    #[test]
    fn samples_may_cross_bytes_at_any_depth() {
        for bits in (1..=15_u8).filter(|bits| *bits != 8) {
            let white = (1_u32 << bits) - 1;
            let values = [0, white, 1, white / 2, white, 0, white - 1];
            let places = values.iter().flat_map(|value| (0..bits).rev().map(move |bit| value >> bit & 1));
            let row: Vec<u8> = places
                .collect::<Vec<u32>>()
                .chunks(8)
                .map(|byte| {
                    byte.iter().zip((0..8).rev()).map(|(bit, place)| u8::from(*bit == 1) << place).sum()
                })
                .collect();
            assert_eq!(unpacked(bits, &row, 7), values.map(|value| level(value, white)), "{bits} bits");
        }
    }
}
