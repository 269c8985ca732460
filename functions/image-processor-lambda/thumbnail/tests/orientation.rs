//! Each EXIF orientation ends upright, proven by where four coloured corners land.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{assert_near, decoded, pixels, thumb};
use image::RgbImage;
use jpeg_encoder::{ColorType, Encoder};

const RED: [u8; 3] = [254, 0, 0];
const GREEN: [u8; 3] = [0, 255, 1];
const BLUE: [u8; 3] = [0, 0, 254];
const YELLOW: [u8; 3] = [255, 255, 0];

/// Where the upright picture's pixel is stored, by the EXIF standard: orientation n says which side
/// of the scene the first row and the first column show.
fn stored_position(orientation: u8, (x, y): (u32, u32), (width, height): (u32, u32)) -> (u32, u32) {
    let (right, bottom) = (width - 1 - x, height - 1 - y);
    match orientation {
        1 => (x, y),
        2 => (right, y),
        3 => (right, bottom),
        4 => (x, bottom),
        5 => (y, x),
        6 => (y, right),
        7 => (bottom, right),
        8 => (bottom, x),
        _ => panic!("EXIF knows no orientation {orientation}"),
    }
}

/// An upright scene of 96 × 64: red and green above, blue and yellow below.
fn stored(orientation: u8) -> RgbImage {
    let size = (96, 64);
    let (width, height) = if orientation > 4 { (64, 96) } else { size };
    let mut picture = RgbImage::new(width, height);
    for y in 0..size.1 {
        for x in 0..size.0 {
            let color = match (x < 48, y < 32) {
                (true, true) => RED,
                (false, true) => GREEN,
                (true, false) => BLUE,
                (false, false) => YELLOW,
            };
            let (x, y) = stored_position(orientation, (x, y), size);
            picture.put_pixel(x, y, image::Rgb(color));
        }
    }
    picture
}

/// EXIF with an orientation and a place, in either byte order.
fn exif(orientation: u8, is_big_endian: bool) -> Vec<u8> {
    let short = |value: u16| if is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let long = |value: u32| if is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
    let mut exif = if is_big_endian { b"MM".to_vec() } else { b"II".to_vec() };
    exif.extend(short(42));
    exif.extend(long(8));
    exif.extend(short(2));
    // Orientation, one short.
    exif.extend([short(0x0112), short(3)].concat());
    exif.extend(long(1));
    exif.extend([short(u16::from(orientation)), [0, 0]].concat());
    // A pointer to GPS data, one text in it.
    exif.extend([short(0x8825), short(4)].concat());
    exif.extend([long(1), long(38), long(0)].concat());
    exif.extend(short(1));
    exif.extend([short(0x001b), short(2)].concat());
    exif.extend([long(9), long(56)].concat());
    exif.extend(long(0));
    exif.extend(b"GPS-PLACE");
    exif
}

fn jpeg(orientation: u8, is_big_endian: bool) -> Vec<u8> {
    let picture = stored(orientation);
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 95);
    encoder.add_exif_metadata(&exif(orientation, is_big_endian)).unwrap();
    let (width, height) = (picture.width().try_into().unwrap(), picture.height().try_into().unwrap());
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb).unwrap();
    jpeg
}

fn assert_upright(bytes: &[u8], what: &str) {
    let thumbnail = thumb(bytes, 48).unwrap();
    let small = pixels(&thumbnail);
    assert_eq!(small.dimensions(), (48, 32), "{what}");
    for (x, y, color) in [(6, 6, RED), (42, 6, GREEN), (6, 26, BLUE), (42, 26, YELLOW)] {
        assert_near(*small.get_pixel(x, y), color, 12);
    }
}

#[test]
fn all_eight_orientations_end_upright() {
    for orientation in 1..=8 {
        for is_big_endian in [false, true] {
            assert_upright(&jpeg(orientation, is_big_endian), &format!("orientation {orientation}"));
        }
    }
}

