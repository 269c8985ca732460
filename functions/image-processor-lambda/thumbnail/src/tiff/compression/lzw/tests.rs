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
