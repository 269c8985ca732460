//! By what coefficients are multiplied: sections 9.6 and 14.1 of RFC 6386.

use super::bool_decoder::Bits;
use super::tables::{AC_STEPS, DC_STEPS};

/// The first index from which the mean of colour differences is not quantised more coarsely.
const LARGEST_DIFFERENCE_INDEX: i32 = 117;

/// Of the mean and of all other coefficients.
pub(super) type Pair = [i16; 2];

/// The steps of one segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Steps {
    pub(super) luma: Pair,
    /// Of the block of means.
    pub(super) means: Pair,
    pub(super) differences: Pair,
}

/// Where in the tables the steps stand.
pub(super) struct Indices {
    pub(super) base: i32,
    luma_dc: i32,
    means: [i32; 2],
    differences: [i32; 2],
}

impl Steps {
    pub(super) fn read_indices(bits: &mut Bits) -> Indices {
        let base = bits.literal(7).cast_signed();
        let [luma_dc, m0, m1, d0, d1] = [(); 5].map(|()| bits.optional(4).unwrap_or(0));
        Indices { base, luma_dc, means: [m0, m1], differences: [d0, d1] }
    }

    pub(super) fn new(base: i32, indices: &Indices) -> Self {
        let step = |table: &[i16; 128], index: i32| {
            let index = usize::try_from(base + index).unwrap_or(0);
            table.get(index).copied().unwrap_or(table[127])
        };
        let base_of_differences = (base + indices.differences[0]).min(LARGEST_DIFFERENCE_INDEX) - base;
        let coarse = i32::from(step(&AC_STEPS, indices.means[1])) * 155 / 100;
        Self {
            luma: [step(&DC_STEPS, indices.luma_dc), step(&AC_STEPS, 0)],
            means: [2 * step(&DC_STEPS, indices.means[0]), i16::try_from(coarse.max(8)).unwrap_or(i16::MAX)],
            differences: [step(&DC_STEPS, base_of_differences), step(&AC_STEPS, indices.differences[1])],
        }
    }
}
