//! LZW (TIFF 6.0, section 13), and its form before version 5 of TIFF.
//!
//! Strings are kept in pieces of eight bytes, the last of which may be shorter: a code is written by one store for
//! each eight bytes, most of them by a single one. See docs/decisions/thumbnail-decoders.md.

use super::{Input, SHORT};
use crate::rejection::DecodeError;
use crate::simd::vectorize;

const INVALID: DecodeError = DecodeError::Corrupt("an LZW code that is not in the table");
const CLEAR: usize = 256;
const END: usize = 257;
const FIRST: usize = 258;
const SHORTEST: u32 = 9;
const LONGEST: u32 = 12;
/// All codes of the longest kind.
const CODES: usize = 1 << LONGEST;
/// Bytes of a piece.
const PIECE: usize = 8;
/// Codes that are taken from eight bytes, of which the first bits may belong to the code before.
const AT_ONCE: usize = 4;
/// Bytes that are decoded before they are handed out; behind them there is room for the longest strings.
const STEP: usize = 16 * 1024;
const WINDOW: usize = STEP + AT_ONCE * CODES + PIECE;

/// The string of a code.
#[derive(Clone, Copy, Default)]
struct Text {
    /// The last one to eight bytes, the first of them lowest.
    last: u64,
    length: u16,
    /// The code of all bytes before the last ones: a multiple of eight.
    before: u16,
    first: u8,
}

impl Text {
    /// The string of `code`, which is `self`, with one byte more.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "codes have twelve bits")]
    const fn with(self, code: usize, byte: u8) -> Self {
        let within = self.length as u32 % 8;
        let (begun, before) = if within == 0 { (0, code as u16) } else { (self.last, self.before) };
        // A table has too few codes for a string that is longer.
        let length = self.length.wrapping_add(1);
        Self { last: begun | (byte as u64) << (within * 8), length, before, first: self.first }
    }
}

/// Decompresses a chunk.
pub(in crate::tiff) struct Lzw<'a> {
    pub(super) input: Input<'a>,
    /// Whether the lowest bit of a byte is the first, and codes get longer one code later.
    is_old: bool,
    table: Vec<Text>,
    state: State,
    window: Vec<u8>,
    /// First byte that was not asked for, and the end of those decoded.
    start: usize,
    filled: usize,
}

impl<'a> Lzw<'a> {
    /// Bytes that the table and the window take.
    pub(super) const MEMORY: u64 = (CODES * size_of::<Text>() + WINDOW) as u64;

    pub(super) fn new(input: Input<'a>) -> Self {
        // The first code clears the table: 1 and eight zeros. Writers before 1992 began with the lowest bit.
        let is_old = matches!(input.rest(), [0, second, ..] if second & 1 == 1);
        let mut table = vec![Text::default(); CODES];
        for (byte, text) in (0..=u8::MAX).zip(table.iter_mut()) {
            *text = Text { last: byte.into(), length: 1, before: 0, first: byte };
        }
        let state = State::cleared(0, is_old);
        Self { input, is_old, table, state, window: vec![0; WINDOW], start: 0, filled: 0 }
    }

    pub(super) fn read(&mut self, mut out: &mut [u8]) -> Result<(), DecodeError> {
        while !out.is_empty() {
            if self.start == self.filled {
                (self.start, self.filled) = (0, self.decode()?);
            }
            let ready = self.window.get(self.start..self.filled).unwrap_or_default();
            let count = ready.len().min(out.len());
            let (now, later) = out.split_at_mut(count);
            now.copy_from_slice(ready.get(..count).unwrap_or_default());
            self.start += count;
            out = later;
        }
        Ok(())
    }

    /// Fills the window; returns how far. At the end of the data there is nothing to fill it with.
    fn decode(&mut self) -> Result<usize, DecodeError> {
        let (data, window) = (&*self.input.bytes, &mut self.window);
        let table = self.table.first_chunk_mut().ok_or(SHORT)?;
        let (state, is_old) = (&mut self.state, self.is_old);
        let filled = vectorize(
            #[inline(always)]
            || {
                if is_old {
                    fill::<true>(data, state, table, window)
                } else {
                    fill::<false>(data, state, table, window)
                }
            },
        )?;
        self.input.at = self.state.bit / 8;
        if filled == 0 { Err(SHORT) } else { Ok(filled) }
    }
}

/// Between two codes.
#[derive(Clone, Copy)]
struct State {
    /// Position in the data, in bits.
    bit: usize,
    width: u32,
    /// The next code to be defined, and the one from which on codes are longer.
    next: usize,
    limit: usize,
    /// The code before, and its string. Behind a cleared table there is none: its length is zero.
    code: usize,
    text: Text,
}

impl State {
    const fn cleared(bit: usize, is_old: bool) -> Self {
        let text = Text { last: 0, length: 0, before: 0, first: 0 };
        let limit = (1 << SHORTEST) - if is_old { 0 } else { 1 };
        Self { bit, width: SHORTEST, next: FIRST, limit, code: 0, text }
    }

