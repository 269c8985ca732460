//! Codes of LZW: their lengths, which grow with the table, and their bits.

/// The code that clears the table, and the one at the end of the data.
pub(super) const CLEAR: usize = 256;
pub(super) const END: usize = 257;
/// The first code that is defined.
pub(super) const FIRST: usize = 258;
const SHORTEST: u32 = 9;
const LONGEST: u32 = 12;
/// All codes of the longest kind.
pub(super) const CODES: usize = 1 << LONGEST;
/// Behind a full table codes go on to be counted where nobody asks for them: that takes no test.
pub(super) const PLACES: usize = 2 * CODES;

/// Which codes there are, and how long they are.
#[derive(Clone, Copy)]
pub(super) struct Codes {
    pub(super) width: u32,
    /// The code that is defined after the next string, and the one from which on codes are longer.
    pub(super) next: usize,
    pub(super) limit: usize,
}

impl Codes {
    pub(super) const fn cleared(is_old: bool) -> Self {
        Self { width: SHORTEST, next: FIRST, limit: (1 << SHORTEST) + if is_old { 1 } else { 0 } }
    }

    /// Makes codes longer.
    #[cold]
    pub(super) const fn widen(&mut self) {
        if self.width < LONGEST {
            self.width += 1;
            self.limit += 1 << (self.width - 1);
        } else {
            self.limit = PLACES - 1;
            if self.next >= self.limit {
                self.next = CODES + 1;
            }
        }
    }
}

/// Some 57 bits from this one on, of the bytes in which it is the first.
#[inline(always)]
pub(super) const fn word<const IS_OLD: bool>(bytes: [u8; 8], bit: usize) -> u64 {
    if IS_OLD { u64::from_le_bytes(bytes) >> (bit % 8) } else { u64::from_be_bytes(bytes) << (bit % 8) }
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "at most twelve bits")]
pub(super) const fn take<const IS_OLD: bool>(word: &mut u64, width: u32) -> usize {
    if IS_OLD {
        let code = *word & ((1 << width) - 1);
        *word >>= width;
        code as usize
    } else {
        let code = *word >> (64 - width);
        *word <<= width;
        code as usize
    }
}
