//! Rows of one channel to fewer samples, in the range of levels that JPEG has.
//!
//! As in `crate::reduce`, squares become their means; here levels are stretched in the same step.

use crate::plane::Plane;

/// What the levels of a channel stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Levels {
    /// Black is 16 and white 235.
    Luma,
    /// None is 128, most and least are 16 and 240.
    Difference,
    /// Left as they are, to be compared with other decoders' levels.
    #[cfg(test)]
    AsStored,
}

impl Levels {
    /// By how much they are stretched, and what is added.
    const fn line(self) -> (f32, f32) {
        match self {
            Self::Luma => (255.0 / 219.0, -16.0 * 255.0 / 219.0),
            Self::Difference => (255.0 / 224.0, 128.0 - 128.0 * 255.0 / 224.0),
            #[cfg(test)]
            Self::AsStored => (1.0, 0.0),
        }
    }

    /// One level; within a tenth of the exact one before it is rounded.
    #[inline(always)]
    const fn stretched(self, level: u8) -> u8 {
        let (around, bits, more) = match self {
            Self::Luma => (16, 8, 42),
            Self::Difference => (128, 9, 71),
            #[cfg(test)]
            Self::AsStored => return level,
        };
        let distance = level as i16 - around;
        let stretched = distance + ((distance * more + (1 << (bits - 1))) >> bits);
        let level = match self {
            Self::Difference => stretched + around,
            Self::Luma => stretched,
            #[cfg(test)]
            Self::AsStored => level as i16,
        };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a byte")]
        let level = if level < 0 {
            0
        } else if level > 255 {
            255
        } else {
            level as u8
        };
        level
    }
}

/// A channel that is taken in row by row.
pub(super) struct Reduction {
    levels: Levels,
    factor: u32,
    /// Of the rows since the last means, sums of each sample.
    sums: Vec<u16>,
    rows: u32,
    samples: Vec<u8>,
}

impl Reduction {
    pub(super) fn new(levels: Levels, (width, height): (u32, u32), factor: u32) -> Self {
        let samples = width.div_ceil(factor) as usize * height.div_ceil(factor) as usize;
        let sums = if factor > 1 { width as usize } else { 0 };
        Self { levels, factor, sums: vec![0; sums], rows: 0, samples: Vec::with_capacity(samples) }
    }

    /// Bytes that a channel takes.
    pub(super) fn bytes((width, height): (u32, u32), factor: u32) -> u64 {
        u64::from(width.div_ceil(factor)) * u64::from(height.div_ceil(factor)) + u64::from(width) * 2
    }

    /// Takes in the next row.
    #[inline(always)]
    pub(super) fn push(&mut self, row: &[u8]) {
        if self.factor == 1 {
            match self.levels {
                Levels::Luma => self.samples.extend(row.iter().map(|it| Levels::Luma.stretched(*it))),
                Levels::Difference => {
                    self.samples.extend(row.iter().map(|it| Levels::Difference.stretched(*it)));
                }
                #[cfg(test)]
                Levels::AsStored => self.samples.extend(row),
            }
            return;
        }
        for (sum, level) in self.sums.iter_mut().zip(row) {
            *sum += u16::from(*level);
        }
        self.rows += 1;
        if self.rows == self.factor {
            self.flush();
        }
    }

    /// The channel, which covers so many of its samples before they are reduced.
    pub(super) fn finish(mut self, (width, height): (f64, f64)) -> Plane {
        if self.rows > 0 {
            self.flush();
        }
        let factor = f64::from(self.factor);
        let stride = if self.factor == 1 { width.ceil() } else { (width.ceil() / factor).ceil() };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a side of a picture")]
        let stride = stride as usize;
        Plane { samples: self.samples, stride, width: width / factor, height: height / factor }
    }

    #[inline(always)]
    fn flush(&mut self) {
        // Known numbers are summed in vectors.
        match self.factor {
            2 => self.flush_squares::<2>(),
            3 => self.flush_squares::<3>(),
            4 => self.flush_squares::<4>(),
            5 => self.flush_squares::<5>(),
            6 => self.flush_squares::<6>(),
            8 => self.flush_squares::<8>(),
            factor => {
                let whole = self.line(factor as usize);
                for square in self.sums.chunks_exact(factor as usize) {
                    self.samples.push(mean(square, whole));
                }
                self.flush_rest(self.sums.len() % factor as usize);
            }
        }
        self.sums.fill(0);
        self.rows = 0;
    }

    #[inline(always)]
    fn flush_squares<const N: usize>(&mut self) {
        let whole = self.line(N);
        let (squares, rest) = self.sums.as_chunks::<N>();
        let (start, rest) = (self.samples.len(), rest.len());
        self.samples.resize(start + squares.len(), 0);
        // A loop, not an iterator's: those are compiled apart, for narrower vectors.
        for (sample, square) in self.samples.get_mut(start..).unwrap_or_default().iter_mut().zip(squares) {
            let mut total = 0;
            for sum in square {
                total += u32::from(*sum);
            }
            *sample = level(total, whole);
        }
        self.flush_rest(rest);
    }

    /// What is narrower than a square.
    #[inline(always)]
    fn flush_rest(&mut self, count: usize) {
        if let Some(rest) = self.sums.len().checked_sub(count).and_then(|start| self.sums.get(start..))
            && count > 0
        {
            self.samples.push(mean(rest, self.line(count)));
        }
    }

    /// By what the sum of so many columns is multiplied, and what is added.
    #[inline(always)]
    fn line(&self, columns: usize) -> (f32, f32) {
        let (stretch, offset) = self.levels.line();
        #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
        let count = (columns * self.rows as usize) as f32;
        (stretch / count, offset + 0.5)
    }
}

#[inline(always)]
fn mean(sums: &[u16], line: (f32, f32)) -> u8 {
    level(sums.iter().map(|sum| u32::from(*sum)).sum(), line)
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
