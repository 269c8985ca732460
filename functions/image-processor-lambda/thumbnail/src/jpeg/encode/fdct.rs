//! The forward DCT and quantization: samples of a block to coefficients.
//!
//! The factorisation of Arai, Agui and Nakajima: five multiplications for eight samples, all others are part of
//! the division. In floating point it is exact enough that only the division rounds.
//!
//! Coefficients stand in transposed blocks: a row is of one frequency across, a lane of one down. That saves
//! transposing them back; zigzag order is a table anyway.

#![expect(clippy::indexing_slicing, reason = "constant indices into arrays of constant length")]

use super::blocks::Block;
use crate::jpeg::zigzag::ZIGZAG;

/// Eight rows at once, each an array of lanes.
type Rows = [[f32; 8]; 8];

/// What the coefficients are multiplied by, transposed.
#[derive(Debug)]
pub(super) struct Factors(Rows);

/// A block's quantized coefficients.
pub(super) struct Coefficients {
    transposed: [[i32; 8]; 8],
}

/// For each row and each pattern of lanes the bits of the places in zigzag order.
static ZIGZAG_BITS: [[u64; 256]; 8] = zigzag_bits();
/// Place in a transposed block of each coefficient in zigzag order.
const TRANSPOSED: [u8; 64] = transposed_zigzag();

impl Factors {
    #[expect(clippy::cast_possible_truncation, reason = "factors need no more precision")]
    pub(super) fn new(table: &[u8; 64]) -> Self {
        // This factorisation leaves each frequency too large by these, beside the common factor of eight.
        let scales: [f64; 8] = std::array::from_fn(|frequency| match frequency {
            0 => 1.0,
            #[expect(clippy::cast_precision_loss, reason = "seven at most")]
            k => f64::cos(k as f64 * std::f64::consts::PI / 16.0) * std::f64::consts::SQRT_2,
        });
        let factor = |across: usize, down: usize| {
            let divisor = f64::from(table[down * 8 + across]);
            (1.0 / (8.0 * scales[across] * scales[down] * divisor)) as f32
        };
        Self(std::array::from_fn(|across| std::array::from_fn(|down| factor(across, down))))
    }
}

impl Coefficients {
    /// The DC coefficient.
    #[inline(always)]
    pub(super) const fn dc(&self) -> i32 {
        self.transposed[0][0]
    }

    /// In zigzag order.
    #[inline(always)]
    pub(super) const fn at(&self, index: u32) -> i32 {
        let place = TRANSPOSED[index as usize & 63] as usize;
        self.transposed[(place / 8) & 7][place % 8]
    }

    /// A bit for each that is not zero, in zigzag order.
    #[inline(always)]
    pub(super) fn present(&self) -> u64 {
        /// Brings the lowest bits of eight bytes together in the highest byte.
        const GATHER: u64 = 0x0102_0408_1020_4080;
        let mut flags = [[0_u8; 8]; 8];
        for (flags, row) in flags.iter_mut().zip(&self.transposed) {
            for (flag, coefficient) in flags.iter_mut().zip(row) {
                *flag = u8::from(*coefficient != 0);
            }
        }
        let mut bits = 0;
        for (flags, by_pattern) in flags.iter().zip(&ZIGZAG_BITS) {
            let pattern = u64::from_le_bytes(*flags).wrapping_mul(GATHER) >> 56;
            bits |= by_pattern[pattern as usize];
        }
        bits
    }
}

/// Transforms and quantizes a block.
#[inline(always)]
pub(super) fn transform(block: &Block, factors: &Factors) -> Coefficients {
    let mut samples = [[0.0; 8]; 8];
    for row in 0..8 {
        for lane in 0..8 {
            samples[row][lane] = f32::from(block[row][lane]) - 128.0;
        }
    }
    let frequencies = eight_point(transposed(eight_point(samples)));
    Coefficients { transposed: rounded(frequencies, &factors.0) }
}

