//! Thumbnails look like the picture: structural similarity to a Lanczos3 in floating point.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]
#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    clippy::indexing_slicing,
    reason = "numbers of pictures made here"
)]

mod common;

use std::f64::consts::PI;
use std::path::Path;

use common::{pixels, thumb};
use image::{GrayImage, Luma, RgbImage};
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

/// Luminance in floating point.
struct Plane {
    width: usize,
    height: usize,
    levels: Vec<f64>,
}

impl Plane {
    fn new(width: usize, height: usize, level: impl Fn(usize, usize) -> f64) -> Self {
        let levels = (0..width * height).map(|at| level(at % width, at / width)).collect();
        Self { width, height, levels }
    }

    fn of(image: &RgbImage) -> Self {
        Self::new(image.width() as usize, image.height() as usize, |x, y| {
            let [red, green, blue] = image.get_pixel(x as u32, y as u32).0.map(f64::from);
            0.299 * red + 0.587 * green + 0.114 * blue
        })
    }

    fn at(&self, x: usize, y: usize) -> f64 {
        self.levels[y * self.width + x]
    }

    fn transposed(&self) -> Self {
        Self::new(self.height, self.width, |x, y| self.at(y, x))
    }

    /// Lanczos3 by its definition, along rows.
    fn narrowed(&self, width: usize) -> Self {
        let scale = self.width as f64 / width as f64;
        let kernel = |x: f64| {
            let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
            if x.abs() < 3.0 { sinc(x) * sinc(x / 3.0) } else { 0.0 }
        };
        let weights: Vec<Vec<(usize, f64)>> = (0..width)
            .map(|to| {
                let middle = (to as f64 + 0.5) * scale;
                let reach = 3.0 * scale;
                let range =
                    (middle - reach).max(0.0) as usize..((middle + reach) as usize + 1).min(self.width);
                let raw = range.map(|from| (from, kernel((from as f64 + 0.5 - middle) / scale)));
                let raw: Vec<_> = raw.collect();
                let sum: f64 = raw.iter().map(|entry| entry.1).sum();
                raw.into_iter().map(|(from, weight)| (from, weight / sum)).collect()
            })
            .collect();
        Self::new(width, self.height, |x, y| {
            weights[x].iter().map(|(from, weight)| self.at(*from, y) * weight).sum()
        })
    }

    fn resized(&self, width: usize, height: usize) -> Self {
        self.narrowed(width).transposed().narrowed(height).transposed()
    }

    /// A Gaussian of 11 samples, sigma 1.5, where it fits.
    fn blurred(&self) -> Self {
        let weight = |at: usize| (-(at as f64 - 5.0).powi(2) / 4.5).exp();
        let sum: f64 = (0..11).map(weight).sum();
        let along = |plane: &Self| {
            Self::new(plane.width - 10, plane.height, |x, y| {
                (0..11).map(|at| plane.at(x + at, y) * weight(at) / sum).sum()
            })
        };
        along(&along(self).transposed()).transposed()
    }

    fn times(&self, other: &Self) -> Self {
        Self::new(self.width, self.height, |x, y| self.at(x, y) * other.at(x, y))
    }
}

/// Mean structural similarity, as Wang and others define it.
fn ssim(one: &Plane, other: &Plane) -> f64 {
    let (c1, c2) = ((0.01 * 255.0_f64).powi(2), (0.03 * 255.0_f64).powi(2));
    let [mean_one, mean_other] = [one.blurred(), other.blurred()];
    let [squares_one, squares_other] = [one.times(one).blurred(), other.times(other).blurred()];
    let products = one.times(other).blurred();
    let at = |index: usize| {
        let (a, b) = (mean_one.levels[index], mean_other.levels[index]);
        let (va, vb) = (squares_one.levels[index] - a * a, squares_other.levels[index] - b * b);
        let covariance = products.levels[index] - a * b;
        (2.0 * a * b + c1) * (2.0 * covariance + c2) / ((a * a + b * b + c1) * (va + vb + c2))
    };
    (0..products.levels.len()).map(at).sum::<f64>() / products.levels.len() as f64
}

fn jpeg(picture: &RgbImage, is_progressive: bool) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 95);
    encoder.set_sampling_factor(SamplingFactor::R_4_2_0);
    encoder.set_progressive(is_progressive);
    let (width, height) = (picture.width() as u16, picture.height() as u16);
    encoder.encode(picture.as_raw(), width, height, ColorType::Rgb).unwrap();
    jpeg
}

fn png(picture: &RgbImage) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).unwrap();
    png.into_inner()
}

/// Rings whose frequency grows from the middle to the sides, up to what samples can hold there.
fn rings() -> RgbImage {
    let (width, height) = (1_600_u32, 1_200_u32);
    let plate = GrayImage::from_fn(width, height, |x, y| {
        let (x, y) = (f64::from(x) - 800.0, f64::from(y) - 600.0);
        Luma([(127.5 + 127.5 * (PI * (x * x + y * y) / 1_600.0).cos()).round() as u8])
    });
    image::DynamicImage::from(plate).into_rgb8()
}

fn photo() -> RgbImage {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../ops/local/photos/raccoon.jpg");
    image::open(path).unwrap().into_rgb8()
}

/// The similarity of thumbnails of `picture`, as three files, with the given box.
fn similarities(picture: &RgbImage, side: u32) -> [f64; 3] {
    let whole = Plane::of(picture);
    [jpeg(picture, false), jpeg(picture, true), png(picture)].map(|file| {
        let small = pixels(&thumb(&file, side).unwrap());
        let reference = whole.resized(small.width() as usize, small.height() as usize);
        ssim(&Plane::of(&small), &reference)
    })
}

/// Holds each of the three to its own least similarity.
fn assert_similar(picture: &RgbImage, side: u32, least: [f64; 3]) {
    let found = similarities(picture, side);
    assert!(found.iter().zip(least).all(|(found, least)| *found > least), "{side}: {found:?}");
}

#[test]
fn photograph_is_like_its_reference() {
    assert_similar(&photo(), 320, [0.98, 0.98, 0.98]);
    assert_similar(&photo(), 120, [0.97, 0.97, 0.99]);
}

#[test]
fn rings_alias_no_more_than_a_quarter_of_the_size_lets_them() {
    // A JPEG is drawn with 400 samples for 320 pixels: what is lost there, Lanczos3 cannot bring back.
    assert_similar(&rings(), 320, [0.74, 0.74, 0.99]);
}

#[test]
fn scale_with_hardly_more_samples_than_the_thumbnail_is_not_enough() {
    // The 400 samples of a quarter are less than five for four pixels.
    assert_similar(&rings(), 330, [0.93, 0.93, 0.93]);
}

#[test]
fn green_is_as_sharp_as_red_in_a_jpeg_of_red_green_and_blue() {
    let picture = rings();
    let mut encoder = mozjpeg::Compress::new(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_size(picture.width() as usize, picture.height() as usize);
    encoder.set_color_space(mozjpeg::ColorSpace::JCS_RGB);
    encoder.set_quality(95.0);
    let mut encoder = encoder.start_compress(Vec::new()).unwrap();
    encoder.write_scanlines(picture.as_raw()).unwrap();
    let small = pixels(&thumb(&encoder.finish().unwrap(), 400).unwrap());
    let expected = pixels(&thumb(&jpeg(&picture, false), 400).unwrap());
    let similarity = ssim(&Plane::of(&small), &Plane::of(&expected));
    assert!(similarity > 0.98, "{similarity}");
}
