//! How each macroblock is predicted: sections 8 and 11 of RFC 6386.

use super::bool_decoder::Bits;
use super::header::Header;
use super::tables::SUBBLOCK_MODES;

/// How a square is predicted from the pixels around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// The mean of both sides.
    #[default]
    Mean,
    /// Each row repeats the one above.
    Down,
    /// Each column repeats the one to the left.
    Right,
    /// The slope of both sides.
    Slope,
}

/// How a subblock is predicted: as larger squares are, or in slanted directions.
///
/// The order is that of the table of probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Submode {
    #[default]
    Mean,
    Slope,
    Down,
    Right,
    DownLeft,
    DownRight,
    DownRightSteep,
    DownLeftSteep,
    DownRightFlat,
    UpRightFlat,
}

impl From<Mode> for Submode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Mean => Self::Mean,
            Mode::Down => Self::Down,
            Mode::Right => Self::Right,
            Mode::Slope => Self::Slope,
        }
    }
}

/// How luminance is predicted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luma {
    Whole(Mode),
    Subblocks([Submode; 16]),
}

impl Luma {
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

/// What is told of a macroblock before its coefficients.
#[derive(Clone, Copy, Debug)]
pub(super) struct Macroblock {
    pub(super) segment: usize,
    /// It has no coefficients, and none are told.
    pub(super) is_empty: bool,
    pub(super) luma: Luma,
    pub(super) differences: Mode,
}

/// Reads the modes, which depend on those above and to the left.
pub(super) struct Modes {
    above: Vec<[Submode; 4]>,
    left: [Submode; 4],
    segment_probabilities: Option<[u8; 3]>,
    filled_probability: Option<u8>,
}

impl Modes {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            above: vec![[Submode::Mean; 4]; header.size.macroblocks().0],
            left: [Submode::Mean; 4],
            segment_probabilities: header.segment_probabilities,
            filled_probability: header.filled_probability,
        }
    }

    pub(super) const fn begin_row(&mut self) {
        self.left = [Submode::Mean; 4];
    }

    #[inline(always)]
    pub(super) fn read(&mut self, bits: &mut Bits, column: usize) -> Macroblock {
        bits.refill();
        let segment = self.segment_probabilities.map_or(0, |[pairs, first, second]| {
            if bits.decide(pairs) {
                2 + usize::from(bits.decide(second))
            } else {
                usize::from(bits.decide(first))
            }
        });
        let is_empty = self.filled_probability.is_some_and(|probability| bits.decide(probability));
        let is_whole = bits.decide(145);
        let luma = if is_whole {
            let mode = read_luma(bits);
            self.left = [mode.into(); 4];
            if let Some(above) = self.above.get_mut(column) {
                *above = self.left;
            }
            Luma::Whole(mode)
        } else {
            Luma::Subblocks(self.read_subblocks(bits, column))
        };
        bits.refill();
        Macroblock { segment, is_empty, luma, differences: read_differences(bits) }
    }

    #[inline(always)]
    fn read_subblocks(&mut self, bits: &mut Bits, column: usize) -> [Submode; 16] {
        let mut modes = [[Submode::Mean; 4]; 4];
        let Some(above) = self.above.get_mut(column) else { return [Submode::Mean; 16] };
        for (row, left) in modes.iter_mut().zip(&mut self.left) {
            for (mode, above) in row.iter_mut().zip(above.iter_mut()) {
                *mode = read_submode(bits, *above, *left);
                (*above, *left) = (*mode, *mode);
            }
        }
        let mut flat = [Submode::Mean; 16];
        flat.copy_from_slice(modes.as_flattened());
        flat
    }
}

fn read_luma(bits: &mut Bits) -> Mode {
    if bits.decide(156) {
        if bits.decide(128) { Mode::Slope } else { Mode::Right }
    } else if bits.decide(163) {
        Mode::Down
    } else {
        Mode::Mean
    }
}

fn read_differences(bits: &mut Bits) -> Mode {
    if !bits.decide(142) {
        Mode::Mean
    } else if !bits.decide(114) {
        Mode::Down
    } else if bits.decide(183) {
        Mode::Slope
    } else {
        Mode::Right
    }
}

#[inline(always)]
fn read_submode(bits: &mut Bits, above: Submode, left: Submode) -> Submode {
    let of_pair = SUBBLOCK_MODES.as_chunks::<9>().0.get(above as usize * 10 + left as usize);
    let Some([p0, p1, p2, p3, p4, p5, p6, p7, p8]) = of_pair else { return Submode::Mean };
    // At most seven decisions.
    bits.refill();
    if !bits.decide(*p0) {
        Submode::Mean
    } else if !bits.decide(*p1) {
        Submode::Slope
    } else if !bits.decide(*p2) {
        Submode::Down
    } else if !bits.decide(*p3) {
        if !bits.decide(*p4) {
            Submode::Right
        } else if bits.decide(*p5) {
            Submode::DownRightSteep
        } else {
            Submode::DownRight
        }
    } else if !bits.decide(*p6) {
        Submode::DownLeft
    } else if !bits.decide(*p7) {
        Submode::DownLeftSteep
    } else if bits.decide(*p8) {
        Submode::UpRightFlat
    } else {
        Submode::DownRightFlat
    }
}
