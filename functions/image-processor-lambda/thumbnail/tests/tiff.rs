//! TIFFs in strips, tiles and few bits show what a PNG of the same picture shows.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod bombs;
mod common;

use bombs::tiff;
use common::{pixels, reason, thumb};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage, Rgba, RgbaImage};

fn written(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

fn waves(x: u32, y: u32) -> u8 {
    let wave = (f64::from(x) / 31.0).sin() * 60.0 + (f64::from(y) / 17.0).cos() * 60.0 + 128.0;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "8 to 248")]
    let level = wave as u8;
    level
}

/// Large beside its thumbnail of 50 pixels.
fn picture() -> RgbImage {
    RgbImage::from_fn(700, 500, |x, y| Rgb([waves(x, y), waves(y, x), waves(x + y, x)]))
}

/// In uncompressed strips of so many rows.
fn in_strips(picture: &RgbImage, rows: u32) -> Vec<u8> {
    let row = picture.width() * 3;
    let places: Vec<(u32, u32)> = (0..picture.height())
        .step_by(rows as usize)
        .map(|top| (8 + top * row, rows.min(picture.height() - top) * row))
        .collect();
    tiff::file(picture.dimensions(), &[8; 3], &tiff::strips(rows, &places), &[], picture.as_raw())
}

#[test]
fn strips_and_tiles_show_what_a_png_shows() {
    let picture = picture();
    let expected = thumb(&written(picture.clone(), ImageFormat::Png), 50).unwrap();
    for rows in [1, 7, 500] {
        assert_eq!(thumb(&in_strips(&picture, rows), 50).unwrap(), expected, "strips of {rows}");
    }
    for (width, height) in [(64, 48), (16, 512), (704, 16)] {
        let tiled = tiff::tiled(&picture, (width, height));
        assert_eq!(thumb(&tiled, 50).unwrap(), expected, "tiles of {width} by {height}");
    }
}

#[test]
fn transparent_strips_show_what_a_png_shows() {
    let picture = RgbaImage::from_fn(700, 500, |x, y| Rgba([waves(x, y), 200, waves(y, x), waves(x + y, 0)]));
    let expected = thumb(&written(picture.clone(), ImageFormat::Png), 50).unwrap();
    let strip = tiff::strips(500, &[(8, 700 * 500 * 4)]);
    let file = tiff::file((700, 500), &[8; 4], &strip, &[(338, 2)], picture.as_raw());
    assert_eq!(thumb(&file, 50).unwrap(), expected);
}

#[test]
fn file_of_strips_or_tiles_cut_off_anywhere_is_truncated() {
    for whole in [in_strips(&picture(), 7), tiff::tiled(&picture(), (64, 48))] {
        // The directory comes last, so that without it there is no picture at all.
        let (data, directory) = whole.split_at(u32::from_le_bytes(whole[4..8].try_into().unwrap()) as usize);
        for sixteenths in 0..16 {
            let kept = &data[..data.len() * sixteenths / 16 / 2 * 2];
            let moved = u32::try_from(kept.len().max(8)).unwrap();
            let start = [b"II\x2a\0", &moved.to_le_bytes()[..]].concat();
            let cut = [&start, kept.get(8..).unwrap_or_default(), directory].concat();
            let reason = reason(&cut);
            assert!(["Truncated", "Corrupt"].contains(&reason), "{sixteenths}: {reason}");
        }
    }
}

#[test]
fn few_bits_show_the_same_gray_in_any_order() {
    for (bits, width) in [(1_u8, 701_u32), (2, 701), (4, 701), (2, 41), (4, 41), (1, 41), (8, 701), (8, 41)] {
        let white = u8::MAX >> (8 - bits);
        let value = |x: u32, y: u32| waves(x * 9, y * 9) >> (8 - bits);
        let gray = GrayImage::from_fn(width, 60, |x, y| Luma([value(x, y) * (255 / white)]));
        let expected = pixels(&thumb(&written(gray, ImageFormat::Png), 40).unwrap());
        let per_byte = u32::from(8 / bits);
        let packed = (0..60).flat_map(|y| (0..width.div_ceil(per_byte)).map(move |byte| (y, byte)));
        let packed = packed.map(|(y, byte)| {
            (0..per_byte)
                .fold(0_u8, |packed, place| packed << (bits - 1) << 1 | value(byte * per_byte + place, y))
        });
        let packed: Vec<u8> = packed.collect();
        let length = u32::try_from(packed.len()).unwrap();
        for (is_inverted, is_reversed) in [(false, false), (true, false), (false, true), (true, true)] {
            let data: Vec<u8> = packed
                .iter()
                .map(|byte| if is_inverted { !byte } else { *byte })
                .map(|byte| if is_reversed { byte.reverse_bits() } else { byte })
                .collect();
            let order = [(262, u32::from(!is_inverted)), (266, 1 + u32::from(is_reversed))];
            let pieces = tiff::strips(60, &[(8, length)]);
            let file = tiff::file((width, 60), &[bits.into()], &pieces, &order, &data);
            let small = pixels(&thumb(&file, 40).unwrap());
            let difference = common::difference(&small, &expected);
            // Hard edges, through two resizers; bits in another order differ by dozens.
            assert!(difference < 5.0, "{bits} bits, {width}, {is_inverted}, {is_reversed}: {difference}");
        }
    }
}

#[test]
fn large_tiff_is_turned_upright() {
    let picture = picture();
    let row = picture.width() * 3;
    let pieces = tiff::strips(500, &[(8, 500 * row)]);
    let file = tiff::file((700, 500), &[8; 3], &pieces, &[(274, 6)], picture.as_raw());
    let upright = image::imageops::rotate90(&picture);
    let expected = pixels(&thumb(&written(upright, ImageFormat::Png), 50).unwrap());
    let small = pixels(&thumb(&file, 50).unwrap());
    assert!(common::difference(&small, &expected) < 2.0);
}
