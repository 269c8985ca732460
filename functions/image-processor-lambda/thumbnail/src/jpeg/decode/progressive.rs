//! Progressive mode (T.81, annex G): which scans a scale needs, and what they add to the coefficients.

use super::block::Order;
use super::coefficients::Coefficients;
use super::header::{Frame, Header};
use super::huffman::{Class, Lookup};
use super::refinement;
use super::scale::{Scale, plane};
use super::scan::{Grid, Scan};
use super::scan_data::{INVALID, ScanData, shifted};
use super::tables::Tables;
use crate::budget::Clock;
use crate::jpeg::marker::{self, END_OF_IMAGE, START_OF_SCAN};
use crate::pixels::Plane;
use crate::rejection::DecodeError;
use crate::simd::vectorize;

/// Most scans of a file. Programs write about ten; each costs a walk over the picture.
const MOST_SCANS: usize = 100;

/// A scan, and the tables in force where it begins.
struct Found {
    scan: Scan,
    tables: Tables,
    is_needed: bool,
}

/// Decodes all that `scales`, one for each channel, need.
pub(super) fn decode(
    file: &[u8],
    header: &Header,
    scales: &[Scale],
    clock: Clock,
) -> Result<Vec<Plane>, DecodeError> {
    let frame = &header.frame;
    let mut found = index(file, header, clock)?;
    let last_tables = found.last().map(|last| last.tables.clone()).unwrap_or_default();
    choose(&mut found, scales)?;
    let mut channels: Vec<Coefficients> = frame
        .components
        .iter()
        .zip(scales)
        .map(|(component, scale)| Coefficients::new(frame, component, *scale))
        .collect::<Result<_, _>>()?;
    for Found { scan, tables, .. } in found.iter().filter(|found| found.is_needed) {
        vectorize(
            #[inline(always)]
            || decode_scan(file, frame, scan, tables, &mut channels, clock),
        )?;
    }
    let drawn = frame.components.iter().zip(scales).zip(channels);
    drawn
        .map(|((component, scale), coefficients)| {
            let order = Order::new(*scale, &*last_tables.quantization(component.table)?);
            let mut plane = plane(frame, component, *scale)?;
            vectorize(
                #[inline(always)]
                || coefficients.draw(&order, &mut plane, clock),
            )?;
            Ok(plane)
        })
        .collect()
}

/// Finds all scans by their markers, without looking at their data.
fn index(file: &[u8], header: &Header, clock: Clock) -> Result<Vec<Found>, DecodeError> {
    let mut tables = header.tables.clone();
    let mut found = Vec::new();
    let mut at = header.scans;
    loop {
        let segment = marker::next(file, at)?;
        at = segment.end;
        match segment.marker {
            END_OF_IMAGE => return Ok(found),
            START_OF_SCAN => {
                clock()?;
                if found.len() == MOST_SCANS {
                    return Err(DecodeError::Corrupt("the file has more than a hundred scans"));
                }
                let scan = Scan::read(&header.frame, &segment)?;
                at = marker::end_of_scan(file, scan.start);
                found.push(Found { scan, tables: tables.clone(), is_needed: false });
            }
            marker if marker::is_frame(marker) => return Err(DecodeError::Unsupported("a second frame")),
            marker => tables.read(marker, segment.payload)?,
        }
    }
}

/// Marks what is needed, from the last scan to the first: a refinement can be read only by who knows
/// which coefficients of its band are zero.
fn choose(found: &mut [Found], scales: &[Scale]) -> Result<(), DecodeError> {
    let mut needed: Vec<u64> = scales.iter().map(|scale| Order::used(*scale)).collect();
    let mut has_dc = vec![false; scales.len()];
    for Found { scan, is_needed, .. } in found.iter_mut().rev() {
        for part in &scan.parts {
            let (Some(needed), Some(has_dc)) =
                (needed.get_mut(part.component), has_dc.get_mut(part.component))
            else {
                continue;
            };
            if *needed & scan.band() == 0 {
                continue;
            }
            *is_needed = true;
            if scan.is_refinement {
                *needed |= scan.band();
            } else if scan.first == 0 {
                // It overwrites the DC coefficients of earlier scans.
                *needed &= !1;
                *has_dc = true;
            }
        }
    }
    if has_dc.contains(&false) {
        Err(DecodeError::Truncated("before a channel's first scan"))
    } else {
        Ok(())
    }
}

