//! A macroblock's pixels while it is decoded, with those around it that it is predicted from.
#![expect(
    clippy::indexing_slicing,
    reason = "rows and columns lie within squares of constant size, which tests draw to their edges"
)]

use super::modes::Mode;
use super::tokens::{Block, Content};
use super::transform;

/// Pixels from one row of a square to the next.
pub(super) const STRIDE: usize = 32;
/// Where luminance and the first colour difference begin; the column before holds what is to the left.
pub(super) const LEFT: usize = 8;
/// Where the second colour difference begins.
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

/// Rows of pixels, the first of which belongs to the squares above.
pub(super) type Square<const ROWS: usize> = [[u8; STRIDE]; ROWS];

/// What a square of `N` pixels a side is predicted from.
#[derive(Clone, Copy)]
struct Surroundings<const N: usize> {
    corner: u8,
    above: [u8; N],
    left: [u8; N],
}

impl<const N: usize> Surroundings<N> {
    #[inline(always)]
    fn of<const ROWS: usize>(square: &Square<ROWS>, start: usize) -> Self {
        let [first, rest @ ..] = &square[..] else { return Self { corner: 0, above: [0; N], left: [0; N] } };
        let mut left = [0; N];
        for (left, row) in left.iter_mut().zip(rest) {
            *left = row[start - 1];
        }
        let above = first.get(start..).and_then(|it| it.first_chunk()).copied().unwrap_or([0; N]);
        Self { corner: first[start - 1], above, left }
    }
}

/// Predicts the square of `N` pixels a side that begins in column `start`.
#[inline(always)]
pub(super) fn predict<const N: usize, const ROWS: usize>(
    square: &mut Square<ROWS>,
    start: usize,
    mode: Mode,
    edges: Edges,
) {
    let around = Surroundings::<N>::of(square, start);
    let rows = square.iter_mut().skip(1).filter_map(|row| row.get_mut(start..)?.first_chunk_mut::<N>());
    match mode {
        Mode::Mean => {
            let mean = [mean(&around, edges); N];
            for row in rows {
                *row = mean;
            }
        }
        Mode::Down => {
            for row in rows {
                *row = around.above;
            }
        }
        Mode::Right => {
            for (row, left) in rows.zip(&around.left) {
                *row = [*left; N];
            }
        }
        Mode::Slope => {
            for (row, left) in rows.zip(&around.left) {
                *row = slope(around.above, *left, around.corner);
            }
        }
    }
}

/// What is above, raised by as much as `left` is above the corner.
#[inline(always)]
pub(super) fn slope<const N: usize>(above: [u8; N], left: u8, corner: u8) -> [u8; N] {
    let raise = i16::from(left) - i16::from(corner);
    let mut row = [0; N];
    for at in 0..N {
        row[at] = clamped(i16::from(above[at]) + raise);
    }
    row
}

#[inline(always)]
fn mean<const N: usize>(around: &Surroundings<N>, edges: Edges) -> u8 {
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

/// Adds what a block holds to sixteen pixels.
#[inline(always)]
pub(super) fn add<const ROWS: usize>(
    square: &mut Square<ROWS>,
    (row, column): (usize, usize),
    block: &Block,
    content: Content,
) {
    let differences = match content {
        Content::Nothing => return,
        Content::Mean => [(block[0].wrapping_add(4)) >> 3; 16],
        Content::Detail => transform::differences(block),
    };
    let rest = square.as_flattened_mut().get_mut(row * STRIDE + column..);
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
