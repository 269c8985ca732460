//! AC coefficients of a block: decoded as far as the scale needs them, skipped behind that.

use super::ac_skip::Skips;
use super::bit_reader::{Clean, Cursor};
use super::block::{Block, Order};
use super::huffman::{Class, HuffmanTable, Lookup};
use crate::rejection::DecodeError;

/// An AC Huffman table, with one lookup to decode coefficients and one to skip them.
pub(super) struct AcTable {
    lookup: Lookup,
    skips: Skips,
}

/// How a block ended.
pub(super) struct End {
    /// Whether all values are known to be zero.
    pub(super) is_flat: bool,
    pub(super) is_damaged: bool,
}

impl AcTable {
    pub(super) fn new(table: &HuffmanTable) -> Result<Self, DecodeError> {
        Ok(Self { lookup: Lookup::new(Class::Ac, table)?, skips: Skips::new(table)? })
    }

    /// Decodes a block's coefficients up to `last`, and skips those behind.
    #[inline(always)]
    pub(super) fn read(
        &self,
        cursor: &mut Cursor,
        clean: &Clean,
        order: &Order,
        block: &mut Block,
        last: u32,
    ) -> End {
        let seen = self.lookup.seen();
        // The coefficient that was read last.
        let mut at = 0;
        while at < last {
            cursor.refill(clean);
            // Two symbols of at most 25 bits each, or of more where the register is filled for them.
            for _ in 0..2 {
                let symbol = seen.symbol(cursor.bits).unwrap_or_else(|| {
                    cursor.refill(clean);
                    self.lookup.long(cursor.bits)
                });
                at += symbol.advance();
                // An end writes a zero to nowhere.
                order.put(block, at, symbol.value(cursor.bits));
                cursor.skip(symbol.bits());
                if at >= last {
                    if symbol.advance() == 64 {
                        return End { is_flat: at == 64, is_damaged: symbol.is_invalid() };
                    }
                    break;
                }
            }
        }
        // What `order` does not use went nowhere, but flat it is not known to be.
        End { is_flat: false, is_damaged: at > 63 || (at < 63 && !self.skip(cursor, clean, at + 1)) }
    }

    /// Skips the rest of a block; returns whether it ended as blocks do.
    #[inline(always)]
    pub(super) fn skip(&self, cursor: &mut Cursor, clean: &Clean, mut next: u32) -> bool {
        loop {
            cursor.refill(clean);
            // Two lookups of at most 28 bits.
            for _ in 0..2 {
                let (bits, advance) = self.skips.look(cursor.bits);
                if next + advance < 64 {
                    cursor.skip(bits);
                    next += advance;
                    continue;
                }
                let fits = match advance {
                    0..64 => next + advance == 64,
                    64..128 => next + advance - 64 < 64,
                    _ => false,
                };
                if fits {
                    cursor.skip(bits);
                    return true;
                }
                // A long code, or the block ends within the entry.
                cursor.refill(clean);
                let symbol = self.lookup.symbol(cursor.bits);
                cursor.skip(symbol.bits());
                next += symbol.advance();
                if next >= 64 {
                    return !symbol.is_invalid() && (next == 64 || symbol.advance() == 64);
                }
                break;
            }
        }
    }
}
