//! Files that are broken, foreign or too much are refused with the reason that fits.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod bombs;
mod common;

use std::error::Error;
use std::time::Duration;

use common::{fixture, options, reason, thumb};
use thumbnail::{Limits, Rejection, thumbnail};

const STILLS: [&str; 19] = [
    "photo.jpg",
    "progressive.jpg",
    "gray.jpg",
    "cmyk.jpg",
    "photo.png",
    "palette.png",
    "gray16.png",
    "photo.webp",
    "lossless.webp",
    "photo.gif",
    "photo.tif",
    "cmyk.tif",
    "photo.bmp",
    "photo.heic",
    "grid.heic",
    "alpha.heic",
    "photo.avif",
    "grid.avif",
    "alpha.avif",
];

#[test]
fn file_cut_off_anywhere_is_refused_as_truncated_or_corrupt() {
    for name in STILLS {
        let whole = fixture(name);
        assert!(thumb(&whole, 64).is_ok(), "{name}");
        for sixteenths in 1..16 {
            let reason = reason(&whole[..whole.len() * sixteenths / 16]);
            assert!(["Truncated", "Corrupt"].contains(&reason), "{name} at {sixteenths}/16: {reason}");
        }
    }
}

#[test]
fn first_frame_is_enough_of_an_animation() {
    for name in ["animated.gif", "animated.png", "animated.webp"] {
        let whole = fixture(name);
        let kept = whole.len() * 15 / 16;
        let small = thumb(&whole[..kept], 64).unwrap_or_else(|rejection| panic!("{name}: {rejection:?}"));
        assert_eq!(small, thumb(&whole, 64).unwrap(), "{name}");
    }
}

#[test]
fn first_bytes_alone_are_refused() {
    for (magic, expected) in [
        (&b""[..], "Empty"),
        (b"\xff\xd8\xff", "Truncated"),
        (b"\x89PNG\r\n\x1a\n", "Truncated"),
        (b"RIFF\x04\0\0\0WEBP", "Truncated"),
        (b"GIF89a", "Truncated"),
        (b"II\x2a\0", "Truncated"),
        (b"MM\0\x2a", "Truncated"),
        (b"BM", "NotAnImage"),
        (b"\xff", "NotAnImage"),
        (b"hello, world", "NotAnImage"),
        (b"PK\x03\x04", "NotAnImage"),
        (b"#!/bin/sh\n", "NotAnImage"),
    ] {
        let rejection = thumb(magic, 64).unwrap_err();
        assert_eq!(rejection.reason(), expected, "{rejection:?}");
    }
}

