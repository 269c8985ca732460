//! Reads the bits of a scan: removes byte stuffing, then shifts them out of a register.
//!
//! JPEG puts a zero byte behind each FF of its data. A window of the data is freed of them in one
//! go, so that the loops that decode symbols refill their register without looking at the bytes.

use crate::rejection::DecodeError;

/// Clean bytes held at once: with two Huffman tables they still fit the first-level cache.
const WINDOW: usize = 5 * 1024;
/// Most bytes that one MCU takes: ten blocks of 64 symbols of at most 31 bits, and the register.
const MARGIN: usize = 10 * 64 * 31 / 8 + 16;
/// Zeros behind the last byte, which a refill may read.
const PAD: usize = 8;
/// Room for all of these, and a power of two: a place in it needs no check.
const SPAN: usize = 8 * 1024;
const _: () = assert!(WINDOW + MARGIN + PAD <= SPAN, "a window has room");

/// What a [`Cursor`] reads from.
pub(super) type Clean = [u8; SPAN + PAD];

/// The next bits, most significant first.
#[derive(Clone, Copy, Default)]
pub(super) struct Cursor {
    /// At least as many valid bits from the top as `count` counts; those below may be valid already.
    pub(super) bits: u64,
    /// Only the low six bits mean something.
    count: u32,
    /// The next byte of the window to load.
    at: usize,
}

impl Cursor {
    /// Makes at least 56 bits valid.
    #[inline(always)]
    pub(super) fn refill(&mut self, clean: &Clean) {
        let word = clean.get(self.at % SPAN..).and_then(|rest| rest.first_chunk::<8>());
        self.bits |= word.map_or(0, |word| u64::from_be_bytes(*word)).wrapping_shr(self.count);
        self.at += (63_u32.wrapping_sub(self.count) >> 3) as usize & 0b111;
        self.count |= 0b11_1000;
    }

    /// Drops up to 31 bits.
    #[inline(always)]
    pub(super) fn skip(&mut self, count: u32) {
        self.bits = self.bits.wrapping_shl(count);
        self.count = self.count.wrapping_sub(count);
    }

    /// Takes up to 31 bits as a number.
    #[inline(always)]
    pub(super) fn take(&mut self, count: u32) -> u32 {
        let value = (self.bits >> 1).wrapping_shr(63 - (count & 31));
        self.skip(count);
        #[expect(clippy::cast_possible_truncation, reason = "at most 31 bits")]
        let value = value as u32;
        value
    }

    /// Takes one bit.
    #[inline(always)]
    pub(super) fn bit(&mut self) -> bool {
        let is_set = self.bits >> 63 == 1;
        self.skip(1);
        is_set
    }
}

/// The entropy-coded bytes from one marker to the next, cleaned piece by piece.
pub(super) struct ScanWindow<'a> {
    source: &'a [u8],
    /// Where the source goes on; at a marker once the data are over.
    next: usize,
    clean: Box<Clean>,
    /// Clean bytes, those behind the last included.
    length: usize,
    is_over: bool,
}

impl<'a> ScanWindow<'a> {
    /// Begins at `start`, the first byte of a scan.
    pub(super) fn new(source: &'a [u8], start: usize) -> Self {
        Self { source, next: start, clean: Box::new([0; SPAN + PAD]), length: 0, is_over: false }
    }

    /// What a [`Cursor`] reads from.
    #[inline(always)]
    pub(super) fn clean(&self) -> &Clean {
        &self.clean
    }

    /// Makes sure that one more MCU can be read.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Truncated`] when the last MCU already read beyond the data.
    #[inline(always)]
    pub(super) fn ensure(&mut self, cursor: &mut Cursor) -> Result<(), DecodeError> {
        if cursor.at + MARGIN <= self.length { Ok(()) } else { self.slide(cursor) }
    }

    /// Whether what the cursor took was there.
    pub(super) fn check(&self, cursor: &Cursor) -> Result<(), DecodeError> {
        let is_beyond = self.is_over && cursor.at * 8 > self.end() * 8 + (cursor.count & 0b11_1111) as usize;
        if is_beyond { Err(DecodeError::Truncated("in the middle of a scan")) } else { Ok(()) }
    }

