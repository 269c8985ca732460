//! Camera raw: what a sensor saw, in a format of its maker.

use crate::exif::Fields;

/// Directories of one file that are looked at; cameras write up to six.
const MOST_DIRECTORIES: usize = 16;

const PHOTOMETRIC_INTERPRETATION: u32 = 262;
const SUB_DIRECTORIES: u32 = 330;
/// Samples of a sensor behind its colour filters, and those made linear (DNG).
const OF_A_SENSOR: [u32; 2] = [32_803, 34_892];

/// Whether a file that is no TIFF is a camera's: CR3, RAF, ORF, RW2, CRW, X3F, MRW.
pub(super) fn is_by_signature(bytes: &[u8]) -> bool {
    const SIGNATURES: [&[u8]; 8] =
        [b"FUJIFILMCCD-RAW", b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FOVb", b"\0MRM", b"II\x1a\0\0\0HEAPCCDR"];
    SIGNATURES.iter().any(|signature| bytes.starts_with(signature))
        || bytes.get(4..).is_some_and(|rest| rest.starts_with(b"ftypcrx "))
}

/// Whether a TIFF is a camera's (CR2, NEF, ARW, DNG and others), whose first picture is a preview: one of its
/// directories holds what a sensor saw.
pub(super) fn is_in_tiff(bytes: &[u8]) -> bool {
    let is_canon = bytes.get(8..).is_some_and(|rest| rest.starts_with(b"CR\x02\0"));
    is_canon || Fields::new(bytes).is_some_and(|fields| has_sensor(&fields).unwrap_or(false))
}

fn has_sensor(fields: &Fields) -> Option<bool> {
    let mut directories = vec![fields.number(4, 4)?];
    let mut seen = 0;
    while let Some(directory) = directories.pop().filter(|_| seen < MOST_DIRECTORIES) {
        seen += 1;
        for (tag, entry) in fields.entries(directory as usize) {
            let count = fields.number(entry + 4, 4)?;
            match tag {
                PHOTOMETRIC_INTERPRETATION if OF_A_SENSOR.contains(&fields.number(entry + 8, 2)?) => {
                    return Some(true);
                }
                SUB_DIRECTORIES if count == 1 => directories.push(fields.number(entry + 8, 4)?),
                SUB_DIRECTORIES => {
                    let list = fields.number(entry + 8, 4)? as usize;
                    let count = MOST_DIRECTORIES.min(count as usize);
                    directories.extend((0..count).map_while(|index| fields.number(list + 4 * index, 4)));
                }
                _ => {}
            }
        }
    }
    Some(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory of one entry, a short if its value is one.
    fn directory(tag: u16, value: u32) -> Vec<u8> {
        let kind: u16 = if tag == 262 { 3 } else { 4 };
        let entry = [&tag.to_le_bytes()[..], &kind.to_le_bytes(), &1_u32.to_le_bytes(), &value.to_le_bytes()];
        [&1_u16.to_le_bytes()[..], &entry.concat(), &[0; 4]].concat()
    }

    #[test]
    fn a_tiff_with_a_sensors_picture_is_camera_raw_and_a_plain_one_is_not() {
        let start = [&b"II*\0"[..], &8_u32.to_le_bytes()].concat();
        let behind = u32::try_from(start.len() + directory(330, 0).len()).unwrap();
        for (first, second, expected) in [
            (directory(262, 32_803), vec![], true),
            (directory(262, 34_892), vec![], true),
            (directory(330, behind), directory(262, 32_803), true),
            (directory(330, behind), directory(262, 2), false),
            (directory(262, 2), vec![], false),
            // A directory that points at itself.
            (directory(330, 8), vec![], false),
        ] {
            assert_eq!(is_in_tiff(&[&start[..], &first, &second].concat()), expected);
        }
        assert!(is_in_tiff(b"II*\0\x10\0\0\0CR\x02\0"));
        assert!(!is_in_tiff(b"II*\0\xff\xff\xff\xff"));
    }
}