    /// Makes codes longer.
    #[cold]
    const fn widen(&mut self) {
        if self.width < LONGEST {
            self.width += 1;
            self.limit += 1 << (self.width - 1);
        } else {
            self.limit = usize::MAX;
        }
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "codes are masked to the size of the table")]
fn fill<const IS_OLD: bool>(
    data: &[u8],
    kept: &mut State,
    table: &mut [Text; CODES],
    window: &mut [u8],
) -> Result<usize, DecodeError> {
    let mut state = *kept;
    let (end, mut filled) = (data.len() * 8, 0);
    'all: while filled < STEP {
        let mut word = word::<IS_OLD>(data, state.bit);
        for _ in 0..AT_ONCE {
            let code = take::<IS_OLD>(&mut word, state.width) % CODES;
            let after = state.bit + state.width as usize;
            if after > end || code == END {
                break 'all;
            }
            state.bit = after;
            let mut text = table[code];
            if code >= CLEAR && (code == CLEAR || code >= state.next || state.text.length == 0) {
                if code == CLEAR {
                    state = State::cleared(state.bit, IS_OLD);
                    // Codes are shorter from here on.
                    break;
                }
                if code != state.next || state.text.length == 0 {
                    return Err(INVALID);
                }
                // The code is just being defined: its string ends as it begins.
                text = state.text.with(state.code, state.text.first);
            }
            if state.text.length > 0 {
                // Behind a full table nothing is defined; the string of this code is never asked for.
                let place = if state.next < CODES { state.next } else { END };
                table[place % CODES] = state.text.with(state.code, text.first);
                state.next += usize::from(state.next < CODES);
                if state.next >= state.limit {
                    state.widen();
                }
            }
            write(window, filled, text, table);
            filled += usize::from(text.length);
            (state.code, state.text) = (code, text);
        }
    }
    *kept = state;
    Ok(filled)
}

/// Some 57 bits from this one on, zeros behind the end.
#[inline(always)]
fn word<const IS_OLD: bool>(data: &[u8], bit: usize) -> u64 {
    let rest = data.get(bit / 8..).unwrap_or_default();
    let bytes = rest.first_chunk().copied().unwrap_or_else(|| last_bytes(rest));
    if IS_OLD { u64::from_le_bytes(bytes) >> (bit % 8) } else { u64::from_be_bytes(bytes) << (bit % 8) }
}

#[cold]
fn last_bytes(rest: &[u8]) -> [u8; PIECE] {
    std::array::from_fn(|index| rest.get(index).copied().unwrap_or_default())
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "at most twelve bits")]
const fn take<const IS_OLD: bool>(word: &mut u64, width: u32) -> usize {
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

/// Writes a string, piece by piece from its end, and some bytes beyond it.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "codes are masked to the size of the table")]
fn write(window: &mut [u8], at: usize, text: Text, table: &[Text; CODES]) {
    let mut put = |at: usize, piece: u64| {
        if let Some(bytes) = window.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
            *bytes = piece.to_le_bytes();
        }
    };
    if usize::from(text.length) <= PIECE {
        return put(at, text.last);
    }
    let mut left = (usize::from(text.length) - 1) / PIECE;
    put(at + left * PIECE, text.last);
    let mut before = text.before;
    while left > 0 {
        left -= 1;
        let piece = table[usize::from(before) % CODES];
        put(at + left * PIECE, piece.last);
        before = piece.before;
    }
}

#[cfg(test)]
mod tests {
    use weezl::BitOrder;
    use weezl::encode::Encoder;

    use super::*;

    /// What makes short strings and long ones, tables that are cleared several times and some that are not.
    fn samples() -> Vec<Vec<u8>> {
        let noise = |at: u32| (at.wrapping_mul(2_654_435_761) >> 13).to_le_bytes()[0];
        vec![
            vec![7],
            vec![0; 100_000],
            (0..100_000).map(noise).collect(),
            (0..100_000).map(|at| noise(at / 9) & 3).collect(),
            (0..60_000_u32).map(|at| if at % 1000 < 500 { 9 } else { noise(at) }).collect(),
        ]
    }

    fn decoded(data: &[u8], length: usize, part: usize) -> Result<Vec<u8>, DecodeError> {
        let mut lzw = Lzw::new(Input::new(data, false));
        let mut out = vec![0; length];
        out.chunks_mut(part).try_for_each(|part| lzw.read(part))?;
        Ok(out)
    }

    #[test]
    fn strings_of_any_length_are_those_that_were_encoded_in_both_forms() {
        for sample in samples() {
            for mut encoder in
                [Encoder::with_tiff_size_switch(BitOrder::Msb, 8), Encoder::new(BitOrder::Lsb, 8)]
            {
                let data = encoder.encode(&sample).unwrap();
                for part in [1_000_000, 777] {
                    assert!(decoded(&data, sample.len(), part) == Ok(sample.clone()), "{}", sample.len());
                }
                assert_eq!(decoded(&data, sample.len() + 1, 5000), Err(SHORT));
                assert!(decoded(&data[..data.len() / 2], sample.len(), 5000).is_err());
            }
        }
    }

    #[test]
    fn codes_that_were_not_defined_are_refused() {
        // Clear, the letter A, then a code beyond the next.
        let text = ["100000000", "001000001", "100000100", "0000000"].concat();
        let data: Vec<u8> = text
            .as_bytes()
            .chunks(8)
            .map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | (bit - b'0')))
            .collect();
        assert_eq!(decoded(&data, 100, 100), Err(INVALID));
        // A string behind a cleared table.
        assert_eq!(decoded(&[0x80, 0x60, 0x40, 0, 0], 100, 100), Err(INVALID));
    }
}
