//! Rows of a large picture to channels of a smaller one: squares of pixels become their means.
//!
//! As in a JPEG made small while it is decoded, three means at least are left for each pixel of the
//! thumbnail, and those go through Lanczos3; so what squares let alias is beyond what it lets through.

use image::DynamicImage;

use crate::planar::{Channels, Planar};
use crate::plane::Plane;
use crate::wide::wide;

/// Means for each pixel of the thumbnail, along its longer side.
const MEANS: u32 = 3;
/// Largest square: sums of a column of it fit 16 bits.
const LARGEST: u32 = 128;

/// The side of the squares for a thumbnail that fits a box; one where there is nothing to gain.
pub(crate) fn factor(width: u32, height: u32, side: u32) -> u32 {
    (width.max(height) / MEANS.saturating_mul(side)).clamp(1, LARGEST)
}

/// Bytes that a picture takes when it is reduced.
pub(crate) fn bytes(width: u32, height: u32, channels: u64, factor: u32) -> u64 {
    u64::from(width.div_ceil(factor)) * u64::from(height.div_ceil(factor)) * channels
        + u64::from(width) * channels * 2
}

/// A picture that is taken in row by row.
pub(crate) struct Reduction {
    size: (u32, u32),
    factor: u32,
    channels: Channels,
    /// Of the rows since the last means, sums of each sample.
    sums: Vec<u16>,
    rows: u32,
    means: Vec<Vec<u8>>,
}

impl Reduction {
    pub(crate) fn new((width, height): (u32, u32), factor: u32, channels: Channels) -> Self {
        let samples = width.div_ceil(factor) as usize * height.div_ceil(factor) as usize;
        Self {
            size: (width, height),
            factor,
            channels,
            sums: vec![0; width as usize * channels.count()],
            rows: 0,
            means: vec![Vec::with_capacity(samples); channels.count()],
        }
    }

    /// Takes in the next row, its channels side by side.
    pub(crate) fn push(&mut self, row: &[u8]) {
        wide(
            #[inline(always)]
            || {
                for (sum, level) in self.sums.iter_mut().zip(row) {
                    *sum += u16::from(*level);
                }
            },
        );
        self.rows += 1;
        if self.rows == self.factor {
            self.flush();
        }
    }

    /// The channels; rows that did not come are left out.
    pub(crate) fn finish(mut self) -> Planar {
        if self.rows > 0 {
            self.flush();
        }
        let (width, height) = self.size;
        let of = |length: u32| f64::from(length) / f64::from(self.factor);
        let plane = |samples| Plane {
            samples,
            stride: width.div_ceil(self.factor) as usize,
            width: of(width),
            height: of(height),
        };
        let planes = self.means.into_iter().map(plane).collect();
        Planar { width, height, channels: self.channels, planes }
    }

    fn flush(&mut self) {
        match &mut self.means[..] {
            [a] => means(&self.sums, self.factor, self.rows, [a]),
            [a, b] => means(&self.sums, self.factor, self.rows, [a, b]),
            [a, b, c] => means(&self.sums, self.factor, self.rows, [a, b, c]),
            [a, b, c, d] => means(&self.sums, self.factor, self.rows, [a, b, c, d]),
            _ => {}
        }
        self.sums.fill(0);
        self.rows = 0;
    }
}

/// Appends the means of squares, the last of which may be narrower.
fn means<const N: usize>(sums: &[u16], factor: u32, rows: u32, mut targets: [&mut Vec<u8>; N]) {
    wide(
        #[inline(always)]
        || {
            let pixels = sums.as_chunks::<N>().0;
            let share = |count: u32| {
                #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
                let share = 1.0 / (count * rows) as f32;
                share
            };
            let whole = share(factor);
            for square in pixels.chunks(factor as usize) {
                let mut total = [0_u32; N];
                for pixel in square {
                    for (total, sum) in total.iter_mut().zip(pixel) {
                        *total += u32::from(*sum);
                    }
                }
                let is_whole = square.len() == factor as usize;
                let share = if is_whole { whole } else { share(u32::try_from(square.len()).unwrap_or(1)) };
                for (target, total) in targets.iter_mut().zip(total) {
                    #[expect(
                        clippy::cast_possible_truncation,
                        clippy::cast_precision_loss,
                        clippy::cast_sign_loss,
                        reason = "a mean of levels"
                    )]
                    target.push((total as f32 * share + 0.5) as u8);
                }
            }
        },
    );
}

/// Reduces a picture of eight bits a channel that is large beside a box; others are given back.
pub(crate) fn reduce(pixels: DynamicImage, side: u32) -> Result<Planar, DynamicImage> {
    let (width, height) = (pixels.width(), pixels.height());
    let factor = factor(width, height, side);
    let (samples, channels) = match &pixels {
        _ if factor == 1 => return Err(pixels),
        DynamicImage::ImageLuma8(it) => (it.as_raw(), Channels::Gray),
        DynamicImage::ImageLumaA8(it) => (it.as_raw(), Channels::GrayAlpha),
        DynamicImage::ImageRgb8(it) => (it.as_raw(), Channels::Rgb),
        DynamicImage::ImageRgba8(it) => (it.as_raw(), Channels::Rgba),
        _ => return Err(pixels),
    };
    let mut reduction = Reduction::new((width, height), factor, channels);
    for row in samples.chunks_exact(width as usize * channels.count()) {
        reduction.push(row);
    }
    Ok(reduction.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means_also_at_the_sides() {
        let mut reduction = Reduction::new((5, 3), 2, Channels::GrayAlpha);
        for row in [[10, 0, 20, 0, 0, 0, 0, 0, 9, 1], [30, 0, 40, 0, 0, 4, 0, 4, 11, 3], [7; 10]] {
            reduction.push(&row);
        }
        let reduced = reduction.finish();
        let samples: Vec<&[u8]> = reduced.planes.iter().map(|plane| &plane.samples[..]).collect();
        assert_eq!(samples, [[25, 0, 10, 7, 7, 7], [0, 2, 2, 7, 7, 7]]);
        let plane = &reduced.planes[0];
        assert_eq!((plane.stride, plane.width, plane.height), (3, 2.5, 1.5));
    }

    #[test]
    fn three_means_are_left_for_each_pixel() {
        assert_eq!(factor(4032, 3024, 320), 4);
        assert_eq!(factor(3024, 4032, 1024), 1);
        assert_eq!(factor(100, 100, u32::MAX), 1);
        assert_eq!(factor(1, 50_000, 1), LARGEST);
    }
}
