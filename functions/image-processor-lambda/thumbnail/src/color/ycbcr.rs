//! Conversion between RGB and `YCbCr`, as JFIF defines it, and from what other matrices code.

#![expect(clippy::indexing_slicing, reason = "constant indices, and columns that the rows have")]

use image::{GrayImage, RgbImage};

use crate::pixels::{Matrix, Subsampling, Ycbcr};

/// Bits behind the point of the factors below.
const BITS: u32 = 16;

/// `YCbCr` to red, green and blue.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
pub(crate) fn to_rgb(luma: u8, cb: u8, cr: u8) -> [u8; 3] {
    let (luma, cb, cr) = (f32::from(luma), f32::from(cb) - 128.0, f32::from(cr) - 128.0);
    [1.402 * cr, -0.344_136 * cb - 0.714_136 * cr, 1.772 * cb]
        .map(|difference| (luma + difference + 0.5) as u8)
}

impl Matrix {
    /// The first channel and the differences of colours, which are 128 where there are none, all of the full
    /// range, to red, green and blue.
    pub(crate) fn to_rgb(self, [first, second, third]: [u8; 3]) -> [u8; 3] {
        // The shares of red and blue in luma.
        let (red, blue) = match self {
            Self::Identity => return [third, first, second],
            Self::YCgCo => return from_ycgco([first, second, third]),
            Self::Bt601 => return to_rgb(first, second, third),
            Self::Bt709 => (0.2126, 0.0722),
            Self::Fcc => (0.30, 0.11),
            Self::Smpte240 => (0.212, 0.087),
            Self::Bt2020 => (0.2627, 0.0593),
        };
        let [luma, cb, cr] = [f32::from(first), f32::from(second) - 128.0, f32::from(third) - 128.0];
        let (to_red, to_blue) = (2.0 * (1.0 - red) * cr, 2.0 * (1.0 - blue) * cb);
        [to_red, -(red * to_red + blue * to_blue) / (1.0 - red - blue), to_blue]
            .map(|difference| to_byte(luma + difference))
    }
}

fn from_ycgco([luma, cg, co]: [u8; 3]) -> [u8; 3] {
    let [luma, cg, co] = [f32::from(luma), f32::from(cg) - 128.0, f32::from(co) - 128.0];
    [luma - cg + co, luma + cg, luma - cg - co].map(to_byte)
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
fn to_byte(level: f32) -> u8 {
    (level + 0.5) as u8
}

impl Ycbcr {
    /// Converts a picture; where samples of Cb and Cr are shared, they are those of the mean of four pixels,
    /// rounded once.
    pub(crate) fn from_rgb(pixels: &RgbImage, subsampling: Subsampling) -> Self {
        let (width, height) = pixels.dimensions();
        let luma = pixels.as_raw().as_chunks().0.iter().copied().map(luma).collect();
        let (cb, cr) = match subsampling {
            Subsampling::None => full_chroma(pixels),
            Subsampling::Half => half_chroma(pixels),
        };
        let [across, down] = [width, height].map(|length| length.div_ceil(subsampling.factor()));
        let plane = |width, height, samples| GrayImage::from_raw(width, height, samples).unwrap_or_default();
        let (cb, cr) = (plane(across, down, cb), plane(across, down, cr));
        Self { luma: plane(width, height, luma), cb, cr, subsampling }
    }
}

fn full_chroma(pixels: &RgbImage) -> (Vec<u8>, Vec<u8>) {
    let samples = |pixel: &[u8; 3]| chroma(pixel.map(|level| 4 * i32::from(level)));
    pixels.as_raw().as_chunks().0.iter().map(samples).map(|[cb, cr]| (cb, cr)).unzip()
}

fn half_chroma(pixels: &RgbImage) -> (Vec<u8>, Vec<u8>) {
    let width = pixels.width();
    let mut cb = Vec::with_capacity(pixels.as_raw().len() / 12);
    let mut cr = Vec::with_capacity(pixels.as_raw().len() / 12);
    let rows: Vec<&[[u8; 3]]> =
        pixels.as_raw().chunks_exact((width as usize * 3).max(1)).map(|row| row.as_chunks().0).collect();
    for pair in rows.chunks(2) {
        let (upper, lower) = (pair[0], pair[pair.len() - 1]);
        for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
            let last = upper.len() - 1;
            let four = [upper[0], upper[last], lower[0], lower[last]];
            let sums = std::array::from_fn(|color| four.iter().map(|pixel| i32::from(pixel[color])).sum());
            let samples = chroma(sums);
            cb.push(samples[0]);
            cr.push(samples[1]);
        }
    }
    (cb, cr)
}

