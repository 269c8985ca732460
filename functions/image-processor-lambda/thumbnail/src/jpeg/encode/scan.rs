//! One interleaved scan of all blocks, which every reader knows.

use super::bit_writer::BitWriter;
use super::blocks::{Block, fill};
use super::fdct::{Coefficients, Factors, transform};
use super::huffman::{CHROMA, LUMA, Pair};
use super::quantization::QuantizationTables;
use crate::pixels::{Subsampling, Ycbcr};
use crate::simd::vectorize;

/// ZRL: a run of sixteen zeros.
const ZRL: u8 = 0xf0;
/// EOB: all coefficients that are left are zero.
const EOB: u8 = 0x00;

/// A component, as far as it is written.
struct Component<'a> {
    factors: &'a Factors,
    codes: &'static Pair,
    /// The DC coefficient of the block before.
    predictor: i32,
}

pub(super) fn write(jpeg: &mut Vec<u8>, pixels: &Ycbcr, tables: &QuantizationTables) {
    let factors = [Factors::new(&tables.luma), Factors::new(&tables.chroma)];
    vectorize(
        #[inline(always)]
        || match pixels.subsampling {
            Subsampling::None => write_mcus_444(jpeg, pixels, &factors),
            Subsampling::Half => write_mcus_420(jpeg, pixels, &factors),
        },
    );
}

/// MCUs of eight by eight pixels: a block of each component.
#[inline(always)]
fn write_mcus_444(jpeg: &mut Vec<u8>, pixels: &Ycbcr, factors: &[Factors; 2]) {
    let planes = [&pixels.luma, &pixels.cb, &pixels.cr];
    let mut blocks = planes.map(|plane| vec![Block::default(); (plane.width() as usize).div_ceil(8)]);
    let mut components = components(factors);
    let mut bits = BitWriter::new(jpeg);
    for row in 0..(pixels.luma.height() as usize).div_ceil(8) {
        for (blocks, plane) in blocks.iter_mut().zip(planes) {
            fill(blocks, plane, row * 8);
        }
        let [luma, cb, cr] = &blocks;
        for ((luma, cb), cr) in luma.iter().zip(cb).zip(cr) {
            bits.make_room();
            for (component, block) in components.iter_mut().zip([luma, cb, cr]) {
                component.write(block, &mut bits);
            }
        }
    }
    bits.finish();
}

/// Luma, Cb and Cr.
fn components([luma, chroma]: &[Factors; 2]) -> [Component<'_>; 3] {
    [(luma, &LUMA), (chroma, &CHROMA), (chroma, &CHROMA)].map(|(factors, codes)| Component {
        factors,
        codes,
        predictor: 0,
    })
}

/// MCUs of sixteen by sixteen pixels: four blocks of luma, and one each of Cb and Cr.
#[inline(always)]
fn write_mcus_420(jpeg: &mut Vec<u8>, pixels: &Ycbcr, factors: &[Factors; 2]) {
    let columns = (pixels.luma.width() as usize).div_ceil(16);
    let mut upper = vec![Block::default(); columns * 2];
    let mut lower = upper.clone();
    let mut cb = vec![Block::default(); columns];
    let mut cr = cb.clone();
    let [first, second, third] = &mut components(factors);
    let mut bits = BitWriter::new(jpeg);
    for row in 0..(pixels.luma.height() as usize).div_ceil(16) {
        fill(&mut upper, &pixels.luma, row * 16);
        fill(&mut lower, &pixels.luma, row * 16 + 8);
        fill(&mut cb, &pixels.cb, row * 8);
        fill(&mut cr, &pixels.cr, row * 8);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        for ((upper, lower), (cb, cr)) in pairs.zip(cb.iter().zip(&cr)) {
            bits.make_room();
            for block in upper.iter().chain(lower) {
                first.write(block, &mut bits);
            }
            second.write(cb, &mut bits);
            third.write(cr, &mut bits);
        }
    }
    bits.finish();
}

impl Component<'_> {
    #[inline(always)]
    fn write(&mut self, block: &Block, bits: &mut BitWriter) {
        let coefficients = transform(block, self.factors);
        let (size, value) = sized(coefficients.dc() - self.predictor);
        bits.put(self.codes.dc.of(size), value);
        self.predictor = coefficients.dc();
        self.write_ac(&coefficients, bits);
    }

    #[inline(always)]
    fn write_ac(&self, coefficients: &Coefficients, bits: &mut BitWriter) {
        let mut present = coefficients.present() & !1;
        let mut last = 0;
        while present != 0 {
            let index = present.trailing_zeros();
            let mut zeros = index - last - 1;
            while zeros > 15 {
                bits.put(self.codes.ac.of(ZRL), 0);
                zeros -= 16;
            }
            let (size, value) = sized(coefficients.at(index));
            #[expect(clippy::cast_possible_truncation, reason = "fifteen at most")]
            let symbol = (zeros as u8) << 4 | size;
            bits.put(self.codes.ac.of(symbol), value);
            last = index;
            present &= present - 1;
        }
        if last < 63 {
            bits.put(self.codes.ac.of(EOB), 0);
        }
    }
}

/// A value's category (T.81, F.1.2.1) and its bits; of negative ones those of the value less one.
///
/// Samples of eight bits make no DC difference beyond eleven bits, and no other coefficient beyond ten.
#[inline(always)]
fn sized(value: i32) -> (u8, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = (value + (value >> 31)).cast_unsigned() & ((1 << size) - 1);
    #[expect(clippy::cast_possible_truncation, reason = "eleven at most")]
    let size = size as u8;
    (size, bits)
}
