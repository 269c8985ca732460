//! The inverse DCT at each scale: coefficients to samples.
//!
//! The low coefficients of an eight-point transform are, but for a factor, those of a smaller one: a
//! block is made smaller by leaving the others out. Arithmetic is that of 32-bit integers, thirteen
//! bits of them behind the point, and wraps on absurd input.

#![expect(clippy::indexing_slicing, reason = "constant indices into arrays of constant length")]

use fearless_simd::{Bytes, Level, Simd, SimdBase, SimdFrom, dispatch, i16x8, i32x4, u8x16};

/// Cosines with thirteen bits behind the point.
const BITS: u32 = 13;

const fn fixed(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "constants below four")]
    let rounded = (value * 8192.0 + 0.5) as i32;
    rounded
}

/// A sample: 128 is added, and what is beyond 0 and 255 cut off.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
const fn sample(value: i32) -> u8 {
    let level = value.wrapping_add(128);
    if level < 0 {
        0
    } else if level > 255 {
        255
    } else {
        level as u8
    }
}

/// The one sample that a DC coefficient makes.
#[inline(always)]
pub(super) fn dc(dc: i16) -> u8 {
    sample((i32::from(dc) + 4) >> 3)
}

/// Two by two samples.
#[inline(always)]
pub(super) fn two(c: &[i16; 4]) -> [[u8; 2]; 2] {
    let c = c.map(i32::from);
    let (top, bottom) = (c[0] + 4 + c[2], c[0] + 4 - c[2]);
    let (left, right) = (c[1] + c[3], c[1] - c[3]);
    [
        [sample((top + left) >> 3), sample((top - left) >> 3)],
        [sample((bottom + right) >> 3), sample((bottom - right) >> 3)],
    ]
}

#[inline(always)]
fn transposed<const N: usize>(rows: [[i32; N]; N]) -> [[i32; N]; N] {
    let mut out = [[0; N]; N];
    for row in 0..N {
        for column in 0..N {
            out[row][column] = rows[column][row];
        }
    }
    out
}

/// Shifts with rounding.
#[inline(always)]
fn rounded<const N: usize>(mut rows: [[i32; N]; N], shift: u32) -> [[i32; N]; N] {
    for row in &mut rows {
        for value in row {
            *value = value.wrapping_add(1 << (shift - 1)) >> shift;
        }
    }
    rows
}

#[inline(always)]
fn samples<const N: usize>(rows: [[i32; N]; N]) -> [[u8; N]; N] {
    let mut out = [[0; N]; N];
    for row in 0..N {
        for column in 0..N {
            out[row][column] = sample(rows[row][column]);
        }
    }
    out
}

/// Where the coefficient of a row and a column stands for [`four`]: pairs that are multiplied and added
/// together beside each other, so that nothing has to be moved.
pub(super) const fn place_of_four(row: u32, column: u32) -> u32 {
    let lane = (column & 1) << 1 | column >> 1;
    (row & 1) << 3 | lane << 1 | row >> 1
}

/// Four by four samples, row after row, of coefficients that stand as [`place_of_four`] says.
///
/// By hand, since the compiler makes no vectors of it; with what all processors of their kind have.
#[inline(always)]
pub(super) fn four(c: &[i16; 16]) -> [[u8; 4]; 4] {
    dispatch!(Level::baseline(), simd => four_by_four(simd, c))
}

