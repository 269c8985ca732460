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
