//! Box averaging: squares of pixels become their means, while a picture is taken in row by row.

pub(crate) mod scattered;

use image::DynamicImage;

use crate::pixels::{Channels, Planar, Plane};
use crate::simd::vectorize;

/// Largest side of a square: sums of a column of it fit 16 bits.
pub(crate) const LARGEST: u32 = 128;

/// Bytes that a picture takes when it is averaged.
pub(crate) fn bytes(width: u32, height: u32, channels: u64, side: u32) -> u64 {
    u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side)) * channels
        + u64::from(width) * channels * 2
}

/// What becomes of a mean: it is stretched, and an offset is added.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stretch {
    pub(crate) factor: f32,
    pub(crate) offset: f32,
}

impl Stretch {
    /// Means as they are.
    pub(crate) const NONE: Self = Self { factor: 1.0, offset: 0.0 };
}

/// A picture, or one channel of it, that is taken in row by row.
pub(crate) struct BoxAverage {
    /// Pixels of a row, and of a square's side.
    width: u32,
    side: u32,
    stretch: Stretch,
    /// Of the rows since the last means, sums of each sample.
    sums: Vec<u16>,
    rows: u32,
    /// Of each channel.
    means: Vec<Vec<u8>>,
}

impl BoxAverage {
    /// For `side` of at most [`LARGEST`].
    pub(crate) fn new((width, height): (u32, u32), side: u32, channels: usize, stretch: Stretch) -> Self {
        let samples = width.div_ceil(side) as usize * height.div_ceil(side) as usize;
        Self {
            width,
            side,
            stretch,
            sums: vec![0; width as usize * channels],
            rows: 0,
            means: vec![Vec::with_capacity(samples); channels],
        }
    }

    /// Takes in the next row, its channels side by side.
    pub(crate) fn push(&mut self, row: &[u8]) {
        vectorize(
            #[inline(always)]
            || {
                for (sum, level) in self.sums.iter_mut().zip(row) {
                    *sum += u16::from(*level);
                }
            },
        );
        self.rows += 1;
        if self.rows == self.side {
            self.flush();
        }
    }

    /// The channels, which cover so many pixels; rows that did not come are left out.
    pub(crate) fn finish(mut self, (width, height): (f64, f64)) -> Vec<Plane> {
        if self.rows > 0 {
            self.flush();
        }
        let side = f64::from(self.side);
        let stride = self.width.div_ceil(self.side) as usize;
        let plane = |samples| Plane { samples, stride, width: width / side, height: height / side };
        self.means.into_iter().map(plane).collect()
    }

    fn flush(&mut self) {
        let rows = Rows { sums: &self.sums, count: self.rows, stretch: self.stretch };
        match &mut self.means[..] {
            // Known sides of a single channel are summed in vectors.
            [a] => match self.side {
                2 => rows.single::<2>(a),
                3 => rows.single::<3>(a),
                4 => rows.single::<4>(a),
                5 => rows.single::<5>(a),
                6 => rows.single::<6>(a),
                8 => rows.single::<8>(a),
                side => rows.interleaved(side, [a]),
            },
            [a, b] => rows.interleaved(self.side, [a, b]),
            [a, b, c] => rows.interleaved(self.side, [a, b, c]),
            [a, b, c, d] => rows.interleaved(self.side, [a, b, c, d]),
            _ => {}
        }
        self.sums.fill(0);
        self.rows = 0;
    }
}

/// Sums of the rows that squares cover.
struct Rows<'a> {
    sums: &'a [u16],
    /// How many rows are in them.
    count: u32,
    stretch: Stretch,
}

