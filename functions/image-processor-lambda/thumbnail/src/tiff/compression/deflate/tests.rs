use super::*;

/// Bits of a Deflate stream, the lowest of a byte first.
#[derive(Default)]
struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    fn put(&mut self, value: u32, count: u32) {
        for bit in 0..count {
            if self.used.is_multiple_of(8) {
                self.bytes.push(0);
            }
            let last = self.bytes.last_mut().unwrap();
            *last |= u8::from(value >> bit & 1 == 1) << (self.used % 8);
            self.used += 1;
        }
    }

    /// A code of Huffman's, the highest bit first.
    fn code(&mut self, code: u32, count: u32) {
        (0..count).rev().for_each(|bit| self.put(code >> bit, 1));
    }
}

const LONGEST: usize = 258;

/// A zlib stream of `stored` bytes and of `count` repeats of the longest kind from the farthest place, 32,768 bytes back.
fn repeating(stored: &[u8], count: usize) -> Vec<u8> {
    let length = u16::try_from(stored.len()).unwrap();
    let head = [&[0x78, 0x9c, 0][..], &length.to_le_bytes(), &(!length).to_le_bytes()].concat();
    let mut bits = BitWriter::default();
    // The last block, of fixed codes.
    bits.put(0b011, 3);
    for _ in 0..count {
        bits.code(0b1100_0101, 8);
        bits.code(29, 5);
        bits.put(8_191, 13);
    }
    bits.code(0, 7);
    [&head[..], stored, &bits.bytes, &[0; 4]].concat()
}

fn inflated(data: &[u8], length: usize, chunk: u64) -> Result<Vec<u8>, DecodeError> {
    let mut deflate = Deflate::new(Input::new(data, false), chunk);
    let mut out = vec![0; length];
    // In pieces of another length than the window's.
    out.chunks_mut(999).try_for_each(|piece| deflate.read(piece))?;
    Ok(out)
}

#[test]
fn data_are_repeated_from_as_far_back_as_the_format_allows() {
    let stored: Vec<u8> = (0..REACH).map(|at| (at * at / 77 + at).to_le_bytes()[0]).collect();
    let length = REACH + 2_048 * LONGEST;
    let found = inflated(&repeating(&stored, 2_048), length, length as u64).unwrap();
    let is_repeated = found.iter().zip(stored.iter().cycle()).all(|(found, expected)| found == expected);
    assert!(is_repeated && found.len() == length);
}

#[test]
fn data_from_before_the_first_are_damaged_and_those_that_end_early_are_short() {
    let stored = vec![7; REACH - 1];
    let outcome = inflated(&repeating(&stored, 1), REACH, 100_000);
    assert!(matches!(outcome, Err(DecodeError::Corrupt(_))), "{outcome:?}");
    let whole = repeating(&vec![7; REACH], 1);
    for length in [whole.len() - 6, 100, 2, 0] {
        let outcome = inflated(&whole[..length], REACH + LONGEST, 100_000);
        assert!(matches!(outcome, Err(DecodeError::Truncated(_))), "{length} {outcome:?}");
    }
    // More is asked for than there is.
    let outcome = inflated(&whole, REACH + LONGEST + 1, 100_000);
    assert!(matches!(outcome, Err(DecodeError::Truncated(_))), "{outcome:?}");
}