#[inline(always)]
fn decode_scan(
    file: &[u8],
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    channels: &mut [Coefficients],
    clock: Clock,
) -> Result<(), DecodeError> {
    let grid = Grid::new(frame, scan);
    let mut data = ScanData::new(file, scan, tables.restart_interval);
    match (&scan.parts[..], scan.first) {
        (_, 0) => dc_scan(frame, scan, grid, tables, channels, &mut data, clock)?,
        ([part], _) => {
            let lookup = Lookup::new(Class::Band, &*tables.ac(part.ac_table)?)?;
            let Some(channel) = channels.get_mut(part.component) else { return Ok(()) };
            if scan.is_refinement {
                refinement::band(scan, grid, &lookup, channel, &mut data, clock)?;
            } else {
                band(scan, grid, &lookup, channel, &mut data, clock)?;
            }
        }
        _ => return Err(DecodeError::Corrupt("a progressive scan holds an impossible band")),
    }
    data.window.check(&data.cursor)
}

/// DC coefficients of all components of the scan: their upper bits, or one more bit.
#[inline(always)]
fn dc_scan(
    frame: &Frame,
    scan: &Scan,
    grid: Grid,
    tables: &Tables,
    channels: &mut [Coefficients],
    data: &mut ScanData,
    clock: Clock,
) -> Result<(), DecodeError> {
    let lookups = scan.parts.iter().map(|part| {
        // A refinement is plain bits and names no table.
        (!scan.is_refinement).then(|| Lookup::new(Class::Dc, &*tables.dc(part.dc_table)?)).transpose()
    });
    let lookups = lookups.collect::<Result<Vec<_>, DecodeError>>()?;
    let mut predictors = [0_i32; 4];
    for row in 0..grid.rows {
        clock()?;
        for column in 0..grid.columns {
            if data.begin()? {
                predictors = [0; 4];
            }
            for ((part, lookup), predictor) in scan.parts.iter().zip(&lookups).zip(&mut predictors) {
                let (Some(component), Some(channel)) =
                    (frame.components.get(part.component), channels.get_mut(part.component))
                else {
                    continue;
                };
                let (across, down) = if grid.is_single { (1, 1) } else { (component.across, component.down) };
                for (y, x) in (0..down).flat_map(|y| (0..across).map(move |x| (y, x))) {
                    data.refill();
                    let dc = channel.dc(row * down + y, column * across + x);
                    if let Some(lookup) = lookup {
                        let symbol = lookup.symbol(data.cursor.bits);
                        if symbol.is_invalid() {
                            return Err(INVALID);
                        }
                        *predictor = predictor.wrapping_add(symbol.value(data.cursor.bits));
                        data.cursor.skip(symbol.bits());
                        *dc = shifted(*predictor, scan.low_bit);
                    } else if data.cursor.bit() {
                        *dc |= shifted(1, scan.low_bit);
                    }
                }
            }
        }
    }
    Ok(())
}

/// The upper bits of a band of coefficients.
#[inline(always)]
fn band(
    scan: &Scan,
    grid: Grid,
    lookup: &Lookup,
    channel: &mut Coefficients,
    data: &mut ScanData,
    clock: Clock,
) -> Result<(), DecodeError> {
    // Blocks of which the rest, then all, are zero in this band.
    let mut empty = 0;
    for row in 0..grid.rows {
        clock()?;
        let mut column = 0;
        while column < grid.columns {
            if empty > 0 {
                let passed = data.pass(empty.min(grid.columns - column));
                if passed > 0 {
                    empty -= passed;
                    column += passed;
                    continue;
                }
            }
            if data.begin()? {
                empty = 0;
            }
            let mut index = scan.first;
            let mut block = channel.block(row, column);
            while index <= scan.last {
                data.refill();
                let symbol = lookup.symbol(data.cursor.bits);
                let run = symbol.advance() - 1;
                if symbol.size() == 0 {
                    if symbol.is_invalid() {
                        return Err(INVALID);
                    }
                    data.cursor.skip(symbol.length());
                    if run < 15 {
                        empty = (1 << run) - 1 + data.cursor.take(run);
                        break;
                    }
                    index += 16;
                    continue;
                }
                index += run;
                block.begin(index, shifted(symbol.value(data.cursor.bits), scan.low_bit));
                data.cursor.skip(symbol.bits());
                index += 1;
            }
            column += 1;
        }
    }
    Ok(())
}
