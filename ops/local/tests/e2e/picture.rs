//! Pictures to upload, and how their thumbnails are recognised.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// Sides of the pictures: no whole multiple of a thumbnail's, and wider than high.
const SIDES: (u32, u32) = (640, 400);

/// One colour in each quarter, so that nobody mistakes it for another or turns it unnoticed.
const QUARTERS: [[Rgb<u8>; 2]; 2] =
    [[Rgb([200, 30, 30]), Rgb([30, 170, 30])], [Rgb([30, 30, 200]), Rgb([220, 210, 60])]];

/// The picture in some format.
pub(crate) fn picture(format: ImageFormat) -> Vec<u8> {
    let (width, height) = SIDES;
    let colour = |x, y| QUARTERS[usize::from(y >= height / 2)][usize::from(x >= width / 2)];
    let picture = RgbImage::from_fn(width, height, colour);
    if format == ImageFormat::Tiff {
        return tiff(&picture);
    }
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// A TIFF of one uncompressed strip: `image` is built without its encoder, which nothing else needs.
fn tiff(picture: &RgbImage) -> Vec<u8> {
    const HEADER_BYTES: u32 = 8;
    let length = u32::try_from(picture.as_raw().len()).unwrap();
    // Size, three samples of 8 bits (one value for all), RGB, the strip's place, samples, the strip's length.
    let fields = [
        (256, picture.width()),
        (257, picture.height()),
        (258, 8),
        (262, 2),
        (273, HEADER_BYTES),
        (277, 3),
        (279, length),
    ];
    let mut file = [b"II\x2a\0", &(HEADER_BYTES + length).to_le_bytes()[..], picture.as_raw()].concat();
    file.extend(u16::try_from(fields.len()).unwrap().to_le_bytes());
    for (tag, value) in fields {
        const LONG: u16 = 4;
        let [tag, kind] = [tag, LONG].map(u16::to_le_bytes);
        file.extend([&tag[..], &kind, &1_u32.to_le_bytes(), &value.to_le_bytes()].concat());
    }
    file.extend([0; 4]);
    file
}

/// Checks that `jpeg` shows the picture, upright, whole, and within a box of 256 pixels.
pub(crate) fn assert_thumbnail(jpeg: &[u8]) {
    assert_eq!(image::guess_format(jpeg).unwrap(), ImageFormat::Jpeg);
    let small = image::load_from_memory(jpeg).unwrap().into_rgb8();
    let (width, height) = small.dimensions();
    assert_eq!((width, height), (256, 160), "sides in the proportion of {SIDES:?}");
    for (row, colours) in QUARTERS.iter().enumerate() {
        for (column, colour) in colours.iter().enumerate() {
            let (x, y) = (width / 4 + (width / 2) * at(column), height / 4 + (height / 2) * at(row));
            let got = small.get_pixel(x, y);
            let near = got.0.iter().zip(colour.0).all(|(a, b)| a.abs_diff(b) < 12);
            assert!(near, "quarter {column},{row} is {got:?}, not {colour:?}");
        }
    }
}

fn at(index: usize) -> u32 {
    u32::try_from(index).unwrap()
}
