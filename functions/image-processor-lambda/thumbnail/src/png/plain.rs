//! Rows of plain PNGs: eight bits a channel, no palette, no passes, no colour that stands for transparency.
//!
//! Made to be fast, not to judge. What is odd in any way, a wrong checksum as well as a missing byte, ends
//! in [`Fault::Irregular`], and the crate `png` decides about the file. See docs/decisions/thumbnail-decoders.md.
//!
//! Invariants, whatever the bytes:
//! - nothing panics, and loops are bounded by the bytes of the file and the rows that it declares;
//! - memory is that of [`Picture::memory`];
//! - what is read to its end, `png` reads too, to the same pixels.

#[cfg(test)]
mod tests;

use super::chunks::Picture;
use super::fault::{Clock, Fault};
use super::filter::ROWS;
use super::group::Group;
use super::inflate::InflateWindow;

impl Picture<'_> {
    /// Most bytes that [`Picture::rows`] holds.
    pub(crate) fn memory(&self) -> u64 {
        Group::bytes(self.width, self.channels) + InflateWindow::bytes(self)
    }

    /// Hands out all rows in order, some at a time; what is done to them is not seen by later ones.
    ///
    /// # Errors
    ///
    /// [`Fault`]. The rows that came before it may be wrong.
    pub(crate) fn rows(&self, clock: Clock, mut take: impl FnMut(&mut [u8])) -> Result<(), Fault> {
        let mut window = InflateWindow::new(self);
        let mut group = Group::new(self.width, self.channels);
        let mut left = self.height as usize;
        while left > 0 {
            let count = left.min(ROWS);
            group.unfilter(window.next(count, clock)?, count).ok_or(Fault::Irregular)?;
            group.rows_mut().take(count).for_each(&mut take);
            left -= count;
        }
        window.finish(clock)
    }
}
