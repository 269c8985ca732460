//! JPEGs that the crate's own decoder leaves out, through `zune-jpeg`.

use image::metadata::Orientation;
use image::{DynamicImage, GrayImage, RgbImage, RgbaImage};
use zune_jpeg::JpegDecoder;
use zune_jpeg::errors::DecodeErrors;
use zune_jpeg::zune_core::colorspace::ColorSpace;
use zune_jpeg::zune_core::options::DecoderOptions;

use super::budget::Budget;
use super::segments::Segments;
use super::{Ink, Pixels, Raster};
use crate::rejection::{Cause, Rejection};

pub(super) fn decode(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let reject = |error| classify(error, budget);
    // Not strict: phones write stray bytes between segments. What matters of strictness, the end of
    // the image, is checked here.
    let options =
        DecoderOptions::default().set_strict_mode(false).set_max_width(usize::MAX).set_max_height(usize::MAX);
    let mut decoder = JpegDecoder::new_with_options(budget.reader(bytes), options);
    decoder.decode_headers().map_err(reject)?;
    let (width, height) = size(&decoder).ok_or_else(|| budget.damaged("no frame header"))?;
    let pixels = budget.check_pixels(width, height)?;
    let segments = Segments::read(bytes);
    if !segments.is_complete(bytes, width, height) {
        let source = Cause::from("no end-of-image marker, or too little data before it");
        return Err(Rejection::Truncated { format: budget.format, source });
    }
    let is_progressive = decoder.info().is_some_and(|info| info.sof.is_progressive());
    if segments.is_split && !is_progressive && segments.halves_rows() {
        // The decoder draws these wrongly and says nothing (zune-jpeg 0.5.15).
        let source = Cause::from("baseline, one scan for each component, rows subsampled");
        return Err(Rejection::UnsupportedFeature { format: budget.format, source });
    }
    let layout = Layout::of(decoder.input_colorspace());
    let is_buffered = is_progressive || segments.is_split;
    let coefficients = if is_buffered { segments.coefficient_bytes(width, height) } else { 0 };
    budget.check_memory(pixels * layout.channels() + coefficients)?;

    decoder.set_options(options.jpeg_set_out_colorspace(layout.color_space()));
    let expected = decoder.output_buffer_size().ok_or_else(|| budget.damaged("no size"))?;
    let mut buffer = vec![0; expected];
    decoder.decode_into(&mut buffer).map_err(reject)?;
    let pixels = layout.image(width, height, buffer);
    Ok(Raster {
        pixels: Pixels::Whole(pixels.ok_or_else(|| budget.damaged("size mismatch"))?),
        ink: layout.ink(),
        profile: decoder.icc_profile(),
        orientation: decoder
            .exif()
            .and_then(|exif| Orientation::from_exif_chunk(exif))
            .unwrap_or(Orientation::NoTransforms),
    })
}

/// How the decoder is asked to lay out pixels.
#[derive(Clone, Copy)]
enum Layout {
    Gray,
    Color,
    Inks(Ink),
}

impl Layout {
    /// Conversion from inks waits until the image is small, where the profile can be used as well.
    fn of(stored: Option<ColorSpace>) -> Self {
        match stored {
            Some(ColorSpace::Luma) => Self::Gray,
            Some(ColorSpace::CMYK) => Self::Inks(Ink::Cmyk),
            Some(ColorSpace::YCCK) => Self::Inks(Ink::Ycck),
            _ => Self::Color,
        }
    }

    const fn channels(self) -> u64 {
        match self {
            Self::Gray => 1,
            Self::Color => 3,
            Self::Inks(_) => 4,
        }
    }

    const fn color_space(self) -> ColorSpace {
        match self {
            Self::Gray => ColorSpace::Luma,
            Self::Color => ColorSpace::RGB,
            Self::Inks(Ink::Cmyk) => ColorSpace::CMYK,
            Self::Inks(Ink::Ycck) => ColorSpace::YCCK,
        }
    }

    const fn ink(self) -> Option<Ink> {
        match self {
            Self::Inks(ink) => Some(ink),
            Self::Gray | Self::Color => None,
        }
    }

    fn image(self, width: u32, height: u32, bytes: Vec<u8>) -> Option<DynamicImage> {
        match self {
            Self::Gray => GrayImage::from_raw(width, height, bytes).map(DynamicImage::ImageLuma8),
            Self::Color => RgbImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgb8),
            Self::Inks(_) => RgbaImage::from_raw(width, height, bytes).map(DynamicImage::ImageRgba8),
        }
    }
}

fn size<R: zune_jpeg::zune_core::bytestream::ZByteReaderTrait>(
    decoder: &JpegDecoder<R>,
) -> Option<(u32, u32)> {
    let (width, height) = decoder.dimensions()?;
    Some((u32::try_from(width).ok()?, u32::try_from(height).ok()?))
}

fn classify(error: DecodeErrors, budget: &Budget) -> Rejection {
    match error {
        DecodeErrors::Unsupported(_) => {
            Rejection::UnsupportedFeature { format: budget.format, source: Box::new(error) }
        }
        other => budget.damaged(other),
    }
}
