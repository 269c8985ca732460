//! A strip or tile, read unit by unit: decompressed, and differences summed up.

use super::compression::Decompressor;
use super::predictor::Differences;
use crate::budget::Clock;
use crate::rejection::DecodeError;

/// Bytes that are decompressed at once, if a unit has fewer.
const STEP: usize = 16 * 1024;

/// An open chunk.
pub(super) struct Chunk<'a> {
    decompressor: Decompressor<'a>,
    differences: Differences,
    unit_bytes: usize,
    /// Units that are left to decompress.
    left: usize,
    /// Some units, and where the one at hand begins.
    buffer: Vec<u8>,
    at: usize,
}

impl<'a> Chunk<'a> {
    /// Bytes of its buffer.
    pub(super) fn memory(unit_bytes: usize, units: u32) -> u64 {
        (unit_bytes * at_once(unit_bytes, units as usize)) as u64
    }

    pub(super) fn new(
        decompressor: Decompressor<'a>,
        differences: Differences,
        unit_bytes: usize,
        units: u32,
    ) -> Self {
        Self { decompressor, differences, unit_bytes, left: units as usize, buffer: Vec::new(), at: 0 }
    }

    /// Goes on to the next unit.
    pub(super) fn advance(&mut self, clock: Clock) -> Result<(), DecodeError> {
        self.at += self.unit_bytes;
        if self.at < self.buffer.len() {
            return Ok(());
        }
        clock()?;
        let count = at_once(self.unit_bytes, self.left);
        self.buffer.resize(count * self.unit_bytes, 0);
        self.decompressor.read(&mut self.buffer)?;
        for unit in self.buffer.chunks_exact_mut(self.unit_bytes.max(1)) {
            self.differences.sum_up(unit);
        }
        self.left -= count;
        self.at = 0;
        Ok(())
    }

    /// The unit at hand.
    pub(super) fn unit(&mut self) -> &mut [u8] {
        self.buffer.get_mut(self.at..self.at + self.unit_bytes).unwrap_or_default()
    }

    /// Compressed bytes that were looked at.
    pub(super) const fn consumed(&self) -> usize {
        self.decompressor.consumed()
    }
}

fn at_once(unit_bytes: usize, left: usize) -> usize {
    (STEP / unit_bytes.max(1)).clamp(1, left.max(1))
}