impl Rows<'_> {
    /// Appends the means of one channel's squares of `SIDE` columns, the last of which may be narrower.
    fn single<const SIDE: usize>(&self, target: &mut Vec<u8>) {
        vectorize(
            #[inline(always)]
            || {
                let whole = self.line(SIDE);
                let (squares, rest) = self.sums.as_chunks::<SIDE>();
                let start = target.len();
                target.resize(start + squares.len(), 0);
                // A loop, not an iterator's: those are compiled apart, for narrower vectors.
                for (sample, square) in target.get_mut(start..).unwrap_or_default().iter_mut().zip(squares) {
                    let mut total = 0;
                    for sum in square {
                        total += u32::from(*sum);
                    }
                    *sample = level(total, whole);
                }
                if !rest.is_empty() {
                    let total = rest.iter().map(|sum| u32::from(*sum)).sum();
                    target.push(level(total, self.line(rest.len())));
                }
            },
        );
    }

    /// Appends the means of squares of `side` pixels of `N` channels, the last of which may be narrower.
    fn interleaved<const N: usize>(&self, side: u32, mut targets: [&mut Vec<u8>; N]) {
        vectorize(
            #[inline(always)]
            || {
                let pixels = self.sums.as_chunks::<N>().0;
                let whole = self.line(side as usize);
                for square in pixels.chunks(side as usize) {
                    let mut total = [0_u32; N];
                    for pixel in square {
                        for (total, sum) in total.iter_mut().zip(pixel) {
                            *total += u32::from(*sum);
                        }
                    }
                    let is_whole = square.len() == side as usize;
                    let line = if is_whole { whole } else { self.line(square.len()) };
                    for (target, total) in targets.iter_mut().zip(total) {
                        target.push(level(total, line));
                    }
                }
            },
        );
    }

    /// By what the sum of so many columns is multiplied, and what is added to round it.
    #[inline(always)]
    fn line(&self, columns: usize) -> (f32, f32) {
        #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
        let count = (columns * self.count as usize) as f32;
        (self.stretch.factor / count, self.stretch.offset + 0.5)
    }
}

#[inline(always)]
fn level(total: u32, (share, offset): (f32, f32)) -> u8 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "such casts saturate"
    )]
    let level = (total as f32 * share + offset) as u8;
    level
}

/// A picture that is taken in row by row, all channels together.
pub(crate) struct Picture {
    width: u32,
    height: u32,
    channels: Channels,
    average: BoxAverage,
}

impl Picture {
    pub(crate) fn new((width, height): (u32, u32), side: u32, channels: Channels) -> Self {
        let average = BoxAverage::new((width, height), side, channels.count(), Stretch::NONE);
        Self { width, height, channels, average }
    }

    /// Takes in the next row.
    pub(crate) fn push(&mut self, row: &[u8]) {
        self.average.push(row);
    }

    pub(crate) fn finish(self) -> Planar {
        let Self { width, height, channels, average } = self;
        let planes = average.finish((f64::from(width), f64::from(height)));
        Planar { width, height, channels, planes }
    }
}

/// Averages a picture of eight bits a channel; others, and squares of one pixel, are given back.
pub(crate) fn averaged(pixels: DynamicImage, side: u32) -> Result<Planar, DynamicImage> {
    let (width, height) = (pixels.width(), pixels.height());
    let (samples, channels) = match &pixels {
        _ if side == 1 => return Err(pixels),
        DynamicImage::ImageLuma8(it) => (it.as_raw(), Channels::Gray),
        DynamicImage::ImageLumaA8(it) => (it.as_raw(), Channels::GrayAlpha),
        DynamicImage::ImageRgb8(it) => (it.as_raw(), Channels::Rgb),
        DynamicImage::ImageRgba8(it) => (it.as_raw(), Channels::Rgba),
        _ => return Err(pixels),
    };
    let mut picture = Picture::new((width, height), side, channels);
    for row in samples.chunks_exact(width as usize * channels.count()) {
        picture.push(row);
    }
    Ok(picture.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn squares_become_their_means_also_at_the_sides() {
        let mut picture = Picture::new((5, 3), 2, Channels::GrayAlpha);
        for row in [[10, 0, 20, 0, 0, 0, 0, 0, 9, 1], [30, 0, 40, 0, 0, 4, 0, 4, 11, 3], [7; 10]] {
            picture.push(&row);
        }
        let averaged = picture.finish();
        let samples: Vec<&[u8]> = averaged.planes.iter().map(|plane| &plane.samples[..]).collect();
        assert_eq!(samples, [[25, 0, 10, 7, 7, 7], [0, 2, 2, 7, 7, 7]]);
        let plane = &averaged.planes[0];
        assert_eq!((plane.stride, plane.width, plane.height), (3, 2.5, 1.5));
    }

    #[test]
    fn a_single_channel_becomes_the_same_means_as_one_of_several() {
        let row =
            |y: u32| (0..23 * 2).map(move |x| (x / 2 * 37 + y * 91).to_le_bytes()[0]).collect::<Vec<u8>>();
        for side in 2..=9 {
            let mut two = Picture::new((23, 11), side, Channels::GrayAlpha);
            let mut one = Picture::new((23, 11), side, Channels::Gray);
            for y in 0..11 {
                two.push(&row(y));
                one.push(&row(y).into_iter().step_by(2).collect::<Vec<_>>());
            }
            let (two, one) = (two.finish(), one.finish());
            assert_eq!(one.planes[0].samples, two.planes[0].samples, "{side}");
        }
    }
}
