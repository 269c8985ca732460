//! Dequantization factors: RFC 6386, sections 9.6 and 14.1.

use super::bool_decoder::BoolDecoder;
use super::tables::{AC_FACTORS, DC_FACTORS};

/// Largest index of the DC factor of chroma.
const LARGEST_CHROMA_DC_INDEX: i32 = 117;

/// Factors of the DC and of the AC coefficients.
pub(super) type Pair = [i16; 2];

/// The factors of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factors {
    pub(super) luma: Pair,
    /// Of the Y2 block, which holds the DC coefficients of luma.
    pub(super) y2: Pair,
    pub(super) chroma: Pair,
}

/// Where in the tables the factors stand.
pub(super) struct Indices {
    pub(super) base: i32,
    luma_dc: i32,
    y2: [i32; 2],
    chroma: [i32; 2],
}

impl Factors {
    pub(super) fn read_indices(bits: &mut BoolDecoder) -> Indices {
        let base = bits.literal(7).cast_signed();
        let [luma_dc, y0, y1, c0, c1] = [(); 5].map(|()| bits.optional(4).unwrap_or(0));
        Indices { base, luma_dc, y2: [y0, y1], chroma: [c0, c1] }
    }

    pub(super) fn new(base: i32, indices: &Indices) -> Self {
        let step = |table: &[i16; 128], index: i32| {
            let index = usize::try_from(base + index).unwrap_or(0);
            table.get(index).copied().unwrap_or(table[127])
        };
        let base_of_chroma = (base + indices.chroma[0]).min(LARGEST_CHROMA_DC_INDEX) - base;
        let coarse = i32::from(step(&AC_FACTORS, indices.y2[1])) * 155 / 100;
        Self {
            luma: [step(&DC_FACTORS, indices.luma_dc), step(&AC_FACTORS, 0)],
            y2: [2 * step(&DC_FACTORS, indices.y2[0]), i16::try_from(coarse.max(8)).unwrap_or(i16::MAX)],
            chroma: [step(&DC_FACTORS, base_of_chroma), step(&AC_FACTORS, indices.chroma[1])],
        }
    }
}
