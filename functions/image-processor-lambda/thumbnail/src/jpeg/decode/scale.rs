//! Scales at which a component is decoded, and the planes that they fill.

use super::header::{Component, Frame};
use crate::pixels::Plane;
use crate::rejection::DecodeError;

/// Of so many samples along a side the last one, though partly padding, shows no more.
const THIN: u64 = 8;

/// Of each block of eight by eight samples, how many are made in each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Scale {
    /// One: the DC coefficient alone.
    Eighth,
    /// Two.
    Quarter,
    /// Four, without the finest detail of both directions at once: for what is made much smaller afterwards, and
    /// shows none of it.
    SoftHalf,
    /// Four.
    Half,
    /// All eight.
    Full,
}

impl Scale {
    /// Each scale, the smallest first.
    pub(crate) const ALL: [Self; 5] = [Self::Eighth, Self::Quarter, Self::SoftHalf, Self::Half, Self::Full];

    /// Samples of a block in each direction.
    pub(crate) const fn samples(self) -> u32 {
        match self {
            Self::Eighth => 1,
            Self::Quarter => 2,
            Self::SoftHalf | Self::Half => 4,
            Self::Full => 8,
        }
    }

    /// How many times the samples that are wanted there must be, as a fraction.
    pub(super) const fn surplus(self) -> (u32, u32) {
        match self {
            Self::SoftHalf => (7, 5),
            _ => (1, 1),
        }
    }

    /// Whether the coefficient of a row and a column of the block is used.
    pub(super) const fn uses(self, row: u32, column: u32) -> bool {
        let n = self.samples();
        row < n && column < n && !(matches!(self, Self::SoftHalf) && row + column > 4)
    }

    /// The last coefficient, in zigzag order, that is used.
    pub(super) const fn last_coefficient(self) -> u32 {
        match self {
            Self::Eighth => 0,
            Self::Quarter => 4,
            Self::SoftHalf => 13,
            Self::Half => 24,
            Self::Full => 63,
        }
    }
}

impl Frame {
    /// The smallest scale at which a channel has at least `width` by `height` samples, and the scale's surplus;
    /// full size if none.
    ///
    /// Samples at the right and the lower edge are partly of padding. That shows where samples are few, so there
    /// must be at least [`THIN`] unless they end with a whole one.
    pub(crate) fn scale(&self, component: usize, (width, height): (u32, u32)) -> Scale {
        let Some(component) = self.components.get(component) else { return Scale::Full };
        let is_enough = |scale: &Scale| {
            let (times, part) = scale.surplus();
            let suffices = |length: u32, factor: u32, largest: u32, wanted: u32| {
                let scaled = u64::from(length) * u64::from(factor * scale.samples());
                let each = u64::from(largest * 8);
                let is_exact = scaled.is_multiple_of(each) || scaled >= THIN * each;
                is_exact && scaled.div_ceil(each) * u64::from(part) >= u64::from(wanted) * u64::from(times)
            };
            suffices(self.width, component.across, self.across, width)
                && suffices(self.height, component.down, self.down, height)
        };
        Scale::ALL.into_iter().find(is_enough).unwrap_or(Scale::Full)
    }
}

/// An empty channel of whole blocks.
pub(super) fn plane(frame: &Frame, component: &Component, scale: Scale) -> Result<Plane, DecodeError> {
    const HUGE: DecodeError = DecodeError::Unsupported("a channel larger than memory");
    let n = scale.samples();
    let covered = |length: u32, factor: u32, largest: u32| {
        f64::from(length) * f64::from(factor) * f64::from(n) / f64::from(largest * 8)
    };
    Ok(Plane {
        samples: vec![0; usize::try_from(bytes(frame, component, scale)).map_err(|_| HUGE)?],
        stride: (frame.mcu_columns() * component.across * n) as usize,
        width: covered(frame.width, component.across, frame.across),
        height: covered(frame.height, component.down, frame.down),
    })
}

/// Bytes that a channel of this scale takes.
pub(super) fn bytes(frame: &Frame, component: &Component, scale: Scale) -> u64 {
    let n = u64::from(scale.samples());
    let blocks =
        u64::from(frame.mcu_columns() * component.across) * u64::from(frame.mcu_rows() * component.down);
    blocks * n * n
}
