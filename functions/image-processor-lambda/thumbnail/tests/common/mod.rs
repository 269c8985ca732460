//! What the tests share: reading fixtures, thumbnails and differences.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

use std::num::NonZeroU32;
use std::path::Path;
use std::time::Duration;

use image::RgbImage;
use thumbnail::{Decoded, Limits, Options, Rejection, Thumbnail, decode, thumbnail};

/// Reads a file of `tests/fixtures`.
pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// A look with the given box.
pub(crate) fn options(side_px: u32) -> Options {
    Options { side_px: NonZeroU32::new(side_px).unwrap(), quality: 95, ..Options::default() }
}

/// Decodes with the default limits.
pub(crate) fn decoded(bytes: &[u8]) -> Result<Decoded, Rejection> {
    decode(bytes, &Limits::default(), &options(256))
}

/// Makes a thumbnail with the default limits.
pub(crate) fn thumb(bytes: &[u8], side_px: u32) -> Result<Thumbnail, Rejection> {
    thumbnail(bytes, &Limits::default(), &options(side_px))
}

/// The reason why no thumbnail was made.
pub(crate) fn reason(bytes: &[u8]) -> &'static str {
    thumb(bytes, 64).expect_err("a rejection").reason()
}

/// The pixels of a finished thumbnail.
pub(crate) fn pixels(thumbnail: &Thumbnail) -> RgbImage {
    let image = image::load_from_memory_with_format(&thumbnail.jpeg, image::ImageFormat::Jpeg).unwrap();
    assert_eq!((image.width(), image.height()), (thumbnail.width, thumbnail.height));
    image.into_rgb8()
}

/// Mean difference of two pictures of one size, in levels of a channel.
pub(crate) fn difference(one: &RgbImage, other: &RgbImage) -> f64 {
    assert_eq!(one.dimensions(), other.dimensions());
    let sum: u64 = one.as_raw().iter().zip(other.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    #[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
    let mean = sum as f64 / one.as_raw().len() as f64;
    mean
}

/// Whether two colours are alike, within what JPEG does to them.
pub(crate) fn assert_near(found: image::Rgb<u8>, expected: [u8; 3], tolerance: u8) {
    let far = found.0.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > tolerance);
    assert!(!far, "found {:?}, expected {expected:?} within {tolerance}", found.0);
}

/// Time that this thread spent on a processor, where the system says; else none.
pub(crate) fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    Duration::from_nanos(stat.split(' ').next().and_then(|field| field.parse().ok()).unwrap_or_default())
}
