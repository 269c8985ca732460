//! Huffman tables, and a lookup that finds one symbol.

#![expect(clippy::indexing_slicing, reason = "indices are the top bits of a word, one for each entry")]

use crate::rejection::DecodeError;

/// Bits that one lookup of a symbol sees. Longer codes are rare and found by comparison.
const SEEN: u32 = 10;

/// What a table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// DC differences: a symbol is the number of bits that follow.
    Dc,
    /// AC coefficients: a symbol is a run of zeros and a number of bits.
    Ac,
    /// AC coefficients of a progressive scan: a symbol without bits may be a run of whole blocks (`EOBn`).
    Band,
}

/// A decoded symbol, and how many bits it takes together with the number behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Symbol(u32);

impl Symbol {
    pub(super) const NONE: Self = Self(0);
    /// No code of the table; as if the block ended.
    const INVALID: Self = Self(1 << 31 | 16 << 24 | 64 << 8 | 16);

    fn new(class: Class, symbol: u8, length: u32) -> Self {
        let (run, size) = match class {
            Class::Dc => (0, u32::from(symbol)),
            Class::Ac | Class::Band => (u32::from(symbol >> 4), u32::from(symbol & 15)),
        };
        let advance = if class == Class::Ac && size == 0 && run != 15 { 64 } else { run + 1 };
        Self(length << 24 | size << 16 | advance << 8 | (length + size))
    }

    /// Bits of the code and of the number behind it, at most 31.
    #[inline(always)]
    pub(super) const fn bits(self) -> u32 {
        self.0 & 63
    }

    /// Bits of the code alone.
    #[inline(always)]
    pub(super) const fn length(self) -> u32 {
        self.0 >> 24 & 31
    }

    /// Bits of the number behind the code.
    #[inline(always)]
    pub(super) const fn size(self) -> u32 {
        self.0 >> 16 & 31
    }

    /// Coefficients to go forward, the one decoded included; 64 at the end of a block.
    #[inline(always)]
    pub(super) fn advance(self) -> u32 {
        let [_, advance, ..] = self.0.to_le_bytes();
        u32::from(advance)
    }

    /// Whether the bits were no code at all.
    #[inline(always)]
    pub(super) const fn is_invalid(self) -> bool {
        self.0 >> 31 == 1
    }

    /// The signed number behind the code, which is at the top of `bits`.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "at most 15 bits")]
    pub(super) const fn value(self, bits: u64) -> i32 {
        // Shifts see the low six bits alone: of the length, and of what 63 is without the size.
        let number = bits.wrapping_shl(self.0 >> 24);
        // A leading zero means a negative number, with all bits inverted.
        let inverted = !(number.cast_signed() >> 63);
        let magnitude = ((number ^ inverted.cast_unsigned()) >> 1).wrapping_shr(!(self.0 >> 16));
        ((magnitude.cast_signed() ^ inverted).wrapping_sub(inverted)) as i32
    }
}

/// A table as the file defines it.
#[derive(Clone)]
pub(super) struct HuffmanTable {
    symbols: Vec<u8>,
    /// For each length, the end of its codes, aligned to the top of 16 bits.
    ends: [u32; 17],
    /// For each length, what to add to a code to find its symbol.
    offsets: [i32; 17],
}

impl HuffmanTable {
    /// Reads one definition; returns the bytes it took too.
    pub(super) fn read(definition: &[u8]) -> Result<(Self, usize), DecodeError> {
        const SHORT: DecodeError = DecodeError::Corrupt("a Huffman table is cut off");
        let counts: &[u8; 16] = definition.first_chunk().ok_or(SHORT)?;
        let total: usize = counts.iter().map(|&count| usize::from(count)).sum();
        let symbols = definition.get(16..16 + total).ok_or(SHORT)?.to_vec();
        let (mut code, mut index) = (0_u32, 0_i32);
        let (mut ends, mut offsets) = ([0; 17], [0; 17]);
        for (length, &count) in (1_u32..).zip(counts) {
            offsets[length as usize] = index - code.cast_signed();
            code += u32::from(count);
            index += i32::from(count);
            if code > 1 << length {
                return Err(DecodeError::Corrupt("a Huffman table has more codes than there can be"));
            }
            ends[length as usize] = code << (16 - length);
            code <<= 1;
        }
        Ok((Self { symbols, ends, offsets }, 16 + total))
    }

