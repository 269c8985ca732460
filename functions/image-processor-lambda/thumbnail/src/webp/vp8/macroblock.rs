//! Reconstruction of macroblocks from their modes and coefficients, one after the other.
#![expect(clippy::indexing_slicing, reason = "rows and columns are constants within arrays of constant size")]

use super::modes::{Luma, MacroblockHeader};
use super::prediction::{self, ABOVE, BESIDE, Bordered, Edges, LEFT, SECOND, STRIDE, add};
use super::subblock;
use super::tokens::Residue;
use super::window::RowWindow;

/// The lowest pixels of the macroblocks above.
#[derive(Clone, Copy)]
struct Above {
    luma: [u8; 16],
    chroma: [[u8; 8]; 2],
}

impl Above {
    const NONE: Self = Self { luma: [ABOVE; 16], chroma: [[ABOVE; 8]; 2] };
}

/// Columns of Cb and Cr in their array.
const STARTS: [usize; 2] = [LEFT, SECOND];

/// The pixels of a macroblock, and what it needs of its neighbours.
pub(super) struct Macroblock {
    luma: Bordered<17>,
    chroma: Bordered<9>,
    above: Vec<Above>,
}

impl Macroblock {
    pub(super) fn new(columns: usize) -> Self {
        Self { luma: [[0; STRIDE]; 17], chroma: [[0; STRIDE]; 9], above: vec![Above::NONE; columns] }
    }

    /// Forgets what was to the left.
    pub(super) fn begin_row(&mut self, row: usize) {
        let corner = if row == 0 { ABOVE } else { BESIDE };
        for row in &mut self.luma {
            row[LEFT + 15] = BESIDE;
        }
        for row in &mut self.chroma {
            (row[LEFT + 7], row[SECOND + 7]) = (BESIDE, BESIDE);
        }
        self.luma[0][LEFT + 15] = corner;
        (self.chroma[0][LEFT + 7], self.chroma[0][SECOND + 7]) = (corner, corner);
    }

    /// Draws the macroblock in the given column, those to the left of it being drawn.
    #[inline(always)]
    pub(super) fn draw(
        &mut self,
        (row, column): (usize, usize),
        macroblock: &MacroblockHeader,
        residue: &Residue,
    ) {
        self.look_around(column);
        let edges = Edges { has_above: row > 0, has_left: column > 0 };
        let (blocks, contents) = (residue.blocks.as_chunks::<4>().0, residue.contents.as_chunks::<4>().0);
        let rows = || blocks.iter().zip(contents).zip((1..).step_by(4));
        match &macroblock.luma {
            Luma::Whole(mode) => {
                prediction::predict::<16, 17>(&mut self.luma, LEFT, *mode, edges);
                for ((blocks, contents), row) in rows().take(4) {
                    for ((block, content), column) in blocks.iter().zip(contents).zip((LEFT..).step_by(4)) {
                        add(&mut self.luma, (row, column), block, *content);
                    }
                }
            }
            Luma::Subblocks(modes) => {
                for (((blocks, contents), row), modes) in rows().zip(modes.as_chunks::<4>().0) {
                    let columns = (LEFT..).step_by(4);
                    for (((block, content), mode), column) in
                        blocks.iter().zip(contents).zip(modes).zip(columns)
                    {
                        subblock::predict(&mut self.luma, row, column, *mode);
                        add(&mut self.luma, (row, column), block, *content);
                    }
                }
            }
        }
        for ((blocks, contents), start) in blocks.iter().zip(contents).skip(4).zip(STARTS) {
            prediction::predict::<8, 9>(&mut self.chroma, start, macroblock.chroma, edges);
            for (index, (block, content)) in blocks.iter().zip(contents).enumerate() {
                let place = (1 + 4 * (index >> 1), start + 4 * (index & 1));
                add(&mut self.chroma, place, block, *content);
            }
        }
        self.remember(column);
    }

    /// What was on the right is now on the left, and something else is above.
    #[inline(always)]
    fn look_around(&mut self, column: usize) {
        for row in &mut self.luma {
            row[LEFT - 1] = row[LEFT + 15];
        }
        for row in &mut self.chroma {
            (row[LEFT - 1], row[SECOND - 1]) = (row[LEFT + 7], row[SECOND + 7]);
        }
        let above = self.above.get(column).copied().unwrap_or(Above::NONE);
        let last = [above.luma[15]; 4];
        let beyond = self.above.get(column + 1).and_then(|it| it.luma.first_chunk::<4>()).unwrap_or(&last);
        self.luma[0][LEFT..LEFT + 16].copy_from_slice(&above.luma);
        // Of the subblocks on the right, all look at what is above the macroblock.
        for row in [0, 4, 8, 12] {
            self.luma[row][LEFT + 16..LEFT + 20].copy_from_slice(beyond);
        }
        for (start, above) in STARTS.into_iter().zip(&above.chroma) {
            self.chroma[0][start..start + 8].copy_from_slice(above);
        }
    }

    #[inline(always)]
    fn remember(&mut self, column: usize) {
        let Some(above) = self.above.get_mut(column) else { return };
        above.luma.copy_from_slice(&self.luma[16][LEFT..LEFT + 16]);
        for (start, above) in STARTS.into_iter().zip(&mut above.chroma) {
            above.copy_from_slice(&self.chroma[8][start..start + 8]);
        }
    }

    /// Copies what was drawn last.
    #[inline(always)]
    pub(super) fn copy_to(&self, window: &mut RowWindow, column: usize) {
        let [luma, cb, cr] = &mut window.planes;
        let of = |row: &[u8; STRIDE], start: usize| row.get(start..).and_then(|it| it.first_chunk()).copied();
        for (target, row) in luma.new_rows().zip(&self.luma[1..]) {
            if let (Some(target), Some(row)) = (target.as_chunks_mut::<16>().0.get_mut(column), of(row, LEFT))
            {
                *target = row;
            }
        }
        let of = |row: &[u8; STRIDE], start: usize| row.get(start..).and_then(|it| it.first_chunk()).copied();
        for (plane, start) in [cb, cr].into_iter().zip(STARTS) {
            for (target, row) in plane.new_rows().zip(&self.chroma[1..]) {
                if let (Some(target), Some(row)) =
                    (target.as_chunks_mut::<8>().0.get_mut(column), of(row, start))
                {
                    *target = row;
                }
            }
        }
    }
}
