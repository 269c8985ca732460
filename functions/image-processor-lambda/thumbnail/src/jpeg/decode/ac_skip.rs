//! Skips AC coefficients without their values, several for each lookup.

#![expect(clippy::indexing_slicing, reason = "indices are the top bits of a word, one for each entry")]

use super::huffman::{Class, HuffmanTable, Symbol};
use crate::rejection::DecodeError;

/// Bits that one lookup sees: 8 KB for each table.
const SEEN: u32 = 12;
/// An entry in which no whole code is seen.
const UNSEEN: u16 = 128 << 6;

/// Skips several coefficients for each lookup, without their values.
///
/// Each entry holds as many whole codes as are seen: six bits of their bits (numbers included, of
/// which the last need not be seen), eight of the coefficients they advance, 64 more at an end of block.
pub(super) struct Skips {
    entries: Box<[u16; 1 << SEEN]>,
}

impl Skips {
    pub(super) fn new(table: &HuffmanTable) -> Result<Self, DecodeError> {
        let single = table.spread(Class::Ac, SEEN);
        let entries: Vec<u16> = (0..single.len()).map(|index| entry(&single, index)).collect();
        let entries = entries.try_into().map_err(|_| DecodeError::Corrupt("a lookup has the wrong size"))?;
        Ok(Self { entries })
    }

    /// Bits and advance of the codes at the top of `bits`.
    #[inline(always)]
    pub(super) fn look(&self, bits: u64) -> (u32, u32) {
        let entry = u32::from(self.entries[(bits >> (64 - SEEN)) as usize]);
        (entry & 63, entry >> 6)
    }
}

/// As many codes as the bits of `index` hold; `single` is the first for each `index`.
fn entry(single: &[Symbol], index: usize) -> u16 {
    let (mut taken, mut advance) = (0_u32, 0_u32);
    while taken < SEEN && advance < 64 {
        let symbol = single[index << taken & ((1 << SEEN) - 1)];
        if symbol == Symbol::NONE || taken + symbol.length() > SEEN {
            break;
        }
        let ends = symbol.advance() == 64;
        // Two entries fit a refilled register; and without an end, all coefficients must fit a block.
        if taken + symbol.bits() > 28 || (!ends && advance + symbol.advance() > 63) {
            break;
        }
        taken += symbol.bits();
        advance += symbol.advance();
    }
    if taken == 0 { UNSEEN } else { u16::try_from(advance << 6 | taken).unwrap_or(UNSEEN) }
}

#[cfg(test)]
mod tests {
    use super::super::huffman::example;
    use super::*;

    #[test]
    fn one_lookup_skips_several_codes() {
        let skips = Skips::new(&example()).unwrap();
        // 10x 110x 0: three codes, 8 bits, 4 coefficients and the end.
        assert_eq!(skips.look(0b1011_1010 << 56), (8, 64 + 4));
        assert_eq!(skips.look(u64::MAX), (0, 128));
    }
}
