//! Exif: how a picture is to be turned.

use image::metadata::Orientation;

/// What JPEG puts before Exif data, and some writers of WebP and PNG too. The last byte is padding, of any value.
pub(crate) const PREFIX: &[u8] = b"Exif\0";

/// Exif data begin as a TIFF file, in either order of bytes.
const LITTLE_ENDIAN: &[u8] = b"II*\0";
const BIG_ENDIAN: &[u8] = b"MM\0*";
/// Bytes before that, such as the prefix, that are passed over.
const LONGEST_PADDING: usize = 32;

/// The tag of the orientation.
const ORIENTATION: u32 = 0x0112;

/// The orientation that Exif data declare, with or without [`PREFIX`]; none where they are missing or damaged.
pub(crate) fn orientation(exif: Option<&[u8]>) -> Orientation {
    exif.and_then(declared).unwrap_or(Orientation::NoTransforms)
}

fn declared(exif: &[u8]) -> Option<Orientation> {
    let begins = |at: &usize| exif.get(*at..).is_some_and(|rest| Fields::new(rest).is_some());
    let start = (0..=LONGEST_PADDING).find(begins)?;
    let fields = Fields::new(exif.get(start..)?)?;
    let directory = usize::try_from(fields.number(4, 4)?).ok()?;
    let (_, entry) = fields.entries(directory).find(|(tag, _)| *tag == ORIENTATION)?;
    let is_single = fields.number(entry + 4, 4)? == 1;
    let width = integer_bytes(fields.number(entry + 2, 2)?).filter(|_| is_single)?;
    let value = u8::try_from(fields.number(entry + 8, width)?).ok()?;
    Orientation::from_exif(value)
}

/// Bytes of a value of an integer type: `SHORT` by the standard, and any other by one writer or another. Signed ones
/// are read as unsigned, since only one to eight mean anything.
const fn integer_bytes(kind: u32) -> Option<usize> {
    match kind {
        // BYTE, SBYTE; SHORT, SSHORT; LONG, SLONG.
        1 | 6 => Some(1),
        3 | 8 => Some(2),
        4 | 9 => Some(4),
        _ => None,
    }
}

/// Numbers of a TIFF file, in its order of bytes.
pub(crate) struct Fields<'a> {
    bytes: &'a [u8],
    is_big_endian: bool,
}

impl<'a> Fields<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Option<Self> {
        let is_big_endian = bytes.starts_with(BIG_ENDIAN);
        (is_big_endian || bytes.starts_with(LITTLE_ENDIAN)).then_some(Self { bytes, is_big_endian })
    }

    /// The tag and the place of each entry of a directory.
    pub(crate) fn entries(&self, directory: usize) -> impl Iterator<Item = (u32, usize)> {
        let count = self.number(directory, 2).unwrap_or(0) as usize;
        let places = (0..count).map_while(move |index| directory.checked_add(2 + 12 * index));
        places.map_while(|entry| Some((self.number(entry, 2)?, entry)))
    }

    /// The number of `width` bytes, up to four, at `at`.
    pub(crate) fn number(&self, at: usize, width: usize) -> Option<u32> {
        let bytes = self.bytes.get(at..at.checked_add(width)?)?;
        let add = |number: u32, byte: &u8| number << 8 | u32::from(*byte);
        Some(if self.is_big_endian { bytes.iter().fold(0, add) } else { bytes.iter().rev().fold(0, add) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Data of two entries, the orientation last.
    fn data(is_big_endian: bool, kind: u16, count: u32, value: &[u8]) -> Vec<u8> {
        let two = |number: u16| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        let four = |number: u32| if is_big_endian { number.to_be_bytes() } else { number.to_le_bytes() };
        let mut value = value.to_vec();
        if !is_big_endian {
            value.reverse();
        }
        value.resize(4, 0);
        let start = if is_big_endian { BIG_ENDIAN } else { LITTLE_ENDIAN };
        let other = [&two(0x010f)[..], &two(3), &four(1), &[9; 4]].concat();
        let entry = [&two(0x0112)[..], &two(kind), &four(count), &value].concat();
        [start, &four(8), &two(2), &other, &entry].concat()
    }

    #[test]
    fn an_orientation_counts_in_every_integer_type_and_order_of_bytes() {
        for is_big_endian in [false, true] {
            let types: [(u16, &[u8]); 6] =
                [(1, &[6]), (6, &[6]), (3, &[0, 6]), (8, &[0, 6]), (4, &[0, 0, 0, 6]), (9, &[0, 0, 0, 6])];
            for (kind, value) in types {
                let found = orientation(Some(&data(is_big_endian, kind, 1, value)));
                assert_eq!(found, Orientation::Rotate90, "type {kind}, big endian {is_big_endian}");
            }
        }
    }

    #[test]
    fn what_is_no_single_integer_of_one_to_eight_is_no_orientation() {
        for (kind, count, value) in [
            (2, 1, &[6_u8][..]),
            (3, 2, &[0, 6]),
            (3, 0, &[0, 6]),
            (3, 1, &[0, 0]),
            (3, 1, &[0, 9]),
            (4, 1, &[1, 0, 0, 6]),
            (9, 1, &[255; 4]),
        ] {
            let found = orientation(Some(&data(true, kind, count, value)));
            assert_eq!(found, Orientation::NoTransforms, "type {kind}, {count} values");
        }
    }

    #[test]
    fn padding_before_the_data_is_passed_over_and_damage_is_no_orientation() {
        let data = data(false, 3, 1, &[0, 6]);
        for padding in [&b"Exif\0\0"[..], b"Exif\0\xff", b"Exif\0\0\0\0", b"\0", b"Exif\0\0Exif\0\0"] {
            assert_eq!(orientation(Some(&[padding, &data].concat())), Orientation::Rotate90, "{padding:?}");
        }
        for end in 0..data.len() - 2 {
            assert_eq!(orientation(Some(&data[..end])), Orientation::NoTransforms, "{end} bytes");
        }
        let far = [&data[..4], &[255; 4], &data[8..]].concat();
        assert_eq!(orientation(Some(&far)), Orientation::NoTransforms);
        assert_eq!(orientation(None), Orientation::NoTransforms);
    }
}
