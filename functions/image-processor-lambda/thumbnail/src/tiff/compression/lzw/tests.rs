//! LZW is held to the encoder of `weezl`.

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
        // Strings of two bytes from a table that is full: much more than a step between two cleared tables.
        (0..400_000).map(|at| noise(at / 3000) & 1 | noise(at) & 8).collect(),
    ]
}

fn decoded(data: &[u8], length: usize, part: usize) -> Result<Vec<u8>, DecodeError> {
    let mut lzw = Lzw::new(Input::new(data, false), length as u64);
    let mut out = vec![0; length];
    out.chunks_mut(part).try_for_each(|part| lzw.read(part))?;
    Ok(out)
}

#[test]
fn strings_of_any_length_are_those_that_were_encoded_in_both_forms() {
    for sample in samples() {
        for mut encoder in [Encoder::with_tiff_size_switch(BitOrder::Msb, 8), Encoder::new(BitOrder::Lsb, 8)]
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

/// A single byte for ever: each string is one byte longer than the one before.
#[test]
fn the_longest_strings_fit_the_window_of_any_chunk() {
    let sample = vec![7; 9_000_000];
    let data = Encoder::with_tiff_size_switch(BitOrder::Msb, 8).encode(&sample).unwrap();
    for length in [1, 7, 300, 5000, 16_384, 16_385, 100_000, 9_000_000] {
        assert!(decoded(&data, length, length) == Ok(sample[..length].to_vec()), "{length}");
        let lzw = Lzw::new(Input::new(&data, false), length as u64);
        let bytes = lzw.window.len() + lzw.starts.len() * size_of::<u32>();
        assert_eq!(bytes as u64, Lzw::memory(length as u64), "{length}");
    }
}

/// Some writers never clear it, and go on with the codes that there are.
#[test]
fn a_table_that_is_full_and_not_cleared_is_used_further() {
    let mut bits = Bits::default();
    let (mut sample, mut width, mut next) = (Vec::new(), 9, 258);
    bits.push(256, 9);
    for at in 0..60_000_u32 {
        // Each string is a byte, but for the last code's, which is two.
        let byte = at.wrapping_mul(2_654_435_761).to_be_bytes()[0];
        let is_last = next > 4096 && at % 5 == 0;
        bits.push(if is_last { 4095 } else { u32::from(byte) }, width);
        if is_last {
            sample.extend_from_within(4095 - 258..4095 - 258 + 2);
        } else {
            sample.push(byte);
        }
        next += 1;
        width = [9, 10, 11, 12][[512, 1024, 2048].iter().filter(|limit| next >= **limit).count()];
    }
    bits.push(256, width);
    bits.push(65, 9);
    sample.push(65);
    let data = bits.bytes();
    assert!(decoded(&data, sample.len(), 777) == Ok(sample.clone()));
    // Only what codes refer to is kept.
    let mut lzw = Lzw::new(Input::new(&data, false), sample.len() as u64);
    lzw.read(&mut vec![0; sample.len()]).unwrap();
    assert!(lzw.state.filled < 3 * STEP, "{}", lzw.state.filled);
}

/// A table that is cleared where a step ends leaves it nothing to decode at once.
#[test]
fn tables_that_are_cleared_at_any_place_are_followed() {
    for run in (16_000..16_800).step_by(7).chain([1, 2, 3, 255]) {
        let mut bits = Bits::default();
        let mut sample = Vec::new();
        for at in 0..40_000_u32 {
            if at % run == 0 {
                bits.push(256, 9);
                bits.push(256, 9);
            }
            // Cleared again before codes get longer.
            if at % run % 200 == 199 {
                bits.push(256, 9);
            }
            bits.push(at & 0xff, 9);
            sample.push(at.to_le_bytes()[0]);
        }
        assert!(decoded(&bits.bytes(), sample.len(), 5000) == Ok(sample), "{run}");
    }
}

/// Codes, the highest bit of each first.
#[derive(Default)]
struct Bits(Vec<bool>);

impl Bits {
    fn push(&mut self, code: u32, width: u32) {
        self.0.extend((0..width).rev().map(|bit| code >> bit & 1 == 1));
    }

    fn bytes(&self) -> Vec<u8> {
        self.0
            .chunks(8)
            .map(|byte| byte.iter().zip((0..8).rev()).map(|(bit, at)| u8::from(*bit) << at).sum())
            .collect()
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
    // One that the table had before it was cleared.
    let mut bits = Bits::default();
    for code in [256, 65, 66, 67, 68, 69, 256, 65, 260] {
        bits.push(code, 9);
    }
    assert_eq!(decoded(&bits.bytes(), 100, 100), Err(INVALID));
    // A string behind a cleared table.
    assert_eq!(decoded(&[0x80, 0x60, 0x40, 0, 0], 100, 100), Err(INVALID));
}
