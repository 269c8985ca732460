//! Fax (CCITT T.4 and T.6), through `hayro-ccitt`.

use hayro_ccitt::{DecodeSettings, Decoder, DecoderContext, EncodingMode, decode};

use super::{ChunkSize, Input, SHORT};
use crate::rejection::DecodeError;
use crate::tiff::page::Compression;

/// The rows of a chunk, a bit a pixel, black as ones; read like any others.
pub(in crate::tiff) struct FaxRows {
    rows: Vec<u8>,
    at: usize,
    pub(super) consumed: usize,
}

impl FaxRows {
    /// Bytes held at once: the rows, and where the colour changes in two of them, in vectors that grow by doubling.
    pub(super) fn memory(size: ChunkSize, compressed: u64) -> u64 {
        let changes = u64::from(size.width).min(compressed.saturating_mul(8));
        size.bytes + changes * 16
    }

    pub(super) fn decode(
        compression: Compression,
        input: &Input,
        size: ChunkSize,
    ) -> Result<Self, DecodeError> {
        let encoding = match compression {
            Compression::CcittT6 => EncodingMode::Group4,
            Compression::CcittT4 { is_two_dimensional: true } => EncodingMode::Group3_2D,
            _ => EncodingMode::Group3_1D,
        };
        let settings = DecodeSettings {
            columns: size.width,
            rows: size.rows,
            end_of_block: compression != Compression::CcittRle,
            end_of_line: false,
            rows_are_byte_aligned: compression == Compression::CcittRle,
            encoding,
            strict: false,
        };
        let wanted = usize::try_from(size.bytes).map_err(|_| SHORT)?;
        let mut page = FaxPage { rows: Vec::with_capacity(wanted), width: size.width as usize, wanted };
        let outcome = decode(input.rest(), &mut page, &mut DecoderContext::new(settings));
        let consumed = outcome.unwrap_or(input.rest().len());
        if page.rows.len() < wanted {
            return Err(match outcome {
                Ok(_) => SHORT,
                Err(_) => DecodeError::Corrupt("a fax line holds no code of its tables"),
            });
        }
        Ok(Self { rows: page.rows, at: 0, consumed })
    }

    pub(super) fn read(&mut self, out: &mut [u8]) -> Result<(), DecodeError> {
        let end = self.at + out.len();
        out.copy_from_slice(self.rows.get(self.at..end).ok_or(SHORT)?);
        self.at = end;
        Ok(())
    }
}

struct FaxPage {
    rows: Vec<u8>,
    width: usize,
    /// Bytes of all rows.
    wanted: usize,
}

impl Decoder for FaxPage {
    fn push_row(&mut self, changes: &[u32]) {
        let start = self.rows.len();
        if start >= self.wanted {
            return;
        }
        self.rows.resize(start + self.width.div_ceil(8), 0);
        let row = self.rows.get_mut(start..).unwrap_or_default();
        for run in changes.chunks(2) {
            let end = |index: usize| run.get(index).map_or(self.width, |change| *change as usize);
            fill(row, end(0), end(1));
        }
    }
}

/// Sets the bits from `start` up to `end`.
fn fill(row: &mut [u8], start: usize, end: usize) {
    let (first, last) = (start / 8, end / 8);
    let (head, tail) = (0xff_u8 >> (start % 8), !(0xff_u8 >> (end % 8)));
    let is_within_a_byte = first == last;
    if let Some(byte) = row.get_mut(first) {
        *byte |= if is_within_a_byte { head & tail } else { head };
    }
    if is_within_a_byte {
        return;
    }
    if let Some(bytes) = row.get_mut(first + 1..last) {
        bytes.fill(0xff);
    }
    if let Some(byte) = row.get_mut(last) {
        *byte |= tail;
    }
}

#[cfg(test)]
mod tests {
    use super::fill;

    #[test]
    fn runs_of_any_place_and_length_are_filled() {
        for start in 0..24 {
            for end in start..=24 {
                let mut row = [0; 3];
                fill(&mut row, start, end);
                let bits: Vec<bool> = (0..24).map(|at| row[at / 8] >> (7 - at % 8) & 1 == 1).collect();
                let expected: Vec<bool> = (0..24).map(|at| (start..end).contains(&at)).collect();
                assert_eq!(bits, expected, "{start}..{end}");
            }
        }
    }
}
