//! Writes Huffman codes as the bytes of a scan, with a zero stuffed behind each 0xff.

#![expect(clippy::indexing_slicing, reason = "the buffer is emptied before it can be full")]

use super::huffman::Code;

/// Bytes that are gathered before they are handed on.
const BUFFER: usize = 8_192;
/// Most bytes between two calls of [`BitWriter::make_room`]: six blocks of 63 coefficients of 26 bits and a
/// DC coefficient of 22, and the eight that are written at once.
const ROOM: usize = 6 * (63 * 26 + 22) / 8 + 1 + 8;

/// Bits on their way into a file.
///
/// Each code is written at once with whatever stands behind it, which the next one overwrites: so
/// there is no branch that a processor could guess wrongly. The zeros that a file wants behind each
/// 0xff are set in when the buffer is emptied.
pub(super) struct BitWriter<'a> {
    file: &'a mut Vec<u8>,
    /// Apart from the rest of this, which so stays in registers.
    buffer: Box<[u8; BUFFER]>,
    /// Whole bytes in the buffer.
    bytes: usize,
    /// Bits that are no whole byte yet, from the highest on.
    rest: u64,
    /// How many, at most seven.
    count: u32,
}

impl<'a> BitWriter<'a> {
    pub(super) fn new(file: &'a mut Vec<u8>) -> Self {
        Self { file, buffer: Box::new([0; BUFFER]), bytes: 0, rest: 0, count: 0 }
    }

    /// The code with the value in its room.
    #[inline(always)]
    pub(super) fn put(&mut self, code: Code, value: u32) {
        self.count += code.length;
        self.rest |= u64::from(code.bits | value) << (64 - self.count);
        self.buffer[self.bytes..self.bytes + 8].copy_from_slice(&self.rest.to_be_bytes());
        self.bytes += self.count as usize / 8;
        self.rest <<= self.count & !7;
        self.count &= 7;
    }

    /// To be called before the blocks of each MCU.
    #[inline(always)]
    pub(super) fn make_room(&mut self) {
        if self.bytes > BUFFER - ROOM {
            empty(self.file, &self.buffer[..self.bytes]);
            self.bytes = 0;
        }
    }

    /// Fills the last byte with ones, as the standard wants it.
    #[inline(always)]
    pub(super) fn finish(mut self) {
        self.put(Code { bits: 0x7f, length: 7 }, 0);
        empty(self.file, &self.buffer[..self.bytes]);
    }
}

/// Hands on what was gathered, with a zero behind each 0xff.
#[inline(never)]
fn empty(file: &mut Vec<u8>, mut gathered: &[u8]) {
    while let Some(at) = memchr::memchr(0xff, gathered) {
        let (before, behind) = gathered.split_at(at + 1);
        file.extend_from_slice(before);
        file.push(0);
        gathered = behind;
    }
    file.extend_from_slice(gathered);
}
