//! Colour maps of palettes (TIFF 6.0, section 5).

use crate::rejection::DecodeError;
use crate::tiff::directory::Directory;
use crate::tiff::tags;

/// The colour of each index.
pub(super) struct Palette(Vec<[u8; 3]>);

impl Palette {
    /// Reads a map: all reds, then all greens, then all blues, of 16 bits each.
    pub(super) fn read(directory: &Directory, bits: u8) -> Result<Self, DecodeError> {
        const NONE: DecodeError = DecodeError::Corrupt("the colour map is missing or too short");
        let values = directory.values(tags::COLOR_MAP)?.ok_or(NONE)?;
        let count = 1_usize << bits.min(8);
        let value = |index| values.uint(index).and_then(|value| u16::try_from(value).ok()).ok_or(NONE);
        let values = (0..count * 3).map(value).collect::<Result<Vec<_>, _>>()?;
        // Some old writers have levels of 8 bits here.
        let has_8_bits = values.iter().all(|value| *value < 256);
        let level = |value: &u16| {
            let [high, low] = value.to_be_bytes();
            if has_8_bits { low } else { high }
        };
        let channel = |index: usize| values.iter().skip(index * count).map(level);
        let colors = channel(0).zip(channel(1)).zip(channel(2)).take(count);
        Ok(Self(colors.map(|((red, green), blue)| [red, green, blue]).collect()))
    }

    pub(super) fn color(&self, index: u8) -> [u8; 3] {
        self.0.get(usize::from(index)).copied().unwrap_or_default()
    }
}
