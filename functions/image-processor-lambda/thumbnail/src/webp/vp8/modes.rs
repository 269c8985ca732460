//! Intra prediction modes, and the header of each macroblock that names them: RFC 6386, sections 8 and 11.

use super::bool_decoder::BoolDecoder;
use super::header::Header;
use super::tables::SUBBLOCK_MODES;

/// The prediction mode of a macroblock's luma or chroma.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Mode {
    /// `DC_PRED`: the mean of the pixels above and to the left.
    #[default]
    Dc,
    /// `V_PRED`: each row repeats the one above.
    V,
    /// `H_PRED`: each column repeats the one to the left.
    H,
    /// `TM_PRED`: above plus left minus corner.
    TrueMotion,
}

/// The prediction mode of a luma subblock: `B_DC_PRED`, `B_TM_PRED` and so on.
///
/// The order is that of the table of probabilities.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SubblockMode {
    #[default]
    Dc,
    Tm,
    Ve,
    He,
    Ld,
    Rd,
    Vr,
    Vl,
    Hd,
    Hu,
}

impl From<Mode> for SubblockMode {
    fn from(mode: Mode) -> Self {
        match mode {
            Mode::Dc => Self::Dc,
            Mode::V => Self::Ve,
            Mode::H => Self::He,
            Mode::TrueMotion => Self::Tm,
        }
    }
}

/// How luma is predicted: as a whole, or by subblocks (`B_PRED`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Luma {
    Whole(Mode),
    Subblocks([SubblockMode; 16]),
}

impl Luma {
    pub(super) const fn is_whole(&self) -> bool {
        matches!(self, Self::Whole(_))
    }
}

/// What precedes a macroblock's coefficients.
#[derive(Clone, Copy, Debug)]
pub(super) struct MacroblockHeader {
    pub(super) segment: usize,
    /// `mb_skip_coeff`: it has no coefficients, and none are stored.
    pub(super) is_skipped: bool,
    pub(super) luma: Luma,
    pub(super) chroma: Mode,
}

/// Reads the modes, which depend on those above and to the left.
pub(super) struct Modes {
    above: Vec<[SubblockMode; 4]>,
    left: [SubblockMode; 4],
    segment_probabilities: Option<[u8; 3]>,
    filled_probability: Option<u8>,
}

impl Modes {
    pub(super) fn new(header: &Header) -> Self {
        Self {
            above: vec![[SubblockMode::Dc; 4]; header.size.macroblocks().0],
            left: [SubblockMode::Dc; 4],
            segment_probabilities: header.segment_probabilities,
            filled_probability: header.filled_probability,
        }
    }

    pub(super) const fn begin_row(&mut self) {
        self.left = [SubblockMode::Dc; 4];
    }

    #[inline(always)]
    pub(super) fn read(&mut self, bits: &mut BoolDecoder, column: usize) -> MacroblockHeader {
        bits.refill();
        let segment = self.segment_probabilities.map_or(0, |[pairs, first, second]| {
            if bits.read_bool(pairs) {
                2 + usize::from(bits.read_bool(second))
            } else {
                usize::from(bits.read_bool(first))
            }
        });
        let is_skipped = self.filled_probability.is_some_and(|probability| bits.read_bool(probability));
        let is_whole = bits.read_bool(145);
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
        MacroblockHeader { segment, is_skipped, luma, chroma: read_chroma(bits) }
    }

    #[inline(always)]
    fn read_subblocks(&mut self, bits: &mut BoolDecoder, column: usize) -> [SubblockMode; 16] {
        let mut modes = [[SubblockMode::Dc; 4]; 4];
        let Some(above) = self.above.get_mut(column) else { return [SubblockMode::Dc; 16] };
        for (row, left) in modes.iter_mut().zip(&mut self.left) {
            for (mode, above) in row.iter_mut().zip(above.iter_mut()) {
                *mode = read_submode(bits, *above, *left);
                (*above, *left) = (*mode, *mode);
            }
        }
        let mut flat = [SubblockMode::Dc; 16];
        flat.copy_from_slice(modes.as_flattened());
        flat
    }
}

fn read_luma(bits: &mut BoolDecoder) -> Mode {
    if bits.read_bool(156) {
        if bits.read_bool(128) { Mode::TrueMotion } else { Mode::H }
    } else if bits.read_bool(163) {
        Mode::V
    } else {
        Mode::Dc
    }
}

fn read_chroma(bits: &mut BoolDecoder) -> Mode {
    if !bits.read_bool(142) {
        Mode::Dc
    } else if !bits.read_bool(114) {
        Mode::V
    } else if bits.read_bool(183) {
        Mode::TrueMotion
    } else {
        Mode::H
    }
}

#[inline(always)]
fn read_submode(bits: &mut BoolDecoder, above: SubblockMode, left: SubblockMode) -> SubblockMode {
    let of_pair = SUBBLOCK_MODES.as_chunks::<9>().0.get(above as usize * 10 + left as usize);
    let Some([p0, p1, p2, p3, p4, p5, p6, p7, p8]) = of_pair else { return SubblockMode::Dc };
    // At most seven bools.
    bits.refill();
    if !bits.read_bool(*p0) {
        SubblockMode::Dc
    } else if !bits.read_bool(*p1) {
        SubblockMode::Tm
    } else if !bits.read_bool(*p2) {
        SubblockMode::Ve
    } else if !bits.read_bool(*p3) {
        if !bits.read_bool(*p4) {
            SubblockMode::He
        } else if bits.read_bool(*p5) {
            SubblockMode::Vr
        } else {
            SubblockMode::Rd
        }
    } else if !bits.read_bool(*p6) {
        SubblockMode::Ld
    } else if !bits.read_bool(*p7) {
        SubblockMode::Vl
    } else if bits.read_bool(*p8) {
        SubblockMode::Hu
    } else {
        SubblockMode::Hd
    }
}