#[inline(always)]
fn four_by_four<S: Simd>(simd: S, c: &[i16; 16]) -> [[u8; 4]; 4] {
    let (even, odd) = c.split_at(8);
    // A lane is a column, first all the even ones.
    let rows = four_point(simd, i16x8::from_slice(simd, even), i16x8::from_slice(simd, odd), BITS - 2);
    let upper: i32x4<S> = simd.saturating_narrow_i32x4(rows[0], rows[1]).bitcast();
    let lower: i32x4<S> = simd.saturating_narrow_i32x4(rows[2], rows[3]).bitcast();
    let even = simd.unzip_low_i32x4(upper, lower).bitcast();
    let odd = simd.unzip_high_i32x4(upper, lower).bitcast();
    // A lane is a row.
    let columns = four_point(simd, even, odd, BITS + 2 + 3);
    let left = simd.saturating_narrow_i32x4(columns[0], columns[1]);
    let right = simd.saturating_narrow_i32x4(columns[2], columns[3]);
    let levels: u8x16<S> = simd.saturating_narrow_i16x8(left, right).bitcast();
    // Cut off at -128 and 127; a flipped bit adds 128.
    let samples = levels ^ 0x80;
    // Two steps turn columns to rows.
    let halves = simd.zip_low_u8x16(samples, simd.slide_u8x16::<8>(samples, samples));
    let rows: [u8; 16] = simd.zip_low_u8x16(halves, simd.slide_u8x16::<8>(halves, halves)).into();
    let mut out = [[0; 4]; 4];
    out.as_flattened_mut().copy_from_slice(&rows);
    out
}

/// Four values of each lane, from pairs of its even and of its odd coefficients.
#[inline(always)]
fn four_point<S: Simd>(simd: S, even: i16x8<S>, odd: i16x8<S>, shift: u32) -> [i32x4<S>; 4] {
    const ONE: i16 = 1 << BITS;
    const LONG: i16 = short(fixed(1.306_562_965));
    const SHORT: i16 = short(fixed(0.541_196_100));
    let dot = |pairs, first, second| {
        let factors = i16x8::simd_from(simd, [first, second, first, second, first, second, first, second]);
        simd.pairwise_dot_product_i16x8(pairs, factors)
    };
    let half = 1 << (shift - 1);
    let (sum, difference) = (dot(even, ONE, ONE) + half, dot(even, ONE, -ONE) + half);
    let (outer, inner) = (dot(odd, LONG, SHORT), dot(odd, SHORT, -LONG));
    [sum + outer, difference + inner, difference - inner, sum - outer].map(|value| value >> shift)
}

#[expect(clippy::cast_possible_truncation, reason = "factors below two")]
const fn short(value: i32) -> i16 {
    value as i16
}

/// Eight rows at once, each an array of lanes: the factorisation of Loeffler, Ligtenberg and Moschytz.
#[inline(always)]
fn eight_point(c: [[i32; 8]; 8]) -> [[i32; 8]; 8] {
    let mut out = [[0; 8]; 8];
    for lane in 0..8 {
        let [c0, c1, c2, c3] = [c[0][lane], c[1][lane], c[2][lane], c[3][lane]];
        let [c4, c5, c6, c7] = [c[4][lane], c[5][lane], c[6][lane], c[7][lane]];
        // Even part.
        let turn = c2.wrapping_add(c6).wrapping_mul(fixed(0.541_196_100));
        let e2 = turn.wrapping_sub(c6.wrapping_mul(fixed(1.847_759_065)));
        let e3 = turn.wrapping_add(c2.wrapping_mul(fixed(0.765_366_865)));
        let (e0, e1) = (c0.wrapping_add(c4) << BITS, c0.wrapping_sub(c4) << BITS);
        let even = [e0.wrapping_add(e3), e1.wrapping_add(e2), e1.wrapping_sub(e2), e0.wrapping_sub(e3)];
        // Odd part.
        let (z1, z2, z3, z4) =
            (c7.wrapping_add(c1), c5.wrapping_add(c3), c7.wrapping_add(c3), c5.wrapping_add(c1));
        let z5 = z3.wrapping_add(z4).wrapping_mul(fixed(1.175_875_602));
        let z1 = z1.wrapping_mul(fixed(0.899_976_223));
        let z2 = z2.wrapping_mul(fixed(2.562_915_447));
        let z3 = z5.wrapping_sub(z3.wrapping_mul(fixed(1.961_570_560)));
        let z4 = z5.wrapping_sub(z4.wrapping_mul(fixed(0.390_180_644)));
        let odd = [
            c1.wrapping_mul(fixed(1.501_321_110)).wrapping_sub(z1).wrapping_add(z4),
            c3.wrapping_mul(fixed(3.072_711_026)).wrapping_sub(z2).wrapping_add(z3),
            c5.wrapping_mul(fixed(2.053_119_869)).wrapping_sub(z2).wrapping_add(z4),
            c7.wrapping_mul(fixed(0.298_631_336)).wrapping_sub(z1).wrapping_add(z3),
        ];
        for index in 0..4 {
            out[index][lane] = even[index].wrapping_add(odd[index]);
            out[7 - index][lane] = even[index].wrapping_sub(odd[index]);
        }
    }
    out
}

