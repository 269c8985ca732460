//! Scan headers (T.81, B.2.3), and how the MCUs of a scan lie.

use super::header::{Frame, check_mcu};
use crate::jpeg::marker::Segment;
use crate::rejection::DecodeError;

/// One component's part in a scan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// Which of the frame's components.
    pub(super) component: usize,
    pub(super) dc_table: u8,
    pub(super) ac_table: u8,
}

/// What a scan holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scan {
    pub(super) parts: Vec<Part>,
    /// First and last coefficient, in zigzag order.
    pub(super) first: u32,
    pub(super) last: u32,
    /// Whether the scan adds a bit to coefficients that an earlier one began.
    pub(super) is_refinement: bool,
    /// The lowest bit that the scan holds.
    pub(super) low_bit: u32,
    /// Where its data begin.
    pub(super) start: usize,
}

impl Scan {
    pub(super) fn read(frame: &Frame, segment: &Segment) -> Result<Self, DecodeError> {
        const SHORT: DecodeError = DecodeError::Corrupt("a scan header is cut off");
        let (&count, rest) = segment.payload.split_first().ok_or(SHORT)?;
        let (parts, rest) = rest.split_at_checked(2 * usize::from(count)).ok_or(SHORT)?;
        let [first, last, bits] = *rest.first_chunk().ok_or(SHORT)?;
        let parts = parts.as_chunks().0.iter().map(|part| Part::read(frame, *part));
        let parts = parts.collect::<Result<Vec<_>, _>>()?;
        let scan = Self {
            parts,
            first: u32::from(first),
            last: u32::from(last),
            is_refinement: bits >> 4 != 0,
            low_bit: u32::from(bits & 15),
            start: segment.end,
        };
        scan.check(frame)?;
        Ok(scan)
    }

    fn check(&self, frame: &Frame) -> Result<(), DecodeError> {
        let is_repeated = |(index, part): (usize, &Part)| {
            self.parts.iter().take(index).any(|earlier| earlier.component == part.component)
        };
        if self.parts.is_empty() || self.parts.iter().enumerate().any(is_repeated) {
            return Err(DecodeError::Corrupt("a scan names no channel, or one twice"));
        }
        if self.parts.len() > 1 {
            let components = self.parts.iter().filter_map(|part| frame.components.get(part.component));
            check_mcu(components.map(|it| it.across * it.down).sum())?;
        }
        if frame.is_progressive {
            let is_band =
                self.first > 0 && self.first <= self.last && self.last < 64 && self.parts.len() == 1;
            let is_dc = self.first == 0 && self.last == 0;
            if !(is_band || is_dc) || self.low_bit > 13 {
                return Err(DecodeError::Corrupt("a progressive scan holds an impossible band"));
            }
        }
        Ok(())
    }

    /// The band as a set of coefficients.
    pub(super) const fn band(&self) -> u64 {
        u64::MAX >> (63 - self.last) & u64::MAX << self.first
    }
}

impl Part {
    fn read(frame: &Frame, [id, tables]: [u8; 2]) -> Result<Self, DecodeError> {
        let component = frame.components.iter().position(|it| it.id == id);
        let component =
            component.ok_or(DecodeError::Corrupt("a scan names a channel that is not in the frame"))?;
        Ok(Self { component, dc_table: tables >> 4, ac_table: tables & 15 })
    }
}

/// How the MCUs of a scan lie: blocks of all its components, or of its only one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Grid {
    pub(super) columns: u32,
    pub(super) rows: u32,
    /// Whether each MCU is a single block, whatever the sampling.
    pub(super) is_single: bool,
}

impl Grid {
    pub(super) fn new(frame: &Frame, scan: &Scan) -> Self {
        match &scan.parts[..] {
            [only] if let Some(component) = frame.components.get(only.component) => {
                Self { columns: component.columns, rows: component.rows, is_single: true }
            }
            _ => Self { columns: frame.mcu_columns(), rows: frame.mcu_rows(), is_single: false },
        }
    }
}
