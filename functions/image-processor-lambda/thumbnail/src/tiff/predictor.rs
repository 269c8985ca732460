//! Predictors: rows that are stored as differences (TIFF 6.0, section 14, and Technical Note 3).

use super::file::ByteOrder;
use super::page::{Page, Predictor};
use crate::rejection::DecodeError;

/// Most samples of a pixel, of which each is predicted by the one before it.
const MOST: usize = 16;

/// How the rows of a page are undone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Differences {
    None,
    /// Of samples of so many bytes, so many in a pixel.
    Horizontal {
        bytes: usize,
        samples: usize,
        order: ByteOrder,
    },
    /// Of the bytes of samples, the highest of all samples first.
    FloatingPoint {
        bytes: usize,
        samples: usize,
        order: ByteOrder,
    },
}

impl Differences {
    pub(super) fn of(page: &Page, samples: usize) -> Result<Self, DecodeError> {
        let (bytes, order) = (usize::from(page.bits / 8), page.directory.file.order);
        let is_whole = page.bits.is_multiple_of(8) && page.subsampling == (1, 1) && samples <= MOST;
        match page.predictor {
            Predictor::None => Ok(Self::None),
            Predictor::Horizontal if is_whole && matches!(bytes, 1 | 2 | 4) => {
                Ok(Self::Horizontal { bytes, samples, order })
            }
            Predictor::FloatingPoint if is_whole && matches!(bytes, 2 | 4) => {
                Ok(Self::FloatingPoint { bytes, samples, order })
            }
            _ => Err(DecodeError::Unsupported("a predictor over samples of parts of bytes, or of Cb and Cr")),
        }
    }

    /// Makes the differences of a row samples again.
    pub(super) fn sum_up(&self, row: &mut [u8]) {
        match *self {
            Self::None => {}
            Self::Horizontal { bytes: 1, samples, .. } => sum_bytes(row, samples),
            Self::Horizontal { bytes: 2, samples, order: ByteOrder::Little } => {
                sum_wide(row, samples, |a, b| {
                    (u16::from_le_bytes(a).wrapping_add(u16::from_le_bytes(b))).to_le_bytes()
                });
            }
            Self::Horizontal { bytes: 2, samples, order: ByteOrder::Big } => {
                sum_wide(row, samples, |a, b| {
                    (u16::from_be_bytes(a).wrapping_add(u16::from_be_bytes(b))).to_be_bytes()
                });
            }
            Self::Horizontal { samples, order: ByteOrder::Little, .. } => {
                sum_wide(row, samples, |a, b| {
                    (u32::from_le_bytes(a).wrapping_add(u32::from_le_bytes(b))).to_le_bytes()
                });
            }
            Self::Horizontal { samples, order: ByteOrder::Big, .. } => {
                sum_wide(row, samples, |a, b| {
                    (u32::from_be_bytes(a).wrapping_add(u32::from_be_bytes(b))).to_be_bytes()
                });
            }
            Self::FloatingPoint { bytes, samples, order } => {
                sum_bytes(row, samples);
                let apart = row.to_vec();
                let values = (apart.len() / bytes).max(1);
                for (index, value) in row.chunks_exact_mut(bytes).enumerate() {
                    for (place, byte) in value.iter_mut().enumerate() {
                        let rank = if order == ByteOrder::Big { place } else { bytes - 1 - place };
                        *byte = apart.get(rank * values + index).copied().unwrap_or_default();
                    }
                }
            }
        }
    }
}

fn sum_bytes(row: &mut [u8], samples: usize) {
    match samples {
        1 => sum_pixels::<1>(row),
        3 => sum_pixels::<3>(row),
        4 => sum_pixels::<4>(row),
        _ => sum_wide::<1>(row, samples, |[a], [b]| [a.wrapping_add(b)]),
    }
}

/// The usual numbers of samples, whose sums stay in registers.
fn sum_pixels<const SAMPLES: usize>(row: &mut [u8]) {
    let mut sums = [0_u8; SAMPLES];
    for pixel in row.as_chunks_mut::<SAMPLES>().0 {
        for (sum, sample) in sums.iter_mut().zip(pixel) {
            *sum = sum.wrapping_add(*sample);
            *sample = *sum;
        }
    }
}

fn sum_wide<const BYTES: usize>(
    row: &mut [u8],
    samples: usize,
    add: impl Fn([u8; BYTES], [u8; BYTES]) -> [u8; BYTES],
) {
    let mut sums = [[0; BYTES]; MOST];
    for pixel in row.as_chunks_mut::<BYTES>().0.chunks_mut(samples.max(1)) {
        for (sum, sample) in sums.iter_mut().zip(pixel) {
            *sum = add(*sum, *sample);
            *sample = *sum;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sample_of_a_pixel_is_summed_with_those_before_it_for_any_number_of_samples() {
        for samples in 1..=MOST {
            let mut row: Vec<u8> = (0..samples * 5).map(|at| u8::try_from(at * 37 % 251).unwrap()).collect();
            let mut expected = row.clone();
            for at in samples..row.len() {
                expected[at] = expected[at].wrapping_add(expected[at - samples]);
            }
            Differences::Horizontal { bytes: 1, samples, order: ByteOrder::Little }.sum_up(&mut row);
            assert_eq!(row, expected, "{samples}");
        }
    }

    #[test]
    fn sums_of_wide_samples_carry_in_the_byte_order_of_the_file() {
        for (order, differences, expected) in [
            (ByteOrder::Little, [0xff, 0, 1, 0], [0xff, 0, 0, 1]),
            (ByteOrder::Big, [0, 0xff, 0, 1], [0, 0xff, 1, 0]),
        ] {
            let mut row = differences;
            Differences::Horizontal { bytes: 2, samples: 1, order }.sum_up(&mut row);
            assert_eq!(row, expected, "{order:?}");
        }
    }

    #[test]
    fn bytes_of_floating_point_samples_are_put_together() {
        // 1.0 and 2.0: 3f 80 00 00 and 40 00 00 00, each rank together, then differences.
        let ranks = [0x3f_u8, 0x40, 0x80, 0, 0, 0, 0, 0];
        let stored: Vec<u8> = std::iter::once(ranks[0])
            .chain(ranks.windows(2).map(|pair| pair[1].wrapping_sub(pair[0])))
            .collect();
        for (order, expected) in [
            (ByteOrder::Little, [1.0_f32, 2.0].map(f32::to_le_bytes)),
            (ByteOrder::Big, [1.0_f32, 2.0].map(f32::to_be_bytes)),
        ] {
            let mut row = stored.clone();
            Differences::FloatingPoint { bytes: 4, samples: 1, order }.sum_up(&mut row);
            assert_eq!(row, expected.as_flattened(), "{order:?}");
        }
    }
}