#[test]
fn size_is_told_as_stored_and_as_shown() {
    let upright = decoded(&jpeg(1, true)).unwrap();
    assert_eq!((upright.stored_size(), upright.width(), upright.height()), ((96, 64), 96, 64));
    let turned = decoded(&jpeg(6, true)).unwrap();
    assert_eq!((turned.stored_size(), turned.width(), turned.height()), ((64, 96), 96, 64));
}

#[test]
fn impossible_orientations_are_ignored() {
    let mut bytes = jpeg(1, true);
    let at = bytes.windows(4).position(|entry| entry == [0x01, 0x12, 0x00, 0x03]).unwrap() + 8;
    for value in [0, 9, 255] {
        bytes[at + 1] = value;
        assert_upright(&bytes, &format!("orientation {value}"));
    }
}

#[test]
fn png_and_tiff_orientations_are_applied() {
    let mut png = std::io::Cursor::new(Vec::new());
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    image::ImageEncoder::set_exif_metadata(&mut encoder, exif(6, false)).unwrap();
    stored(6).write_with_encoder(encoder).unwrap();
    assert_upright(png.get_ref(), "PNG");
    assert_upright(&common::fixture("orientation-8.tif"), "TIFF");
}

#[test]
fn webp_orientation_is_applied_with_and_without_prefix() {
    for prefix in [&b""[..], b"Exif\0\0"] {
        let mut webp = Vec::new();
        let mut encoder = image_webp::WebPEncoder::new(&mut webp);
        encoder.set_exif_metadata([prefix, &exif(6, true)].concat());
        encoder.encode(stored(6).as_raw(), 64, 96, image_webp::ColorType::Rgb8).unwrap();
        assert_upright(&webp, "WebP");
    }
}

/// The orientation as a long, which some writers make of it.
fn long(orientation: u8) -> Vec<u8> {
    let mut exif = exif(orientation, false);
    // Behind the header and the count of entries: the tag, then the type.
    exif.splice(12..13, [4]);
    exif
}

#[test]
fn an_orientation_of_another_integer_type_is_applied_in_each_format() {
    let picture = stored(6);
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 95);
    encoder.add_exif_metadata(&long(6)).unwrap();
    encoder.encode(picture.as_raw(), 64, 96, ColorType::Rgb).unwrap();
    assert_upright(&jpeg, "JPEG");
    let mut webp = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_exif_metadata(long(6));
    encoder.encode(picture.as_raw(), 64, 96, image_webp::ColorType::Rgb8).unwrap();
    assert_upright(&webp, "WebP");
    assert_upright(&png(&long(6), true), "PNG");
}

/// A PNG with Exif data before its picture or behind it.
fn png(exif: &[u8], is_before: bool) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 64, 96);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    let exif = |writer: &mut png::Writer<_>| writer.write_chunk(png::chunk::eXIf, exif).unwrap();
    if is_before {
        exif(&mut writer);
    }
    writer.write_image_data(stored(6).as_raw()).unwrap();
    if !is_before {
        exif(&mut writer);
    }
    drop(writer);
    file
}

#[test]
fn a_png_may_have_its_orientation_behind_its_picture() {
    assert_upright(&png(&exif(6, true), false), "PNG");
}

#[test]
fn nothing_of_the_metadata_survives() {
    let original = jpeg(6, true);
    let contains = |bytes: &[u8], text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
    assert!(contains(&original, b"GPS-PLACE"));
    let thumbnail = thumb(&original, 48).unwrap().jpeg;
    assert!(!contains(&thumbnail, b"GPS") && !contains(&thumbnail, b"Exif"));
    // Of all application segments only JFIF's own is there.
    let application = thumbnail.windows(2).filter(|pair| pair[0] == 0xff && (0xe0..=0xef).contains(&pair[1]));
    assert_eq!(application.map(|pair| pair[1]).collect::<Vec<_>>(), [0xe0]);
}
