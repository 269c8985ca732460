//! Rows of pixels that are stored as they are.

use super::header::Header;
use crate::rejection::DecodeError;

/// The samples of a file, row by row.
pub(super) struct Samples<'a> {
    header: &'a Header<'a>,
    data: &'a [u8],
    /// Bytes of a row, which are a multiple of four.
    row_bytes: usize,
    fields: [Field; 4],
    /// Whether any pixel is not invisible: many writers leave the alpha of all at zero.
    pub(super) has_alpha: bool,
}

impl<'a> Samples<'a> {
    pub(super) fn new(header: &'a Header<'a>, bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let row_bytes = (u64::from(header.width) * u64::from(header.bits)).div_ceil(32) * 4;
        let row_bytes = usize::try_from(row_bytes).map_err(|_| DecodeError::Corrupt("a row is too long"))?;
        let data = bytes.get(header.start..).unwrap_or_default();
        // The last row may lack what pads it.
        let used = (u64::from(header.width) * u64::from(header.bits)).div_ceil(8);
        let wanted = row_bytes as u64 * (u64::from(header.height) - 1) + used;
        if (data.len() as u64) < wanted {
            return Err(DecodeError::Truncated("before its last row"));
        }
        let fields = header.masks.map(Field::new);
        let mut samples = Self { header, data, row_bytes, fields, has_alpha: false };
        let [_, _, _, alpha] = header.masks;
        samples.has_alpha = alpha != 0
            && match header.bits {
                16 => (0..header.height).any(|y| samples.short(y).any(|pixel| pixel & alpha != 0)),
                32 => (0..header.height).any(|y| samples.long(y).any(|pixel| pixel & alpha != 0)),
                _ => false,
            };
        Ok(samples)
    }

    /// Red, green and blue, and alpha if there is any, of a row that is counted from the top.
    pub(super) fn row(&self, y: u32, row: &mut Vec<u8>) {
        row.clear();
        let width = self.header.width as usize;
        match self.header.bits {
            16 => self.masked(self.short(y), row),
            32 if self.is_plain() => {
                row.extend(
                    self.bytes(y)
                        .as_chunks()
                        .0
                        .iter()
                        .flat_map(|[blue, green, red, _]| [*red, *green, *blue]),
                );
            }
            32 => self.masked(self.long(y), row),
            24 => {
                let pixels = self.bytes(y).as_chunks().0.iter().take(width);
                row.extend(pixels.flat_map(|[blue, green, red]| [*red, *green, *blue]));
            }
            bits => {
                let bits = u32::from(bits);
                let index =
                    |byte: u8, place: u32| byte >> (8 - bits - place * bits) & (u8::MAX >> (8 - bits));
                let indices =
                    self.bytes(y).iter().flat_map(|byte| (0..8 / bits).map(move |place| index(*byte, place)));
                row.extend(indices.take(width).flat_map(|index| self.color(index)));
            }
        }
    }

    fn color(&self, index: u8) -> [u8; 3] {
        self.header.palette.get(usize::from(index)).copied().unwrap_or_default()
    }

    /// Whether pixels of 32 bits are blue, green, red and nothing of use.
    fn is_plain(&self) -> bool {
        let [red, green, blue, _] = self.header.masks;
        !self.has_alpha && (red, green, blue) == (0x00ff_0000, 0xff00, 0xff)
    }

    fn masked(&self, pixels: impl Iterator<Item = u32>, row: &mut Vec<u8>) {
        let count = if self.has_alpha { 4 } else { 3 };
        for pixel in pixels {
            row.extend(self.fields.iter().take(count).map(|field| field.level(pixel)));
        }
    }

    fn bytes(&self, y: u32) -> &[u8] {
        let place = if self.header.is_top_down { y } else { self.header.height - 1 - y } as usize;
        let rest = self.data.get(place * self.row_bytes..).unwrap_or_default();
        rest.get(..self.row_bytes).unwrap_or(rest)
    }

    fn short(&self, y: u32) -> impl Iterator<Item = u32> {
        let pixels = self.bytes(y).as_chunks().0.iter().take(self.header.width as usize);
        pixels.map(|pixel| u16::from_le_bytes(*pixel).into())
    }

    fn long(&self, y: u32) -> impl Iterator<Item = u32> {
        self.bytes(y).as_chunks().0.iter().map(|pixel| u32::from_le_bytes(*pixel))
    }
}

/// A channel's bits in a pixel.
#[derive(Clone, Copy, Debug)]
struct Field {
    mask: u32,
    shift: u32,
    /// The largest value; bits beyond the eighth are left out.
    largest: u32,
}

impl Field {
    fn new(mask: u32) -> Self {
        let low = mask.trailing_zeros().min(31);
        let bits = 32 - (mask >> low).leading_zeros();
        let shift = low + bits.saturating_sub(8);
        Self { mask, shift, largest: mask >> shift }
    }

    /// The nearest of 256 levels.
    fn level(self, pixel: u32) -> u8 {
        let value = (pixel & self.mask) >> self.shift;
        let nearest = (value * 255 + self.largest / 2).checked_div(self.largest);
        nearest.map_or(0, |nearest| u8::try_from(nearest).unwrap_or(u8::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn bits_of_a_channel_become_the_nearest_of_256_levels() {
        for (mask, pixel, expected) in [
            (0x7c00, 0xffff, 255),
            (0x001f, 0x0010, 132),
            (0x07e0, 0x0420, 134),
            (0x00ff_0000, 0x1234_5678, 0x34),
            (0xffc0_0000, 0x8000_0000, 128),
            (0x8000, 0x8000, 255),
            (0, 0xffff_ffff, 0),
        ] {
            assert_eq!(Field::new(mask).level(pixel), expected, "{mask:x} {pixel:x}");
        }
    }
}
