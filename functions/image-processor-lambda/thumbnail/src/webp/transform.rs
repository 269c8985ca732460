//! From coefficients to differences of pixels: section 14 of RFC 6386.

use super::tokens::Block;

/// The means of sixteen blocks from their own transform.
#[inline(always)]
pub(super) fn means(block: &Block) -> [i16; 16] {
    let block = block.map(i32::from);
    let mut columns = [0; 16];
    for at in 0..4 {
        let [a, b, c, d] = butterfly([block[at], block[4 + at], block[8 + at], block[12 + at]]);
        (columns[at], columns[4 + at], columns[8 + at], columns[12 + at]) = (a, b, c, d);
    }
    let mut means = [0; 16];
    for (row, means) in columns.as_chunks::<4>().0.iter().zip(means.as_chunks_mut::<4>().0) {
        #[expect(clippy::cast_possible_truncation, reason = "sound files stay within sixteen bits")]
        let rounded = butterfly(*row).map(|sum| ((sum + 3) >> 3) as i16);
        *means = rounded;
    }
    means
}

#[inline(always)]
const fn butterfly([a, b, c, d]: [i32; 4]) -> [i32; 4] {
    let (outer, inner) = ([a + d, a - d], [b + c, b - c]);
    [outer[0] + inner[0], outer[1] + inner[1], outer[0] - inner[0], outer[1] - inner[1]]
}

/// Rows of four lanes.
type Rows = [[i16; 4]; 4];

/// The differences of pixels, row by row.
#[inline(always)]
pub(super) fn differences(block: &Block) -> Rows {
    let mut rows = [[0; 4]; 4];
    for (row, coefficients) in rows.iter_mut().zip(block.as_chunks::<4>().0) {
        *row = *coefficients;
    }
    let columns = transposed(pass(rows));
    let columns = pass([columns[0].map(|it| it.wrapping_add(4)), columns[1], columns[2], columns[3]]);
    transposed(columns.map(|column| column.map(|it| it >> 3)))
}

/// One direction, in all lanes at once.
#[inline(always)]
fn pass([a, b, c, d]: Rows) -> Rows {
    let (sum, difference) = (zip(a, c, i16::wrapping_add), zip(a, c, i16::wrapping_sub));
    let low = zip(b.map(by_sine), d.map(by_cosine), i16::wrapping_sub);
    let high = zip(b.map(by_cosine), d.map(by_sine), i16::wrapping_add);
    [
        zip(sum, high, i16::wrapping_add),
        zip(difference, low, i16::wrapping_add),
        zip(difference, low, i16::wrapping_sub),
        zip(sum, high, i16::wrapping_sub),
    ]
}

#[inline(always)]
fn zip(one: [i16; 4], other: [i16; 4], with: impl Fn(i16, i16) -> i16) -> [i16; 4] {
    [with(one[0], other[0]), with(one[1], other[1]), with(one[2], other[2]), with(one[3], other[3])]
}

#[inline(always)]
fn transposed(rows: Rows) -> Rows {
    let mut columns = [[0; 4]; 4];
    for (at, column) in columns.iter_mut().enumerate() {
        *column = [rows[0][at], rows[1][at], rows[2][at], rows[3][at]];
    }
    columns
}

/// Times √2 cos(π/8).
#[inline(always)]
const fn by_cosine(value: i16) -> i16 {
    value.wrapping_add(high(value, 20_091))
}

/// Times √2 sin(π/8), which is 35468 of 65536: as a signed number that lacks one whole.
#[inline(always)]
const fn by_sine(value: i16) -> i16 {
    value.wrapping_add(high(value, -30_068))
}

#[inline(always)]
const fn high(value: i16, factor: i16) -> i16 {
    #[expect(clippy::cast_possible_truncation, reason = "the upper half of 32 bits")]
    let high = ((value as i32 * factor as i32) >> 16) as i16;
    high
}
