//! Thin pictures, and the edges of large ones: what pads the last block of a JPEG or lies beside the last square of
//! pixels is no part of the picture.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;

use common::{pixels, thumb};
use image::{ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// The same pixels as JPEG and as PNG.
fn files(picture: &RgbImage, is_progressive: bool) -> [Vec<u8>; 2] {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 100);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.set_progressive(is_progressive);
    let [width, height] = [picture.width(), picture.height()].map(|side| u16::try_from(side).unwrap());
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb).unwrap();
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, ImageFormat::Png).unwrap();
    [jpeg, png.into_inner()]
}

/// Each row another colour, and a border of three pixels at the right and below.
fn picture(width: u32, height: u32) -> RgbImage {
    let colors = [[220, 30, 30], [30, 180, 60], [40, 60, 210]];
    RgbImage::from_fn(width, height, |x, y| {
        let is_border = height > 8 && (x + 3 >= width || y + 3 >= height);
        Rgb(if is_border { [240, 220, 40] } else { colors[y as usize * 3 / height as usize] })
    })
}

/// The largest difference of any level of two pictures.
fn farthest(one: &RgbImage, other: &RgbImage) -> u8 {
    assert_eq!(one.dimensions(), other.dimensions());
    one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| a.abs_diff(*b)).max().unwrap()
}

#[test]
fn a_thin_jpeg_is_shown_as_the_same_pixels_of_a_png() {
    for (width, height) in
        [(2_000, 1), (2_000, 2), (2_000, 3), (2_000, 5), (2_000, 7), (3, 2_000), (2_001, 9)]
    {
        for is_progressive in [false, true] {
            let shown = files(&picture(width, height), is_progressive)
                .map(|file| pixels(&thumb(&file, 256).unwrap()));
            let far = farthest(&shown[0], &shown[1]);
            assert!(far <= 6, "{width}x{height}, progressive {is_progressive}: {far}");
        }
    }
}

#[test]
fn rows_of_a_thin_picture_count_alike() {
    let [jpeg, png] = files(&picture(2_000, 3), false);
    for file in [jpeg, png] {
        let shown = pixels(&thumb(&file, 256).unwrap());
        // The mean is (97, 90, 100); the middle row weighs a little more in Lanczos3.
        common::assert_near(*shown.get_pixel(100, 0), [91, 95, 98], 6);
    }
}

#[test]
fn padding_of_the_last_block_does_not_bleed_into_the_edge() {
    for (width, height) in [(1_025, 771), (1_031, 1_029), (2_050, 1_537)] {
        for is_progressive in [false, true] {
            let shown = files(&picture(width, height), is_progressive)
                .map(|file| pixels(&thumb(&file, 128).unwrap()));
            let far = farthest(&shown[0], &shown[1]);
            assert!(far <= 24, "{width}x{height}, progressive {is_progressive}: {far}");
        }
    }
}

/// Colours of columns that share samples of Cb and Cr, which libjpeg repeats where there are two across.
#[test]
fn colours_of_pictures_a_few_pixels_wide_are_repeated_as_libjpeg_does() {
    for (width, height) in [(1, 40), (2, 40), (3, 40), (4, 40), (3, 2_000)] {
        let picture = RgbImage::from_fn(width, height, |x, y| {
            Rgb(if (x + y / 2) % 2 == 0 { [220, 30, 30] } else { [40, 60, 210] })
        });
        for sampling in [SamplingFactor::F_2_2, SamplingFactor::F_2_1] {
            let mut jpeg = Vec::new();
            let mut encoder = Encoder::new(&mut jpeg, 100);
            encoder.set_sampling_factor(sampling);
            let [across, down] = [width, height].map(|side| u16::try_from(side).unwrap());
            encoder.encode(picture.as_raw(), across, down, ColorType::Rgb).unwrap();
            let decoder = mozjpeg::Decompress::new_mem(&jpeg).unwrap();
            let pixels_of_libjpeg = decoder.rgb().unwrap().read_scanlines::<u8>().unwrap();
            let same = RgbImage::from_raw(width, height, pixels_of_libjpeg).unwrap();
            let mut png = std::io::Cursor::new(Vec::new());
            same.write_to(&mut png, ImageFormat::Png).unwrap();
            let [shown, expected] = [&jpeg[..], png.get_ref()].map(|file| pixels(&thumb(file, 256).unwrap()));
            let far = farthest(&shown, &expected);
            assert!(far <= 6, "{width}x{height}, {sampling:?}: {far}");
        }
    }
}
