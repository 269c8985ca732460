//! Box averaging of a channel whose samples come tile by tile, to bytes of the full range.
//!
//! `resize::box_average` takes whole rows in order; tiles begin anywhere, so sums are held for the rows of
//! tiles that are not complete yet. The result is the same.

use super::color::Levels;
use crate::pixels::Plane;
use crate::simd::vectorize;

/// A channel that is taken in by parts of rows.
pub(super) struct Average {
    /// Samples of the channel, and of a square's side.
    width: u32,
    height: u32,
    side: u32,
    levels: Levels,
    /// Sums of squares, from the row of squares `first` on.
    sums: Vec<i32>,
    first: u32,
    /// Sums down the columns of the part that is taken in.
    columns: Vec<i32>,
    means: Vec<u8>,
}

impl Average {
    pub(super) fn new((width, height): (u32, u32), side: u32, levels: Levels) -> Self {
        let squares = width.div_ceil(side) as usize * height.div_ceil(side) as usize;
        Self {
            width,
            height,
            side,
            levels,
            sums: Vec::new(),
            first: 0,
            columns: Vec::new(),
            means: Vec::with_capacity(squares),
        }
    }

    /// Bytes that a channel takes when it comes in tiles of this height.
    pub(super) fn bytes((width, height): (u32, u32), side: u32, tile_height: u32) -> u64 {
        let across = u64::from(width.div_ceil(side));
        let down = u64::from(height.div_ceil(side));
        let waiting = u64::from(tile_height.div_ceil(side) + 2).min(down);
        across * (down + waiting * 4) + u64::from(width) * 4
    }

    /// Takes in a part of row `y` from `x` on. Parts of rows come top down within a tile, of which this may be
    /// the last.
    pub(super) fn push<T: Copy + Into<i32>>(&mut self, (x, y): (u32, u32), part: &[T], is_last: bool) {
        if self.columns.len() != part.len() {
            self.columns.clear();
            self.columns.resize(part.len(), 0);
        }
        vectorize(
            #[inline(always)]
            || {
                for (sum, level) in self.columns.iter_mut().zip(part) {
                    *sum += (*level).into();
                }
            },
        );
        if (y + 1).is_multiple_of(self.side) || y + 1 == self.height || is_last {
            self.fold(x, y);
        }
    }

    /// Adds the sums of columns to those of squares.
    fn fold(&mut self, x: u32, y: u32) {
        let across = self.width.div_ceil(self.side) as usize;
        let row = (y / self.side).saturating_sub(self.first) as usize;
        if self.sums.len() < (row + 1) * across {
            self.sums.resize((row + 1) * across, 0);
        }
        let start = row * across + (x / self.side) as usize;
        let mut squares = self.sums.get_mut(start..).unwrap_or_default().iter_mut();
        let (begun, rest) =
            self.columns.split_at(((self.side - x % self.side) as usize).min(self.columns.len()));
        for part in [begun].into_iter().chain(rest.chunks(self.side as usize)) {
            if let Some(square) = squares.next() {
                *square += part.iter().sum::<i32>();
            }
        }
        self.columns.fill(0);
    }

    /// Makes means of the squares of all rows before `y`, which have come whole.
    pub(super) fn flush(&mut self, y: u32) {
        let end = if y >= self.height { self.height.div_ceil(self.side) } else { y / self.side };
        let across = self.width.div_ceil(self.side) as usize;
        let Levels { zero, factor, base } = self.levels;
        let mut done = 0;
        while self.first < end {
            let rows = self.side.min(self.height - self.first * self.side);
            let Some(sums) = self.sums.get(done..done + across) else { break };
            for (square, sum) in (0_u32..).zip(sums) {
                let columns = self.side.min(self.width - square * self.side);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_precision_loss,
                    clippy::cast_sign_loss,
                    reason = "such casts saturate, and sums of 128 squared samples of 12 bits fit 24 bits nearly"
                )]
                let mean = {
                    let count = (rows * columns) as f32;
                    let mean = *sum as f32 / count - zero as f32;
                    (mean * factor + base + 0.5) as u8
                };
                self.means.push(mean);
            }
            done += across;
            self.first += 1;
        }
        self.sums.drain(..done);
    }

    /// The channel, which covers so many of its samples; those that did not come are left out.
    pub(super) fn finish(mut self, (width, height): (f64, f64)) -> Plane {
        self.flush(self.height);
        let side = f64::from(self.side);
        let stride = self.width.div_ceil(self.side) as usize;
        Plane { samples: self.means, stride, width: width / side, height: height / side }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AS_STORED: Levels = Levels { zero: 0, factor: 1.0, base: 0.0 };

    #[test]
    fn tiles_become_the_same_means_as_whole_rows() {
        let level = |x: u32, y: u32| u16::try_from((x * 37 + y * 91 + x * y) % 251).unwrap();
        let (width, height) = (47, 31);
        for side in 1..=9 {
            let mut whole = Average::new((width, height), side, AS_STORED);
            for y in 0..height {
                let row: Vec<u16> = (0..width).map(|x| level(x, y)).collect();
                whole.push((0, y), &row, false);
            }
            let mut tiled = Average::new((width, height), side, AS_STORED);
            for top in (0..height).step_by(10) {
                let bottom = (top + 10).min(height);
                for left in (0..width).step_by(13) {
                    for y in top..bottom {
                        let row: Vec<u16> = (left..(left + 13).min(width)).map(|x| level(x, y)).collect();
                        tiled.push((left, y), &row, y + 1 == bottom);
                    }
                }
                tiled.flush(bottom);
            }
            let size = (f64::from(width), f64::from(height));
            assert_eq!(tiled.finish(size).samples, whole.finish(size).samples, "{side}");
        }
    }

    #[test]
    fn means_are_stretched_and_stay_within_a_byte() {
        let levels = Levels { zero: 16, factor: 255.0 / 219.0, base: 0.0 };
        let mut average = Average::new((4, 1), 2, levels);
        average.push((0, 0), &[16_u16, 235, 0, 1], true);
        assert_eq!(average.finish((4.0, 1.0)).samples, [128, 0]);
    }
}
