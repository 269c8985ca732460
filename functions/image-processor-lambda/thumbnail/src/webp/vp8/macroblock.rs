//! Macroblocks from their modes and coefficients, one after the other.
#![expect(
    clippy::indexing_slicing,
    reason = "rows and columns are constants within squares of constant size"
)]

use super::modes::{Luma, Macroblock};
use super::prediction::{self, ABOVE, BESIDE, Edges, LEFT, SECOND, STRIDE, Square, add};
use super::subblock;
use super::tokens::Residue;
use super::window::Window;

/// The lowest pixels of the macroblocks above.
#[derive(Clone, Copy)]
struct Above {
    luma: [u8; 16],
    differences: [[u8; 8]; 2],
}

impl Above {
    const NONE: Self = Self { luma: [ABOVE; 16], differences: [[ABOVE; 8]; 2] };
}

/// Columns of both colour differences in their square.
const STARTS: [usize; 2] = [LEFT, SECOND];

/// Where a macroblock is drawn, and what it needs of its neighbours.
pub(super) struct Canvas {
    luma: Square<17>,
    differences: Square<9>,
    above: Vec<Above>,
}

impl Canvas {
    pub(super) fn new(columns: usize) -> Self {
        Self { luma: [[0; STRIDE]; 17], differences: [[0; STRIDE]; 9], above: vec![Above::NONE; columns] }
    }

    /// Forgets what was to the left.
    pub(super) fn begin_row(&mut self, row: usize) {
        let corner = if row == 0 { ABOVE } else { BESIDE };
        for row in &mut self.luma {
            row[LEFT + 15] = BESIDE;
        }
        for row in &mut self.differences {
            (row[LEFT + 7], row[SECOND + 7]) = (BESIDE, BESIDE);
        }
        self.luma[0][LEFT + 15] = corner;
        (self.differences[0][LEFT + 7], self.differences[0][SECOND + 7]) = (corner, corner);
    }

    /// Draws the macroblock in the given column, those to the left of it being drawn.
    #[inline(always)]
    pub(super) fn draw(&mut self, (row, column): (usize, usize), macroblock: &Macroblock, residue: &Residue) {
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
            prediction::predict::<8, 9>(&mut self.differences, start, macroblock.differences, edges);
            for (index, (block, content)) in blocks.iter().zip(contents).enumerate() {
                let place = (1 + 4 * (index >> 1), start + 4 * (index & 1));
                add(&mut self.differences, place, block, *content);
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
        for row in &mut self.differences {
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
        for (start, above) in STARTS.into_iter().zip(&above.differences) {
            self.differences[0][start..start + 8].copy_from_slice(above);
        }
    }

    #[inline(always)]
    fn remember(&mut self, column: usize) {
        let Some(above) = self.above.get_mut(column) else { return };
        above.luma.copy_from_slice(&self.luma[16][LEFT..LEFT + 16]);
        for (start, above) in STARTS.into_iter().zip(&mut above.differences) {
            above.copy_from_slice(&self.differences[8][start..start + 8]);
        }
    }

    /// Copies what was drawn last.
    #[inline(always)]
    pub(super) fn copy_to(&self, window: &mut Window, column: usize) {
        let [luma, blue, red] = &mut window.planes;
        let of = |row: &[u8; STRIDE], start: usize| row.get(start..).and_then(|it| it.first_chunk()).copied();
        for (target, row) in luma.new_rows().zip(&self.luma[1..]) {
            if let (Some(target), Some(row)) = (target.as_chunks_mut::<16>().0.get_mut(column), of(row, LEFT))
            {
                *target = row;
            }
        }
        let of = |row: &[u8; STRIDE], start: usize| row.get(start..).and_then(|it| it.first_chunk()).copied();
        for (plane, start) in [blue, red].into_iter().zip(STARTS) {
            for (target, row) in plane.new_rows().zip(&self.differences[1..]) {
                if let (Some(target), Some(row)) =
                    (target.as_chunks_mut::<8>().0.get_mut(column), of(row, start))
                {
                    *target = row;
                }
            }
        }
    }
}