#[test]
fn foreign_formats_are_named_with_advice() {
    for (bytes, name) in [
        (&b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>"[..], "SVG"),
        (b"<?xml version=\"1.0\"?>\n<!DOCTYPE svg>\n<svg/>", "SVG"),
        (b"%PDF-1.7\n", "PDF"),
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (b"8BPS\0\x01", "Photoshop"),
        (b"\0\0\x01\0\x01\0\x10\x10", "icon"),
        (b"\0\0\0\x20ftypmp42\0\0\0\0mp42isom", "video"),
    ] {
        let rejection = thumb(bytes, 64).unwrap_err();
        assert_eq!(rejection.reason(), "UnsupportedFormat", "{name}");
        let message = rejection.to_string();
        assert!(message.starts_with(&format!("{name} files are not supported; ")), "{message}");
        assert!(message.contains("JPEG") || message.contains("PNG"), "{message}");
    }
}

#[test]
fn limits_on_bytes_and_pixels_are_exact() {
    let photo = fixture("photo.jpg");
    let size = photo.len() as u64;
    let with =
        |limits: Limits| thumbnail(&photo, &limits, &options(64)).map_err(|rejection| rejection.reason());
    let limits = Limits::default();
    assert!(with(Limits { max_bytes: size, ..limits }).is_ok());
    assert_eq!(with(Limits { max_bytes: size - 1, ..limits }), Err("TooManyBytes"));
    assert!(with(Limits { max_pixels: 15_000, ..limits }).is_ok());
    assert_eq!(with(Limits { max_pixels: 14_999, ..limits }), Err("TooManyPixels"));
}

#[test]
fn no_time_is_too_slow_for_every_format() {
    let limits = Limits { time: Duration::ZERO, ..Limits::default() };
    for name in STILLS {
        let rejection = thumbnail(&fixture(name), &limits, &options(64)).unwrap_err();
        assert_eq!(rejection.reason(), "TooSlow", "{name}");
    }
}

#[test]
fn jpeg_of_endless_scans_is_stopped_by_the_clock() {
    let bytes = bombs::jpeg_with_scans(2_000, 2_000, 60);
    let limits = Limits { time: Duration::from_millis(1), ..Limits::default() };
    // All detail is asked for: a smaller picture is done by then.
    let rejection = thumbnail(&bytes, &limits, &options(2_000)).unwrap_err();
    assert_eq!(rejection.reason(), "TooSlow");
    assert_eq!(reason(&bombs::jpeg_with_scans(200, 200, 100)), "Corrupt");
}

/// The file with other bytes at a place behind the first `mark`.
fn patched(name: &str, mark: &[u8], offset: usize, bytes: &[u8]) -> Vec<u8> {
    let mut file = fixture(name);
    let at = file.windows(mark.len()).position(|window| window == mark).unwrap() + offset;
    file.get_mut(at..at + bytes.len()).unwrap().copy_from_slice(bytes);
    file
}

#[test]
fn a_picture_that_declares_no_pixels_is_refused_where_its_size_is_read() {
    // Tag, type and count: the tag alone also occurs in the compressed data.
    const TIFF_WIDTH: &[u8] = &[0x00, 0x01, 3, 0, 1, 0, 0, 0];
    const TIFF_HEIGHT: &[u8] = &[0x01, 0x01, 3, 0, 1, 0, 0, 0];
    let frame = |name: &str, at| {
        let mut gif = fixture(name);
        let descriptor = gif.iter().rposition(|byte| *byte == b',').unwrap();
        // The last comma may be a part of the data: the descriptor begins at the left upper corner.
        let descriptor = (0..=descriptor).rev().find(|at| gif[*at..].starts_with(b",\0\0\0\0")).unwrap();
        gif[descriptor + at..descriptor + at + 2].fill(0);
        gif
    };
    for (what, file, expected) in [
        ("GIF frame's width", frame("photo.gif", 5), "Corrupt"),
        ("GIF frame's height", frame("photo.gif", 7), "Corrupt"),
        ("PNG width", png_of(0, 5), "Corrupt"),
        ("PNG height", png_of(5, 0), "Corrupt"),
        ("WebP width", patched("photo.webp", &[0x9d, 0x01, 0x2a], 3, &[0; 2]), "Corrupt"),
        ("WebP height", patched("photo.webp", &[0x9d, 0x01, 0x2a], 5, &[0; 2]), "Corrupt"),
        ("TIFF width", patched("photo.tif", TIFF_WIDTH, 8, &[0; 2]), "Corrupt"),
        ("TIFF height", patched("photo.tif", TIFF_HEIGHT, 8, &[0; 2]), "Corrupt"),
        ("BMP width", patched("photo.bmp", b"BM", 18, &[0; 4]), "Corrupt"),
        ("BMP height", patched("photo.bmp", b"BM", 22, &[0; 4]), "Corrupt"),
        ("JPEG width", patched("photo.jpg", &[0xff, 0xc0], 7, &[0; 2]), "Corrupt"),
        // The standard has a marker that gives the height behind the picture.
        ("JPEG height", patched("photo.jpg", &[0xff, 0xc0], 5, &[0; 2]), "UnsupportedFeature"),
        ("progressive JPEG width", patched("progressive.jpg", &[0xff, 0xc2], 7, &[0; 2]), "Corrupt"),
    ] {
        let rejection = thumb(&file, 64).expect_err(what);
        assert_eq!(rejection.reason(), expected, "{what}: {rejection:?}");
        assert!(!format!("{rejection:?}").contains("panicked"), "{what}: {rejection:?}");
    }
}

/// A PNG whose header declares this size, with the right checksum.
fn png_of(width: u32, height: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width.to_be_bytes());
    header.extend(height.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let mut file = fixture("photo.png");
    let checksum = crc32fast::hash(&header).to_be_bytes();
    file.get_mut(12..29).unwrap().copy_from_slice(&header);
    file.get_mut(29..33).unwrap().copy_from_slice(&checksum);
    file
}

#[test]
fn arithmetic_coding_is_named_as_unsupported_not_as_damage() {
    let mut photo = fixture("photo.jpg");
    let frame = photo.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
    *photo.get_mut(frame + 1).unwrap() = 0xc9;
    assert_eq!(reason(&photo), "UnsupportedFeature");
}

/// A baseline JPEG of 8 × 8 pixels with this many channels of a level each, in one scan.
fn jpeg_of(channels: u8) -> Vec<u8> {
    let ids = 1..=channels;
    let mut jpeg = vec![0xff, 0xd8, 0xff, 0xdb, 0, 67, 0];
    jpeg.extend([8; 64]);
    jpeg.extend([0xff, 0xc0, 0, 8 + 3 * channels, 8, 0, 8, 0, 8, channels]);
    jpeg.extend(ids.clone().flat_map(|id| [id, 0x11, 0]));
    // One code of one bit in each table: a DC difference of five bits, and the end of a block.
    for (target, symbol) in [(0x00, 5), (0x10, 0)] {
        jpeg.extend([0xff, 0xc4, 0, 20, target, 1]);
        jpeg.extend([0; 15]);
        jpeg.push(symbol);
    }
    jpeg.extend([0xff, 0xda, 0, 6 + 2 * channels, channels]);
    jpeg.extend(ids.flat_map(|id| [id, 0]));
    // For each block a zero, the difference 20, and a zero.
    let bits = "0101000".repeat(channels.into());
    let bits: Vec<u8> = bits.bytes().map(|bit| bit - b'0').collect();
    let byte = |bits: &[u8]| (0..8).fold(0, |byte, at| byte << 1 | bits.get(at).copied().unwrap_or(1));
    jpeg.extend([0, 63, 0]);
    jpeg.extend(bits.chunks(8).map(byte));
    jpeg.extend([0xff, 0xd9]);
    jpeg
}

#[test]
fn a_jpeg_of_two_channels_is_refused_by_name_because_nothing_says_what_they_mean() {
    for channels in [1, 3, 4] {
        assert!(thumb(&jpeg_of(channels), 64).is_ok(), "{channels}");
    }
    assert_eq!(reason(&jpeg_of(2)), "UnsupportedFeature");
}

#[test]
fn causes_are_kept_and_not_repeated_in_the_message() {
    let photo = fixture("photo.png");
    let rejection = thumb(&photo[..photo.len() / 2], 64).unwrap_err();
    let cause = rejection.source().expect("a cause").to_string();
    assert!(!rejection.to_string().contains(&cause));
    assert!(Rejection::ALL_REASONS.contains(&rejection.reason()));
}

#[test]
fn real_pictures_are_refused_when_memory_is_short() {
    for name in [
        "photo.jpg",
        "progressive.jpg",
        "photo.png",
        "photo.webp",
        "photo.gif",
        "photo.tif",
        "photo.bmp",
        "photo.heic",
        "photo.avif",
    ] {
        let tight = Limits { max_decode_bytes: 11_000, ..Limits::default() };
        let rejection = thumbnail(&fixture(name), &tight, &options(256)).unwrap_err();
        assert_eq!(rejection.reason(), "TooMuchMemory", "{name}");
    }
}