/// Eight by eight samples, row after row.
#[inline(always)]
pub(super) fn eight(c: &[[i16; 8]; 8]) -> [[u8; 8]; 8] {
    let columns = rounded(eight_point(c.map(|row| row.map(i32::from))), BITS - 2);
    let rows = transposed(eight_point(transposed(columns)));
    samples(rounded(rows, BITS + 2 + 3))
}

#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::many_single_char_names,
    reason = "small numbers, named as in the definition"
)]
mod tests {
    use super::*;

    /// The transform by its definition: `n` by `n` samples from the low coefficients of a block.
    fn defined(n: usize, coefficients: &dyn Fn(usize, usize) -> i32) -> Vec<u8> {
        let angle = std::f64::consts::PI / (2.0 * n as f64);
        let basis = |x: usize, u: usize| {
            let scale = if u == 0 { std::f64::consts::FRAC_1_SQRT_2 } else { 1.0 };
            scale * ((2 * x + 1) as f64 * u as f64 * angle).cos()
        };
        let at = |index: usize| {
            let (y, x) = (index / n, index % n);
            let terms = (0..n * n).map(|k| {
                let (v, u) = (k / n, k % n);
                f64::from(coefficients(v, u)) * basis(x, u) * basis(y, v) / 4.0
            });
            (terms.sum::<f64>() + 128.0).round().clamp(0.0, 255.0) as u8
        };
        (0..n * n).map(at).collect()
    }

    /// Numbers that look random, the same each time.
    fn noise(seed: usize) -> impl Fn(usize, usize) -> i32 {
        move |v, u| {
            let mixed = (seed * 64 + v * 8 + u + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
            (mixed as i32 % 400 - 200) / (1 + (u + v) as i32)
        }
    }

    fn assert_close(found: &[u8], expected: &[u8]) {
        let far = found.iter().zip(expected).any(|(a, b)| a.abs_diff(*b) > 1);
        assert!(!far, "{found:?}\n{expected:?}");
    }

    #[test]
    fn every_scale_follows_the_definition_within_one_level() {
        for seed in 0..200 {
            let c = noise(seed);
            assert_close(&[dc(c(0, 0) as i16)], &defined(1, &c));
            let low = [c(0, 0), c(0, 1), c(1, 0), c(1, 1)].map(|value| value as i16);
            assert_close(two(&low).as_flattened(), &defined(2, &c));
            let mut low = [0; 16];
            for (v, u) in (0..4).flat_map(|v| (0..4).map(move |u| (v, u))) {
                low[place_of_four(v as u32, u as u32) as usize] = c(v, u) as i16;
            }
            assert_close(four(&low).as_flattened(), &defined(4, &c));
            let all = std::array::from_fn(|v| std::array::from_fn(|u| c(v, u) as i16));
            assert_close(eight(&all).as_flattened(), &defined(8, &c));
        }
    }

    #[test]
    fn absurd_coefficients_do_not_panic() {
        for value in [i16::MAX, i16::MIN, 12_345] {
            let _ = (dc(value), two(&[value; 4]), four(&[value; 16]), eight(&[[value; 8]; 8]));
        }
    }
}
