//! Box averaging of a picture whose pixels come out of order, as those of interlaced ones do.

use super::level;
use crate::pixels::{Channels, Planar, Plane};

/// A picture that is taken in pixel by pixel.
pub(crate) struct Scattered {
    width: u32,
    height: u32,
    /// Of a square.
    side: u32,
    channels: Channels,
    /// Of each square the sums of its channels, side by side; they fit, since sides are at most
    /// [`LARGEST`](super::LARGEST).
    sums: Vec<u32>,
}

impl Scattered {
    /// Bytes that a picture takes: sums, and means beside them.
    pub(crate) fn bytes(width: u32, height: u32, channels: u64, side: u32) -> u64 {
        const EACH: u64 = 4 + 1;
        u64::from(width.div_ceil(side)) * u64::from(height.div_ceil(side)) * channels * EACH
    }

    pub(crate) fn new((width, height): (u32, u32), side: u32, channels: Channels) -> Self {
        let squares = width.div_ceil(side) as usize * height.div_ceil(side) as usize;
        Self { width, height, side, channels, sums: vec![0; squares * channels.count()] }
    }

    /// Takes in pixels of a row, from the column `first` on and each `step` from the one before.
    pub(crate) fn push(&mut self, y: u32, (first, step): (u32, u32), row: &[u8]) {
        match self.channels.count() {
            1 => self.add::<1>(y, (first, step), row),
            2 => self.add::<2>(y, (first, step), row),
            3 => self.add::<3>(y, (first, step), row),
            _ => self.add::<4>(y, (first, step), row),
        }
    }

    fn add<const N: usize>(&mut self, y: u32, (first, step): (u32, u32), row: &[u8]) {
        let columns = self.width.div_ceil(self.side) as usize;
        let start = (y / self.side) as usize * columns;
        let sums = self.sums.as_chunks_mut::<N>().0.get_mut(start..).unwrap_or_default();
        for (pixel, x) in row.as_chunks::<N>().0.iter().zip((first..self.width).step_by(step as usize)) {
            let Some(square) = sums.get_mut((x / self.side) as usize) else { continue };
            for (sum, level) in square.iter_mut().zip(pixel) {
                *sum += u32::from(*level);
            }
        }
    }

    pub(crate) fn finish(self) -> Planar {
        let Self { width, height, side, channels, sums } = self;
        let columns = width.div_ceil(side) as usize;
        let covered = |index: usize, length: u32| {
            let start = u32::try_from(index).unwrap_or(u32::MAX).saturating_mul(side);
            side.min(length.saturating_sub(start)).max(1)
        };
        let mut planes = vec![Vec::with_capacity(sums.len() / channels.count()); channels.count()];
        for (index, square) in sums.chunks_exact(channels.count()).enumerate() {
            let count = covered(index % columns, width) * covered(index / columns, height);
            #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
            let line = (1.0 / count as f32, 0.5);
            for (plane, sum) in planes.iter_mut().zip(square) {
                plane.push(level(*sum, line));
            }
        }
        let (across, down) = (f64::from(width) / f64::from(side), f64::from(height) / f64::from(side));
        let plane = |samples| Plane { samples, stride: columns, width: across, height: down };
        Planar { width, height, channels, planes: planes.into_iter().map(plane).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Picture;
    use super::*;

    #[test]
    fn pixels_out_of_order_become_the_same_means_as_rows_in_order() {
        for (channels, side) in
            [(Channels::Gray, 2), (Channels::GrayAlpha, 3), (Channels::Rgb, 4), (Channels::Rgba, 7)]
        {
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
}
