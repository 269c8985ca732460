//! A decoded frame as a codec hands it out: planes of levels with eight to sixteen bits.

use std::time::Duration;

use super::code_points::CodePoints;
use super::fault::Fault;

/// How many pixels share a sample of the second and third channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sampling {
    /// 4:0:0.
    Gray,
    /// 4:2:0.
    Both,
    /// 4:2:2.
    Across,
    /// 4:4:4.
    Each,
}

impl Sampling {
    pub(super) const fn channels(self) -> usize {
        if matches!(self, Self::Gray) { 1 } else { 3 }
    }

    /// By how many bits a place shifts to become one in the second and third channel.
    pub(super) const fn shifts(self) -> (u32, u32) {
        match self {
            Self::Both => (1, 1),
            Self::Across => (1, 0),
            Self::Gray | Self::Each => (0, 0),
        }
    }

    /// Samples of all channels in so many pixels, rounded up.
    pub(super) const fn samples(self, pixels: u64) -> u64 {
        match self {
            Self::Gray => pixels,
            Self::Both => pixels + pixels.div_ceil(2),
            Self::Across => pixels * 2,
            Self::Each => pixels * 3,
        }
    }
}

/// What a codec is about to decode.
#[derive(Clone, Copy, Debug)]
pub(super) struct Announced {
    /// The picture's size, and that of what is coded, which may be more.
    pub(super) size: (u32, u32),
    pub(super) coded: (u32, u32),
    pub(super) sampling: Sampling,
    /// Bytes that decoding holds at once, without loop filters and with them.
    pub(super) bytes: [u64; 2],
    /// Longest that it takes without a look at the clock.
    pub(super) uninterrupted: Duration,
}

/// Asked once the size is known and before anything is allocated. Returns whether loop filters are to run.
pub(super) type Admit<'a> = &'a dyn Fn(Announced) -> Result<bool, Fault>;

/// The planes of a codec.
pub(super) trait Samples {
    /// A row of a channel, from its left border on; `scratch` may hold it.
    fn row<'a>(&'a self, channel: usize, y: u32, scratch: &'a mut Vec<u16>) -> &'a [u16];
}

/// A decoded picture.
pub(super) struct CodedPicture {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) sampling: Sampling,
    /// Bits of the first channel, and of the others.
    pub(super) bits: [u8; 2],
    pub(super) color: CodePoints,
    pub(super) samples: Box<dyn Samples>,
}
