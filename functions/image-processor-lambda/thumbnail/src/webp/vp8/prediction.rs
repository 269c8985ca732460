//! Intra prediction of macroblocks, and the residue that is added to it: RFC 6386, sections 12.2, 12.3 and 14.5.
#![expect(
    clippy::indexing_slicing,
    reason = "rows and columns lie within arrays of constant size, which tests draw to their edges"
)]

use super::modes::Mode;
use super::tokens::Content;
use super::transform::{self, Block};

/// Pixels from one row to the next.
pub(super) const STRIDE: usize = 32;
/// Where luma and Cb begin; the column before holds what is to the left.
pub(super) const LEFT: usize = 8;
/// Where Cr begins.
pub(super) const SECOND: usize = 24;
/// Stands for pixels above the picture.
pub(super) const ABOVE: u8 = 127;
/// Stands for pixels to the left of the picture.
pub(super) const BESIDE: u8 = 129;

/// Whether there are pixels above and to the left.
#[derive(Clone, Copy, Debug)]
pub(super) struct Edges {
    pub(super) has_above: bool,
    pub(super) has_left: bool,
}

/// Pixels of a macroblock with their border; the first row belongs to the macroblock above.
pub(super) type Bordered<const ROWS: usize> = [[u8; STRIDE]; ROWS];

/// What a block of `N` pixels a side is predicted from.
#[derive(Clone, Copy)]
struct Border<const N: usize> {
    corner: u8,
    above: [u8; N],
    left: [u8; N],
}

impl<const N: usize> Border<N> {
    #[inline(always)]
    fn of<const ROWS: usize>(bordered: &Bordered<ROWS>, start: usize) -> Self {
        let [first, rest @ ..] = &bordered[..] else {
            return Self { corner: 0, above: [0; N], left: [0; N] };
        };
        let mut left = [0; N];
        for (left, row) in left.iter_mut().zip(rest) {
            *left = row[start - 1];
        }
        let above = first.get(start..).and_then(|it| it.first_chunk()).copied().unwrap_or([0; N]);
        Self { corner: first[start - 1], above, left }
    }
}

/// Predicts the block of `N` pixels a side that begins in column `start`.
#[inline(always)]
pub(super) fn predict<const N: usize, const ROWS: usize>(
    bordered: &mut Bordered<ROWS>,
    start: usize,
    mode: Mode,
    edges: Edges,
) {
    let around = Border::<N>::of(bordered, start);
    let rows = bordered.iter_mut().skip(1).filter_map(|row| row.get_mut(start..)?.first_chunk_mut::<N>());
    match mode {
        Mode::Dc => {
            let mean = [dc(&around, edges); N];
            for row in rows {
                *row = mean;
            }
        }
        Mode::V => {
            for row in rows {
                *row = around.above;
            }
        }
        Mode::H => {
            for (row, left) in rows.zip(&around.left) {
                *row = [*left; N];
            }
        }
        Mode::TrueMotion => {
            for (row, left) in rows.zip(&around.left) {
                *row = true_motion(around.above, *left, around.corner);
            }
        }
    }
}

/// A row of `TrueMotion` prediction (`TM_PRED`, `B_TM_PRED`): above plus left minus corner, clamped.
#[inline(always)]
pub(super) fn true_motion<const N: usize>(above: [u8; N], left: u8, corner: u8) -> [u8; N] {
    let raise = i16::from(left) - i16::from(corner);
    let mut row = [0; N];
    for at in 0..N {
        row[at] = clamped(i16::from(above[at]) + raise);
    }
    row
}

#[inline(always)]
fn dc<const N: usize>(around: &Border<N>, edges: Edges) -> u8 {
    let sum = |side: [u8; N]| side.iter().map(|it| u32::from(*it)).sum::<u32>();
    let shift = N.trailing_zeros();
    let mean = match (edges.has_above, edges.has_left) {
        (true, true) => (sum(around.above) + sum(around.left) + (1 << shift)) >> (shift + 1),
        (true, false) => (sum(around.above) + (1 << (shift - 1))) >> shift,
        (false, true) => (sum(around.left) + (1 << (shift - 1))) >> shift,
        (false, false) => 128,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a mean of bytes")]
    let mean = mean as u8;
    mean
}

/// Four pixels of four rows, with what is between them.
const PATCH: usize = 3 * STRIDE + 4;

/// Adds a block's residue to sixteen pixels.
#[inline(always)]
pub(super) fn add<const ROWS: usize>(
    bordered: &mut Bordered<ROWS>,
    (row, column): (usize, usize),
    block: &Block,
    content: Content,
) {
    let differences = match content {
        Content::Nothing => return,
        Content::Dc => [(block[0].wrapping_add(4)) >> 3; 16],
        Content::Detail => transform::inverse_dct(block),
    };
    let rest = bordered.as_flattened_mut().get_mut(row * STRIDE + column..);
    let Some(patch) = rest.and_then(|it| it.first_chunk_mut::<PATCH>()) else { return };
    let mut pixels = [0; 16];
    for (row, pixels) in pixels.as_chunks_mut::<4>().0.iter_mut().enumerate() {
        pixels.copy_from_slice(&patch[row * STRIDE..row * STRIDE + 4]);
    }
    for at in 0..16 {
        pixels[at] = clamped(i16::from(pixels[at]).wrapping_add(differences[at]));
    }
    for (row, pixels) in pixels.as_chunks::<4>().0.iter().enumerate() {
        patch[row * STRIDE..row * STRIDE + 4].copy_from_slice(pixels);
    }
}

#[inline(always)]
fn clamped(level: i16) -> u8 {
    #[expect(clippy::cast_sign_loss, reason = "clamped to a byte")]
    let level = level.clamp(0, 255) as u8;
    level
}
