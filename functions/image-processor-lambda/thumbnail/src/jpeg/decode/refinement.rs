//! Refinement scans of AC coefficients: one more bit for a band (T.81, G.1.2.3).

use super::coefficients::BlockMut;
use super::coefficients::Coefficients;
use super::huffman::Lookup;
use super::scan::{Grid, Scan};
use super::scan_data::{INVALID, ScanData, shifted};
use crate::budget::Clock;
use crate::rejection::DecodeError;

/// Adds the bit of `scan` to each coefficient of its band, block after block.
#[inline(always)]
pub(super) fn band(
    scan: &Scan,
    grid: Grid,
    lookup: &Lookup,
    channel: &mut Coefficients,
    data: &mut ScanData,
    clock: Clock,
) -> Result<(), DecodeError> {
    let mut empty = 0;
    for row in 0..grid.rows {
        clock()?;
        for column in 0..grid.columns {
            if data.begin()? {
                empty = 0;
            }
            let mut block = channel.block(row, column);
            let mut index = scan.first;
            if empty == 0 {
                (index, empty) = new_coefficients(scan, lookup, &mut block, data)?;
            }
            if empty > 0 {
                let rest = scan.band() & u64::MAX.checked_shl(index).unwrap_or(0);
                correct(block.nonzero() & rest, scan.low_bit, &mut block, data);
                empty -= 1;
            }
        }
    }
    Ok(())
}

/// Reads coefficients that were zero until now, and corrects those between; returns how far it came,
/// and the number of blocks from here on without new ones.
#[inline(always)]
fn new_coefficients(
    scan: &Scan,
    lookup: &Lookup,
    block: &mut BlockMut,
    data: &mut ScanData,
) -> Result<(u32, u32), DecodeError> {
    let mut index = scan.first;
    while index <= scan.last {
        data.refill();
        let symbol = lookup.symbol(data.cursor.bits);
        if symbol.is_invalid() {
            return Err(INVALID);
        }
        data.cursor.skip(symbol.length());
        let run = symbol.advance() - 1;
        if symbol.size() == 0 && run < 15 {
            return Ok((index, (1 << run) + data.cursor.take(run)));
        }
        let value = (symbol.size() != 0).then(|| if data.cursor.bit() { 1 } else { -1 });
        let rest = scan.band() & u64::MAX << index;
        // The new one comes behind `run` coefficients that stay zero.
        let mut zeros = rest & !block.nonzero();
        for _ in 0..run {
            zeros &= zeros.wrapping_sub(1);
        }
        let place = if zeros == 0 { scan.last + 1 } else { zeros.trailing_zeros() };
        let passed = rest & !u64::MAX.checked_shl(place).unwrap_or(0);
        correct(block.nonzero() & passed, scan.low_bit, block, data);
        if let Some(value) = value.filter(|_| place <= scan.last) {
            block.begin(place, shifted(value, scan.low_bit));
        }
        index = place + 1;
    }
    Ok((index, 0))
}

/// Reads one bit for each of the coefficients in `set`.
#[inline(always)]
fn correct(set: u64, low_bit: u32, block: &mut BlockMut, data: &mut ScanData) {
    let mut kept = set & block.kept();
    let mut others = (set & !block.kept()).count_ones();
    let mut available = 0;
    while kept != 0 {
        if available == 0 {
            data.refill();
            available = 56;
        }
        available -= 1;
        if data.cursor.bit() {
            block.correct(kept.trailing_zeros(), shifted(1, low_bit));
        }
        kept &= kept - 1;
    }
    while others > 0 {
        data.refill();
        let count = others.min(31);
        data.cursor.skip(count);
        others -= count;
    }
}
