//! Quantization and Huffman tables, and the restart interval, which may change before each scan.

use std::rc::Rc;

use super::huffman::HuffmanTable;
use crate::jpeg::marker::{HUFFMAN, QUANTIZATION, RESTART_INTERVAL};
use crate::jpeg::standard_huffman::{CHROMA_AC, CHROMA_DC, Definition, LUMA_AC, LUMA_DC};
use crate::rejection::DecodeError;

/// The quantization table: divisors of the 64 coefficients, in zigzag order.
pub(super) type QuantizationTable = [u16; 64];

/// The tables in force.
#[derive(Clone, Default)]
pub(in crate::jpeg) struct Tables {
    quantization: [Option<Rc<QuantizationTable>>; 4],
    dc: [Option<Rc<HuffmanTable>>; 4],
    ac: [Option<Rc<HuffmanTable>>; 4],
    /// MCUs between two restart markers, zero for none.
    pub(super) restart_interval: u32,
}

impl Tables {
    /// Puts the standard's tables where none are: frames of Motion JPEG, as webcams write them, declare none.
    pub(super) fn set_standard_huffman(&mut self) -> Result<(), DecodeError> {
        for (class, definitions) in
            [(&mut self.dc, [&LUMA_DC, &CHROMA_DC]), (&mut self.ac, [&LUMA_AC, &CHROMA_AC])]
        {
            for (slot, Definition { counts, symbols }) in class.iter_mut().zip(definitions) {
                if slot.is_none() {
                    let (table, _) = HuffmanTable::read(&[counts, *symbols].concat())?;
                    *slot = Some(Rc::new(table));
                }
            }
        }
        Ok(())
    }

    /// Takes over what the segment defines, if it is one of tables.
    pub(in crate::jpeg) fn read(&mut self, marker: u8, payload: &[u8]) -> Result<(), DecodeError> {
        match marker {
            HUFFMAN => self.read_huffman(payload),
            QUANTIZATION => self.read_quantization(payload),
            RESTART_INTERVAL => {
                let interval =
                    payload.first_chunk().ok_or(DecodeError::Corrupt("a restart interval is cut off"))?;
                self.restart_interval = u32::from(u16::from_be_bytes(*interval));
                Ok(())
            }
            _ => Ok(()),
        }
    }

    pub(super) fn quantization(&self, index: u8) -> Result<Rc<QuantizationTable>, DecodeError> {
        get(&self.quantization, index).ok_or(DecodeError::Corrupt("a quantization table is missing"))
    }

    pub(super) fn dc(&self, index: u8) -> Result<Rc<HuffmanTable>, DecodeError> {
        get(&self.dc, index).ok_or(DecodeError::Corrupt("a Huffman table is missing"))
    }

    pub(super) fn ac(&self, index: u8) -> Result<Rc<HuffmanTable>, DecodeError> {
        get(&self.ac, index).ok_or(DecodeError::Corrupt("a Huffman table is missing"))
    }

    fn read_huffman(&mut self, mut rest: &[u8]) -> Result<(), DecodeError> {
        while let Some((&target, definition)) = rest.split_first() {
            let (table, length) = HuffmanTable::read(definition)?;
            let class = if target >> 4 == 0 { &mut self.dc } else { &mut self.ac };
            let slot = class.get_mut(usize::from(target & 15));
            *slot.ok_or(DecodeError::Corrupt("a Huffman table is beyond the fourth"))? = Some(Rc::new(table));
            rest = definition.get(length..).unwrap_or_default();
        }
        Ok(())
    }

    fn read_quantization(&mut self, mut rest: &[u8]) -> Result<(), DecodeError> {
        const SHORT: DecodeError = DecodeError::Corrupt("a quantization table is cut off");
        while let Some((&target, definition)) = rest.split_first() {
            let mut table = [0; 64];
            let length = if target >> 4 == 0 { 64 } else { 128 };
            let values = definition.get(..length).ok_or(SHORT)?;
            for (index, divisor) in table.iter_mut().enumerate() {
                *divisor = if length == 64 {
                    values.get(index).copied().map(u16::from)
                } else {
                    values.as_chunks().0.get(index).copied().map(u16::from_be_bytes)
                }
                .ok_or(SHORT)?;
            }
            let slot = self.quantization.get_mut(usize::from(target & 15));
            *slot.ok_or(DecodeError::Corrupt("a quantization table is beyond the fourth"))? =
                Some(Rc::new(table));
            rest = definition.get(length..).unwrap_or_default();
        }
        Ok(())
    }
}

fn get<T>(tables: &[Option<Rc<T>>; 4], index: u8) -> Option<Rc<T>> {
    tables.get(usize::from(index)).cloned().flatten()
}
