//! Options of a thumbnail: size, quality, background.

use std::num::NonZeroU32;
use std::str::FromStr;

/// Options of a thumbnail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Side of the square box that the thumbnail fits in, in pixels. Default 256.
    pub side_px: NonZeroU32,
    /// JPEG quality, 1 to 100; a value outside is moved to the nearer end. Default 80.
    pub quality: u8,
    /// What shows through transparent parts. Default white.
    pub background: Rgb,
}

impl Default for Options {
    fn default() -> Self {
        const SIDE_PX: NonZeroU32 = NonZeroU32::new(256).expect("256 is not zero");
        Self { side_px: SIDE_PX, quality: 80, background: Rgb::WHITE }
    }
}

/// An opaque sRGB colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rgb {
    /// Red, 0 to 255.
    pub red: u8,
    /// Green, 0 to 255.
    pub green: u8,
    /// Blue, 0 to 255.
    pub blue: u8,
}

impl Rgb {
    /// White.
    pub const WHITE: Self = Self { red: 255, green: 255, blue: 255 };
}

/// The text was no colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a colour is written as # and six hexadecimal digits, such as #ffffff")]
pub struct ParseRgbError;

impl FromStr for Rgb {
    type Err = ParseRgbError;

    /// Reads `#rrggbb`.
    fn from_str(text: &str) -> Result<Self, ParseRgbError> {
        let digits = text.strip_prefix('#').ok_or(ParseRgbError)?;
        if digits.len() != 6 || !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(ParseRgbError);
        }
        let value = u32::from_str_radix(digits, 16).map_err(|_| ParseRgbError)?;
        let [_, red, green, blue] = value.to_be_bytes();
        Ok(Self { red, green, blue })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_is_read_from_six_hexadecimal_digits() {
        assert_eq!("#0aFf80".parse(), Ok(Rgb { red: 0x0a, green: 0xff, blue: 0x80 }));
    }

    #[test]
    fn text_that_is_no_colour_is_refused() {
        for text in ["", "#", "ffffff", "#fff", "#fffffff", "#gggggg", "#+fffff", "#ééé"] {
            assert_eq!(text.parse::<Rgb>(), Err(ParseRgbError), "{text}");
        }
    }
}
