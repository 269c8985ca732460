//! Open bitstream units (AV1 section 5.3).

use crate::rejection::DecodeError;

/// Most units of an item. A picture has four, one with layers or parts some dozens.
const MOST_UNITS: usize = 4096;

/// What a unit holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    SequenceHeader,
    /// A frame, or the header of one.
    Frame,
    Other,
}

/// A unit with its header, and what is behind that.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: &'a [u8],
    pub(super) payload: &'a [u8],
}

/// The units of an item.
pub(super) fn units(mut rest: &[u8]) -> Result<Vec<Unit<'_>>, DecodeError> {
    let mut units = Vec::new();
    while let Some(header) = rest.first() {
        if units.len() == MOST_UNITS {
            return Err(DecodeError::Unsupported("a picture in so many parts"));
        }
        let has_extension = header & 4 != 0;
        let start = 1 + usize::from(has_extension);
        let behind = rest.get(start..).ok_or(END)?;
        let (start, length) = if header & 2 == 0 {
            (start, behind.len())
        } else {
            let (length, taken) = size(behind)?;
            (start + taken, length)
        };
        let end = start.checked_add(length).filter(|end| *end <= rest.len()).ok_or(END)?;
        let (bytes, behind) = rest.split_at(end);
        let kind = match header >> 3 & 15 {
            1 => Kind::SequenceHeader,
            3 | 6 => Kind::Frame,
            _ => Kind::Other,
        };
        units.push(Unit { kind, bytes, payload: bytes.get(start..).unwrap_or_default() });
        rest = behind;
    }
    Ok(units)
}

const END: DecodeError = DecodeError::Truncated("within a picture's data");

/// A size of up to 32 bits, seven to a byte, and how many bytes it takes.
fn size(bytes: &[u8]) -> Result<(usize, usize), DecodeError> {
    let mut size = 0_u64;
    for (at, byte) in bytes.iter().take(8).enumerate() {
        size |= u64::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            let size = u32::try_from(size).map_err(|_| DecodeError::Corrupt("a size beyond 32 bits"))?;
            return Ok((size as usize, at + 1));
        }
    }
    Err(END)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_are_cut_by_their_sizes_and_the_last_may_have_none() {
        let bytes = [0x12, 0, 0x0a, 2, 7, 8, 0x36, 0x20, 0x81, 0, 9, 0x30, 1, 2, 3];
        let units = units(&bytes).unwrap();
        let payloads: Vec<&[u8]> = units.iter().map(|unit| unit.payload).collect();
        assert_eq!(payloads, [&[][..], &[7, 8], &[9], &[1, 2, 3]]);
        let kinds = units.iter().map(|unit| unit.kind).collect::<Vec<_>>();
        assert_eq!(kinds, [Kind::Other, Kind::SequenceHeader, Kind::Frame, Kind::Frame]);
        assert_eq!(units[2].bytes, [0x36, 0x20, 0x81, 0, 9]);
    }

    #[test]
    fn a_unit_beyond_the_end_is_a_file_cut_off() {
        for bytes in [&[0x12][..], &[0x0a, 2, 7], &[0x36, 0x20, 0x81], &[0x16]] {
            assert!(matches!(units(bytes), Err(DecodeError::Truncated(_))), "{bytes:?}");
        }
        assert!(matches!(units(&[0x12, 0xff, 0xff, 0xff, 0xff, 0xff, 1]), Err(DecodeError::Corrupt(_))));
    }

    #[test]
    fn as_many_units_as_are_allowed_are_read_and_a_size_may_be_padded() {
        assert_eq!(units(&[0x12, 0].repeat(MOST_UNITS)).unwrap().len(), MOST_UNITS);
        let more = [0x12, 0].repeat(MOST_UNITS + 1);
        let more = units(&more);
        assert!(matches!(more, Err(DecodeError::Unsupported(_))));
        let padded = units(&[0x12, 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 7]).unwrap();
        assert_eq!(padded[0].payload, [7]);
        // An extension stands before the size.
        let extended = units(&[0x0e, 0x20, 1, 9]).unwrap();
        assert_eq!((extended[0].kind, extended[0].payload), (Kind::SequenceHeader, &[9][..]));
    }
}
