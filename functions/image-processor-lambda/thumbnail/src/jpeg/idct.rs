//! Coefficients to samples, at each scale.
//!
//! The low coefficients of an eight-point transform are, but for a factor, those of a smaller one: a
//! block is made smaller by leaving the others out. Arithmetic is that of 32-bit integers, thirteen
//! bits of them behind the point, and wraps on absurd input.

#![expect(clippy::indexing_slicing, reason = "constant indices into arrays of constant length")]

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

/// The one sample that a mean makes.
#[inline(always)]
pub(super) const fn mean(dc: i32) -> u8 {
    sample(dc.wrapping_add(4) >> 3)
}

/// Two by two samples.
#[inline(always)]
pub(super) fn two(c: &[i32; 4]) -> [[u8; 2]; 2] {
    let (top, bottom) = (c[0].wrapping_add(4).wrapping_add(c[2]), c[0].wrapping_add(4).wrapping_sub(c[2]));
    let (left, right) = (c[1].wrapping_add(c[3]), c[1].wrapping_sub(c[3]));
    [
        [sample(top.wrapping_add(left) >> 3), sample(top.wrapping_sub(left) >> 3)],
        [sample(bottom.wrapping_add(right) >> 3), sample(bottom.wrapping_sub(right) >> 3)],
    ]
}

/// Four rows at once, each an array of lanes, before any division.
#[inline(always)]
fn four_point<const LANES: usize>(c: [[i32; LANES]; 4]) -> [[i32; LANES]; 4] {
    const LONG: i32 = fixed(1.306_562_965);
    const SHORT: i32 = fixed(0.541_196_100);
    let mut out = [[0; LANES]; 4];
    for lane in 0..LANES {
        let [c0, c1, c2, c3] = [c[0][lane], c[1][lane], c[2][lane], c[3][lane]];
        let (sum, difference) = (c0.wrapping_add(c2) << BITS, c0.wrapping_sub(c2) << BITS);
        let outer = c1.wrapping_mul(LONG).wrapping_add(c3.wrapping_mul(SHORT));
        let inner = c1.wrapping_mul(SHORT).wrapping_sub(c3.wrapping_mul(LONG));
        out[0][lane] = sum.wrapping_add(outer);
        out[1][lane] = difference.wrapping_add(inner);
        out[2][lane] = difference.wrapping_sub(inner);
        out[3][lane] = sum.wrapping_sub(outer);
    }
    out
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

/// Four by four samples, row after row.
#[inline(always)]
pub(super) fn four(c: &[[i32; 4]; 4]) -> [[u8; 4]; 4] {
    let columns = rounded(four_point(*c), BITS - 2);
    let rows = transposed(four_point(transposed(columns)));
    samples(rounded(rows, BITS + 2 + 3))
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
pub(super) fn eight(c: &[[i32; 8]; 8]) -> [[u8; 8]; 8] {
    let columns = rounded(eight_point(*c), BITS - 2);
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
            assert_close(&[mean(c(0, 0))], &defined(1, &c));
            let low = [c(0, 0), c(0, 1), c(1, 0), c(1, 1)];
            assert_close(two(&low).as_flattened(), &defined(2, &c));
            let low = std::array::from_fn(|v| std::array::from_fn(|u| c(v, u)));
            assert_close(four(&low).as_flattened(), &defined(4, &c));
            let all = std::array::from_fn(|v| std::array::from_fn(|u| c(v, u)));
            assert_close(eight(&all).as_flattened(), &defined(8, &c));
        }
    }

    #[test]
    fn absurd_coefficients_do_not_panic() {
        for value in [i32::MAX, i32::MIN, 65_535 * 32_767] {
            let _ = (mean(value), two(&[value; 4]), four(&[[value; 4]; 4]), eight(&[[value; 8]; 8]));
        }
    }
}