const fn fixed(value: f64) -> i32 {
    #[expect(clippy::cast_possible_truncation, reason = "constants below one")]
    let rounded = (value * 65_536.0 + 0.5) as i32;
    rounded
}

/// The sum of the three factors is one, so nothing is beyond 255.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean of bytes is a byte")]
fn luma(pixel: [u8; 3]) -> u8 {
    let [red, green, blue] = pixel.map(i32::from);
    let sum = fixed(0.299) * red + fixed(0.587) * green + fixed(0.114) * blue;
    ((sum + (1 << (BITS - 1))) >> BITS) as u8
}

/// Cb and Cr of the sums of four pixels' colours.
fn chroma([red, green, blue]: [i32; 3]) -> [u8; 2] {
    // The sums have two bits more than a mean. Pure colours round to 256, one too many.
    let sample = |sum: i32| {
        let level = (sum + (128 << (BITS + 2)) + (1 << (BITS + 1))) >> (BITS + 2);
        u8::try_from(level).unwrap_or(u8::MAX)
    };
    [
        sample(fixed(0.5) * blue - fixed(0.168_736) * red - fixed(0.331_264) * green),
        sample(fixed(0.5) * red - fixed(0.418_688) * green - fixed(0.081_312) * blue),
    ]
}

#[cfg(test)]
mod tests {
    use image::Rgb;

    use super::*;

    #[test]
    fn colours_come_back_within_what_rounding_takes() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let color = [red, green, blue];
                    for subsampling in [Subsampling::None, Subsampling::Half] {
                        let pixel = Ycbcr::from_rgb(&RgbImage::from_pixel(1, 1, Rgb(color)), subsampling);
                        let [luma, cb, cr] =
                            [&pixel.luma, &pixel.cb, &pixel.cr].map(|plane| plane.as_raw()[0]);
                        let found = to_rgb(luma, cb, cr);
                        let is_near = found.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 2);
                        assert!(is_near, "{color:?} {found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn four_pixels_share_one_sample_of_cb_and_cr_and_borders_what_is_there() {
        let pixels = RgbImage::from_fn(3, 3, |x, y| {
            let is_red = x == 2 || y == 2 || (x + y) % 2 == 0;
            Rgb(if is_red { [255, 0, 0] } else { [0, 0, 0] })
        });
        let converted = Ycbcr::from_rgb(&pixels, Subsampling::Half);
        assert_eq!((converted.luma.dimensions(), converted.cb.dimensions()), ((3, 3), (2, 2)));
        assert_eq!(converted.cr.as_raw()[..], [192, 255, 255, 255]);
        assert_eq!(converted.luma.as_raw()[..3], [76, 0, 76]);
        let apart = Ycbcr::from_rgb(&pixels, Subsampling::None);
        assert_eq!(apart.cb.dimensions(), (3, 3));
        assert_eq!(apart.cr.as_raw()[..4], [255, 128, 255, 128]);
    }

    #[test]
    fn each_matrix_gives_back_what_it_coded() {
        use Matrix::{Bt601, Bt709, Bt2020, Fcc, Identity, Smpte240, YCgCo};
        for (matrix, red) in [
            (Identity, [0, 0, 255]),
            (Bt601, [76, 85, 255]),
            (Bt709, [54, 99, 255]),
            (Bt2020, [67, 92, 255]),
            (Smpte240, [54, 98, 255]),
            (Fcc, [77, 85, 255]),
            (YCgCo, [64, 64, 255]),
        ] {
            let found = matrix.to_rgb(red);
            assert!(found[0] >= 254 && found[1] <= 2 && found[2] <= 2, "{matrix:?}: {found:?}");
            let gray = if matrix == Identity { [90; 3] } else { [90, 128, 128] };
            assert_eq!(matrix.to_rgb(gray), [90; 3], "{matrix:?}");
        }
    }

    #[test]
    fn colour_differences_are_undone() {
        assert_eq!(to_rgb(76, 85, 255), [254, 0, 0]);
        assert_eq!(to_rgb(128, 128, 128), [128, 128, 128]);
    }
}
