//! The entropy-coded data of a progressive scan, with its restarts.

use super::bit_reader::{Cursor, ScanWindow};
use super::scan::Scan;
use crate::rejection::DecodeError;

pub(super) const INVALID: DecodeError = DecodeError::Corrupt("the data hold no code of their table");

/// A coefficient from its bits at and above the lowest.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "coefficients of 8-bit pictures fit; absurd ones may wrap"
)]
pub(super) const fn shifted(value: i32, low_bit: u32) -> i16 {
    (value << low_bit) as i16
}

/// The data of a scan, with its restarts.
pub(super) struct ScanData<'a> {
    pub(super) window: ScanWindow<'a>,
    pub(super) cursor: Cursor,
    interval: u32,
    until_restart: u32,
    restarts: u8,
}

impl<'a> ScanData<'a> {
    pub(super) fn new(file: &'a [u8], scan: &Scan, interval: u32) -> Self {
        let window = ScanWindow::new(file, scan.start);
        Self { window, cursor: Cursor::default(), interval, until_restart: interval, restarts: 0 }
    }

    /// Begins an MCU; returns whether predictions and runs start anew.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> Result<bool, DecodeError> {
        let mut is_new = false;
        if self.interval != 0 {
            if self.until_restart == 0 {
                self.window.restart(&mut self.cursor, self.restarts)?;
                self.restarts = self.restarts.wrapping_add(1);
                self.until_restart = self.interval;
                is_new = true;
            }
            self.until_restart -= 1;
        }
        self.window.ensure(&mut self.cursor)?;
        Ok(is_new)
    }

    /// Skips up to `mcus` MCUs that take no bits; returns how many, fewer if a restart comes before.
    #[inline(always)]
    pub(super) fn pass(&mut self, mcus: u32) -> u32 {
        if self.interval == 0 {
            return mcus;
        }
        let passed = mcus.min(self.until_restart);
        self.until_restart -= passed;
        passed
    }

    #[inline(always)]
    pub(super) fn refill(&mut self) {
        self.cursor.refill(self.window.clean());
    }
}
