//! Intra prediction of luma subblocks: RFC 6386, section 12.3.
#![expect(clippy::indexing_slicing, reason = "constant indices into arrays of constant length")]

use super::modes::SubblockMode;
use super::prediction::{Bordered, STRIDE, true_motion};

/// Pixels around a subblock: up its left side, over the corner, and along the eight above. The ends
/// are doubled, as the means at the ends count them twice.
type Around = [u8; 16];

/// Predicts four by four pixels in columns from `column` and rows from `row`.
#[inline(always)]
pub(super) fn predict<const ROWS: usize>(
    bordered: &mut Bordered<ROWS>,
    row: usize,
    column: usize,
    mode: SubblockMode,
) {
    let Some([above, rows @ ..]) = bordered.get_mut(row - 1..).and_then(|it| it.first_chunk_mut::<5>())
    else {
        return;
    };
    let around = around(above, rows, column);
    for (row, pixels) in rows.iter_mut().zip(&predicted(&around, mode)) {
        if let Some(target) = row.get_mut(column..).and_then(|it| it.first_chunk_mut()) {
            *target = *pixels;
        }
    }
}

#[inline(always)]
fn around(above: &[u8; STRIDE], rows: &[[u8; STRIDE]; 4], column: usize) -> Around {
    let mut around = [0; 16];
    let left = |row: usize| rows[row].get(column - 1).copied().unwrap_or(0);
    (around[0], around[1], around[2], around[3], around[4]) = (left(3), left(3), left(2), left(1), left(0));
    let from_corner = above.get(column - 1..).and_then(|it| it.first_chunk::<9>()).unwrap_or(&[0; 9]);
    around[5..14].copy_from_slice(from_corner);
    (around[14], around[15]) = (around[13], around[13]);
    around
}

#[inline(always)]
fn predicted(around: &Around, mode: SubblockMode) -> [[u8; 4]; 4] {
    let e = around;
    // Of two and of three neighbours, the middle one counted twice.
    let mut two = [0; 13];
    let mut three = [0; 13];
    for at in 0..13 {
        let [a, b, c] = [e[at], e[at + 1], e[at + 2]].map(u16::from);
        #[expect(clippy::cast_possible_truncation, reason = "means of bytes")]
        let means = (((a + b + 1) >> 1) as u8, ((a + 2 * b + c + 2) >> 2) as u8);
        (two[at], three[at]) = means;
    }
    let (t, h) = (three, two);
    match mode {
        SubblockMode::Dc => {
            let sum: u16 = e[1..5].iter().chain(&e[6..10]).map(|it| u16::from(*it)).sum();
            #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
            let mean = ((sum + 4) >> 3) as u8;
            [[mean; 4]; 4]
        }
        SubblockMode::Tm => {
            let row = |left| true_motion([e[6], e[7], e[8], e[9]], left, e[5]);
            [row(e[4]), row(e[3]), row(e[2]), row(e[1])]
        }
        SubblockMode::Ve => [[t[5], t[6], t[7], t[8]]; 4],
        SubblockMode::He => [[t[3]; 4], [t[2]; 4], [t[1]; 4], [t[0]; 4]],
        SubblockMode::Ld => [
            [t[6], t[7], t[8], t[9]],
            [t[7], t[8], t[9], t[10]],
            [t[8], t[9], t[10], t[11]],
            [t[9], t[10], t[11], t[12]],
        ],
        SubblockMode::Rd => [
            [t[4], t[5], t[6], t[7]],
            [t[3], t[4], t[5], t[6]],
            [t[2], t[3], t[4], t[5]],
            [t[1], t[2], t[3], t[4]],
        ],
        SubblockMode::Vr => [
            [h[5], h[6], h[7], h[8]],
            [t[4], t[5], t[6], t[7]],
            [t[3], h[5], h[6], h[7]],
            [t[2], t[4], t[5], t[6]],
        ],
        SubblockMode::Vl => [
            [h[6], h[7], h[8], h[9]],
            [t[6], t[7], t[8], t[9]],
            [h[7], h[8], h[9], t[10]],
            [t[7], t[8], t[9], t[11]],
        ],
        SubblockMode::Hd => [
            [h[4], t[4], t[5], t[6]],
            [h[3], t[3], h[4], t[4]],
            [h[2], t[2], h[3], t[3]],
            [h[1], t[1], h[2], t[2]],
        ],
        SubblockMode::Hu => {
            [[h[3], t[2], h[2], t[1]], [h[2], t[1], h[1], t[0]], [h[1], t[0], e[1], e[1]], [e[1]; 4]]
        }
    }
}
