//! The segments before the entropy-coded data, and the marker behind them.

use std::num::NonZeroU16;

use super::huffman::{CHROMA, LUMA};
use super::quantization::QuantizationTables;
use crate::jpeg::marker::{END_OF_IMAGE, HUFFMAN, QUANTIZATION, START_OF_IMAGE, START_OF_SCAN};
use crate::jpeg::standard_huffman::Definition;
use crate::jpeg::zigzag::ZIGZAG;
use crate::pixels::Subsampling;

/// End of image.
pub(super) const END: [u8; 2] = [0xff, END_OF_IMAGE];

const START: [u8; 2] = [0xff, START_OF_IMAGE];
const APPLICATION: u8 = 0xe0;
const BASELINE: u8 = 0xc0;

/// Version 1.02, no unit, square pixels, no preview.
const JFIF: &[u8] = b"JFIF\0\x01\x02\0\0\x01\0\x01\0\0";
/// For Cb and Cr their identifier, their sampling factors, and their quantization table.
const CHROMA_COMPONENTS: [[u8; 3]; 2] = [[2, 0x11, 1], [3, 0x11, 1]];
/// Three components with their Huffman tables, all coefficients, in full.
const SCAN: &[u8] = &[3, 1, 0x00, 2, 0x11, 3, 0x11, 0, 63, 0];

pub(super) fn write(
    jpeg: &mut Vec<u8>,
    width: NonZeroU16,
    height: NonZeroU16,
    subsampling: Subsampling,
    tables: &QuantizationTables,
) {
    jpeg.extend(START);
    segment(jpeg, APPLICATION, JFIF);
    for (index, table) in [(0, &tables.luma), (1, &tables.chroma)] {
        let stored = ZIGZAG.iter().filter_map(|place| table.get(usize::from(*place)));
        segment(jpeg, QUANTIZATION, &[index].iter().chain(stored).copied().collect::<Vec<_>>());
    }
    let ([h1, h0], [w1, w0]) = (height.get().to_be_bytes(), width.get().to_be_bytes());
    let factors = match subsampling {
        Subsampling::None => 0x11,
        Subsampling::Half => 0x22,
    };
    let frame = [&[8, h1, h0, w1, w0, 3], &[1, factors, 0][..], CHROMA_COMPONENTS.as_flattened()].concat();
    segment(jpeg, BASELINE, &frame);
    let huffman = [(0x00, &LUMA.dc), (0x10, &LUMA.ac), (0x01, &CHROMA.dc), (0x11, &CHROMA.ac)];
    for (index, table) in huffman {
        let Definition { counts, symbols } = table.definition;
        segment(jpeg, HUFFMAN, &[&[index], &counts[..], symbols].concat());
    }
    segment(jpeg, START_OF_SCAN, SCAN);
}

/// All payloads are far shorter than 65,534 bytes.
fn segment(jpeg: &mut Vec<u8>, marker: u8, payload: &[u8]) {
    let length = u16::try_from(payload.len() + 2).unwrap_or(u16::MAX);
    jpeg.extend([0xff, marker]);
    jpeg.extend(length.to_be_bytes());
    jpeg.extend(payload);
}
