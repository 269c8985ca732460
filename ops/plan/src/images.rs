//! Limits of an image, in megapixels: they do not depend on how many there are.

use serde::Serialize;

use crate::data::MEASURED;
use crate::template::Settings;

/// Megabytes for code and clients, as the processor reckons (docs/decisions/processor-memory.md).
const BASE_MB: f64 = 96.0;

/// How large an image may be.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ImageLimit {
    /// What is limited.
    pub what: &'static str,
    /// The parameter that sets it.
    pub set_by: &'static str,
    /// Megapixels at the most; nothing, if this limits none.
    pub megapixels: Option<f64>,
}

impl ImageLimit {
    /// Whether an image is too large.
    #[must_use]
    pub fn refuses(&self, megapixels: f64) -> bool {
        self.megapixels.is_some_and(|most| megapixels > most)
    }

    /// The limit as a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self.megapixels {
            Some(most) => {
                format!("an image of at most {most:.1} megapixels: {} ({})", self.set_by, self.what)
            }
            None => format!("an image of any size that is decoded: {} ({})", self.set_by, self.what),
        }
    }
}

/// Both limits of an image.
#[must_use]
pub fn image_limits(settings: &Settings) -> [ImageLimit; 2] {
    let pixels = Some(settings.max_pixels / 1e6);
    [
        ImageLimit { what: "pixels of an image", set_by: "MaxPixels", megapixels: pixels },
        ImageLimit {
            what: "memory of an image",
            set_by: "ProcessorMemoryMb",
            megapixels: fitting_megapixels(settings),
        },
    ]
}

/// At how many megapixels decoders at their worst, each with an upload at its largest, fill the memory; nothing where
/// `MaxDecodeBytes` or the worst that was measured is met before.
fn fitting_megapixels(settings: &Settings) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "six at the most")]
    let decoders = settings.decoders() as f64;
    let each = (settings.memory_mb - BASE_MB) / decoders - settings.max_upload_mb;
    MEASURED.megapixels_within(each.max(0.0)).filter(|_| each < settings.max_decode_mb)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::settings;

    #[test]
    fn max_pixels_limits_an_image_and_the_default_memory_holds_whatever_is_decoded() {
        let [pixels, memory] = image_limits(&settings(&[]));
        assert!(pixels.refuses(200.1) && !pixels.refuses(200.0));
        assert_eq!((memory.megapixels, memory.refuses(1e6)), (None, false));
        assert_eq!(pixels.text(), "an image of at most 200.0 megapixels: MaxPixels (pixels of an image)");
    }

    #[test]
    fn a_small_memory_is_full_at_the_megapixels_whose_worst_picture_fills_it() {
        // 256 MB less 96 of code and 50 of an upload are 110: of 143 at 20 megapixels.
        let [_, memory] = image_limits(&settings(&[("ProcessorMemoryMb", "256")]));
        assert!((memory.megapixels.unwrap() - 20.0 * 110.0 / 143.0).abs() < 1e-9, "{memory:?}");
        // An upload that may be larger leaves nothing.
        let large = settings(&[("ProcessorMemoryMb", "256"), ("MaxUploadBytes", "209715200")]);
        assert_eq!(image_limits(&large)[1].megapixels, Some(0.0));
        // What MaxDecodeBytes refuses takes no memory.
        let strict = settings(&[("ProcessorMemoryMb", "256"), ("MaxDecodeBytes", "104857600")]);
        assert_eq!(image_limits(&strict)[1].megapixels, None);
    }
}
