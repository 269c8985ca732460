//! The box structure (ISO/IEC 14496-12), through `heifer-isobmff`, within limits on its tables.
//!
//! That crate looks each item up in each table, and holds a table's entries in several times the bytes that
//! they have in the file; so both are limited before it reads them.

use heifer_isobmff::{BoxIter, Error, HeifFile};

use super::fault::Fault;
use crate::rejection::DecodeError;

/// Most items, tiles and metadata included. Phones write up to a thousand.
const MOST_ITEMS: usize = 4096;
/// Most bytes of a table of items, places, references or properties of items. A thousand items take 40,000.
const TABLE_BYTES: usize = 256 * 1024;
/// Most properties that a table can refer to.
const MOST_PROPERTIES: usize = 0x7fff;
/// Most bytes of all properties, colour profiles included.
const PROPERTY_BYTES: usize = 8 * 1024 * 1024;
/// Most bytes of all configurations of HEVC: a hundred or two for each tile at most.
const CONFIGURATION_BYTES: usize = 1024 * 1024;

/// Reads the tables of the file.
///
/// # Errors
///
/// [`Fault`], also of a file without a still picture, as a sequence alone is.
pub(super) fn read(bytes: &[u8]) -> Result<HeifFile<'_>, Fault> {
    let mut tables = Tables::default();
    let mut has_meta = false;
    let mut end = 0;
    for found in BoxIter::new(bytes) {
        let found = match found {
            Ok(found) => found,
            // Cameras append what is no box: the picture is complete without it.
            Err(_) if has_meta => break,
            Err(error) => return Err(error.into()),
        };
        end = found.content.as_ptr() as usize - bytes.as_ptr() as usize + found.content.len();
        if &found.header.box_type.0 == b"meta" {
            has_meta = true;
            tables.check(found.content.get(4..).ok_or(Error::UnexpectedEof)?)?;
        }
    }
    if !has_meta {
        return Err(DecodeError::Unsupported("a sequence without a still picture").into());
    }
    Ok(HeifFile::parse(bytes.get(..end).unwrap_or(bytes))?)
}

/// Bytes and entries of all tables of a kind.
#[derive(Default)]
struct Tables {
    bytes: [usize; 4],
    items: usize,
    properties: usize,
    property_bytes: usize,
    configuration_bytes: usize,
}

impl Tables {
    fn check(&mut self, meta: &[u8]) -> Result<(), Fault> {
        for found in BoxIter::new(meta) {
            let found = found?;
            match &found.header.box_type.0 {
                b"iinf" => {
                    self.items += BoxIter::new(items(found.content)).take(MOST_ITEMS + 1).count();
                    self.bytes[0] += found.content.len();
                }
                b"iloc" => self.bytes[1] += found.content.len(),
                b"iref" => self.bytes[2] += found.content.len(),
                b"iprp" => self.check_properties(found.content)?,
                _ => {}
            }
        }
        let is_within = self.bytes.iter().all(|bytes| *bytes <= TABLE_BYTES)
            && self.items <= MOST_ITEMS
            && self.properties <= MOST_PROPERTIES
            && self.property_bytes <= PROPERTY_BYTES
            && self.configuration_bytes <= CONFIGURATION_BYTES;
        if is_within { Ok(()) } else { Err(DecodeError::Unsupported("so large a table of items").into()) }
    }

    fn check_properties(&mut self, content: &[u8]) -> Result<(), Fault> {
        for found in BoxIter::new(content) {
            let found = found?;
            match &found.header.box_type.0 {
                b"ipma" => self.bytes[3] += found.content.len(),
                b"ipco" => {
                    self.property_bytes += found.content.len();
                    for property in BoxIter::new(found.content).take(MOST_PROPERTIES + 1) {
                        let property = property?;
                        self.properties += 1;
                        if &property.header.box_type.0 == b"hvcC" {
                            self.configuration_bytes += property.content.len();
                        }
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// The entries of the table of items, behind its version and their number.
fn items(content: &[u8]) -> &[u8] {
    let start = if content.first() == Some(&0) { 6 } else { 8 };
    content.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap().to_be_bytes();
        [&size[..], &kind, content].concat()
    }

    /// A table of items: version, flags, count and entries of nothing.
    fn items_of(version: u8, count: usize) -> Vec<u8> {
        let head = vec![0; if version == 0 { 5 } else { 7 }];
        bytes_of(*b"iinf", &[&[version], &head[..], &bytes_of(*b"infe", &[]).repeat(count)].concat())
    }

    fn properties_of(properties: &[u8]) -> Vec<u8> {
        bytes_of(*b"iprp", &bytes_of(*b"ipco", properties))
    }

    /// One table passes, and one of a little more does not; nor do two which are a little more together.
    fn assert_limited(what: &str, most: usize, of: impl Fn(usize) -> Vec<u8>) {
        let check = |meta: &[u8]| Tables::default().check(meta);
        assert!(check(&of(most)).is_ok(), "{what}");
        for more in [of(most + 1), [of(most / 2 + 1), of(most - most / 2)].concat()] {
            let is_refused = matches!(check(&more), Err(Fault::Decode(DecodeError::Unsupported(_))));
            assert!(is_refused, "{what}");
        }
    }

    #[test]
    fn items_are_limited_over_all_tables_of_each_version() {
        for version in [0, 1] {
            assert_limited("items", MOST_ITEMS, |count| items_of(version, count));
        }
    }

    #[test]
    fn bytes_of_each_table_are_limited_over_all_of_its_kind() {
        for kind in [*b"iinf", *b"iloc", *b"iref"] {
            // Of no items: what follows the head is no box.
            assert_limited("table", TABLE_BYTES, |length| bytes_of(kind, &vec![0xff; length]));
        }
        assert_limited("ipma", TABLE_BYTES, |length| {
            bytes_of(*b"iprp", &bytes_of(*b"ipma", &vec![0; length]))
        });
    }

    #[test]
    fn properties_are_limited_by_number_and_bytes() {
        assert_limited("number", MOST_PROPERTIES, |count| {
            properties_of(&bytes_of(*b"free", &[]).repeat(count))
        });
        assert_limited("bytes", PROPERTY_BYTES, |length| {
            properties_of(&bytes_of(*b"colr", &vec![0; length - 8]))
        });
        assert_limited("configurations", CONFIGURATION_BYTES, |length| {
            properties_of(&bytes_of(*b"hvcC", &vec![0; length]))
        });
        let pair = |length: usize| bytes_of(*b"hvcC", &vec![0; length]).repeat(2);
        assert!(Tables::default().check(&properties_of(&pair(CONFIGURATION_BYTES / 2 + 1))).is_err());
    }

    #[test]
    fn what_stands_behind_the_last_box_is_no_part_of_the_file() {
        let photo = include_bytes!("../../tests/fixtures/photo.heic");
        let more = [&photo[..], b"\0\0\0\x02SEFT"].concat();
        assert!(read(&more).is_ok());
        assert!(matches!(read(&more[photo.len()..]), Err(Fault::Container(_))));
    }
}
