//! Each format, as real programs write it, becomes the same thumbnail.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{decoded, difference, fixture, options, pixels, thumb};
use image::RgbImage;
use thumbnail::{Format, Formats, Limits, Options, Rgb, sniff, thumbnail};

/// The photograph at 75 × 50, from the lossless file, by another resampler than ours.
fn reference() -> RgbImage {
    let photo = image::load_from_memory(&fixture("photo.png")).unwrap();
    photo.resize_exact(75, 50, image::imageops::FilterType::Lanczos3).into_rgb8()
}

#[test]
fn every_format_becomes_the_same_picture() {
    let reference = reference();
    let mut seen = Vec::new();
    for (file, format, tolerance) in [
        ("photo.jpg", Format::Jpeg, 3.5),
        ("progressive.jpg", Format::Jpeg, 3.5),
        ("photo.png", Format::Png, 3.5),
        ("palette.png", Format::Png, 6.0),
        ("animated.png", Format::Png, 3.5),
        ("photo.webp", Format::WebP, 3.5),
        ("lossless.webp", Format::WebP, 3.5),
        ("animated.webp", Format::WebP, 3.5),
        ("photo.gif", Format::Gif, 6.0),
        ("animated.gif", Format::Gif, 6.0),
        ("photo.tif", Format::Tiff, 3.5),
        ("photo.bmp", Format::Bmp, 3.5),
        ("cmyk.jpg", Format::Jpeg, 3.5),
        ("cmyk.tif", Format::Tiff, 3.5),
        ("photo.heic", Format::Heic, 3.5),
        ("photo.avif", Format::Avif, 3.5),
    ] {
        let bytes = fixture(file);
        assert_eq!(sniff(&bytes, Formats::BUILT).unwrap(), format, "{file}");
        seen.push(format);
        let small = thumb(&bytes, 75).unwrap_or_else(|rejection| panic!("{file}: {rejection:?}"));
        assert_eq!((small.width, small.height), (75, 50), "{file}");
        let difference = difference(&pixels(&small), &reference);
        assert!(difference < tolerance, "{file} differs by {difference:.2} levels");
    }
    assert_eq!(Format::ALL.into_iter().find(|format| !seen.contains(format)), None, "has no row here");
}

#[test]
fn gray_pictures_stay_gray_at_8_and_16_bits() {
    let reference = image::DynamicImage::from(reference()).into_luma8();
    let reference = image::DynamicImage::from(reference).into_rgb8();
    for file in ["gray.jpg", "gray16.png"] {
        let small = pixels(&thumb(&fixture(file), 75).unwrap());
        assert!(difference(&small, &reference) < 3.0, "{file}");
    }
}

#[test]
fn sixteen_bits_a_channel_keep_their_brightness() {
    let wide =
        image::ImageBuffer::<image::Rgb<u16>, _>::from_pixel(40, 20, image::Rgb([65_535, 0x8080, 0x0100]));
    let mut png = std::io::Cursor::new(Vec::new());
    image::DynamicImage::from(wide).write_to(&mut png, image::ImageFormat::Png).unwrap();
    let small = pixels(&thumb(png.get_ref(), 10).unwrap());
    common::assert_near(*small.get_pixel(5, 2), [255, 128, 1], 3);
}

#[test]
fn transparency_shows_the_background() {
    let background = Rgb { red: 0, green: 0, blue: 255 };
    let look = Options { background, ..options(75) };
    let small = pixels(&thumbnail(&fixture("alpha.webp"), &Limits::default(), &look).unwrap());
    let photo = reference();
    // The fixture fades from transparent at the top to opaque at the bottom.
    common::assert_near(*small.get_pixel(40, 0), [4, 4, 250], 12);
    let bottom = photo.get_pixel(40, 49).0;
    common::assert_near(*small.get_pixel(40, 49), bottom, 16);
}

#[test]
fn colours_of_invisible_pixels_do_not_bleed() {
    // Opaque black beside fully transparent red, which many editors leave behind.
    let picture = image::RgbaImage::from_fn(64, 64, |x, _| {
        if x % 2 == 0 { image::Rgba([0, 0, 0, 255]) } else { image::Rgba([255, 0, 0, 0]) }
    });
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let small = pixels(&thumb(png.get_ref(), 16).unwrap());
    for pixel in small.pixels() {
        // Black and background mix to grey, a little off the middle at the borders; no red.
        common::assert_near(*pixel, [127, 127, 127], 12);
        common::assert_near(*pixel, [pixel[1]; 3], 2);
    }
}

