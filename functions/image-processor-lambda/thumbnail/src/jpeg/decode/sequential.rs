//! Sequential mode, baseline and extended (T.81, annex F): blocks are drawn as they are read.

use std::rc::Rc;

use super::ac::AcTable;
use super::bit_reader::{Clean, Cursor, ScanWindow};
use super::block::{Block, Order};
use super::header::Frame;
use super::huffman::{Class, Lookup};
use super::scale::Scale;
use super::scan::{Grid, Part, Scan};
use super::tables::Tables;
use crate::budget::Clock;
use crate::pixels::Plane;
use crate::rejection::DecodeError;
use crate::simd::vectorize;

/// A block of each MCU: how to read it and where it goes.
struct Slot {
    plane: usize,
    /// Which DC predictor: one for each component.
    part: usize,
    dc: Rc<Lookup>,
    ac: Rc<AcTable>,
    order: Rc<Order>,
    /// The last coefficient whose value is wanted.
    last: u32,
    /// From the first sample of the row to that of the block, and from one MCU to the next.
    offset: usize,
    step: usize,
    /// From one row of MCUs to the next.
    row_step: usize,
}

impl Slot {
    /// The samples from the block's first on, and how many a row has.
    #[inline(always)]
    fn target<'a>(
        &self,
        planes: &'a mut [Plane],
        (row, column): (usize, usize),
    ) -> Option<(&'a mut [u8], usize)> {
        let at = row * self.row_step + column * self.step + self.offset;
        let Plane { samples, stride, .. } = planes.get_mut(self.plane)?;
        Some((samples.get_mut(at..)?, *stride))
    }
}

/// Decodes one scan into `planes`; returns where the next marker is.
pub(super) fn decode(
    file: &[u8],
    frame: &Frame,
    scan: &Scan,
    tables: &Tables,
    scales: &[Scale],
    planes: &mut [Plane],
    clock: Clock,
) -> Result<usize, DecodeError> {
    let grid = Grid::new(frame, scan);
    let slots = slots(frame, scan, grid, tables, scales, planes)?;
    let interval = tables.restart_interval;
    let is_dc_only = slots.iter().all(|slot| slot.last == 0);
    vectorize(
        #[inline(always)]
        || {
            if is_dc_only {
                mcus::<true>(file, scan, grid, &slots, interval, planes, clock)
            } else {
                mcus::<false>(file, scan, grid, &slots, interval, planes, clock)
            }
        },
    )
}

fn slots(
    frame: &Frame,
    scan: &Scan,
    grid: Grid,
    tables: &Tables,
    scales: &[Scale],
    planes: &[Plane],
) -> Result<Vec<Slot>, DecodeError> {
    let mut slots = Vec::new();
    // Channels mostly share tables.
    let mut shared: Vec<(u8, Rc<AcTable>)> = Vec::new();
    for (index, part) in scan.parts.iter().enumerate() {
        let Part { component: plane, dc_table, ac_table } = *part;
        let (Some(component), Some(scale), Some(target)) =
            (frame.components.get(plane), scales.get(plane).copied(), planes.get(plane))
        else {
            return Err(DecodeError::Corrupt("a scan names a channel that is not in the frame"));
        };
        let dc = Rc::new(Lookup::new(Class::Dc, &*tables.dc(dc_table)?)?);
        let ac = match shared.iter().find(|known| known.0 == ac_table) {
            Some((_, ac)) => Rc::clone(ac),
            None => Rc::new(AcTable::new(&*tables.ac(ac_table)?)?),
        };
        shared.push((ac_table, Rc::clone(&ac)));
        let order = Rc::new(Order::new(scale, &*tables.quantization(component.table)?));
        let n = scale.samples() as usize;
        let (across, down) = if grid.is_single { (1, 1) } else { (component.across, component.down) };
        for (row, column) in (0..down).flat_map(|row| (0..across).map(move |column| (row, column))) {
            slots.push(Slot {
                plane,
                part: index,
                dc: Rc::clone(&dc),
                ac: Rc::clone(&ac),
                order: Rc::clone(&order),
                last: scale.last_coefficient(),
                offset: (row as usize * target.stride + column as usize) * n,
                step: across as usize * n,
                row_step: down as usize * n * target.stride,
            });
        }
    }
    Ok(slots)
}

/// With `DC_ONLY` no AC coefficient is wanted, of any component: the loop that matters most.
#[inline(always)]
fn mcus<const DC_ONLY: bool>(
    file: &[u8],
    scan: &Scan,
    grid: Grid,
    slots: &[Slot],
    restart_interval: u32,
    planes: &mut [Plane],
    clock: Clock,
) -> Result<usize, DecodeError> {
    let mut window = ScanWindow::new(file, scan.start);
    let mut cursor = Cursor::default();
    let mut predictors = [0_i32; 4];
    let mut block: Block = [0; 128];
    let mut is_damaged = false;
    let (mut until_restart, mut restarts) = (restart_interval, 0_u8);
    for row in 0..grid.rows as usize {
        clock()?;
        for column in 0..grid.columns as usize {
            if restart_interval != 0 {
                if until_restart == 0 {
                    window.restart(&mut cursor, restarts)?;
                    restarts = restarts.wrapping_add(1);
                    until_restart = restart_interval;
                    predictors = [0; 4];
                }
                until_restart -= 1;
            }
            window.ensure(&mut cursor)?;
            let clean = window.clean();
            for slot in slots {
                let Some(predictor) = predictors.get_mut(slot.part) else { continue };
                let target = slot.target(planes, (row, column));
                is_damaged |= read_dc(&mut cursor, clean, slot, predictor);
                if DC_ONLY {
                    is_damaged |= !slot.ac.skip(&mut cursor, clean, 1);
                    if let Some(([target, ..], _)) = target {
                        *target = slot.order.dc(*predictor);
                    }
                    continue;
                }
                slot.order.put(&mut block, 0, *predictor);
                let end = slot.ac.read(&mut cursor, clean, &slot.order, &mut block, slot.last);
                is_damaged |= end.is_damaged;
                if let Some((target, stride)) = target {
                    slot.order.draw(&mut block, end.is_flat, target, stride);
                }
            }
        }
        if is_damaged {
            return Err(DecodeError::Corrupt(
                "the data hold no code of their table, or too many coefficients",
            ));
        }
    }
    window.end_of_scan(&cursor)
}

/// Reads the DC coefficient into `predictor`; returns whether the data are damaged.
#[inline(always)]
fn read_dc(cursor: &mut Cursor, clean: &Clean, slot: &Slot, predictor: &mut i32) -> bool {
    cursor.refill(clean);
    let symbol = slot.dc.symbol(cursor.bits);
    *predictor = predictor.wrapping_add(symbol.value(cursor.bits));
    cursor.skip(symbol.bits());
    symbol.is_invalid()
}
