//! Probabilities of coefficient tokens: RFC 6386, sections 9.9 and 13.

use super::bool_decoder::BoolDecoder;
use super::tables::{COEFFICIENTS, UPDATES};

/// Bands of neighbouring coefficients, for each place in zigzag order and the one behind the last.
const BANDS: [usize; 17] = [0, 1, 2, 3, 6, 4, 5, 6, 6, 6, 6, 6, 6, 6, 6, 7, 0];
const CONTEXTS: usize = 3;
const PROBABILITIES: usize = 11;
const KIND: usize = 8 * CONTEXTS;

/// Probabilities of one context; five are never asked for.
pub(super) type Context = [u8; 16];
/// Contexts of each place, those of one place in one line of the cache; more than there are, so
/// that masks do instead of bounds.
pub(super) type Places = [[Context; 4]; 32];

/// Kind of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Luma whose DC coefficient is in the Y2 block.
    LumaWithoutDc = 0,
    /// The DC coefficients of a macroblock's luma blocks.
    Y2 = 1,
    Chroma = 2,
    Luma = 3,
}

pub(super) struct Probabilities {
    kinds: [Places; 4],
}

impl Probabilities {
    pub(super) fn read(bits: &mut BoolDecoder) -> Self {
        let mut stored = COEFFICIENTS;
        for (probability, update) in stored.iter_mut().zip(UPDATES) {
            if bits.flag(update) {
                *probability = u8::try_from(bits.literal(8)).unwrap_or(u8::MAX);
            }
        }
        let mut kinds = [[[[0; 16]; 4]; 32]; 4];
        for (places, stored) in kinds.iter_mut().zip(stored.chunks_exact(KIND * PROBABILITIES)) {
            let bands = stored.as_chunks::<PROBABILITIES>().0;
            for (contexts, band) in places.iter_mut().zip(BANDS) {
                let stored = bands.iter().skip(band * CONTEXTS).take(CONTEXTS);
                for (context, stored) in contexts.iter_mut().zip(stored) {
                    context[..PROBABILITIES].copy_from_slice(stored);
                }
            }
        }
        Self { kinds }
    }

    #[inline(always)]
    pub(super) const fn of(&self, kind: Kind) -> &Places {
        let [luma_without_dc, y2, chroma, luma] = &self.kinds;
        match kind {
            Kind::LumaWithoutDc => luma_without_dc,
            Kind::Y2 => y2,
            Kind::Chroma => chroma,
            Kind::Luma => luma,
        }
    }
}
