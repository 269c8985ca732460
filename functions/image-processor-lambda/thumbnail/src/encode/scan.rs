//! All blocks, in one scan: that is what every reader knows.

use super::bits::Bits;
use super::blocks::{Block, fill};
use super::huffman::{DIFFERENCE, LUMA, Pair};
use super::tables::Divisors;
use super::transform::{Coefficients, Factors, transform};
use crate::halved::Halved;
use crate::wide::wide;

/// Sixteen zeros before a coefficient.
const ZEROS: u8 = 0xf0;
/// All coefficients that are left are zero.
const END_OF_BLOCK: u8 = 0x00;

/// One of the three, as far as it is written.
struct Channel<'a> {
    factors: &'a Factors,
    codes: &'static Pair,
    /// The mean of the block before.
    before: i32,
}

pub(super) fn write(jpeg: &mut Vec<u8>, pixels: &Halved, divisors: &Divisors) {
    let factors = [Factors::new(&divisors.luma), Factors::new(&divisors.difference)];
    wide(
        #[inline(always)]
        || write_units(jpeg, pixels, &factors),
    );
}

/// Units of sixteen by sixteen pixels: four blocks of luminance, and one of each colour difference.
#[inline(always)]
fn write_units(jpeg: &mut Vec<u8>, pixels: &Halved, [luma, difference]: &[Factors; 2]) {
    let units = (pixels.luma.width() as usize).div_ceil(16);
    let mut upper = vec![Block::default(); units * 2];
    let mut lower = upper.clone();
    let mut blue = vec![Block::default(); units];
    let mut red = blue.clone();
    let mut channels = [(luma, &LUMA), (difference, &DIFFERENCE), (difference, &DIFFERENCE)]
        .map(|(factors, codes)| Channel { factors, codes, before: 0 });
    let [to_luma, to_blue, to_red] = &mut channels;
    let mut bits = Bits::new(jpeg);
    for row in 0..(pixels.luma.height() as usize).div_ceil(16) {
        fill(&mut upper, &pixels.luma, row * 16);
        fill(&mut lower, &pixels.luma, row * 16 + 8);
        fill(&mut blue, &pixels.blue, row * 8);
        fill(&mut red, &pixels.red, row * 8);
        let pairs = upper.as_chunks::<2>().0.iter().zip(lower.as_chunks::<2>().0);
        for ((upper, lower), (blue, red)) in pairs.zip(blue.iter().zip(&red)) {
            bits.make_room();
            for block in upper.iter().chain(lower) {
                to_luma.write(block, &mut bits);
            }
            to_blue.write(blue, &mut bits);
            to_red.write(red, &mut bits);
        }
    }
    bits.finish();
}

impl Channel<'_> {
    #[inline(always)]
    fn write(&mut self, block: &Block, bits: &mut Bits) {
        let coefficients = transform(block, self.factors);
        let (size, value) = sized(coefficients.dc() - self.before);
        bits.put(self.codes.dc.of(size), value);
        self.before = coefficients.dc();
        self.write_ac(&coefficients, bits);
    }

    #[inline(always)]
    fn write_ac(&self, coefficients: &Coefficients, bits: &mut Bits) {
        let mut present = coefficients.present() & !1;
        let mut last = 0;
        while present != 0 {
            let index = present.trailing_zeros();
            let mut zeros = index - last - 1;
            while zeros > 15 {
                bits.put(self.codes.ac.of(ZEROS), 0);
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
            bits.put(self.codes.ac.of(END_OF_BLOCK), 0);
        }
    }
}

/// How many bits a value has, and these; of negative ones those of the value less one.
///
/// Samples of eight bits make no mean beyond eleven bits, and no other coefficient beyond ten.
#[inline(always)]
fn sized(value: i32) -> (u8, u32) {
    let size = 32 - value.unsigned_abs().leading_zeros();
    let bits = (value + (value >> 31)).cast_unsigned() & ((1 << size) - 1);
    #[expect(clippy::cast_possible_truncation, reason = "eleven at most")]
    let size = size as u8;
    (size, bits)
}
