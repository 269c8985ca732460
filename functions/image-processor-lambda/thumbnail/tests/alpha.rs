//! Transparent pictures: no specks where Lanczos3 overshoots, and the same as if they were flattened first.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;
#[path = "tiff/writer.rs"]
mod writer;

use std::io::Cursor;

use common::pixels;
use image::{DynamicImage, ImageBuffer, ImageFormat, LumaA, RgbImage, Rgba};
use thumbnail::{Limits, Options, thumbnail};
use writer::Page;

/// Stripes of 20 pixels, black and white, at an alpha.
fn is_white(x: u32) -> bool {
    x / 20 % 2 == 1
}

fn encoded(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
    let mut file = Cursor::new(Vec::new());
    picture.into().write_to(&mut file, format).unwrap();
    file.into_inner()
}

/// The stripes as each format and type of pixel that has transparency.
fn stripes(side: u32, alpha: u8) -> Vec<(&'static str, Vec<u8>)> {
    let level = |x| if is_white(x) { 255 } else { 0 };
    let wide = |level: u8| u16::from(level) * 257;
    let rgba = ImageBuffer::from_fn(side, side, |x, _| Rgba([level(x), level(x), level(x), alpha]));
    let gray = ImageBuffer::from_fn(side, side, |x, _| LumaA([level(x), alpha]));
    let rgba16 =
        ImageBuffer::from_fn(side, side, |x, _| Rgba([level(x), level(x), level(x), alpha].map(wide)));
    let gray16 = ImageBuffer::from_fn(side, side, |x, _| LumaA([level(x), alpha].map(wide)));
    vec![
        ("WebP", encoded(rgba.clone(), ImageFormat::WebP)),
        ("TIFF", Page::new((side, side), 4, 8, rgba.as_raw().clone()).tag(338, 2).file()),
        ("PNG", encoded(rgba, ImageFormat::Png)),
        ("gray PNG", encoded(gray, ImageFormat::Png)),
        ("PNG of 16 bits", encoded(rgba16, ImageFormat::Png)),
        ("gray PNG of 16 bits", encoded(gray16, ImageFormat::Png)),
    ]
}

/// The same stripes flattened onto white before anything else.
fn flattened(side: u32, alpha: u8) -> Vec<u8> {
    let dark = 255 - alpha;
    let picture =
        RgbImage::from_fn(side, side, |x, _| image::Rgb(if is_white(x) { [255; 3] } else { [dark; 3] }));
    encoded(picture, ImageFormat::Png)
}

fn drawn(file: &[u8]) -> RgbImage {
    let look = Options { quality: 100, ..common::options(256) };
    pixels(&thumbnail(file, &Limits::default(), &look).unwrap())
}

#[test]
fn bright_edges_of_a_transparent_picture_have_no_black_specks() {
    // As it is, made half the size, and through means of squares.
    for side in [256, 512, 2_000] {
        for alpha in [250, 254, 128, 3] {
            let expected = drawn(&flattened(side, alpha));
            for (kind, file) in stripes(side, alpha) {
                let found = drawn(&file);
                for (x, y, pixel) in found.enumerate_pixels() {
                    let wanted = expected.get_pixel(x, y);
                    // Dark sides of edges may be lighter: what undershoots black is cut off before it is blended.
                    let is_near = pixel.0.iter().zip(wanted.0).all(|(a, b)| a.saturating_add(4) >= b);
                    assert!(is_near, "{kind} {side} at alpha {alpha}, {x}, {y}: {pixel:?}, not {wanted:?}");
                }
            }
        }
    }
}

#[test]
fn a_background_that_shines_through_is_seen_beside_edges_too() {
    for side in [256, 400, 2_000] {
        for (kind, file) in stripes(side, 250) {
            let darkest = drawn(&file).as_raw().iter().copied().min();
            assert!(darkest >= Some(3), "{kind} {side}: {darkest:?}, where 5 shines through");
        }
    }
}

/// Lanczos3 takes alpha beyond full beside hard edges, where it was cut off and colours were not.
#[test]
fn hard_edges_of_transparency_are_as_dark_as_on_their_background() {
    let is_opaque = |x: u32, y: u32| (x / 3 + y / 5).is_multiple_of(2);
    let clear = image::RgbaImage::from_fn(512, 96, |x, y| {
        image::Rgba([40, 60, 210, if is_opaque(x, y) { 255 } else { 0 }])
    });
    let flat = image::RgbImage::from_fn(512, 96, |x, y| {
        image::Rgb(if is_opaque(x, y) { [40, 60, 210] } else { [255; 3] })
    });
    for side in [256, 64] {
        let shown = [image::DynamicImage::from(clear.clone()), flat.clone().into()].map(|picture| {
            let mut png = std::io::Cursor::new(Vec::new());
            picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
            common::pixels(&common::thumb(png.get_ref(), side).unwrap())
        });
        let [found, expected] = &shown;
        let far = found.as_raw().iter().zip(expected.as_raw()).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(far <= Some(3), "{side}: {far:?}");
    }
}
