//! The boolean entropy decoder: RFC 6386, sections 7 and 20.2.

use std::hint::cold_path;

/// Bits that one bool takes at most.
const LONGEST: u32 = 7;
/// Bits that are compared with the range.
const COMPARED: u32 = 8;

/// A partition of a frame, read bool by bool.
///
/// The bits that are compared stand at the top of a word of 64. Refilled, it is good for
/// six bools, so that the loops that count need no branch for each.
#[derive(Clone, Copy, Debug)]
pub(super) struct BoolDecoder<'a> {
    rest: &'a [u8],
    /// At least `count` valid bits from the top; those below may be valid already.
    value: u64,
    count: u32,
    /// From 128 to 255 between bools.
    range: u32,
    /// Bytes that were asked for and not there; zeros stand for them.
    missing: u32,
}

impl<'a> BoolDecoder<'a> {
    pub(super) const fn new(partition: &'a [u8]) -> Self {
        Self { rest: partition, value: 0, count: 0, range: 255, missing: 0 }
    }

    /// Makes at least 56 bits valid.
    #[inline(always)]
    pub(super) fn refill(&mut self) {
        let taken = (63_u32.wrapping_sub(self.count) >> 3) & 0b111;
        let word = if let Some(word) = self.rest.first_chunk::<8>() {
            u64::from_be_bytes(*word)
        } else {
            let (word, missing) = last_word(self.rest, taken);
            self.missing = self.missing.saturating_add(missing);
            word
        };
        self.value |= word.wrapping_shr(self.count);
        self.rest = self.rest.get(taken as usize..).unwrap_or_default();
        self.count |= 0b11_1000;
    }

    /// Makes sure of three bools and a sign.
    #[inline(always)]
    pub(super) fn ensure(&mut self) {
        if self.count < 3 * LONGEST + 1 + COMPARED {
            self.refill();
        }
    }

    /// Whether bools were taken from bits that are not there.
    pub(super) const fn is_overrun(&self) -> bool {
        self.missing.saturating_mul(8) > self.count
    }

    /// One bool, false by `probability` of 256; for a refilled word.
    #[inline(always)]
    pub(super) fn read_bool(&mut self, probability: u8) -> bool {
        let split = 1 + (((self.range - 1) * u32::from(probability)) >> 8);
        let split_at_top = u64::from(split) << 56;
        if self.value >= split_at_top {
            // Marked as rare, so that it becomes a jump, which is predicted more often than not, instead
            // of conditional moves that all that follows waits for.
            cold_path();
            self.range -= split;
            self.value -= split_at_top;
            self.normalise();
            true
        } else {
            self.range = split;
            self.normalise();
            false
        }
    }

    /// The value or its negative, each as likely, without a branch; for a refilled word.
    #[inline(always)]
    pub(super) fn sign(&mut self, value: i32) -> i32 {
        let split = self.range.div_ceil(2);
        let split_at_top = u64::from(split) << 56;
        let is_negative = self.value >= split_at_top;
        let mask = u64::from(is_negative).wrapping_neg();
        self.value -= split_at_top & mask;
        self.range = if is_negative { self.range - split } else { split };
        self.normalise();
        let sign = -i32::from(is_negative);
        (value ^ sign) - sign
    }

    #[inline(always)]
    fn normalise(&mut self) {
        let shift = self.range.leading_zeros().wrapping_sub(24);
        self.range = self.range.wrapping_shl(shift);
        self.value = self.value.wrapping_shl(shift);
        self.count = self.count.wrapping_sub(shift);
    }

    /// One bool, with a refill: for headers.
    pub(super) fn flag(&mut self, probability: u8) -> bool {
        self.refill();
        self.read_bool(probability)
    }

    /// A number of so many bits.
    pub(super) fn literal(&mut self, bits: u32) -> u32 {
        (0..bits).fold(0, |value, _| value << 1 | u32::from(self.flag(128)))
    }

    /// A number of so many bits and a sign, if a flag says that there is one.
    pub(super) fn optional(&mut self, bits: u32) -> Option<i32> {
        self.flag(128).then(|| {
            let value = self.literal(bits).cast_signed();
            if self.flag(128) { -value } else { value }
        })
    }
}

/// The last bytes with zeros behind them, and how many of those are among the first `taken`.
///
/// Nothing of the state is passed: what no address is taken of can stay in registers.
#[cold]
#[inline(never)]
fn last_word(rest: &[u8], taken: u32) -> (u64, u32) {
    let mut word = [0; 8];
    for (to, from) in word.iter_mut().zip(rest) {
        *to = *from;
    }
    let present = u32::try_from(rest.len()).unwrap_or(u32::MAX);
    (u64::from_be_bytes(word), taken.saturating_sub(present))
}
