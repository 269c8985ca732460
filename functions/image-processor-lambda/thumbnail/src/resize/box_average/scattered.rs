//! Box averaging of a picture whose pixels come out of order, as those of interlaced ones do.

use std::ops::AddAssign;

use super::level;
use crate::pixels::{Channels, Planar, Plane};

/// A picture that is taken in pixel by pixel.
pub(crate) struct Scattered {
    width: u32,
    height: u32,
    /// Of a square.
    side: u32,
    channels: Channels,
    sums: Sums,
}

/// Of each square the sums of its channels, side by side. Small squares, of which there are many, fit 16 bits; others
/// fit 32, since sides are at most [`LARGEST`](super::LARGEST).
enum Sums {
    Short(Vec<u16>),
    Long(Vec<u32>),
}

/// Largest side of a square whose sums fit 16 bits.
const SHORT_SIDE: u32 = 16;

impl Scattered {
    /// Bytes that a picture takes: sums, and means beside them.
    pub(crate) fn bytes(width: u32, height: u32, channels: u64, side: u32) -> u64 {
        let sum: u64 = if side <= SHORT_SIDE { 2 } else { 4 };
        u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side)) * channels * (sum + 1)
    }

    pub(crate) fn new((width, height): (u32, u32), side: u32, channels: Channels) -> Self {
        let squares = width.div_ceil(side) as usize * height.div_ceil(side) as usize;
        let count = squares * channels.count();
        let sums = if side <= SHORT_SIDE { Sums::Short(vec![0; count]) } else { Sums::Long(vec![0; count]) };
        Self { width, height, side, channels, sums }
    }

    /// Takes in pixels of a row, from the column `first` on and each `step` from the one before.
    pub(crate) fn push(&mut self, y: u32, (first, step): (u32, u32), row: &[u8]) {
        let squares = Squares { width: self.width, side: self.side, y };
        let columns = (first..self.width).step_by(step as usize);
        match &mut self.sums {
            Sums::Short(sums) => squares.add(sums, self.channels.count(), columns, row),
            Sums::Long(sums) => squares.add(sums, self.channels.count(), columns, row),
        }
    }

    pub(crate) fn finish(self) -> Planar {
        let Self { width, height, side, channels, sums } = self;
        let columns = width.div_ceil(side) as usize;
        let covered = |index: usize, length: u32| {
            let start = u32::try_from(index).unwrap_or(u32::MAX).saturating_mul(side);
            side.min(length.saturating_sub(start)).max(1)
        };
        let share = |index: usize| {
            let count = covered(index % columns, width) * covered(index / columns, height);
            #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
            let share = 1.0 / count as f32;
            share
        };
        let planes = match sums {
            Sums::Short(sums) => means(&sums, channels.count(), share),
            Sums::Long(sums) => means(&sums, channels.count(), share),
        };
        let (across, down) = (f64::from(width) / f64::from(side), f64::from(height) / f64::from(side));
        let plane = |samples| Plane { samples, stride: columns, width: across, height: down };
        Planar { width, height, channels, planes: planes.into_iter().map(plane).collect() }
    }
}

/// The squares that a row of pixels goes through.
struct Squares {
    /// Pixels of a row, and of a square's side.
    width: u32,
    side: u32,
    y: u32,
}

impl Squares {
    fn add<S: Sum>(&self, sums: &mut [S], channels: usize, columns: impl Iterator<Item = u32>, row: &[u8]) {
        match channels {
            1 => self.add_pixels::<1, S>(sums, columns, row),
            2 => self.add_pixels::<2, S>(sums, columns, row),
            3 => self.add_pixels::<3, S>(sums, columns, row),
            _ => self.add_pixels::<4, S>(sums, columns, row),
        }
    }

    fn add_pixels<const N: usize, S: Sum>(
        &self,
        sums: &mut [S],
        columns: impl Iterator<Item = u32>,
        row: &[u8],
    ) {
        let across = self.width.div_ceil(self.side) as usize;
        let start = (self.y / self.side) as usize * across;
        let sums = sums.as_chunks_mut::<N>().0.get_mut(start..).unwrap_or_default();
        // Pixels of one square are summed in registers: a sum that is read right after it was written makes both wait.
        let (mut square, mut totals) = (0, [0_u32; N]);
        for (pixel, x) in row.as_chunks::<N>().0.iter().zip(columns) {
            let next = (x / self.side) as usize;
            if next != square {
                add_totals(sums, square, totals);
                (square, totals) = (next, [0; N]);
            }
            for (total, level) in totals.iter_mut().zip(pixel) {
                *total += u32::from(*level);
            }
        }
        add_totals(sums, square, totals);
    }
}

