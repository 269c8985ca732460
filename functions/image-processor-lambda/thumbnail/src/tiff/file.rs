//! The header of a TIFF or `BigTIFF` file, and numbers in the byte order that it declares.

use crate::rejection::DecodeError;

/// Order of the bytes of each number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    /// `II`.
    Little,
    /// `MM`.
    Big,
}

impl ByteOrder {
    pub(super) const fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(super) const fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// An unsigned number that fills `bytes`, at most eight.
    pub(super) fn uint(self, bytes: &[u8]) -> u64 {
        let append = |value: u64, byte: &u8| value << 8 | u64::from(*byte);
        match self {
            Self::Little => bytes.iter().rev().fold(0, append),
            Self::Big => bytes.iter().fold(0, append),
        }
    }
}

/// A file, and what its header declares.
#[derive(Clone, Copy, Debug)]
pub(super) struct TiffFile<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) order: ByteOrder,
    /// Whether offsets and counts have eight bytes.
    pub(super) is_big: bool,
}

impl<'a> TiffFile<'a> {
    /// Reads the header; returns the offset of the first directory too.
    pub(super) fn open(bytes: &'a [u8]) -> Result<(Self, u64), DecodeError> {
        const SHORT: DecodeError = DecodeError::Truncated("within its header");
        let order = match bytes.first_chunk().ok_or(SHORT)? {
            b"II" => ByteOrder::Little,
            b"MM" => ByteOrder::Big,
            _ => return Err(DecodeError::Corrupt("the byte order is neither II nor MM")),
        };
        let mut file = Self { bytes, order, is_big: false };
        let first = match file.uint(2, 2).ok_or(SHORT)? {
            42 => file.uint(4, 4),
            43 if file.uint(4, 2).ok_or(SHORT)? == 8 => {
                file.is_big = true;
                file.uint(8, 8)
            }
            _ => {
                return Err(DecodeError::Corrupt("the version is neither 42 nor 43 with offsets of 8 bytes"));
            }
        };
        Ok((file, first.ok_or(SHORT)?))
    }

    /// `count` bytes at an offset, if the file has them all.
    pub(super) fn slice(&self, at: u64, count: u64) -> Option<&'a [u8]> {
        let start = usize::try_from(at).ok()?;
        let end = usize::try_from(at.checked_add(count)?).ok()?;
        self.bytes.get(start..end)
    }

    /// An unsigned number of `size` bytes.
    pub(super) fn uint(&self, at: u64, size: u64) -> Option<u64> {
        Some(self.order.uint(self.slice(at, size)?))
    }
}
