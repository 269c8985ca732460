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
    let mut bytes = Cursor::new(Vec::new());
    RgbImage::from_fn(width, height, colour).write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
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