/// One row after the other is of one frequency more.
#[inline(always)]
fn eight_point(s: Rows) -> Rows {
    /// Cosine of an eighth of a turn, and so on.
    const C4: f32 = std::f32::consts::FRAC_1_SQRT_2;
    const C6: f32 = 0.382_683_43;
    const C2_MINUS_C6: f32 = 0.541_196_1;
    const C2_PLUS_C6: f32 = 1.306_563;
    let mut out = [[0.0; 8]; 8];
    for lane in 0..8 {
        let [s0, s1, s2, s3] = [s[0][lane], s[1][lane], s[2][lane], s[3][lane]];
        let [s4, s5, s6, s7] = [s[4][lane], s[5][lane], s[6][lane], s[7][lane]];
        let sums = [s0 + s7, s1 + s6, s2 + s5, s3 + s4];
        let [d0, d1, d2, d3] = [s0 - s7, s1 - s6, s2 - s5, s3 - s4];
        // Even part.
        let (outer, inner) = (sums[0] + sums[3], sums[1] + sums[2]);
        let (across, between) = (sums[0] - sums[3], sums[1] - sums[2]);
        out[0][lane] = outer + inner;
        out[4][lane] = outer - inner;
        let turned = (across + between) * C4;
        out[2][lane] = across + turned;
        out[6][lane] = across - turned;
        // Odd part.
        let (low, middle, high) = (d3 + d2, d2 + d1, d1 + d0);
        let common = (low - high) * C6;
        let (low, high) = (low * C2_MINUS_C6 + common, high * C2_PLUS_C6 + common);
        let middle = middle * C4;
        let (plus, minus) = (d0 + middle, d0 - middle);
        out[5][lane] = minus + low;
        out[3][lane] = minus - low;
        out[1][lane] = plus + high;
        out[7][lane] = plus - high;
    }
    out
}

#[inline(always)]
fn transposed(rows: Rows) -> Rows {
    let mut out = [[0.0; 8]; 8];
    for row in 0..8 {
        for column in 0..8 {
            out[row][column] = rows[column][row];
        }
    }
    out
}

/// Products as integers. Beside so large a number a float has no bits behind the point, so adding rounds.
#[inline(always)]
fn rounded(rows: Rows, factors: &Rows) -> [[i32; 8]; 8] {
    const LARGE: f32 = 12_582_912.0;
    let mut out = [[0; 8]; 8];
    for row in 0..8 {
        for lane in 0..8 {
            let sum = rows[row][lane] * factors[row][lane] + LARGE;
            out[row][lane] = sum.to_bits().wrapping_sub(LARGE.to_bits()).cast_signed();
        }
    }
    out
}

const fn transposed_zigzag() -> [u8; 64] {
    let mut places = [0; 64];
    let mut index = 0;
    while index < 64 {
        places[index] = ZIGZAG[index] % 8 * 8 + ZIGZAG[index] / 8;
        index += 1;
    }
    places
}

const fn zigzag_bits() -> [[u64; 256]; 8] {
    let mut bits = [[0; 256]; 8];
    let mut index = 0;
    while index < 64 {
        let (row, lane) = (TRANSPOSED[index] as usize / 8, TRANSPOSED[index] % 8);
        let mut pattern = 0;
        while pattern < 256 {
            if pattern >> lane & 1 == 1 {
                bits[row][pattern] |= 1 << index;
            }
            pattern += 1;
        }
        index += 1;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::super::quantization::scaled;
    use super::*;

    /// A coefficient by its definition, before it is rounded.
    fn defined(block: &Block, divisors: &[u8; 64], place: u8) -> f64 {
        let scale = |k: u8| if k == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
        let cosine = |x: u8, k: u8| (f64::from((2 * x + 1) * k) * std::f64::consts::PI / 16.0).cos();
        let (down, across) = (place / 8, place % 8);
        let mut sum = 0.0;
        for (y, row) in (0..).zip(block) {
            for (x, sample) in (0..).zip(row) {
                sum += (f64::from(*sample) - 128.0) * cosine(x, across) * cosine(y, down);
            }
        }
        sum * scale(across) * scale(down) / 4.0 / f64::from(divisors[usize::from(place)])
    }

    #[test]
    fn coefficients_follow_the_definition_and_the_bits_follow_them() {
        for seed in 0..200_usize {
            let sample =
                |index: usize| (seed * 64 + index + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & 255;
            let block: Block =
                std::array::from_fn(|y| std::array::from_fn(|x| sample(y * 8 + x).to_le_bytes()[0]));
            let divisors = scaled(u8::try_from(seed % 100 + 1).unwrap()).luma;
            let found = transform(&block, &Factors::new(&divisors));
            for (index, place) in (0..).zip(ZIGZAG) {
                let (coefficient, expected) = (found.at(index), defined(&block, &divisors, place));
                // Of what lies between two numbers either is right.
                assert!((f64::from(coefficient) - expected).abs() < 0.501, "{coefficient} {expected}");
                assert_eq!(found.present() >> index & 1 == 1, coefficient != 0);
            }
        }
    }
}
