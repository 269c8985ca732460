//! From a small picture to a finished thumbnail.

use crate::guard::{self, Stage};
use crate::jpeg;
use crate::options::Options;
use crate::rejection::Rejection;
use crate::resize::Resized;

/// A finished thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Thumbnail {
    /// The JPEG file: three channels, sRGB, no metadata, 4:4:4 where it is small or of a high quality and 4:2:0 else.
    pub jpeg: Vec<u8>,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
}

impl Resized {
    /// Writes the JPEG. Nothing of the original's metadata can be in it: it is made from pixels only.
    ///
    /// # Errors
    ///
    /// [`Rejection::Unrenderable`]; no image is known that leads to it.
    pub fn encode(&self, options: &Options) -> Result<Thumbnail, Rejection> {
        guard::catch(Stage::Encode, self.format, || {
            let jpeg = jpeg::encode::write(&self.pixels, options.quality)
                .map_err(|source| Rejection::Unrenderable { format: self.format, source })?;
            Ok(Thumbnail { jpeg, width: self.width(), height: self.height() })
        })
    }
}
