//! The standard Huffman tables by symbols, for writing.

#![expect(clippy::indexing_slicing, reason = "indices of bytes into tables of 256, and constants")]

use crate::jpeg::standard_huffman::{CHROMA_AC, CHROMA_DC, Definition, LUMA_AC, LUMA_DC};

/// The code of a symbol, with room behind it for the bits of the value that it announces.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Code {
    pub(super) bits: u32,
    /// Of code and room.
    pub(super) length: u32,
}

/// A table by symbols.
#[derive(Debug)]
pub(super) struct Codes {
    pub(super) definition: Definition,
    codes: [Code; 256],
}

/// Tables of one kind of channel.
#[derive(Debug)]
pub(super) struct Pair {
    pub(super) dc: Codes,
    pub(super) ac: Codes,
}

impl Codes {
    const fn new(definition: Definition) -> Self {
        let Definition { counts, symbols } = definition;
        let mut codes = [Code { bits: 0, length: 0 }; 256];
        let (mut code, mut index, mut length) = (0, 0, 1);
        while length <= 16 {
            let mut count = counts[length as usize - 1];
            while count > 0 {
                let symbol = symbols[index];
                // The lower half of a symbol counts the bits of its value.
                let room = symbol as u32 & 15;
                codes[symbol as usize] = Code { bits: code << room, length: length + room };
                code += 1;
                index += 1;
                count -= 1;
            }
            code <<= 1;
            length += 1;
        }
        Self { definition, codes }
    }

    #[inline(always)]
    pub(super) const fn of(&self, symbol: u8) -> Code {
        self.codes[symbol as usize]
    }
}

/// Of luminance.
pub(super) static LUMA: Pair = Pair { dc: Codes::new(LUMA_DC), ac: Codes::new(LUMA_AC) };

/// Of colour differences.
pub(super) static CHROMA: Pair = Pair { dc: Codes::new(CHROMA_DC), ac: Codes::new(CHROMA_AC) };
