//! The inverse Walsh-Hadamard transform and the inverse DCT: RFC 6386, section 14.
#![expect(clippy::indexing_slicing, reason = "constant indices into arrays of constant length")]

/// The coefficients, or the samples, of a block of four by four.
pub(super) type Block = [i16; 16];

/// The inverse WHT: the DC coefficients of sixteen luma blocks from the Y2 block.
#[inline(always)]
pub(super) fn inverse_wht(block: &Block) -> [i16; 16] {
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
type Rows = [[i32; 4]; 4];

/// The inverse DCT: the residue, row by row.
#[inline(always)]
pub(super) fn inverse_dct(block: &Block) -> [i16; 16] {
    let mut rows = [[0; 4]; 4];
    for row in 0..4 {
        for lane in 0..4 {
            rows[row][lane] = i32::from(block[4 * row + lane]);
        }
    }
    let mut columns = transposed(pass(rows));
    for lane in &mut columns[0] {
        *lane += 4;
    }
    let rows = transposed(pass(columns));
    let mut differences = [0; 16];
    for row in 0..4 {
        for lane in 0..4 {
            #[expect(clippy::cast_possible_truncation, reason = "sound files stay within sixteen bits")]
            let difference = (rows[row][lane] >> 3) as i16;
            differences[4 * row + lane] = difference;
        }
    }
    differences
}

/// One direction, in all lanes at once.
#[inline(always)]
#[expect(clippy::many_single_char_names, reason = "as the standard names them")]
fn pass([a, b, c, d]: Rows) -> Rows {
    let (mut w, mut x, mut y, mut z) = ([0; 4], [0; 4], [0; 4], [0; 4]);
    for lane in 0..4 {
        let (sum, difference) = (a[lane] + c[lane], a[lane] - c[lane]);
        let low = by_sine(b[lane]) - by_cosine(d[lane]);
        let high = by_cosine(b[lane]) + by_sine(d[lane]);
        w[lane] = sum + high;
        x[lane] = difference + low;
        y[lane] = difference - low;
        z[lane] = sum - high;
    }
    [w, x, y, z]
}

#[inline(always)]
const fn transposed([a, b, c, d]: Rows) -> Rows {
    [[a[0], b[0], c[0], d[0]], [a[1], b[1], c[1], d[1]], [a[2], b[2], c[2], d[2]], [a[3], b[3], c[3], d[3]]]
}

/// Times √2 cos(π/8); absurd values wrap.
#[inline(always)]
const fn by_cosine(value: i32) -> i32 {
    value + (value.wrapping_mul(20_091) >> 16)
}

/// Times √2 sin(π/8); absurd values wrap.
#[inline(always)]
const fn by_sine(value: i32) -> i32 {
    value.wrapping_mul(35_468) >> 16
}
