//! A VP8 key frame decoder (RFC 6386) that makes pictures small while it decodes, in safe Rust.
//!
//! A frame is decoded by rows of macroblocks. Pixels are predicted from their neighbours as they are before
//! the loop filter, so what is made smaller need not be filtered at all; its rows are averaged as they
//! come, each channel apart, and never held whole. See docs/decisions/webp-decoder.md.
//!
//! Invariants, whatever the bytes:
//! - nothing panics, and loops are bounded by the bytes of the file and the macroblocks of its frame;
//! - memory is that of [`memory`];
//! - no row is made of bits that are not there: what ends early is a [`DecodeError`].

mod bool_decoder;
mod header;
mod levels;
mod loop_filter;
mod macroblock;
mod modes;
mod prediction;
mod probabilities;
mod quantization;
mod subblock;
mod tables;
#[cfg(test)]
mod tests;
mod tokens;
mod transform;
mod window;

pub(crate) use self::header::Size;

use self::header::Header;
use self::levels::{Channel, Levels};
use self::loop_filter::Edges;
use self::macroblock::Macroblock;
use self::modes::{MacroblockHeader, Modes};
use self::tokens::{Filled, Residue};
use self::window::RowWindow;
use crate::budget::Clock;
use crate::pixels::Plane;
use crate::rejection::DecodeError;
use crate::resize::box_average;
use crate::simd::vectorize;
use crate::webp::container::Container;

/// How a picture is to be decoded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    /// The side of the squares of pixels that are averaged.
    pub(crate) box_side: u32,
    /// Whether the loop filter runs, as it does for the picture in its own size.
    pub(crate) is_filtered: bool,
}

/// What decoding holds beside pixels: probabilities, and for each column what is above.
const TABLES_BYTES: u64 = 16 * 1024;
const COLUMN_BYTES: u64 = 128;

/// Most bytes that [`decode`] holds at once.
pub(crate) fn memory(size: Size, box_side: u32) -> u64 {
    let plane = |width, height| box_average::bytes(width, height, 1, box_side);
    let chroma = plane(size.width.div_ceil(2), size.height.div_ceil(2));
    let planes = plane(size.width, size.height) + 2 * chroma;
    planes + RowWindow::bytes(size) + size.macroblocks().0 as u64 * COLUMN_BYTES + TABLES_BYTES
}

/// Decodes luma, Cb and Cr.
///
/// # Errors
///
/// [`DecodeError`].
pub(crate) fn decode(
    container: &Container,
    options: Options,
    clock: Clock,
) -> Result<[Plane; 3], DecodeError> {
    decode_levels(container, options, [Levels::Luma, Levels::Chroma, Levels::Chroma], clock)
}

fn decode_levels(
    container: &Container,
    options: Options,
    levels: [Levels; 3],
    clock: Clock,
) -> Result<[Plane; 3], DecodeError> {
    clock()?;
    let mut header = Header::read(container.frame)?;
    let size = header.size;
    let halves = (size.width.div_ceil(2), size.height.div_ceil(2));
    let whole = (size.width, size.height);
    let [luma, cb, cr] = levels;
    let mut targets = [(luma, whole), (cb, halves), (cr, halves)]
        .map(|(levels, size)| Channel::new(levels, size, options.box_side));
    let mut rows = Rows::new(&header, options.is_filtered);
    for row in 0..size.macroblocks().1 {
        clock()?;
        let is_sound = vectorize(
            #[inline(always)]
            || rows.draw(&mut header, row),
        );
        if !is_sound {
            return Err(DecodeError::Corrupt("the picture's data end too early"));
        }
        vectorize(
            #[inline(always)]
            || {
                if options.is_filtered {
                    rows.filter(&header, row);
                }
                rows.window.release(row, &mut targets);
            },
        );
    }
    let whole = (f64::from(size.width), f64::from(size.height));
    let [luma, cb, cr] = targets;
    let half = (whole.0 / 2.0, whole.1 / 2.0);
    Ok([luma.finish(whole), cb.finish(half), cr.finish(half)])
}

/// A row of macroblocks, and what it needs of those before.
struct Rows {
    modes: Modes,
    filled: Vec<Filled>,
    macroblocks: Macroblock,
    residue: Residue,
    window: RowWindow,
    edges: Vec<Edges>,
}

impl Rows {
    fn new(header: &Header, is_filtered: bool) -> Self {
        let (columns, _) = header.size.macroblocks();
        Self {
            modes: Modes::new(header),
            filled: vec![Filled::default(); columns],
            macroblocks: Macroblock::new(columns),
            residue: Residue::EMPTY,
            window: RowWindow::new(header.size, is_filtered),
            edges: Vec::with_capacity(columns),
        }
    }

    /// Decodes a row, before the loop filter. Returns whether its data were there.
    #[inline(always)]
    fn draw(&mut self, header: &mut Header, row: usize) -> bool {
        let partition = row & (header.partitions.len() - 1);
        let Some(partition) = header.partitions.get_mut(partition) else { return false };
        // Copies of one's own stay in registers.
        let (mut modes, mut bits) = (header.modes, *partition);
        self.modes.begin_row();
        self.macroblocks.begin_row(row);
        self.edges.clear();
        let mut left = Filled::default();
        for (column, above) in self.filled.iter_mut().enumerate() {
            let macroblock = self.modes.read(&mut modes, column);
            let MacroblockHeader { segment, is_skipped, luma, .. } = &macroblock;
            let mut is_filled = false;
            if *is_skipped {
                above.clear(luma.is_whole());
                left.clear(luma.is_whole());
            } else if let Some(factors) = header.factors.get(*segment) {
                let filled = (above, &mut left);
                is_filled = tokens::read(
                    &mut bits,
                    &header.probabilities,
                    factors,
                    &macroblock,
                    filled,
                    &mut self.residue,
                );
            }
            self.macroblocks.draw((row, column), &macroblock, &self.residue);
            if !is_skipped {
                self.residue = Residue::EMPTY;
            }
            self.macroblocks.copy_to(&mut self.window, column);
            if let Some([whole, by_subblocks]) = header.thresholds.get(*segment) {
                self.edges.push(Edges {
                    thresholds: if luma.is_whole() { *whole } else { *by_subblocks },
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

    /// Runs the loop filter over a row.
    #[inline(always)]
    fn filter(&mut self, header: &Header, row: usize) {
        debug_assert_eq!(self.edges.len(), self.filled.len(), "row {row}");
        let is_simple = header.is_filter_simple;
        let [luma, chroma @ ..] = &mut self.window.planes;
        let mut rows = luma.rows();
        for (column, edges) in self.edges.iter().enumerate() {
            loop_filter::filter::<16>(&mut rows, column * 16, *edges, is_simple);
        }
        if is_simple {
            return;
        }
        for plane in chroma {
            let mut rows = plane.rows();
            for (column, edges) in self.edges.iter().enumerate() {
                loop_filter::filter::<8>(&mut rows, column * 8, *edges, false);
            }
        }
    }
}
