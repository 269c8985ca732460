//! Deflate, in the zlib format (compressions 8 and 32946), through `fdeflate`.

use super::hand_out;
use fdeflate::{DecompressionError, Decompressor};

use super::{Input, SHORT};
use crate::rejection::DecodeError;

/// How far back data may repeat what was before.
const REACH: usize = 32 * 1024;
/// Bytes that are inflated between two moves of those within reach.
const STEP: usize = 64 * 1024;
/// Tables and state of the decompressor.
const TABLES: u64 = 48 * 1024;

/// Decompresses a chunk.
pub(in crate::tiff) struct Deflate<'a> {
    pub(super) input: Input<'a>,
    decompressor: Box<Decompressor>,
    /// What was inflated last, with what may be repeated before it.
    window: Vec<u8>,
    /// First byte that was not asked for, and the end of those inflated.
    start: usize,
    filled: usize,
}

impl<'a> Deflate<'a> {
    pub(super) fn memory(chunk_bytes: u64) -> u64 {
        TABLES + chunk_bytes.min((REACH + STEP) as u64)
    }

    pub(super) fn new(input: Input<'a>, chunk_bytes: u64) -> Self {
        let mut decompressor = Box::new(Decompressor::new());
        // It stands behind bytes that are not wanted, as those of rows beyond the picture are.
        decompressor.ignore_adler32();
        let length = usize::try_from(chunk_bytes).unwrap_or(usize::MAX).min(REACH + STEP);
        Self { input, decompressor, window: vec![0; length], start: 0, filled: 0 }
    }

    pub(super) fn read(&mut self, mut out: &mut [u8]) -> Result<(), DecodeError> {
        while !out.is_empty() {
            if self.start == self.filled {
                self.inflate()?;
            }
            let ready = self.window.get(self.start..self.filled).unwrap_or_default();
            let (count, later) = hand_out(ready, out);
            self.start += count;
            out = later;
        }
        Ok(())
    }

    fn inflate(&mut self) -> Result<(), DecodeError> {
        if self.filled == self.window.len() {
            let kept = REACH.min(self.filled);
            self.window.copy_within(self.filled - kept.., 0);
            (self.start, self.filled) = (kept, kept);
        }
        loop {
            let input = self.input.rest();
            let read = self.decompressor.read(input, &mut self.window, self.filled, true);
            let (taken, made) = read.map_err(|error| match error {
                DecompressionError::InsufficientInput => SHORT,
                _ => DecodeError::Corrupt("the deflated data are damaged"),
            })?;
            self.input.consume(taken);
            self.filled += made;
            if made > 0 {
                return Ok(());
            }
            if taken == 0 {
                return Err(SHORT);
            }
        }
    }
}

#[cfg(test)]
mod tests;
