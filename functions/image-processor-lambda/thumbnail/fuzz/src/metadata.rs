//! ICC profiles and Exif: any bytes at all, in the place of them within a small picture that is otherwise sound.

/// A JPEG behind whose first marker Exif is put.
const JPEG: &[u8] = include_bytes!("../seeds/thumbnails/one-pixel.jpg");
const START_OF_IMAGE: usize = 2;
const APP1: [u8; 2] = [0xff, 0xe1];
/// More does not fit a marker with its length and the name of Exif.
const LONGEST_EXIF: usize = 65_525;
/// Side of the TIFF's picture.
const SIDE: u16 = 4;

/// The first byte says what the others are: a profile of gray, RGB or CMYK, or Exif. The property is that of
/// [`thumbnails`](crate::thumbnails).
///
/// # Panics
///
/// When it does not hold.
pub fn metadata(input: &[u8]) {
    let Some((kind, bytes)) = input.split_first() else { return };
    crate::thumbnails(&match kind % 4 {
        0 => tiff(1, 1, bytes),
        1 => tiff(2, 3, bytes),
        2 => tiff(5, 4, bytes),
        _ => jpeg(bytes),
    });
}

fn jpeg(exif: &[u8]) -> Vec<u8> {
    let exif = exif.get(..LONGEST_EXIF).unwrap_or(exif);
    let segment = [b"Exif\0\0", exif].concat();
    let length = u16::try_from(segment.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    let (start, rest) = JPEG.split_at(START_OF_IMAGE);
    [start, &APP1, &length, &segment, rest].concat()
}

/// A TIFF of one strip whose samples go through all levels.
fn tiff(photometric: u16, samples: u16, profile: &[u8]) -> Vec<u8> {
    const HEADER: u32 = 8;
    const ENTRIES: u16 = 9;
    let pixels = 8 + 2 + u32::from(ENTRIES) * 12 + 4;
    let count = u32::from(SIDE * SIDE * samples);
    let length = u32::try_from(profile.len()).unwrap_or(u32::MAX);
    let mut file = b"II*\0".to_vec();
    file.extend(HEADER.to_le_bytes());
    file.extend(ENTRIES.to_le_bytes());
    let mut entry = |tag: u16, kind: u16, count: u32, value: u32| {
        file.extend(tag.to_le_bytes());
        file.extend(kind.to_le_bytes());
        file.extend(count.to_le_bytes());
        file.extend(value.to_le_bytes());
    };
    let mut long = |tag, value: u32| entry(tag, 4, 1, value);
    long(256, u32::from(SIDE));
    long(257, u32::from(SIDE));
    long(258, 8);
    long(259, 1);
    long(262, u32::from(photometric));
    long(273, pixels);
    long(277, u32::from(samples));
    long(279, count);
    // A profile of up to four bytes would stand in the entry itself.
    entry(34675, 7, length.max(5), pixels + count);
    file.extend([0; 4]);
    file.extend((0..count).map(|at| (at * 255 / (count - 1)).to_le_bytes()[0]));
    file.extend(profile);
    file
}

#[cfg(test)]
mod tests {
    use thumbnail::{Limits, Options, decode};

    use super::*;

    #[test]
    fn a_profile_reaches_the_conversion_of_colours() {
        let profile = include_bytes!("../seeds/metadata/swapped").get(1..).unwrap();
        let pixel = |profile: &[u8]| {
            let picture = decode(&tiff(2, 3, profile), &Limits::default(), &Options::default()).unwrap();
            format!("{:?}", picture.resize(&Options::default()).unwrap())
        };
        assert_ne!(pixel(profile), pixel(b"none"));
    }

    #[test]
    fn exif_reaches_the_orientation() {
        let exif = include_bytes!("../seeds/metadata/exif").get(1..).unwrap();
        let size = |exif: &[u8]| {
            let picture = decode(&jpeg(exif), &Limits::default(), &Options::default()).unwrap();
            format!("{picture:?}").contains("Rotate90")
        };
        assert!(size(exif) && !size(b"none"));
    }
}
