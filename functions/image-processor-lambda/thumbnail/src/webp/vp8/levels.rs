//! Levels of a VP8 frame to those of JPEG, row by row, and squares of pixels to their means on the way.

use crate::pixels::Plane;
use crate::resize::box_average::{BoxAverage, Stretch};

/// What the levels of a channel stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Levels {
    /// Black is 16 and white 235.
    Luma,
    /// Cb or Cr: none is 128, most and least are 16 and 240.
    Chroma,
    /// Left as they are, to be compared with other decoders' levels.
    #[cfg(test)]
    AsStored,
}

impl Levels {
    /// How means are stretched.
    const fn stretch(self) -> Stretch {
        match self {
            Self::Luma => Stretch { factor: 255.0 / 219.0, offset: -16.0 * 255.0 / 219.0 },
            Self::Chroma => Stretch { factor: 255.0 / 224.0, offset: 128.0 - 128.0 * 255.0 / 224.0 },
            #[cfg(test)]
            Self::AsStored => Stretch::NONE,
        }
    }

    /// One level; within a tenth of the exact one before it is rounded.
    #[inline(always)]
    const fn stretched(self, level: u8) -> u8 {
        let (around, bits, more) = match self {
            Self::Luma => (16, 8, 42),
            Self::Chroma => (128, 9, 71),
            #[cfg(test)]
            Self::AsStored => return level,
        };
        let distance = level as i16 - around;
        let stretched = distance + ((distance * more + (1 << (bits - 1))) >> bits);
        let level = match self {
            Self::Chroma => stretched + around,
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
pub(super) enum Channel {
    /// In its own size.
    Whole {
        levels: Levels,
        width: u32,
        samples: Vec<u8>,
    },
    Averaged(BoxAverage),
}

impl Channel {
    /// A channel of this size, of which squares of `side` pixels are averaged.
    pub(super) fn new(levels: Levels, (width, height): (u32, u32), side: u32) -> Self {
        if side == 1 {
            Self::Whole { levels, width, samples: Vec::with_capacity(width as usize * height as usize) }
        } else {
            Self::Averaged(BoxAverage::new((width, height), side, 1, levels.stretch()))
        }
    }

    /// Takes in the next row.
    #[inline(always)]
    pub(super) fn push(&mut self, row: &[u8]) {
        match self {
            Self::Whole { levels, samples, .. } => match levels {
                Levels::Luma => samples.extend(row.iter().map(|it| Levels::Luma.stretched(*it))),
                Levels::Chroma => samples.extend(row.iter().map(|it| Levels::Chroma.stretched(*it))),
                #[cfg(test)]
                Levels::AsStored => samples.extend(row),
            },
            Self::Averaged(average) => average.push(row),
        }
    }

    /// The channel, which covers so many of its samples before they are averaged.
    pub(super) fn finish(self, (width, height): (f64, f64)) -> Plane {
        match self {
            Self::Whole { width: stride, samples, .. } => {
                Plane { samples, stride: stride as usize, width, height }
            }
            Self::Averaged(average) => average.finish((width, height)).pop().unwrap_or_default(),
        }
    }
}
