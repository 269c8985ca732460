//! Progressive files: which scans a scale needs, and what they add to the coefficients.

use super::bit_reader::{Cursor, Window};
use super::block::Order;
use super::coefficients::Coefficients;
use super::header::{Frame, Header};
use super::huffman::{Class, Lookup};
use super::refinement;
use super::scale::{Scale, plane};
use super::scan::{Grid, Scan};
use super::tables::Tables;
use crate::budget::Clock;
use crate::jpeg::marker::{self, END_OF_IMAGE, START_OF_SCAN};
use crate::pixels::Plane;
use crate::rejection::DecodeError as Error;
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
) -> Result<Vec<Plane>, Error> {
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
fn index(file: &[u8], header: &Header, clock: Clock) -> Result<Vec<Found>, Error> {
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
                    return Err(Error::Corrupt("the file has more than a hundred scans"));
                }
                let scan = Scan::read(&header.frame, &segment)?;
                at = marker::end_of_scan(file, scan.start);
                found.push(Found { scan, tables: tables.clone(), is_needed: false });
            }
            marker if marker::is_frame(marker) => return Err(Error::Unsupported("a second frame")),
            marker => tables.read(marker, segment.payload)?,
        }
    }
}

/// Marks what is needed, from the last scan to the first: a refinement can be read only by who knows
/// which coefficients of its band are zero.
fn choose(found: &mut [Found], scales: &[Scale]) -> Result<(), Error> {
    let mut needed: Vec<u64> = scales.iter().map(|scale| Order::used(*scale)).collect();
    let mut has_mean = vec![false; scales.len()];
    for Found { scan, is_needed, .. } in found.iter_mut().rev() {
        for part in &scan.parts {
            let (Some(needed), Some(has_mean)) =
                (needed.get_mut(part.component), has_mean.get_mut(part.component))
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
                // It overwrites what earlier scans said of the mean.
                *needed &= !1;
                *has_mean = true;
            }
        }
    }
    if has_mean.contains(&false) { Err(Error::Truncated("before a channel's first scan")) } else { Ok(()) }
}

#[inline(always)]
fn decode_scan(
    file: &[u8],
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    channels: &mut [Coefficients],
    clock: Clock,
) -> Result<(), Error> {
    let grid = Grid::new(frame, scan);
    let mut data = Data::new(file, scan, tables.restart_interval);
    match (&scan.parts[..], scan.first) {
        (_, 0) => means(frame, scan, grid, tables, channels, &mut data, clock)?,
        ([part], _) => {
            let lookup = Lookup::new(Class::Band, &*tables.ac(part.ac_table)?)?;
            let Some(channel) = channels.get_mut(part.component) else { return Ok(()) };
            if scan.is_refinement {
                refinement::band(scan, grid, &lookup, channel, &mut data, clock)?;
            } else {
                band(scan, grid, &lookup, channel, &mut data, clock)?;
            }
        }
        _ => return Err(Error::Corrupt("a progressive scan holds an impossible band")),
    }
    data.window.check(&data.cursor)
}

/// The data of a scan, with its restarts.
pub(super) struct Data<'a> {
    pub(super) window: Window<'a>,
    pub(super) cursor: Cursor,
    interval: u32,
    until_restart: u32,
    restarts: u8,
}

impl<'a> Data<'a> {
    fn new(file: &'a [u8], scan: &Scan, interval: u32) -> Self {
        let window = Window::new(file, scan.start);
        Self { window, cursor: Cursor::default(), interval, until_restart: interval, restarts: 0 }
    }

    /// Begins a unit; tells whether everything carried from unit to unit starts anew.
    #[inline(always)]
    pub(super) fn begin(&mut self) -> Result<bool, Error> {
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

    /// Goes over up to `units` units that take no bits; tells how many, fewer if a restart comes before.
    #[inline(always)]
    fn pass(&mut self, units: u32) -> u32 {
        if self.interval == 0 {
            return units;
        }
        let passed = units.min(self.until_restart);
        self.until_restart -= passed;
        passed
    }

    #[inline(always)]
    pub(super) fn refill(&mut self) {
        self.cursor.refill(self.window.clean());
    }
}

/// Means, of all channels of the scan: their upper bits, or one more bit.
#[inline(always)]
fn means(
    frame: &Frame,
    scan: &Scan,
    grid: Grid,
    tables: &Tables,
    channels: &mut [Coefficients],
    data: &mut Data,
    clock: Clock,
) -> Result<(), Error> {
    let lookups = scan.parts.iter().map(|part| {
        // A refinement is plain bits and names no table.
        (!scan.is_refinement).then(|| Lookup::new(Class::Dc, &*tables.dc(part.dc_table)?)).transpose()
    });
    let lookups = lookups.collect::<Result<Vec<_>, Error>>()?;
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
                    let mean = channel.mean(row * down + y, column * across + x);
                    if let Some(lookup) = lookup {
                        let symbol = lookup.symbol(data.cursor.bits);
                        if symbol.is_invalid() {
                            return Err(INVALID);
                        }
                        *predictor = predictor.wrapping_add(symbol.value(data.cursor.bits));
                        data.cursor.skip(symbol.bits());
                        *mean = shifted(*predictor, scan.low_bit);
                    } else if data.cursor.bit() {
                        *mean |= shifted(1, scan.low_bit);
                    }
                }
            }
        }
    }
    Ok(())
}

pub(super) const INVALID: Error = Error::Corrupt("the data hold no code of their table");

/// A coefficient from its bits at and above the lowest.
#[inline(always)]
#[expect(
    clippy::cast_possible_truncation,
    reason = "coefficients of 8-bit pictures fit; absurd ones may wrap"
)]
pub(super) const fn shifted(value: i32, low_bit: u32) -> i16 {
    (value << low_bit) as i16
}

/// The upper bits of a band of coefficients.
#[inline(always)]
fn band(
    scan: &Scan,
    grid: Grid,
    lookup: &Lookup,
    channel: &mut Coefficients,
    data: &mut Data,
    clock: Clock,
) -> Result<(), Error> {
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
