//! Values of directory entries (TIFF 6.0, section 2), read where they stand.

use super::file::{ByteOrder, TiffFile};
use crate::rejection::DecodeError;

/// What the values are, as far as they can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// An integer of so many bytes; signs are not looked at.
    Integer(usize),
    /// Two unsigned integers of four bytes: numerator and denominator.
    Rational,
    Float,
    Double,
}

impl Kind {
    /// By the number of the type (TIFF 6.0, section 2, and `BigTIFF`).
    const fn of(number: u16) -> Option<Self> {
        match number {
            // BYTE, ASCII, SBYTE, UNDEFINED.
            1 | 2 | 6 | 7 => Some(Self::Integer(1)),
            // SHORT, SSHORT.
            3 | 8 => Some(Self::Integer(2)),
            // LONG, SLONG, IFD.
            4 | 9 | 13 => Some(Self::Integer(4)),
            // RATIONAL, SRATIONAL.
            5 | 10 => Some(Self::Rational),
            11 => Some(Self::Float),
            12 => Some(Self::Double),
            // LONG8, SLONG8, IFD8.
            16..=18 => Some(Self::Integer(8)),
            _ => None,
        }
    }

    const fn size(self) -> usize {
        match self {
            Self::Integer(size) => size,
            Self::Float => 4,
            Self::Rational | Self::Double => 8,
        }
    }
}

/// Values of one field. Nothing is copied, so that a count costs no memory.
#[derive(Clone, Copy, Debug)]
pub(super) struct Values<'a> {
    order: ByteOrder,
    kind: Kind,
    pub(super) bytes: &'a [u8],
}

impl<'a> Values<'a> {
    /// Those of a directory's entry: within it, if they have room there, else at the offset that it holds.
    pub(super) fn of_entry(file: &TiffFile<'a>, entry: &'a [u8]) -> Result<Self, DecodeError> {
        const DAMAGED: DecodeError = DecodeError::Corrupt("a field has a type that does not exist");
        const SHORT: DecodeError = DecodeError::Truncated("before the values of a field");
        let number = entry.get(2..).and_then(|rest| rest.first_chunk()).ok_or(DAMAGED)?;
        let kind = Kind::of(file.order.u16(*number)).ok_or(DAMAGED)?;
        let (count, place) = entry
            .get(4..)
            .and_then(|rest| rest.split_at_checked(if file.is_big { 8 } else { 4 }))
            .ok_or(DAMAGED)?;
        let count = file.order.uint(count);
        let length = count.checked_mul(kind.size() as u64).ok_or(SHORT)?;
        let inline = usize::try_from(length).ok().and_then(|length| place.get(..length));
        let bytes = match inline {
            Some(bytes) => bytes,
            None => file.slice(file.order.uint(place), length).ok_or(SHORT)?,
        };
        Ok(Self { order: file.order, kind, bytes })
    }

    pub(super) const fn len(&self) -> usize {
        self.bytes.len() / self.kind.size()
    }

    /// A value as an unsigned integer; nothing for others than integers, and beyond the last.
    pub(super) fn uint(&self, index: usize) -> Option<u64> {
        if !matches!(self.kind, Kind::Integer(_)) {
            return None;
        }
        Some(self.order.uint(self.value(index)?))
    }

    /// A value as a number with a fraction.
    #[expect(clippy::cast_precision_loss, reason = "levels and factors, which are small")]
    pub(super) fn number(&self, index: usize) -> Option<f32> {
        let value = self.value(index)?;
        match self.kind {
            Kind::Integer(_) => Some(self.order.uint(value) as f32),
            Kind::Float => Some(f32::from_bits(self.order.u32(*value.first_chunk()?))),
            Kind::Rational => {
                let (numerator, denominator) = value.split_first_chunk()?;
                let denominator = self.order.u32(*denominator.first_chunk()?);
                (denominator != 0).then(|| self.order.u32(*numerator) as f32 / denominator as f32)
            }
            Kind::Double => None,
        }
    }

    fn value(&self, index: usize) -> Option<&'a [u8]> {
        let start = index.checked_mul(self.kind.size())?;
        self.bytes.get(start..start.checked_add(self.kind.size())?)
    }
}