    /// Goes over the restart marker that must come next.
    pub(super) fn restart(&mut self, cursor: &mut Cursor, expected: u8) -> Result<(), DecodeError> {
        self.check(cursor)?;
        let next = self.skip_to_marker();
        match self.source.get(next + 1) {
            Some(&marker) if marker == 0xd0 | (expected & 7) => {
                self.next = next + 2;
                self.is_over = false;
                self.length = 0;
                *cursor = Cursor::default();
                Ok(())
            }
            Some(0xd0..=0xd7) => Err(DecodeError::Corrupt("a restart marker is missing")),
            Some(_) => Err(DecodeError::Truncated("before the last restart interval")),
            None => Err(DecodeError::Truncated("in the middle of a scan")),
        }
    }

    /// Where the marker behind this scan is, or the end of the file.
    pub(super) fn end_of_scan(&mut self, cursor: &Cursor) -> Result<usize, DecodeError> {
        self.check(cursor)?;
        Ok(self.skip_to_marker())
    }

    fn end(&self) -> usize {
        self.length - if self.is_over { PAD } else { 0 }
    }

    fn skip_to_marker(&mut self) -> usize {
        if !self.is_over {
            let rest = self.source.get(self.next..).unwrap_or_default();
            self.next += crate::jpeg::marker::find(rest).unwrap_or(rest.len());
        }
        self.next
    }

    /// Drops what was read and cleans more.
    #[cold]
    #[inline(never)]
    fn slide(&mut self, cursor: &mut Cursor) -> Result<(), DecodeError> {
        self.check(cursor)?;
        if self.is_over {
            return Ok(());
        }
        let read = cursor.at.min(self.length);
        self.clean.copy_within(read..self.length, 0);
        self.length -= read;
        cursor.at -= read;
        while self.length < WINDOW && !self.is_over {
            self.fill();
        }
        Ok(())
    }

    fn push(&mut self, bytes: &[u8]) {
        if let Some(room) = self.clean.get_mut(self.length..self.length + bytes.len()) {
            room.copy_from_slice(bytes);
            self.length += bytes.len();
        }
    }

    /// Copies up to and including the next stuffed FF.
    fn fill(&mut self) {
        let rest = self.source.get(self.next..).unwrap_or_default();
        let room = rest.get(..WINDOW + MARGIN - self.length).unwrap_or(rest);
        let plain = memchr::memchr(0xff, room);
        let run = room.get(..plain.unwrap_or(room.len())).unwrap_or(room);
        self.push(run);
        self.next += run.len();
        if plain.is_none() && room.len() < rest.len() {
            return;
        }
        match rest.get(run.len() + 1) {
            Some(0) => {
                self.push(&[0xff]);
                self.next += 2;
            }
            // A fill byte: what follows decides.
            Some(0xff) => self.next += 1,
            _ => {
                self.is_over = true;
                self.push(&[0; PAD]);
                // Whoever reads beyond them reads zeros too, not what was there before.
                self.clean.get_mut(self.length..).unwrap_or_default().fill(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stuffing_is_removed_and_a_marker_ends_the_data() {
        let mut window = ScanWindow::new(&[0xab, 0xff, 0, 0xcd, 0xff, 0xd9, 1], 0);
        let mut cursor = Cursor::default();
        window.ensure(&mut cursor).unwrap();
        cursor.refill(window.clean());
        assert_eq!(cursor.take(24), 0xab_ff_cd);
        assert_eq!(window.end_of_scan(&cursor), Ok(4));
        cursor.refill(window.clean());
        cursor.skip(1);
        assert!(window.check(&cursor).is_err());
    }

    #[test]
    fn long_data_read_the_same_as_short_ones() {
        let data: Vec<u8> =
            (0..100_000_u32).map(|at| (at.wrapping_mul(7919) >> 5).to_le_bytes()[0] & 0x7f).collect();
        let mut window = ScanWindow::new(&data, 0);
        let mut cursor = Cursor::default();
        for byte in &data {
            window.ensure(&mut cursor).unwrap();
            cursor.refill(window.clean());
            assert_eq!(cursor.take(8), u32::from(*byte));
        }
        assert_eq!(window.end_of_scan(&cursor), Ok(data.len()));
    }

    #[test]
    fn restart_begins_a_new_byte() {
        let mut window = ScanWindow::new(&[0x80, 0xff, 0xd3, 0x40, 0xff, 0xd9], 0);
        let mut cursor = Cursor::default();
        window.ensure(&mut cursor).unwrap();
        cursor.refill(window.clean());
        assert!(cursor.bit());
        window.restart(&mut cursor, 3).unwrap();
        window.ensure(&mut cursor).unwrap();
        cursor.refill(window.clean());
        assert_eq!(cursor.take(2), 1);
        assert!(matches!(window.restart(&mut cursor, 4), Err(DecodeError::Truncated(_))));
    }
}
