//! Coefficients of a macroblock: section 13 of RFC 6386.
#![expect(
    clippy::indexing_slicing,
    reason = "indices are masked, or constants within tables of constant size"
)]

use super::bool_decoder::Bits;
use super::modes::Macroblock;
use super::probabilities::{Context, Kind, Places, Probabilities};
use super::quantization::{Pair, Steps};
use super::transform;

/// Blocks of luminance, then four of each colour difference.
pub(super) const BLOCKS: usize = 24;
const LUMA_BLOCKS: usize = 16;

/// For each place in zigzag order, the place in the block.
const ZIGZAG: [u8; 16] = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

/// Extra bits of large values.
const THREE: [u8; 3] = [173, 148, 140];
const FOUR: [u8; 4] = [176, 155, 140, 135];
const FIVE: [u8; 5] = [180, 157, 141, 134, 130];
const ELEVEN: [u8; 11] = [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129];

/// Coefficients, row by row.
pub(super) type Block = [i16; 16];

/// What there is in a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Content {
    #[default]
    Nothing,
    /// The mean alone.
    Mean,
    Detail,
}

/// The coefficients of a macroblock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Residue {
    pub(super) blocks: [Block; BLOCKS],
    pub(super) contents: [Content; BLOCKS],
}

impl Residue {
    pub(super) const EMPTY: Self = Self { blocks: [[0; 16]; BLOCKS], contents: [Content::Nothing; BLOCKS] };
}

/// Whether the blocks above and to the left have coefficients: of luminance four, of colour differences
/// two each, and of the means one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filled {
    luma: [bool; 4],
    differences: [[bool; 2]; 2],
    means: bool,
}

impl Filled {
    /// A macroblock without any; means of others stay in sight where it has none.
    #[inline(always)]
    pub(super) const fn clear(&mut self, has_means: bool) {
        let means = self.means && !has_means;
        *self = Self { luma: [false; 4], differences: [[false; 2]; 2], means };
    }
}

/// Reads the coefficients into `residue`, which must be empty. Tells whether there are any.
#[inline(always)]
pub(super) fn read(
    bits: &mut Bits,
    probabilities: &Probabilities,
    steps: &Steps,
    macroblock: &Macroblock,
    (above, left): (&mut Filled, &mut Filled),
    residue: &mut Residue,
) -> bool {
    let mut is_filled = false;
    let has_means = macroblock.luma.is_whole();
    let (kind, first) = if has_means { (Kind::Rest, 1) } else { (Kind::Luma, 0) };
    if has_means {
        let mut means = [0; 16];
        let context = usize::from(above.means) + usize::from(left.means);
        let end = block(bits, probabilities.of(Kind::Means), context, 0, steps.means, &mut means);
        (above.means, left.means) = (end > 0, end > 0);
        if end > 0 {
            for (block, mean) in residue.blocks.iter_mut().zip(transform::means(&means)) {
                block[0] = mean;
            }
        }
    }
    let (luma, differences) = residue.blocks.split_at_mut(LUMA_BLOCKS);
    let (luma_contents, difference_contents) = residue.contents.split_at_mut(LUMA_BLOCKS);
    let places = probabilities.of(kind);
    let rows = luma.as_chunks_mut::<4>().0.iter_mut().zip(luma_contents.as_chunks_mut::<4>().0);
    for ((blocks, contents), left) in rows.zip(&mut left.luma) {
        for ((target, content), above) in blocks.iter_mut().zip(contents).zip(&mut above.luma) {
            let context = usize::from(*above) + usize::from(*left);
            let end = block(bits, places, context, first, steps.luma, target);
            (*above, *left) = (end > first, end > first);
            *content = content_of(end, target);
            is_filled |= *content != Content::Nothing;
        }
    }
    let places = probabilities.of(Kind::Differences);
    let channels =
        differences.as_chunks_mut::<4>().0.iter_mut().zip(difference_contents.as_chunks_mut::<4>().0);
    let filled = above.differences.iter_mut().zip(&mut left.differences);
    for ((blocks, contents), (above, left)) in channels.zip(filled) {
        for (index, (target, content)) in blocks.iter_mut().zip(contents).enumerate() {
            let (above, left) = (&mut above[index & 1], &mut left[index >> 1 & 1]);
            let context = usize::from(*above) + usize::from(*left);
            let end = block(bits, places, context, 0, steps.differences, target);
            (*above, *left) = (end > 0, end > 0);
            *content = content_of(end, target);
            is_filled |= *content != Content::Nothing;
        }
    }
    is_filled
}

#[inline(always)]
const fn content_of(end: usize, block: &Block) -> Content {
    if end > 1 {
        Content::Detail
    } else if block[0] != 0 {
        Content::Mean
    } else {
        Content::Nothing
    }
}

/// Reads a block from its coefficient `first` on; returns the place behind its last.
#[inline(always)]
fn block(
    bits: &mut Bits,
    places: &Places,
    context: usize,
    first: usize,
    steps: Pair,
    target: &mut Block,
) -> usize {
    let mut at = first;
    let mut context = &places[at & 31][context & 3];
    while at < 16 {
        bits.ensure();
        if !bits.decide(context[0]) {
            return at;
        }
        while !bits.decide(context[1]) {
            at += 1;
            if at == 16 {
                return 16;
            }
            context = &places[at & 31][0];
            bits.ensure();
        }
        let next = &places[(at + 1) & 31];
        let value = if bits.decide(context[2]) {
            let value = large(bits, context);
            context = &next[2];
            value
        } else {
            context = &next[1];
            1
        };
        let value = bits.sign(value) * i32::from(steps[usize::from(at > 0)]);
        #[expect(clippy::cast_possible_truncation, reason = "sound files stay within sixteen bits")]
        let value = value as i16;
        target[usize::from(ZIGZAG[at & 15]) & 15] = value;
        at += 1;
    }
    16
}

/// A value of two or more; afterwards the sign can be read.
#[inline(always)]
fn large(bits: &mut Bits, context: &Context) -> i32 {
    bits.refill();
    if !bits.decide(context[3]) {
        if !bits.decide(context[4]) {
            return 2;
        }
        return 3 + i32::from(bits.decide(context[5]));
    }
    if !bits.decide(context[6]) {
        if !bits.decide(context[7]) {
            return 5 + i32::from(bits.decide(159));
        }
        let high = i32::from(bits.decide(165));
        return 7 + 2 * high + i32::from(bits.decide(145));
    }
    if bits.decide(context[8]) {
        if bits.decide(context[10]) { 67 + extra(bits, &ELEVEN) } else { 35 + extra(bits, &FIVE) }
    } else if bits.decide(context[9]) {
        19 + extra(bits, &FOUR)
    } else {
        11 + extra(bits, &THREE)
    }
}

#[inline(always)]
fn extra(bits: &mut Bits, probabilities: &[u8]) -> i32 {
    let value = probabilities.iter().fold(0, |value, probability| {
        bits.refill();
        2 * value + i32::from(bits.decide(*probability))
    });
    bits.refill();
    value
}