#[test]
fn small_picture_keeps_its_size() {
    let small = thumb(&fixture("photo.jpg"), 1000).unwrap();
    assert_eq!((small.width, small.height), (150, 100));
}

#[test]
fn thin_picture_keeps_one_pixel() {
    for (width, height, expected) in [(40_000, 1, (256, 1)), (1, 40_000, (1, 256)), (1, 1, (1, 1))] {
        let mut png = std::io::Cursor::new(Vec::new());
        RgbImage::new(width, height).write_to(&mut png, image::ImageFormat::Png).unwrap();
        let small = thumb(png.get_ref(), 256).unwrap();
        assert_eq!((small.width, small.height), expected);
    }
}

#[test]
fn larger_request_than_announced_is_answered_at_the_announced_side() {
    let photo = decoded(&fixture("photo.jpg")).unwrap();
    assert_eq!(photo.resize(&options(100_000)).unwrap().width(), 150);
    let hinted = thumbnail::decode(&fixture("photo.jpg"), &Limits::default(), &options(60)).unwrap();
    assert_eq!(hinted.resize(&options(150)).unwrap().width(), 60);
}

#[test]
fn one_decoded_picture_serves_several_sizes() {
    let photo = decoded(&fixture("photo.png")).unwrap();
    let sizes: Vec<_> = [128, 64, 32]
        .map(|side| photo.resize(&options(side)).unwrap().encode(&options(side)).unwrap())
        .map(|thumbnail| (thumbnail.width, thumbnail.height))
        .to_vec();
    assert_eq!(sizes, [(128, 85), (64, 43), (32, 21)]);
}

#[test]
fn quality_decides_the_size_of_the_file() {
    let size = |quality| {
        let look = Options { quality, ..options(128) };
        thumbnail(&fixture("photo.png"), &Limits::default(), &look).unwrap().jpeg.len()
    };
    assert!(size(0) < size(50) && size(50) < size(80) && size(80) < size(255));
}

#[test]
fn colours_are_halved_where_a_thumbnail_is_neither_small_nor_of_high_quality() {
    for (file, side, quality, factors) in [
        ("gray.jpg", 64, 80, 0x11),
        ("gray.jpg", 65, 80, 0x22),
        ("photo.jpg", 65, 89, 0x22),
        ("photo.jpg", 65, 90, 0x11),
        ("photo.png", 64, 80, 0x11),
        ("photo.png", 65, 80, 0x22),
        ("photo.png", 65, 90, 0x11),
    ] {
        let options = Options { quality, ..options(side) };
        let jpeg = thumbnail(&fixture(file), &Limits::default(), &options).unwrap().jpeg;
        let frame = jpeg.windows(2).position(|pair| pair == [0xff, 0xc0]).unwrap();
        // Marker, length, precision, height, width, then: components, and of the first one its sampling.
        assert_eq!((jpeg[frame + 9], jpeg[frame + 11]), (3, factors), "{file} at {side}, quality {quality}");
    }
}

#[test]
fn rows_of_two_colours_stay_apart_in_a_small_thumbnail() {
    const ROWS: [[u8; 3]; 2] = [[240, 220, 40], [40, 60, 210]];
    let picture = image::RgbImage::from_fn(8, 8, |_, y| image::Rgb(ROWS[y as usize % 2]));
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    let small = pixels(&thumb(png.get_ref(), 256).unwrap());
    for (row, color) in ROWS.into_iter().enumerate() {
        common::assert_near(*small.get_pixel(4, u32::try_from(row).unwrap()), color, 12);
    }
}

#[test]
fn jpeg_in_one_scan_for_each_component_is_right() {
    let photo = image::load_from_memory(&fixture("photo.png")).unwrap().into_rgb8();
    for factor in [
        jpeg_encoder::SamplingFactor::F_1_1,
        jpeg_encoder::SamplingFactor::F_2_1,
        jpeg_encoder::SamplingFactor::F_2_2,
    ] {
        let mut jpeg = Vec::new();
        let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
        encoder.set_sampling_factor(factor);
        encoder.set_optimized_huffman_tables(true);
        encoder.encode(photo.as_raw(), 150, 100, jpeg_encoder::ColorType::Rgb).unwrap();
        let small = pixels(&thumb(&jpeg, 75).unwrap());
        assert!(difference(&small, &reference()) < 3.0, "{factor:?}");
    }
}
