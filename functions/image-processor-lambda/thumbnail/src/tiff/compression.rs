//! Decompression of strips and tiles, some bytes at a time where the compression allows it.

mod ccitt;
mod deflate;
mod jpeg;
mod lzw;
mod packbits;

use std::borrow::Cow;

use self::ccitt::FaxRows;
use self::deflate::Deflate;
use self::jpeg::JpegRows;
use self::lzw::Lzw;
use self::packbits::PackBits;
use super::page::{Compression, Page};
use crate::budget::Budget;
use crate::jpeg::abbreviated::SharedTables;
use crate::rejection::{DecodeError, Rejection};

const SHORT: DecodeError = DecodeError::Truncated("before the last row of a strip or tile");

/// Compressed bytes, and how far they are read.
pub(super) struct Input<'a> {
    bytes: Cow<'a, [u8]>,
    at: usize,
}

impl<'a> Input<'a> {
    /// With `is_reversed`, a copy with the bits of each byte turned round.
    fn new(bytes: &'a [u8], is_reversed: bool) -> Self {
        let bytes = if is_reversed {
            Cow::Owned(bytes.iter().map(|byte| byte.reverse_bits()).collect())
        } else {
            Cow::Borrowed(bytes)
        };
        Self { bytes, at: 0 }
    }

    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    const fn consume(&mut self, count: usize) {
        self.at = self.at.saturating_add(count);
    }

    /// The next bytes, of which there must be so many.
    fn take(&mut self, count: usize) -> Result<&[u8], DecodeError> {
        let start = self.at;
        self.consume(count);
        self.bytes.get(start..self.at).ok_or(SHORT)
    }
}

/// Memory that the open chunks hold together.
pub(super) struct Memory<'a> {
    pub(super) budget: &'a Budget,
    pub(super) held: u64,
}

impl Memory<'_> {
    /// Counts memory that is going to be allocated.
    pub(super) fn hold(&mut self, bytes: u64) -> Result<(), Rejection> {
        self.held = self.held.saturating_add(bytes);
        self.budget.check_memory(self.held)
    }
}

/// Size of a chunk in pixels, as far as it is needed.
#[derive(Clone, Copy)]
pub(super) struct ChunkSize {
    pub(super) width: u32,
    /// Without rows beyond the picture.
    pub(super) rows: u32,
    /// Columns of the picture.
    pub(super) columns: u32,
    /// Bytes of its rows.
    pub(super) bytes: u64,
}

/// Decompresses one chunk.
pub(super) enum Decompressor<'a> {
    Stored(Input<'a>),
    PackBits(PackBits<'a>),
    Lzw(Lzw<'a>),
    Deflate(Deflate<'a>),
    /// A fax is decoded as a whole: a pixel takes a bit.
    Fax(FaxRows),
    /// And so is a JPEG.
    Jpeg(JpegRows),
}

impl<'a> Decompressor<'a> {
    pub(super) fn open(
        page: &Page,
        bytes: &'a [u8],
        size: ChunkSize,
        tables: &SharedTables,
        memory: &mut Memory,
    ) -> Result<Self, Rejection> {
        let budget = memory.budget;
        // JPEG has an order of its own.
        let is_reversed = page.is_reversed && page.compression != Compression::Jpeg;
        if is_reversed {
            memory.hold(bytes.len() as u64)?;
        }
        let input = || Input::new(bytes, is_reversed);
        Ok(match page.compression {
            Compression::None => Self::Stored(input()),
            Compression::PackBits => Self::PackBits(PackBits::new(input())),
            Compression::Lzw => {
                memory.hold(Lzw::memory(size.bytes))?;
                Self::Lzw(Lzw::new(input(), size.bytes))
            }
            Compression::Deflate => {
                memory.hold(Deflate::memory(size.bytes))?;
                Self::Deflate(Deflate::new(input(), size.bytes))
            }
            Compression::CcittRle | Compression::CcittT4 { .. } | Compression::CcittT6 => {
                memory.hold(FaxRows::memory(size, bytes.len() as u64))?;
                let rows = FaxRows::decode(page.compression, &input(), size);
                Self::Fax(rows.map_err(|error| budget.reject(error))?)
            }
            Compression::Jpeg => {
                let samples = if page.is_planar { 1 } else { page.samples };
                Self::Jpeg(JpegRows::decode(bytes, tables, samples, size, memory)?)
            }
        })
    }

    /// Fills `out`, which is whole rows, with the next bytes.
    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<(), DecodeError> {
        match self {
            Self::Stored(input) => {
                out.copy_from_slice(input.take(out.len())?);
                Ok(())
            }
            Self::PackBits(packed) => packed.read(out),
            Self::Lzw(lzw) => lzw.read(out),
            Self::Deflate(deflate) => deflate.read(out),
            Self::Fax(rows) => rows.read(out),
            Self::Jpeg(rows) => {
                rows.read(out);
                Ok(())
            }
        }
    }

    /// Compressed bytes that were looked at.
    pub(super) const fn consumed(&self) -> usize {
        match self {
            Self::Stored(input) => input.at,
            Self::PackBits(packed) => packed.input.at,
            Self::Lzw(lzw) => lzw.input.at,
            Self::Deflate(deflate) => deflate.input.at,
            Self::Fax(rows) => rows.consumed,
            Self::Jpeg(rows) => rows.consumed,
        }
    }
}

/// Copies what a decompressor has ready to the front of `out`; how much, and the rest of `out`.
#[inline]
fn hand_out<'a>(ready: &[u8], out: &'a mut [u8]) -> (usize, &'a mut [u8]) {
    let count = ready.len().min(out.len());
    let (now, later) = out.split_at_mut(count);
    now.copy_from_slice(ready.get(..count).unwrap_or_default());
    (count, later)
}
