//! Inflates a picture's data: a window of some filtered rows, and what they may repeat.

use fdeflate::Decompressor;

use super::chunks::{Data, Picture};
use super::fault::{Clock, Fault};
use super::filter::{PIXEL, ROWS};

/// How far back data may repeat what was before.
const REACH: usize = 32 * 1024;
/// Bytes that are inflated between two moves of those within reach, if a few rows are less.
const STEP: usize = 96 * 1024;
/// Compressed bytes between two looks at the clock.
const PATIENCE: usize = 64 * 1024;
/// Tables and state of the decompressor.
const TABLES: usize = 48 * 1024;

/// Filtered rows, as they are inflated.
pub(super) struct InflateWindow<'a> {
    data: Data<'a>,
    /// Of the chunk at hand, what is not inflated.
    input: &'a [u8],
    decompressor: Box<Decompressor>,
    /// Ends in a few bytes that are not written, so that the last pixel can be read as a wider one.
    buffer: Vec<u8>,
    /// Bytes of a row: the filter's and the samples.
    row_bytes: usize,
    /// The next row's place, and the end of what is inflated.
    start: usize,
    filled: usize,
    /// Bytes that the picture has beyond those inflated.
    left: u64,
}

impl<'a> InflateWindow<'a> {
    /// Bytes that a window holds at most.
    pub(super) fn bytes(picture: &Picture) -> u64 {
        let row_bytes = u64::from(picture.width) * picture.channels.count() as u64 + 1;
        row_bytes * ROWS as u64 + (REACH + STEP + PIXEL + TABLES) as u64
    }

    pub(super) fn new(picture: &Picture<'a>) -> Self {
        let row_bytes = picture.width as usize * picture.channels.count() + 1;
        let mut decompressor = Box::new(Decompressor::new());
        // As `png` does: each chunk has a checksum of its own.
        decompressor.ignore_adler32();
        Self {
            data: picture.data.clone(),
            input: &[],
            decompressor,
            buffer: vec![0; REACH + STEP + row_bytes * ROWS + PIXEL],
            row_bytes,
            start: 0,
            filled: 0,
            left: row_bytes as u64 * u64::from(picture.height),
        }
    }

    /// The next `count` rows, and behind them always the room of as many as a group has.
    pub(super) fn next(&mut self, count: usize, clock: Clock) -> Result<&[u8], Fault> {
        let end = self.buffer.len() - PIXEL;
        if self.start + self.row_bytes * ROWS > end {
            let kept = self.start.min(self.filled.saturating_sub(REACH));
            self.buffer.copy_within(kept..self.filled, 0);
            self.start -= kept;
            self.filled -= kept;
        }
        while self.filled < self.start + self.row_bytes * count {
            clock()?;
            self.inflate(end)?;
        }
        let rows = self.buffer.get(self.start..).unwrap_or_default();
        self.start += self.row_bytes * count;
        Ok(rows)
    }

    /// Inflates some more, up to `end` and to the last row.
    fn inflate(&mut self, end: usize) -> Result<(), Fault> {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let end = end.min(self.filled.saturating_add(left));
        let output = self.buffer.get_mut(..end).unwrap_or_default();
        let input = self.input.get(..PATIENCE).unwrap_or(self.input);
        let (taken, made) =
            self.decompressor.read(input, output, self.filled, false).map_err(|_| Fault::Irregular)?;
        self.input = self.input.get(taken..).unwrap_or_default();
        self.filled += made;
        self.left -= made as u64;
        if (taken, made) == (0, 0) {
            if !self.input.is_empty() {
                return Err(Fault::Irregular);
            }
            self.input = self.data.next()?.ok_or(Fault::Irregular)?;
        }
        Ok(())
    }

    /// Makes sure that the data end with the last row, and that all of them are sound.
    pub(super) fn finish(mut self, clock: Clock) -> Result<(), Fault> {
        while !self.decompressor.is_done() {
            clock()?;
            self.inflate(self.filled)?;
        }
        while self.data.next()?.is_some() {
            clock()?;
        }
        Ok(())
    }
}
