//! A thumbnail as its file stores it.

#![expect(clippy::indexing_slicing, reason = "constant indices, and columns that the rows have")]

use image::{GrayImage, Luma, RgbImage};

/// Bits behind the point of the factors below.
const BITS: u32 = 16;

/// Luminance, and colour differences of half the size, as most JPEGs store them.
#[derive(Debug)]
pub(crate) struct Halved {
    pub(crate) luma: GrayImage,
    /// Each sample covers two by two pixels, of which some may not be there at the right and below.
    pub(crate) blue: GrayImage,
    /// As `blue`.
    pub(crate) red: GrayImage,
}

impl Halved {
    pub(crate) fn size(&self) -> (u32, u32) {
        self.luma.dimensions()
    }

    /// Without colours.
    pub(crate) fn gray(luma: GrayImage) -> Self {
        let (width, height) = luma.dimensions();
        let none = GrayImage::from_pixel(width.div_ceil(2), height.div_ceil(2), Luma([128]));
        Self { luma, blue: none.clone(), red: none }
    }
}

impl From<&RgbImage> for Halved {
    /// By JFIF's definition; colour differences are those of the mean of four pixels.
    fn from(pixels: &RgbImage) -> Self {
        let (width, height) = pixels.dimensions();
        let luma = pixels.as_raw().as_chunks().0.iter().copied().map(luma).collect();
        let mut blue = Vec::with_capacity(pixels.as_raw().len() / 12);
        let mut red = Vec::with_capacity(pixels.as_raw().len() / 12);
        let rows: Vec<&[[u8; 3]]> =
            pixels.as_raw().chunks_exact((width as usize * 3).max(1)).map(|row| row.as_chunks().0).collect();
        for pair in rows.chunks(2) {
            let (upper, lower) = (pair[0], pair[pair.len() - 1]);
            for (upper, lower) in upper.chunks(2).zip(lower.chunks(2)) {
                let last = upper.len() - 1;
                let four = [upper[0], upper[last], lower[0], lower[last]];
                let sums =
                    std::array::from_fn(|color| four.iter().map(|pixel| i32::from(pixel[color])).sum());
                let [to_blue, to_red] = differences(sums);
                blue.push(to_blue);
                red.push(to_red);
            }
        }
        let (across, down) = (width.div_ceil(2), height.div_ceil(2));
        let plane = |width, height, samples| GrayImage::from_raw(width, height, samples).unwrap_or_default();
        Self {
            luma: plane(width, height, luma),
            blue: plane(across, down, blue),
            red: plane(across, down, red),
        }
    }
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

/// Both colour differences of the sums of four pixels' colours.
fn differences([red, green, blue]: [i32; 3]) -> [u8; 2] {
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
    use crate::color::from_ycc;

    #[test]
    fn colours_come_back_within_what_rounding_takes() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let color = [red, green, blue];
                    let halved = Halved::from(&RgbImage::from_pixel(1, 1, Rgb(color)));
                    let [luma, to_blue, to_red] =
                        [&halved.luma, &halved.blue, &halved.red].map(|plane| plane.as_raw()[0]);
                    let found = from_ycc(luma, to_blue, to_red);
                    assert!(found.iter().zip(color).all(|(a, b)| a.abs_diff(b) <= 2), "{color:?} {found:?}");
                }
            }
        }
    }

    #[test]
    fn four_pixels_share_one_difference_and_borders_what_is_there() {
        let pixels = RgbImage::from_fn(3, 3, |x, y| {
            let is_red = x == 2 || y == 2 || (x + y) % 2 == 0;
            Rgb(if is_red { [255, 0, 0] } else { [0, 0, 0] })
        });
        let halved = Halved::from(&pixels);
        assert_eq!((halved.luma.dimensions(), halved.blue.dimensions()), ((3, 3), (2, 2)));
        assert_eq!(halved.red.as_raw()[..], [192, 255, 255, 255]);
        assert_eq!(halved.luma.as_raw()[..3], [76, 0, 76]);
    }
}