/// A sum of levels, of as few bits as are enough.
trait Sum: Copy + Default + AddAssign + TryFrom<u32> + Into<u32> {}

impl Sum for u16 {}
impl Sum for u32 {}

fn add_totals<const N: usize, S: Sum>(sums: &mut [[S; N]], square: usize, totals: [u32; N]) {
    if let Some(sums) = sums.get_mut(square) {
        for (sum, total) in sums.iter_mut().zip(totals) {
            *sum += S::try_from(total).unwrap_or_default();
        }
    }
}

/// The means of each channel, by the share of a pixel in each square.
fn means<S: Sum>(sums: &[S], channels: usize, share: impl Fn(usize) -> f32) -> Vec<Vec<u8>> {
    let mut means = vec![Vec::with_capacity(sums.len() / channels); channels];
    for (index, square) in sums.chunks_exact(channels).enumerate() {
        let line = (share(index), 0.5);
        for (plane, sum) in means.iter_mut().zip(square) {
            plane.push(level((*sum).into(), line));
        }
    }
    means
}

#[cfg(test)]
mod tests {
    use super::super::Picture;
    use super::*;

    #[test]
    fn pixels_out_of_order_become_the_same_means_as_rows_in_order() {
        for (channels, side) in [
            (Channels::Gray, 2),
            (Channels::GrayAlpha, 3),
            (Channels::Rgb, 4),
            (Channels::Rgba, 7),
            (Channels::Rgb, 17),
        ] {
            let count = channels.count();
            let row = |y: usize| {
                (0..23 * count).map(move |x| (x * 37 + y * 91).to_le_bytes()[0]).collect::<Vec<_>>()
            };
            let mut expected = Picture::new((23, 11), side, channels);
            (0..11).for_each(|y| expected.push(&row(y)));
            let mut found = Scattered::new((23, 11), side, channels);
            for (first, y) in [2, 0, 1].into_iter().flat_map(|first| (0..11).rev().map(move |y| (first, y))) {
                let pixels =
                    row(y).chunks(count).skip(first).step_by(3).flatten().copied().collect::<Vec<_>>();
                found.push(u32::try_from(y).unwrap(), (u32::try_from(first).unwrap(), 3), &pixels);
            }
            let [found, expected] = [found.finish(), expected.finish()];
            for (found, expected) in found.planes.iter().zip(&expected.planes) {
                assert_eq!(found.samples, expected.samples, "{channels:?} {side}");
                assert_eq!((found.stride, found.width), (expected.stride, expected.width));
            }
        }
    }

    #[test]
    fn the_largest_squares_of_white_are_white() {
        for side in [SHORT_SIDE, SHORT_SIDE + 1, super::super::LARGEST] {
            let mut found = Scattered::new((side, side), side, Channels::Gray);
            (0..side).for_each(|y| found.push(y, (0, 1), &vec![255; side as usize]));
            assert_eq!(found.finish().planes[0].samples, [255], "{side}");
        }
    }

    /// Of each shape and size, not only of those that happen to be averaged in large squares.
    #[test]
    fn an_interlaced_picture_of_up_to_200_megapixels_fits_the_memory_of_thumbnails_up_to_1024_pixels() {
        let limits = crate::Limits::default();
        for (across, down) in [(1, 1), (4, 3), (3, 4), (3, 2), (16, 9), (5, 1)] {
            for unit in 1.. {
                let (width, height) = (across * unit * 8, down * unit * 8);
                let pixels = u64::from(width) * u64::from(height);
                if pixels > limits.max_pixels {
                    break;
                }
                for side_px in [128, 256, 320, 512, 1024] {
                    let target = crate::resize::fit::target(side_px, 80);
                    let side = target.box_side(width, height);
                    let sums = Scattered::bytes(width, height, 4, side);
                    // Small ones are held whole.
                    let needed = if side == 1 { sums.min(pixels * 4) } else { sums };
                    let row = u64::from(width) * 4 * 2;
                    assert!(needed + row < limits.max_decode_bytes, "{width} by {height} at {side_px}");
                }
            }
        }
    }
}
