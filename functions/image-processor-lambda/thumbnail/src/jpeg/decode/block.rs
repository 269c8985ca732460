//! Dequantizes one block and draws it into a plane.

use super::idct;
use super::scale::Scale;
use super::tables::QuantizationTable;
use crate::jpeg::zigzag::ZIGZAG;

/// Where what is not used goes.
const NOWHERE: u8 = 127;

/// Coefficients of one block; those in use come first, row after row, or as [`idct::place_of_four`] says.
pub(super) type Block = [i16; 128];

/// Where each coefficient of a block goes, and its entry of the quantization table.
pub(super) struct Order {
    scale: Scale,
    /// The last half stands for runs beyond the block.
    places: [u8; 128],
    factors: [u16; 128],
}

impl Order {
    pub(super) fn new(scale: Scale, quantization: &QuantizationTable) -> Self {
        let n = scale.samples();
        let mut order = Self { scale, places: [NOWHERE; 128], factors: [0; 128] };
        let entries = order.places.iter_mut().zip(&mut order.factors);
        for (((place, factor), stored), divisor) in entries.zip(ZIGZAG).zip(quantization) {
            let (row, column) = (u32::from(stored >> 3), u32::from(stored & 7));
            if scale.uses(row, column) {
                let at = if n == 4 { idct::place_of_four(row, column) } else { row * n + column };
                (*place, *factor) = (at.to_le_bytes()[0], *divisor);
            }
        }
        order
    }

    pub(super) const fn scale(&self) -> Scale {
        self.scale
    }

    /// Puts a coefficient, `index` in zigzag order, in its place.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "both indices are masked to the length")]
    pub(super) fn put(&self, block: &mut Block, index: u32, value: i32) {
        let (place, factor) = (self.places[index as usize & 127], self.factors[index as usize & 127]);
        block[usize::from(place & 127)] = dequantized(factor, value);
    }

    /// The one sample of a block of which only the DC coefficient is drawn.
    #[inline(always)]
    pub(super) fn dc(&self, value: i32) -> u8 {
        let [factor, ..] = self.factors;
        idct::dc(dequantized(factor, value))
    }

    /// The coefficients in use, as a set.
    pub(super) fn used(scale: Scale) -> u64 {
        let is_used = |place: &u8| scale.uses(u32::from(place >> 3), u32::from(place & 7));
        ZIGZAG.iter().zip(0..).filter(|(place, _)| is_used(place)).fold(0, |set, (_, index)| set | 1 << index)
    }

    /// Draws the block and clears it. `is_flat` when all AC coefficients are zero.
    #[inline(always)]
    pub(super) fn draw(&self, block: &mut Block, is_flat: bool, target: &mut [u8], stride: usize) {
        let [dc, ..] = *block;
        match self.scale {
            Scale::Eighth => rows(&[[idct::dc(dc)]], target, stride),
            Scale::Quarter if is_flat => rows(&[[idct::dc(dc); 2]; 2], target, stride),
            Scale::SoftHalf | Scale::Half if is_flat => rows(&[[idct::dc(dc); 4]; 4], target, stride),
            Scale::Full if is_flat => rows(&[[idct::dc(dc); 8]; 8], target, stride),
            Scale::Quarter => rows(&idct::two(&take(block)), target, stride),
            Scale::SoftHalf | Scale::Half => rows(&idct::four(&take(block)), target, stride),
            Scale::Full => rows(&idct::eight(&chunked::<8, 64>(take(block))), target, stride),
        }
    }
}

/// Dequantizes a coefficient. Of pictures it has no more than fourteen bits.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "absurd values wrap")]
fn dequantized(factor: u16, value: i32) -> i16 {
    value.wrapping_mul(i32::from(factor)) as i16
}

/// The first coefficients, which are left zero.
#[inline(always)]
fn take<const M: usize>(block: &mut Block) -> [i16; M] {
    block.first_chunk_mut().map_or([0; M], |first| std::mem::replace(first, [0; M]))
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "M is N times N")]
fn chunked<const N: usize, const M: usize>(values: [i16; M]) -> [[i16; N]; N] {
    let mut out = [[0; N]; N];
    for row in 0..N {
        for column in 0..N {
            out[row][column] = values[row * N + column];
        }
    }
    out
}

#[inline(always)]
fn rows<const N: usize>(rows: &[[u8; N]; N], target: &mut [u8], stride: usize) {
    for (index, row) in rows.iter().enumerate() {
        if let Some(target) = target.get_mut(index * stride..).and_then(|rest| rest.first_chunk_mut()) {
            *target = *row;
        }
    }
}

/// Draws blocks one after the other and sums up some samples, for benches.
#[cfg(feature = "inner")]
pub(crate) fn transform(blocks: &[[i16; 64]], scale: Scale) -> u64 {
    let order = Order::new(scale, &[1; 64]);
    let mut target = [0; 64];
    let mut block: Block = [0; 128];
    crate::simd::vectorize(
        #[inline(always)]
        || {
            let mut sum = 0;
            for coefficients in blocks {
                for (index, value) in (0..=scale.last_coefficient()).zip(coefficients) {
                    order.put(&mut block, index, i32::from(*value));
                }
                order.draw(&mut block, false, &mut target, 8);
                sum += u64::from(target[0]);
            }
            sum
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coefficients_in_use_are_the_low_ones() {
        assert_eq!(Order::used(Scale::Eighth), 1);
        assert_eq!(Order::used(Scale::Quarter), 0b1_0111);
        assert_eq!(Order::used(Scale::SoftHalf).count_ones(), 13);
        assert_eq!(Order::used(Scale::Half).count_ones(), 16);
        assert_eq!(Order::used(Scale::Full), u64::MAX);
        for scale in Scale::ALL {
            assert_eq!(Order::used(scale).ilog2(), scale.last_coefficient());
        }
    }
}