    /// Codes of up to `bits` bits, each in all places whose top bits are the code.
    pub(super) fn spread(&self, class: Class, bits: u32) -> Vec<Symbol> {
        let mut entries = vec![Symbol::NONE; 1 << bits];
        let mut start = 0_u32;
        for length in 1..=bits {
            let end = self.ends[length as usize] >> (16 - bits);
            let each = 1 << (bits - length);
            // Shorter codes come first, so this length begins where the last one ended.
            let mut places =
                entries.get_mut(start as usize..end as usize).unwrap_or_default().chunks_mut(each);
            let first = self.offsets[length as usize] + (start >> (bits - length)).cast_signed();
            let symbols = usize::try_from(first).ok().and_then(|first| self.symbols.get(first..));
            for (symbol, places) in symbols.unwrap_or_default().iter().zip(&mut places) {
                places.fill(Symbol::new(class, *symbol, length));
            }
            start = start.max(end);
        }
        entries
    }

    /// The symbol and length of the code at the top of 16 bits, which is too long for a lookup.
    fn find(&self, top: u32) -> Option<(u8, u32)> {
        let length = (SEEN + 1..=16).find(|&length| top < self.ends[length as usize])?;
        let code = (top >> (16 - length)).cast_signed();
        let index = usize::try_from(code + self.offsets[length as usize]).ok()?;
        Some((*self.symbols.get(index)?, length))
    }
}

/// The symbols of codes that one lookup sees.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a>(&'a [Symbol; 1 << SEEN]);

impl Seen<'_> {
    /// The symbol at the top of `bits`, if its code has at most ten; 25 with the number.
    #[inline(always)]
    pub(super) fn symbol(self, bits: u64) -> Option<Symbol> {
        let entry = self.0[(bits >> (64 - SEEN)) as usize];
        (entry != Symbol::NONE).then_some(entry)
    }
}

/// A table with a lookup.
pub(super) struct Lookup {
    class: Class,
    table: HuffmanTable,
    entries: Box<[Symbol; 1 << SEEN]>,
}

impl Lookup {
    pub(super) fn new(class: Class, table: &HuffmanTable) -> Result<Self, DecodeError> {
        if class == Class::Dc && table.symbols.iter().any(|&size| size > 15) {
            return Err(DecodeError::Corrupt("a Huffman table has a difference of more than 15 bits"));
        }
        let entries = table.spread(class, SEEN);
        let entries = entries.try_into().map_err(|_| DecodeError::Corrupt("a lookup has the wrong size"))?;
        Ok(Self { class, table: table.clone(), entries })
    }

    /// The symbol at the top of `bits`.
    #[inline(always)]
    pub(super) fn symbol(&self, bits: u64) -> Symbol {
        self.seen().symbol(bits).unwrap_or_else(|| self.long(bits))
    }

    /// The table alone, which a loop can keep at hand.
    #[inline(always)]
    pub(super) fn seen(&self) -> Seen<'_> {
        Seen(&self.entries)
    }

    /// The symbol at the top of `bits`, which is too long for a lookup.
    #[cold]
    #[inline(never)]
    pub(super) fn long(&self, bits: u64) -> Symbol {
        let top = u32::try_from(bits >> 48).unwrap_or_default();
        let found = self.table.find(top);
        found.map_or(Symbol::INVALID, |(symbol, length)| Symbol::new(self.class, symbol, length))
    }
}

/// Codes 0, 10 and 110 for an end of block, a one-bit number, and two zeros before one.
#[cfg(test)]
pub(super) fn example() -> HuffmanTable {
    let mut definition = vec![1, 1, 1];
    definition.resize(16, 0);
    definition.extend([0x00, 0x01, 0x21]);
    HuffmanTable::read(&definition).unwrap().0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symbols_are_found_with_their_numbers() {
        let lookup = Lookup::new(Class::Ac, &example()).unwrap();
        let bits = 0b1101 << 60;
        let symbol = lookup.symbol(bits);
        assert_eq!((symbol.bits(), symbol.advance(), symbol.value(bits)), (4, 3, 1));
        let bits = 0b100 << 61;
        assert_eq!(lookup.symbol(bits).value(bits), -1);
        assert_eq!(lookup.symbol(0).advance(), 64);
        assert!(lookup.symbol(u64::MAX).is_invalid());
    }

    #[test]
    fn table_with_too_many_codes_is_refused() {
        let mut definition = vec![3];
        definition.resize(16 + 3, 0);
        assert!(HuffmanTable::read(&definition).is_err());
        assert!(HuffmanTable::read(&definition[..15]).is_err());
        assert!(HuffmanTable::read(&[9; 20]).is_err());
    }
}
