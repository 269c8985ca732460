//! TIFF files by hand: no encoder writes tiles, few bits, or lies.

use image::RgbImage;

/// A tag and its numbers.
pub(crate) type Entry = (u16, Vec<u32>);

/// Entries that cut a picture into strips, each given by its offset from the data's start, and its length.
pub(crate) fn strips(rows: u32, places: &[(u32, u32)]) -> Vec<Entry> {
    let [offsets, lengths] = lists(places);
    vec![(273, offsets), (278, vec![rows]), (279, lengths)]
}

/// Entries that cut a picture into tiles.
pub(crate) fn tiles((width, height): (u32, u32), places: &[(u32, u32)]) -> Vec<Entry> {
    let [offsets, lengths] = lists(places);
    vec![(322, vec![width]), (323, vec![height]), (324, offsets), (325, lengths)]
}

fn lists(places: &[(u32, u32)]) -> [Vec<u32>; 2] {
    [places.iter().map(|place| place.0).collect(), places.iter().map(|place| place.1).collect()]
}

/// A file with `data` behind its first eight bytes; `extra` tags replace the usual ones.
pub(crate) fn file(
    (width, height): (u32, u32),
    bits: &[u32],
    pieces: &[Entry],
    extra: &[(u16, u32)],
    data: &[u8],
) -> Vec<u8> {
    let channels = u32::try_from(bits.len()).unwrap();
    let mut entries: Vec<Entry> = vec![
        (256, vec![width]),
        (257, vec![height]),
        (258, bits.to_vec()),
        (259, vec![1]),
        (262, vec![if channels == 1 { 1 } else { 2 }]),
        (277, vec![channels]),
    ];
    entries.extend_from_slice(pieces);
    for (tag, value) in extra {
        entries.retain(|entry| entry.0 != *tag);
        entries.push((*tag, vec![*value]));
    }
    entries.sort();
    let directory = 8 + u32::try_from(data.len().next_multiple_of(2)).unwrap();
    let mut lists = directory + 2 + 12 * u32::try_from(entries.len()).unwrap() + 4;
    let mut file = b"II\x2a\0".to_vec();
    file.extend(directory.to_le_bytes());
    file.extend(data);
    file.resize(directory as usize, 0);
    file.extend(u16::try_from(entries.len()).unwrap().to_le_bytes());
    let mut behind: Vec<u8> = Vec::new();
    for (tag, values) in &entries {
        file.extend(tag.to_le_bytes());
        file.extend(4_u16.to_le_bytes());
        file.extend(u32::try_from(values.len()).unwrap().to_le_bytes());
        if let [only] = values[..] {
            file.extend(only.to_le_bytes());
        } else {
            file.extend(lists.to_le_bytes());
            let list: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            lists += u32::try_from(list.len()).unwrap();
            behind.extend(list);
        }
    }
    file.extend([0; 4]);
    file.extend(behind);
    file
}

/// A picture in uncompressed tiles, the last of which reach beyond it.
pub(crate) fn tiled(picture: &RgbImage, (width, height): (u32, u32)) -> Vec<u8> {
    let (mut data, mut places) = (Vec::new(), Vec::new());
    for top in (0..picture.height()).step_by(height as usize) {
        for left in (0..picture.width()).step_by(width as usize) {
            let start = u32::try_from(data.len()).unwrap();
            for (y, x) in (top..top + height).flat_map(|y| (left..left + width).map(move |x| (y, x))) {
                let inside = x < picture.width() && y < picture.height();
                data.extend(if inside { picture.get_pixel(x, y).0 } else { [255, 0, 255] });
            }
            places.push((8 + start, width * height * 3));
        }
    }
    file(picture.dimensions(), &[8; 3], &tiles((width, height), &places), &[], &data)
}
