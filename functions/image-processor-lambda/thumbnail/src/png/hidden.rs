//! A PNG as the crate `png` is to see it: without ancillary chunks for which it would refuse the whole file.
//!
//! A decoder may ignore an ancillary chunk that is in error (PNG, third edition, 13.2), and the picture is then drawn by
//! what else is declared. `png` ignores most of them, but not each; it passes over kinds that it does not know.

use std::io::{self, BufRead, Read, Seek, SeekFrom};

use super::chunks::{SIGNATURE, next_refused};
use crate::budget::Timed;

/// Stands for the first byte of a hidden kind: an ancillary kind that nobody knows.
const UNKNOWN: &[u8] = b"x";

/// Reads a file whose hidden chunks have another kind.
pub(super) struct Hidden<'a> {
    file: &'a [u8],
    inner: Timed<'a>,
    position: usize,
    /// The kind of the next hidden chunk, and the chunk's end.
    next: Option<(usize, usize)>,
}

impl<'a> Hidden<'a> {
    pub(super) fn new(file: &'a [u8], inner: Timed<'a>) -> Self {
        Self { file, inner, position: 0, next: next_refused(file, SIGNATURE.len()) }
    }
}

impl BufRead for Hidden<'_> {
    #[inline]
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let buffer = self.inner.fill_buf()?;
        Ok(match self.next {
            Some((place, _)) if place == self.position => UNKNOWN,
            Some((place, _)) => buffer.get(..place - self.position).unwrap_or(buffer),
            None => buffer,
        })
    }

    #[inline]
    fn consume(&mut self, amount: usize) {
        self.inner.consume(amount);
        self.position += amount;
        if let Some((place, end)) = self.next
            && place < self.position
        {
            self.next = next_refused(self.file, end);
        }
    }
}

impl Read for Hidden<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

/// Asked for by `png`, and never used.
impl Seek for Hidden<'_> {
    fn seek(&mut self, _: SeekFrom) -> io::Result<u64> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
