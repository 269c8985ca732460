//! HEIC pictures whose tiles are one and the same.

use heifer_isobmff::HeifFile;
use heifer_isobmff::boxes::HevcConfig;
use heifer_isobmff::writer::{HeifWriter, ImageSpec};

use crate::common::fixture;

/// A picture's configuration of HEVC, and the slices of the first tile.
pub(crate) fn tile() -> (HevcConfig, Vec<Vec<u8>>) {
    let bytes = fixture("grid.heic");
    let file = HeifFile::parse(&bytes).unwrap();
    let id = *file.referenced_items(file.primary_id, b"dimg").first().unwrap();
    let data = file.item_data(id).unwrap();
    let mut rest = &data[..];
    let mut slices = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (slice, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        slices.push(slice.to_vec());
        rest = behind;
    }
    (file.hevc_config(id).unwrap().unwrap().clone(), slices)
}

/// A grid of one tile of 64 by 64 pixels, over and over.
pub(crate) fn grid(rows: u16, columns: u16, width: u32, height: u32) -> Vec<u8> {
    let (config, slices) = tile();
    let mut writer = HeifWriter::new();
    let tile = writer.add_image(&ImageSpec { hidden: true, ..ImageSpec::new(64, 64, config, &slices) });
    let tiles = vec![tile; usize::from(rows) * usize::from(columns)];
    writer.add_grid(rows, columns, width, height, &tiles, None, None);
    writer.finish()
}

/// The file with one more reference. Places in the file are moved by its length.
pub(crate) fn with_reference(whole: &[u8], reference: &[u8]) -> Vec<u8> {
    let mut bytes = whole.to_vec();
    let at = |bytes: &[u8], kind: &[u8]| bytes.windows(4).position(|window| window == kind).unwrap() - 4;
    let more = u32::try_from(reference.len()).unwrap();
    for kind in [b"meta", b"iref"] {
        let start = at(&bytes, kind);
        let size = u32::from_be_bytes(bytes[start..start + 4].try_into().unwrap()) + more;
        bytes[start..start + 4].copy_from_slice(&size.to_be_bytes());
    }
    let references = at(&bytes, b"iref") + 12;
    bytes.splice(references..references, reference.iter().copied());
    // Version 0 with offsets and lengths of four bytes, as heif_file.py writes them.
    let places = at(&bytes, b"iloc") + 16;
    let count = usize::from(u16::from_be_bytes(bytes[places - 2..places].try_into().unwrap()));
    for place in 0..count {
        let offset = places + place * 14 + 6;
        let moved = u32::from_be_bytes(bytes[offset..offset + 4].try_into().unwrap()) + more;
        bytes[offset..offset + 4].copy_from_slice(&moved.to_be_bytes());
    }
    bytes
}
