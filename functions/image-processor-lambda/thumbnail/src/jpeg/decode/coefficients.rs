//! Coefficients of a progressive component, as far as a scale needs them.

use super::block::{Block, Order};
use super::header::{Component, Frame};
use super::scale::Scale;
use crate::budget::Clock;
use crate::pixels::Plane;
use crate::rejection::DecodeError;

/// All blocks of a channel: the first coefficients of each, and which of all its 64 are not zero.
pub(super) struct Coefficients {
    /// Coefficients kept of each block, in zigzag order.
    kept: usize,
    values: Vec<i16>,
    /// Empty when only DC coefficients are kept.
    nonzero: Vec<u64>,
    /// Blocks in a row, padded to whole MCUs.
    columns: usize,
}

impl Coefficients {
    pub(super) fn new(frame: &Frame, component: &Component, scale: Scale) -> Result<Self, DecodeError> {
        let (kept, blocks) = (kept(scale), blocks(frame, component));
        let blocks =
            usize::try_from(blocks).map_err(|_| DecodeError::Unsupported("a channel larger than memory"))?;
        Ok(Self {
            kept,
            values: vec![0; blocks * kept],
            nonzero: if kept == 1 { Vec::new() } else { vec![0; blocks] },
            columns: (frame.mcu_columns() * component.across) as usize,
        })
    }

    /// Bytes that [`Coefficients::new`] allocates.
    pub(super) fn bytes(frame: &Frame, component: &Component, scale: Scale) -> u64 {
        let kept = kept(scale) as u64;
        blocks(frame, component) * (2 * kept + if kept == 1 { 0 } else { 8 })
    }

    /// The DC coefficient of a block.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "grids lie within the padded blocks")]
    pub(super) fn dc(&mut self, row: u32, column: u32) -> &mut i16 {
        &mut self.values[(row as usize * self.columns + column as usize) * self.kept]
    }

    /// One block. Only components that keep AC coefficients have any to ask for.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "grids lie within the padded blocks")]
    pub(super) fn block(&mut self, row: u32, column: u32) -> BlockMut<'_> {
        let index = row as usize * self.columns + column as usize;
        let values = &mut self.values[index * self.kept..(index + 1) * self.kept];
        BlockMut { values, nonzero: &mut self.nonzero[index] }
    }

    /// Draws all blocks.
    #[inline(always)]
    pub(super) fn draw(&self, order: &Order, plane: &mut Plane, clock: Clock) -> Result<(), DecodeError> {
        let mut block: Block = [0; 128];
        let n = order.scale().samples() as usize;
        let (stride, row_length) = (plane.stride, plane.stride * n);
        for (row, blocks) in self.values.chunks(self.columns * self.kept).enumerate() {
            clock()?;
            for (column, values) in blocks.chunks_exact(self.kept).enumerate() {
                let mut any = 0;
                for (index, value) in (0..).zip(values) {
                    order.put(&mut block, index, i32::from(*value));
                    any |= if index == 0 { 0 } else { *value };
                }
                if let Some(target) = plane.samples.get_mut(row * row_length + column * n..) {
                    order.draw(&mut block, any == 0, target, stride);
                }
            }
        }
        Ok(())
    }
}

const fn kept(scale: Scale) -> usize {
    scale.last_coefficient() as usize + 1
}

fn blocks(frame: &Frame, component: &Component) -> u64 {
    u64::from(frame.mcu_columns() * component.across) * u64::from(frame.mcu_rows() * component.down)
}

/// One block's coefficients.
pub(super) struct BlockMut<'a> {
    values: &'a mut [i16],
    nonzero: &'a mut u64,
}

impl BlockMut<'_> {
    /// The coefficients that are not zero.
    #[inline(always)]
    pub(super) const fn nonzero(&self) -> u64 {
        *self.nonzero
    }

    /// The coefficients whose values are kept.
    #[inline(always)]
    pub(super) const fn kept(&self) -> u64 {
        u64::MAX >> (64 - self.values.len())
    }

    /// Sets a coefficient that was zero; beyond the block it is ignored.
    #[inline(always)]
    pub(super) fn begin(&mut self, index: u32, value: i16) {
        if let Some(kept) = self.values.get_mut(index as usize) {
            *kept = value;
        }
        *self.nonzero |= 1_u64.checked_shl(index).unwrap_or(0);
    }

    /// Adds a bit to a coefficient, away from zero, unless it has the bit already.
    #[inline(always)]
    pub(super) fn correct(&mut self, index: u32, bit: i16) {
        if let Some(value) = self.values.get_mut(index as usize).filter(|value| **value & bit == 0) {
            *value = value.wrapping_add(if *value < 0 { -bit } else { bit });
        }
    }
}
