//! DCT coefficient tokens of a macroblock: RFC 6386, section 13.
#![expect(
    clippy::indexing_slicing,
    reason = "indices are masked, or constants within tables of constant size"
)]

use super::bool_decoder::BoolDecoder;
use super::modes::MacroblockHeader;
use super::probabilities::{Context, Kind, Places, Probabilities};
use super::quantization::{Factors, Pair};
use super::transform::{self, Block};

/// Blocks of luma, then four each of Cb and Cr.
pub(super) const BLOCKS: usize = 24;
const LUMA_BLOCKS: usize = 16;

/// For each place in zigzag order, the place in the block.
const ZIGZAG: [u8; 16] = [0, 1, 4, 8, 5, 2, 3, 6, 9, 12, 13, 10, 7, 11, 14, 15];

/// Extra bits of large values.
const THREE: [u8; 3] = [173, 148, 140];
const FOUR: [u8; 4] = [176, 155, 140, 135];
const FIVE: [u8; 5] = [180, 157, 141, 134, 130];
const ELEVEN: [u8; 11] = [254, 254, 243, 230, 196, 177, 153, 140, 133, 130, 129];

/// What there is in a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Content {
    #[default]
    Nothing,
    /// The DC coefficient alone.
    Dc,
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

/// Whether the blocks above and to the left have coefficients: four of luma, two each of Cb and Cr, and Y2.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filled {
    luma: [bool; 4],
    chroma: [[bool; 2]; 2],
    y2: bool,
}

impl Filled {
    /// A macroblock without any; where it has no Y2 block, the one before it counts on.
    #[inline(always)]
    pub(super) const fn clear(&mut self, has_y2: bool) {
        let y2 = self.y2 && !has_y2;
        *self = Self { luma: [false; 4], chroma: [[false; 2]; 2], y2 };
    }
}

/// Reads the coefficients into `residue`, which must be empty. Returns whether there are any.
#[inline(always)]
pub(super) fn read(
    bits: &mut BoolDecoder,
    probabilities: &Probabilities,
    factors: &Factors,
    macroblock: &MacroblockHeader,
    (above, left): (&mut Filled, &mut Filled),
    residue: &mut Residue,
) -> bool {
    let mut is_filled = false;
    let has_y2 = macroblock.luma.is_whole();
    let (kind, first) = if has_y2 { (Kind::LumaWithoutDc, 1) } else { (Kind::Luma, 0) };
    if has_y2 {
        let mut y2 = [0; 16];
        let context = usize::from(above.y2) + usize::from(left.y2);
        let end = block(bits, probabilities.of(Kind::Y2), context, 0, factors.y2, &mut y2);
        (above.y2, left.y2) = (end > 0, end > 0);
        if end > 0 {
            for (block, dc) in residue.blocks.iter_mut().zip(transform::inverse_wht(&y2)) {
                block[0] = dc;
            }
        }
    }
    let (luma, chroma) = residue.blocks.split_at_mut(LUMA_BLOCKS);
    let (luma_contents, chroma_contents) = residue.contents.split_at_mut(LUMA_BLOCKS);
    let places = probabilities.of(kind);
    let rows = luma.as_chunks_mut::<4>().0.iter_mut().zip(luma_contents.as_chunks_mut::<4>().0);
    for ((blocks, contents), left) in rows.zip(&mut left.luma) {
        for ((target, content), above) in blocks.iter_mut().zip(contents).zip(&mut above.luma) {
            let context = usize::from(*above) + usize::from(*left);
            let end = block(bits, places, context, first, factors.luma, target);
            (*above, *left) = (end > first, end > first);
            *content = content_of(end, target);
            is_filled |= *content != Content::Nothing;
        }
    }
    let places = probabilities.of(Kind::Chroma);
    let channels = chroma.as_chunks_mut::<4>().0.iter_mut().zip(chroma_contents.as_chunks_mut::<4>().0);
    let filled = above.chroma.iter_mut().zip(&mut left.chroma);
    for ((blocks, contents), (above, left)) in channels.zip(filled) {
        for (index, (target, content)) in blocks.iter_mut().zip(contents).enumerate() {
            let (above, left) = (&mut above[index & 1], &mut left[index >> 1 & 1]);
            let context = usize::from(*above) + usize::from(*left);
            let end = block(bits, places, context, 0, factors.chroma, target);
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
        Content::Dc
    } else {
        Content::Nothing
    }
}

/// Reads a block from its coefficient `first` on; returns the place behind its last.
#[inline(always)]
fn block(
    bits: &mut BoolDecoder,
    places: &Places,
    context: usize,
    first: usize,
    factors: Pair,
    target: &mut Block,
) -> usize {
    let mut at = first;
    let mut context = &places[at & 31][context & 3];
    while at < 16 {
        bits.ensure();
        if !bits.read_bool(context[0]) {
            return at;
        }
        while !bits.read_bool(context[1]) {
            at += 1;
            if at == 16 {
                return 16;
            }
            context = &places[at & 31][0];
            bits.ensure();
        }
        let next = &places[(at + 1) & 31];
        let value = if bits.read_bool(context[2]) {
            let value = large(bits, context);
            context = &next[2];
            value
        } else {
            context = &next[1];
            1
        };
        let value = bits.sign(value) * i32::from(factors[usize::from(at > 0)]);
        #[expect(clippy::cast_possible_truncation, reason = "sound files stay within sixteen bits")]
        let value = value as i16;
        target[usize::from(ZIGZAG[at & 15]) & 15] = value;
        at += 1;
    }
    16
}

/// A value of two or more; afterwards the sign can be read.
#[inline(always)]
fn large(bits: &mut BoolDecoder, context: &Context) -> i32 {
    bits.refill();
    if !bits.read_bool(context[3]) {
        if !bits.read_bool(context[4]) {
            return 2;
        }
        return 3 + i32::from(bits.read_bool(context[5]));
    }
    if !bits.read_bool(context[6]) {
        if !bits.read_bool(context[7]) {
            return 5 + i32::from(bits.read_bool(159));
        }
        let high = i32::from(bits.read_bool(165));
        return 7 + 2 * high + i32::from(bits.read_bool(145));
    }
    if bits.read_bool(context[8]) {
        if bits.read_bool(context[10]) { 67 + extra(bits, &ELEVEN) } else { 35 + extra(bits, &FIVE) }
    } else if bits.read_bool(context[9]) {
        19 + extra(bits, &FOUR)
    } else {
        11 + extra(bits, &THREE)
    }
}

#[inline(always)]
fn extra(bits: &mut BoolDecoder, probabilities: &[u8]) -> i32 {
    let value = probabilities.iter().fold(0, |value, probability| {
        bits.refill();
        2 * value + i32::from(bits.read_bool(*probability))
    });
    bits.refill();
    value
}
