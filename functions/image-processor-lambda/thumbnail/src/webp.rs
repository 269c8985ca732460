//! A decoder of lossy WebP that makes pictures small while it decodes, in safe Rust.
//!
//! A frame is decoded by rows of macroblocks. Pixels are predicted from their neighbours as they are before
//! edges are smoothed, so what is made smaller need not be smoothed at all; its rows are averaged as they
//! come, each channel apart, and never held whole. See docs/decisions/webp-decoder.md.
//!
//! Invariants, whatever the bytes:
//! - nothing panics, and loops are bounded by the bytes of the file and the macroblocks of its frame;
//! - memory is that of [`memory`];
//! - no row is made of bits that are not there: what ends early is an [`Error`].

mod bits;
mod canvas;
mod container;
mod error;
mod filter;
mod header;
mod modes;
mod probabilities;
mod quantisation;
mod reduction;
mod square;
mod subblock;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod transform;
mod window;

pub(crate) use self::container::Container;
pub(crate) use self::error::Error;
pub(crate) use self::header::Size;

use self::canvas::Canvas;
use self::filter::Edges;
use self::header::Header;
use self::modes::{Macroblock, Modes};
use self::reduction::{Levels, Reduction};
use self::tokens::{Filled, Residue};
use self::window::Window;
use crate::plane::Plane;
use crate::wide::wide;

/// Asked once for each row of macroblocks whether time is left.
pub(crate) type Clock<'a> = &'a dyn Fn() -> Result<(), Error>;

/// How a picture is to be decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wish {
    /// The side of the squares that are averaged.
    pub(crate) factor: u32,
    /// Whether edges between blocks are smoothed, as they are for the picture in its own size.
    pub(crate) is_smoothed: bool,
}

/// What decoding holds beside pixels: probabilities, and for each column what is above.
const TABLES_BYTES: u64 = 16 * 1024;
const COLUMN_BYTES: u64 = 128;

/// Most bytes that [`decode`] holds at once.
pub(crate) fn memory(size: Size, factor: u32) -> u64 {
    let halves = (size.width.div_ceil(2), size.height.div_ceil(2));
    let planes = Reduction::bytes((size.width, size.height), factor) + 2 * Reduction::bytes(halves, factor);
    planes + Window::bytes(size) + size.macroblocks().0 as u64 * COLUMN_BYTES + TABLES_BYTES
}

/// Decodes luminance and both colour differences.
///
/// # Errors
///
/// [`Error`].
pub(crate) fn decode(container: &Container, wish: Wish, clock: Clock) -> Result<[Plane; 3], Error> {
    decode_levels(container, wish, [Levels::Luma, Levels::Difference, Levels::Difference], clock)
}

fn decode_levels(
    container: &Container,
    wish: Wish,
    levels: [Levels; 3],
    clock: Clock,
) -> Result<[Plane; 3], Error> {
    clock()?;
    let mut header = Header::read(container.frame)?;
    let size = header.size;
    let halves = (size.width.div_ceil(2), size.height.div_ceil(2));
    let whole = (size.width, size.height);
    let [luma, blue, red] = levels;
    let mut targets = [(luma, whole), (blue, halves), (red, halves)]
        .map(|(levels, size)| Reduction::new(levels, size, wish.factor));
    let mut rows = Rows::new(&header, wish.is_smoothed);
    for row in 0..size.macroblocks().1 {
        clock()?;
        let is_sound = wide(
            #[inline(always)]
            || rows.draw(&mut header, row),
        );
        if !is_sound {
            return Err(Error::Corrupt("the picture's data end too early"));
        }
        wide(
            #[inline(always)]
            || {
                if wish.is_smoothed {
                    rows.smooth(&header, row);
                }
                rows.window.release(row, &mut targets);
            },
        );
    }
    let whole = (f64::from(size.width), f64::from(size.height));
    let [luma, blue, red] = targets;
    let half = (whole.0 / 2.0, whole.1 / 2.0);
    Ok([luma.finish(whole), blue.finish(half), red.finish(half)])
}

/// A row of macroblocks, and what it needs of those before.
struct Rows {
    modes: Modes,
    filled: Vec<Filled>,
    canvas: Canvas,
    residue: Residue,
    window: Window,
    edges: Vec<Edges>,
}

impl Rows {
    fn new(header: &Header, is_smoothed: bool) -> Self {
        let (columns, _) = header.size.macroblocks();
        Self {
            modes: Modes::new(header),
            filled: vec![Filled::default(); columns],
            canvas: Canvas::new(columns),
            residue: Residue::EMPTY,
            window: Window::new(header.size, is_smoothed),
            edges: Vec::with_capacity(columns),
        }
    }

    /// Decodes a row, not smoothed. Tells whether its data were there.
    #[inline(always)]
    fn draw(&mut self, header: &mut Header, row: usize) -> bool {
        let turn = row & (header.partitions.len() - 1);
        let Some(partition) = header.partitions.get_mut(turn) else { return false };
        // Copies of one's own stay in registers.
        let (mut modes, mut bits) = (header.modes, *partition);
        self.modes.begin_row();
        self.canvas.begin_row(row);
        self.edges.clear();
        let mut left = Filled::default();
        for (column, above) in self.filled.iter_mut().enumerate() {
            let macroblock = self.modes.read(&mut modes, column);
            let Macroblock { segment, is_empty, luma, .. } = &macroblock;
            let mut is_filled = false;
            if *is_empty {
                above.clear(luma.is_whole());
                left.clear(luma.is_whole());
            } else if let Some(steps) = header.steps.get(*segment) {
                let filled = (above, &mut left);
                is_filled = tokens::read(
                    &mut bits,
                    &header.probabilities,
                    steps,
                    &macroblock,
                    filled,
                    &mut self.residue,
                );
            }
            self.canvas.draw((row, column), &macroblock, &self.residue);
            if !is_empty {
                self.residue = Residue::EMPTY;
            }
            self.canvas.copy_to(&mut self.window, column);
            if let Some([whole, by_subblocks]) = header.strengths.get(*segment) {
                self.edges.push(Edges {
                    strength: if luma.is_whole() { *whole } else { *by_subblocks },
                    has_left: column > 0,
                    has_above: row > 0,
                    is_inner: is_filled || !luma.is_whole(),
                });
            }
        }
        let is_sound = !modes.is_overrun() && !bits.is_overrun();
        (header.modes, *partition) = (modes, bits);
        is_sound
    }

    /// Smooths the edges in a row.
    #[inline(always)]
    fn smooth(&mut self, header: &Header, row: usize) {
        debug_assert_eq!(self.edges.len(), self.filled.len(), "row {row}");
        let is_simple = header.is_filter_simple;
        let [luma, differences @ ..] = &mut self.window.planes;
        let mut rows = luma.rows();
        for (column, edges) in self.edges.iter().enumerate() {
            filter::smooth::<16>(&mut rows, column * 16, *edges, is_simple);
        }
        if is_simple {
            return;
        }
        for plane in differences {
            let mut rows = plane.rows();
            for (column, edges) in self.edges.iter().enumerate() {
                filter::smooth::<8>(&mut rows, column * 8, *edges, false);
            }
        }
    }
}
