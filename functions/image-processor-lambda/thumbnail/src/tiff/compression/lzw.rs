//! LZW (TIFF 6.0, section 13), and its form before version 5 of TIFF.
//!
//! The string of a code is the string of the code before and one byte more, so it stands in what was decoded already: the
//! table holds where, and strings are copied from there. See docs/decisions/thumbnail-decoders.md.

mod codes;
#[cfg(test)]
mod tests;

use self::codes::{CLEAR, CODES, Codes, END, FIRST, PLACES, take, word};
use super::{Input, SHORT, hand_out};
use crate::rejection::DecodeError;
use crate::simd::vectorize;

const INVALID: DecodeError = DecodeError::Corrupt("an LZW code that is not in the table");
/// Bytes that are copied at once, some of them beyond the end of a string.
const WIDE: usize = 16;
/// Codes that are taken from eight bytes, of which the first bits may belong to the code before.
const AT_ONCE: usize = 4;
/// Bytes that are decoded before they are handed out.
const STEP: usize = 16 * 1024;
/// Behind so many a cleared table is a good place to stop: no string before it is needed any more.
const ENOUGH: usize = STEP / 2;
/// All bytes, each of which is the string of a code, stand before what is decoded.
const BYTES: usize = 256;
/// Most bytes from which strings are copied: each string is at most one byte longer than the one before.
const MOST_HISTORY: u64 = ((CODES - FIRST) * (CODES - FIRST + 1) / 2) as u64;

/// Where the string of a code begins that is not in the table; no string is as far away.
const NOWHERE: u32 = u32::MAX / 2;

/// Where strings begin in the window: those of bytes, then two places for the codes that are none, then the strings that
/// were decoded since the table was cleared. The string of a code above goes on to the first byte of the next.
type Starts = [u32; PLACES];

/// Decompresses a chunk.
pub(in crate::tiff) struct Lzw<'a> {
    pub(super) input: Input<'a>,
    /// Whether the lowest bit of a byte is the first, and codes get longer one code later.
    is_old: bool,
    starts: Vec<u32>,
    state: State,
    window: Vec<u8>,
    /// Bytes that a step may take: some codes more than are asked for.
    step: usize,
    /// First byte of the window that was not asked for.
    start: usize,
}

impl<'a> Lzw<'a> {
    /// Bytes that table and window take for a chunk of so many.
    pub(super) fn memory(chunk: u64) -> u64 {
        let (window, _) = sizes(chunk);
        (PLACES * size_of::<u32>() + window) as u64
    }

    /// For a chunk of so many bytes.
    pub(super) fn new(input: Input<'a>, chunk: u64) -> Self {
        // The first code clears the table: 1 and eight zeros. Writers before 1992 began with the lowest bit.
        let is_old = matches!(input.rest(), [0, second, ..] if second & 1 == 1);
        let mut starts = vec![NOWHERE; PLACES];
        for (byte, start) in (0..).zip(starts.iter_mut().take(BYTES + 1)) {
            *start = byte;
        }
        let (window, step) = sizes(chunk);
        let mut window = vec![0; window];
        for (byte, place) in (0..=u8::MAX).zip(window.iter_mut()) {
            *place = byte;
        }
        let state = State { bit: 0, filled: BYTES, codes: Codes::cleared(is_old) };
        Self { input, is_old, starts, state, window, step, start: BYTES }
    }

    pub(super) fn read(&mut self, mut out: &mut [u8]) -> Result<(), DecodeError> {
        while !out.is_empty() {
            while self.start == self.state.filled {
                self.decode()?;
            }
            let ready = self.window.get(self.start..self.state.filled).unwrap_or_default();
            let (count, later) = hand_out(ready, out);
            self.start += count;
            out = later;
        }
        Ok(())
    }

    /// Decodes some bytes more; at the end of the data there are none.
    fn decode(&mut self) -> Result<(), DecodeError> {
        let begin = self.state.bit;
        self.start = self.free();
        self.state.filled = self.start;
        let data = &*self.input.bytes;
        let starts = self.starts.first_chunk_mut().ok_or(SHORT)?;
        let window = self.window.get_mut(..self.start + self.step).ok_or(SHORT)?;
        let (state, is_old) = (&mut self.state, self.is_old);
        vectorize(
            #[inline(always)]
            || {
                if is_old {
                    fill::<true>(data, state, starts, window)
                } else {
                    fill::<false>(data, state, starts, window)
                }
            },
        )?;
        self.input.at = self.state.bit / 8;
        // What was read may be no more than the code that clears the table.
        if self.state.bit == begin { Err(SHORT) } else { Ok(()) }
    }

    /// Where the window is free: behind all strings that are still needed.
    fn free(&self) -> usize {
        match self.state.codes.next {
            FIRST => BYTES,
            next if next > CODES => self.starts.get(CODES + 1).map_or(0, |start| *start as usize + 1),
            _ => self.state.filled,
        }
    }
}

