//! LZW (TIFF 6.0, section 13), and its form before version 5 of TIFF.
//!
//! Strings are kept in pieces of eight bytes, the last of which may be shorter: a code is written by one store for
//! each eight bytes, most of them by a single one. See docs/decisions/thumbnail-decoders.md.

#[cfg(test)]
mod tests;

use super::hand_out;
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
/// Behind a full table codes go on to be defined where nobody asks for them: that takes no test.
const PLACES: usize = 2 * CODES;
/// Bytes of a piece.
const PIECE: usize = 8;
/// Codes that are taken from eight bytes, of which the first bits may belong to the code before.
const AT_ONCE: usize = 4;
/// Bytes that are decoded before they are handed out; behind them there is room for the longest strings.
const STEP: usize = 16 * 1024;
/// Places where a piece may begin, a power of two, so that they need no test.
const STARTS: usize = STEP + AT_ONCE * CODES;
const WINDOW: usize = STARTS + PIECE;

/// The string of a code.
#[derive(Clone, Copy, Default)]
struct Text {
    /// The last one to eight bytes, the first of them lowest.
    last: u64,
    /// From the lowest bit: 16 bits for the length, 16 for the code of all bytes before the last ones, and the first byte.
    info: u64,
}

#[expect(clippy::cast_possible_truncation, reason = "lengths and codes have at most sixteen bits")]
impl Text {
    const fn of(byte: u8) -> Self {
        Self { last: byte as u64, info: 1 | (byte as u64) << 32 }
    }

    const fn length(self) -> usize {
        self.info as usize & 0xffff
    }

    /// The code of the bytes before the last ones, of which there are a multiple of eight.
    const fn before(self) -> usize {
        (self.info >> 16) as usize & 0xffff
    }

    const fn first(self) -> u64 {
        self.info >> 32
    }

    /// The string of `code`, which is `self`, with one byte more.
    #[inline(always)]
    const fn with(self, code: usize, byte: u64) -> Self {
        let within = self.info & 7;
        let (begun, info) = if within == 0 {
            (0, self.info & !0xffff_0000 | (code as u64) << 16)
        } else {
            (self.last, self.info)
        };
        // A table has too few codes for a string of more than 16 bits.
        Self { last: begun | byte << (within * 8), info: info + 1 }
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
    pub(super) const MEMORY: u64 = (PLACES * size_of::<Text>() + WINDOW) as u64;

    pub(super) fn new(input: Input<'a>) -> Self {
        // The first code clears the table: 1 and eight zeros. Writers before 1992 began with the lowest bit.
        let is_old = matches!(input.rest(), [0, second, ..] if second & 1 == 1);
        let mut table = vec![Text::default(); PLACES];
        for (byte, text) in (0..=u8::MAX).zip(table.iter_mut()) {
            *text = Text::of(byte);
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
            let (count, later) = hand_out(ready, out);
            self.start += count;
            out = later;
        }
        Ok(())
    }

    /// Fills the window; returns how far. At the end of the data there is nothing to fill it with.
    fn decode(&mut self) -> Result<usize, DecodeError> {
        let data = &*self.input.bytes;
        let window = self.window.first_chunk_mut().ok_or(SHORT)?;
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
    /// The code before, and its string; nothing behind a cleared table.
    previous: Option<(usize, Text)>,
}

impl State {
    const fn cleared(bit: usize, is_old: bool) -> Self {
        let limit = (1 << SHORTEST) - if is_old { 0 } else { 1 };
        Self { bit, width: SHORTEST, next: FIRST, limit, previous: None }
    }

    /// Makes codes longer.
    #[cold]
    const fn widen(&mut self) {
        if self.width < LONGEST {
            self.width += 1;
            self.limit += 1 << (self.width - 1);
        } else {
            self.limit = PLACES;
            if self.next >= PLACES {
                self.next = CODES;
            }
        }
    }
}

#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "codes are masked to the size of the table")]
fn fill<const IS_OLD: bool>(
    data: &[u8],
    kept: &mut State,
    table: &mut [Text; PLACES],
    window: &mut [u8; WINDOW],
) -> Result<usize, DecodeError> {
    let mut state = *kept;
    let (end, mut filled) = (data.len() * 8, 0);
    'all: while filled < STEP {
        let mut word = word::<IS_OLD>(data, state.bit);
        if state.bit + state.width as usize > end {
            break;
        }
        let Some((mut previous_code, mut previous)) = state.previous else {
            let code = take::<IS_OLD>(&mut word, state.width);
            if code == END {
                break;
            }
            state.bit += state.width as usize;
            if code != CLEAR {
                let text = table[code % PLACES];
                if code > CLEAR {
                    return Err(INVALID);
                }
                write(window, filled, text, table);
                filled += 1;
                state.previous = Some((code, text));
            }
            continue;
        };
        let count = if state.bit + AT_ONCE * LONGEST as usize <= end { AT_ONCE } else { 1 };
        for _ in 0..count {
            let code = take::<IS_OLD>(&mut word, state.width) % CODES;
            let mut text = table[code];
            #[expect(
                clippy::needless_bitwise_bool,
                reason = "one branch for all that is rare; whether a code is a single byte is as good as random"
            )]
            let is_rare = (code & !1 == CLEAR) | (code >= state.next);
            if is_rare {
                if code == END {
                    break 'all;
                }
                if code == CLEAR {
                    state = State::cleared(state.bit + state.width as usize, IS_OLD);
                    continue 'all;
                }
                if code != state.next {
                    return Err(INVALID);
                }
                // The code is just being defined: its string ends as it begins.
                text = previous.with(previous_code, previous.first());
            }
            state.bit += state.width as usize;
            table[state.next % PLACES] = previous.with(previous_code, text.first());
            state.next += 1;
            if state.next >= state.limit {
                state.widen();
            }
            write(window, filled, text, table);
            filled += text.length();
            (previous_code, previous) = (code, text);
        }
        state.previous = Some((previous_code, previous));
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
fn write(window: &mut [u8; WINDOW], at: usize, text: Text, table: &[Text; PLACES]) {
    let mut put = |at: usize, piece: u64| {
        let at = at % STARTS;
        window[at..at + PIECE].copy_from_slice(&piece.to_le_bytes());
    };
    if text.length() <= PIECE {
        return put(at, text.last);
    }
    let mut left = (text.length() - 1) / PIECE;
    put(at + left * PIECE, text.last);
    let mut before = text.before();
    while left > 0 {
        left -= 1;
        let piece = table[before % PLACES];
        put(at + left * PIECE, piece.last);
        before = piece.before();
    }
}
