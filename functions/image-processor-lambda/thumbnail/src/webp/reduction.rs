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
            Self::Luma => stretched,
            _ => stretched + around,
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
        let (stretch, offset) = self.levels.line();
        let factor = self.factor as usize;
        #[expect(clippy::cast_precision_loss, reason = "at most 128 squared")]
        let share = |count: usize| stretch / (count * self.rows as usize) as f32;
        let whole = share(factor);
        self.samples.extend(self.sums.chunks(factor).map(|square| {
            let share = if square.len() == factor { whole } else { share(square.len()) };
            let total: u32 = square.iter().map(|sum| u32::from(*sum)).sum();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_precision_loss,
                clippy::cast_sign_loss,
                reason = "such casts saturate"
            )]
            let level = (total as f32 * share + offset + 0.5) as u8;
            level
        }));
        self.sums.fill(0);
        self.rows = 0;
    }
}