/// Bytes of the window for a chunk of so many, and of one step in it.
const fn sizes(chunk: u64) -> (usize, usize) {
    #[expect(clippy::cast_possible_truncation, reason = "at most eight million")]
    let history = if chunk < MOST_HISTORY { chunk } else { MOST_HISTORY } as usize;
    // Strings grow by one byte at most, so one that long comes behind half its square.
    let longest = (2 * (history + STEP)).isqrt() + 2 * AT_ONCE;
    let step = STEP + (AT_ONCE + 1) * longest + WIDE;
    (BYTES + ENOUGH + history + step, step)
}

/// Between two codes.
#[derive(Clone, Copy)]
struct State {
    /// Position in the data, in bits.
    bit: usize,
    /// End of what is decoded in the window.
    filled: usize,
    codes: Codes,
}

/// Decodes a step, or less up to a cleared table or the end.
#[inline(always)]
fn fill<const IS_OLD: bool>(
    data: &[u8],
    state: &mut State,
    starts: &mut Starts,
    window: &mut [u8],
) -> Result<(), DecodeError> {
    let stop = state.filled + STEP;
    let mut is_done = false;
    while state.filled < stop && !is_done {
        *state = usual::<IS_OLD>(data, *state, stop, starts, window);
        is_done = any::<IS_OLD>(data, state, starts, window)?;
    }
    Ok(())
}

/// Decodes codes of the same length some at a time, up to one that is not in the table as it stands.
#[inline(always)]
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "codes have twelve bits, windows 23"
)]
fn usual<const IS_OLD: bool>(
    data: &[u8],
    state: State,
    stop: usize,
    starts: &mut Starts,
    window: &mut [u8],
) -> State {
    let State { mut bit, mut filled, mut codes } = state;
    while filled < stop && codes.next + AT_ONCE < codes.limit {
        let Some(bytes) = data.get(bit / 8..).and_then(|rest| rest.first_chunk()) else { break };
        let mut word = word::<IS_OLD>(*bytes, bit);
        for _ in 0..AT_ONCE {
            let code = take::<IS_OLD>(&mut word, codes.width);
            let is_above = usize::from(code >= FIRST);
            starts[(codes.next + 1) % PLACES] = filled as u32;
            let from = starts[(code + is_above) % PLACES] as usize;
            let end = starts[(code + is_above + 1) % PLACES] as usize + is_above;
            if end > filled {
                return State { bit, filled, codes };
            }
            copy(window, from, filled, end - from);
            filled += end - from;
            bit += codes.width as usize;
            codes.next += 1;
        }
    }
    State { bit, filled, codes }
}

/// Decodes one code; whether it is a good place to stop.
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "codes have twelve bits, windows 23"
)]
fn any<const IS_OLD: bool>(
    data: &[u8],
    state: &mut State,
    starts: &mut Starts,
    window: &mut [u8],
) -> Result<bool, DecodeError> {
    let State { bit, filled, codes } = state;
    if bit.saturating_add(codes.width as usize) > data.len() * 8 {
        return Ok(true);
    }
    let rest = data.get(*bit / 8..).unwrap_or_default();
    let bytes = std::array::from_fn(|index| rest.get(index).copied().unwrap_or_default());
    let code = take::<IS_OLD>(&mut word::<IS_OLD>(bytes, *bit), codes.width) % CODES;
    if code == END {
        return Ok(true);
    }
    *bit += codes.width as usize;
    if code == CLEAR {
        let used = (codes.next + 2).min(PLACES);
        starts[FIRST + 1..used].fill(NOWHERE);
        *codes = Codes::cleared(IS_OLD);
        return Ok(*filled > BYTES + ENOUGH);
    }
    if code >= codes.next {
        return Err(INVALID);
    }
    starts[(codes.next + 1) % PLACES] = *filled as u32;
    let is_above = usize::from(code >= FIRST);
    let from = starts[code + is_above] as usize;
    let length = starts[code + is_above + 1] as usize + is_above - from;
    copy(window, from, *filled, length);
    *filled += length;
    if code + 1 == codes.next {
        // The code is just being defined: its string ends as it begins.
        window[*filled - 1] = window[from];
    }
    codes.next += 1;
    if codes.next >= codes.limit {
        codes.widen();
    }
    Ok(false)
}

/// Copies a string to `to`, and some bytes beyond it.
#[inline(always)]
fn copy(window: &mut [u8], from: usize, to: usize, length: usize) {
    window.copy_within(from..from + WIDE, to);
    let mut done = WIDE;
    while done < length {
        window.copy_within(from + done..from + done + WIDE, to + done);
        done += WIDE;
    }
}
