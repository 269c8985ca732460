//! What stands before and behind the blocks.

use std::num::NonZeroU16;

use super::huffman::{DIFFERENCE, Definition, LUMA};
use super::tables::Divisors;
use crate::jpeg::ZIGZAG;
use crate::jpeg::marker::{END_OF_IMAGE, HUFFMAN, QUANTISATION, START_OF_IMAGE, START_OF_SCAN};

/// End of image.
pub(super) const END: [u8; 2] = [0xff, END_OF_IMAGE];

const START: [u8; 2] = [0xff, START_OF_IMAGE];
const APPLICATION: u8 = 0xe0;
const BASELINE: u8 = 0xc0;

/// Version 1.02, no unit, square pixels, no preview.
const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
/// For each channel its number, its factors of sampling across and down, and its divisors.
const CHANNELS: [[u8; 3]; 3] = [[1, 0x22, 0], [2, 0x11, 1], [3, 0x11, 1]];
/// Three channels with their codes, all coefficients, in full.
const PARTS: &[u8] = &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0];

pub(super) fn write(jpeg: &mut Vec<u8>, width: NonZeroU16, height: NonZeroU16, divisors: &Divisors) {
    jpeg.extend(START);
    segment(jpeg, APPLICATION, JFIF);
    for (index, table) in [(0, &divisors.luma), (1, &divisors.difference)] {
        let stored = ZIGZAG.iter().filter_map(|place| table.get(usize::from(*place)));
        segment(jpeg, QUANTISATION, &[index].iter().chain(stored).copied().collect::<Vec<_>>());
    }
    let ([h1, h0], [w1, w0]) = (height.get().to_be_bytes(), width.get().to_be_bytes());
    let frame = [&[8, h1, h0, w1, w0, 3], CHANNELS.as_flattened()].concat();
    segment(jpeg, BASELINE, &frame);
    let tables = [(0x00, &LUMA.dc), (0x10, &LUMA.ac), (0x01, &DIFFERENCE.dc), (0x11, &DIFFERENCE.ac)];
    for (index, table) in tables {
        let Definition { counts, symbols } = table.definition;
        segment(jpeg, HUFFMAN, &[&[index], &counts[..], symbols].concat());
    }
    segment(jpeg, START_OF_SCAN, PARTS);
}

/// All payloads are far shorter than 65,534 bytes.
fn segment(jpeg: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    jpeg.extend([0xff, marker]);
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(payload);
}
