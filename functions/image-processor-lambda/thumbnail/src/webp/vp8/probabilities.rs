//! How likely each decision about a coefficient is: sections 9.9 and 13 of RFC 6386.

use super::bool_decoder::Bits;
use super::tables::{COEFFICIENTS, UPDATES};

/// Bands of neighbouring coefficients, for each place in zigzag order and the one behind the last.
const BANDS: [usize; 17] = [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0];
const CONTEXTS: usize = 3;
const DECISIONS: usize = 11;
const KIND: usize = 8 * CONTEXTS;

/// Decisions of one context; five are never asked for.
pub(super) type Context = [u8; 16];
/// Contexts of each place, those of one place in one line of the cache; more than there are, so
/// that masks do instead of bounds.
pub(super) type Places = [[Context; 4]; 32];

/// What a block holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Luminance whose mean stands elsewhere.
    Rest = 0,
    /// Means of the blocks of a macroblock.
    Means = 1,
    Differences = 2,
    Luma = 3,
}

pub(super) struct Probabilities {
    kinds: [Places; 4],
}

impl Probabilities {
    pub(super) fn read(bits: &mut Bits) -> Self {
        let mut told = COEFFICIENTS;
        for (probability, update) in told.iter_mut().zip(UPDATES) {
            if bits.flag(update) {
                *probability = u8::try_from(bits.literal(8)).unwrap_or(u8::MAX);
            }
        }
        let mut kinds = [[[[0; 16]; 4]; 32]; 4];
        for (places, told) in kinds.iter_mut().zip(told.chunks_exact(KIND * DECISIONS)) {
            let bands = told.as_chunks::<DECISIONS>().0;
            for (contexts, band) in places.iter_mut().zip(BANDS) {
                let told = bands.iter().skip(band * CONTEXTS).take(CONTEXTS);
                for (context, told) in contexts.iter_mut().zip(told) {
                    context[..DECISIONS].copy_from_slice(told);
                }
            }
        }
        Self { kinds }
    }

    #[inline(always)]
    pub(super) const fn of(&self, kind: Kind) -> &Places {
        let [rest, means, differences, luma] = &self.kinds;
        match kind {
            Kind::Rest => rest,
            Kind::Means => means,
            Kind::Differences => differences,
            Kind::Luma => luma,
        }
    }
}
