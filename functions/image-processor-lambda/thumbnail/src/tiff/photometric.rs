//! Photometric interpretation: rows of samples as gray, RGB, `YCbCr` or inks, with alpha.

mod lab;
mod palette;
pub(super) mod ycbcr;

use self::lab::{Encoding, Lab};
use self::palette::Palette;
use self::ycbcr::Ycbcr;
use super::page::{Compression, Page, Photometric};
use super::tags;
use crate::pixels::{Channels, Ink, alpha};
use crate::rejection::DecodeError;

/// How samples of pixels become channels.
pub(super) struct Interpretation {
    colors: Colors,
    /// Of a pixel, extra ones counted.
    samples: usize,
    alpha: Option<AlphaSample>,
    pub(super) channels: Channels,
}

enum Colors {
    Gray {
        is_inverted: bool,
    },
    /// As they are: RGB, or the `YCbCr` of a JPEG.
    Three,
    Inks,
    Palette(Palette),
    Ycbcr(Box<Ycbcr>),
    Lab(Box<Lab>),
}

/// Which of a pixel's samples is its opacity.
#[derive(Clone, Copy)]
struct AlphaSample {
    index: usize,
    /// Whether colours are premultiplied by it.
    is_associated: bool,
}

impl Interpretation {
    pub(super) fn of(page: &Page) -> Result<Self, DecodeError> {
        let (colors, channels) = match page.photometric {
            Photometric::WhiteIsZero => (Colors::Gray { is_inverted: true }, Channels::Gray),
            Photometric::BlackIsZero => (Colors::Gray { is_inverted: false }, Channels::Gray),
            Photometric::Rgb => (Colors::Three, Channels::Rgb),
            Photometric::Palette => {
                (Colors::Palette(Palette::read(&page.directory, page.bits)?), Channels::Rgb)
            }
            Photometric::Separated => (Colors::Inks, Channels::Inks(Ink::Cmyk)),
            Photometric::YCbCr if page.compression == Compression::Jpeg => {
                if page.is_planar || page.samples != 3 {
                    return Err(DecodeError::Unsupported("a JPEG of YCbCr in planes, or with extra samples"));
                }
                (Colors::Three, Channels::YCbCr)
            }
            Photometric::YCbCr => (Colors::Ycbcr(Box::new(Ycbcr::read(&page.directory)?)), Channels::Rgb),
            Photometric::CieLab => (Colors::Lab(Box::new(Lab::new(Encoding::Signed))), Channels::Rgb),
            Photometric::IccLab => (Colors::Lab(Box::new(Lab::new(Encoding::Offset))), Channels::Rgb),
        };
        let alpha = alpha_sample(page)?;
        let channels = match (channels, alpha) {
            (Channels::Gray, Some(_)) => Channels::GrayAlpha,
            (Channels::Rgb, Some(_)) => Channels::Rgba,
            _ => channels,
        };
        Ok(Self { colors, samples: page.samples, alpha, channels })
    }

    /// Whether an ICC profile of the page belongs to the channels.
    pub(super) const fn keeps_profile(&self) -> bool {
        !matches!(self.colors, Colors::Lab(_))
    }

    /// The channels of a row of samples, premultiplied: as they are, or in `row`.
    pub(super) fn convert<'a>(&self, samples: &'a [u8], row: &'a mut Vec<u8>) -> &'a [u8] {
        row.clear();
        match &self.colors {
            Colors::Gray { is_inverted } => {
                let flip = if *is_inverted { u8::MAX } else { 0 };
                self.push(samples, row, |pixel: &[u8; 1]| pixel.map(|level| level ^ flip));
            }
            Colors::Three if self.samples == 3 => return samples,
            Colors::Three => self.push(samples, row, |pixel: &[u8; 3]| *pixel),
            Colors::Inks => self.push(samples, row, |pixel: &[u8; 4]| pixel.map(|ink| u8::MAX - ink)),
            Colors::Palette(palette) => self.push(samples, row, |[index]: &[u8; 1]| palette.color(*index)),
            Colors::Ycbcr(ycbcr) => self.push(samples, row, |pixel: &[u8; 3]| ycbcr.to_rgb(*pixel)),
            Colors::Lab(lab) => self.push(samples, row, |pixel: &[u8; 3]| lab.to_srgb(*pixel)),
        }
        if self.alpha.is_some_and(|alpha| !alpha.is_associated) {
            alpha::premultiply_row(row, self.channels);
        }
        row
    }

    /// Converts the first `FROM` samples of each pixel, and appends its alpha.
    #[inline(always)]
    fn push<const FROM: usize, const TO: usize>(
        &self,
        samples: &[u8],
        row: &mut Vec<u8>,
        convert: impl Fn(&[u8; FROM]) -> [u8; TO],
    ) {
        let width = samples.len() / self.samples.max(1);
        row.resize(width * self.channels.count(), 0);
        if self.samples == FROM {
            let pixels = samples.as_chunks::<FROM>().0;
            for (pixel, out) in pixels.iter().zip(row.as_chunks_mut::<TO>().0) {
                *out = convert(pixel);
            }
            return;
        }
        let pixels = samples.chunks_exact(self.samples);
        for (pixel, out) in pixels.zip(row.chunks_exact_mut(self.channels.count())) {
            if let (Some(colors), Some((to, rest))) = (pixel.first_chunk(), out.split_first_chunk_mut()) {
                *to = convert(colors);
                if let ([opacity], Some(alpha)) = (rest, self.alpha) {
                    *opacity = pixel.get(alpha.index).copied().unwrap_or(u8::MAX);
                }
            }
        }
    }
}

/// The first extra sample that is said to be alpha; one of which nothing is said, as many programs have it.
fn alpha_sample(page: &Page) -> Result<Option<AlphaSample>, DecodeError> {
    const ASSOCIATED: u64 = 1;
    const UNASSOCIATED: u64 = 2;
    let colors = page.photometric.samples();
    let extra = page.samples - colors.min(page.samples);
    if page.photometric == Photometric::Separated || extra == 0 {
        return Ok(None);
    }
    let Some(kinds) = page.directory.values(tags::EXTRA_SAMPLES)? else {
        let is_alpha = extra == 1 && page.photometric != Photometric::Palette;
        return Ok(is_alpha.then_some(AlphaSample { index: colors, is_associated: false }));
    };
    let kind = |index| match kinds.uint(index) {
        Some(ASSOCIATED) => Some(AlphaSample { index: colors + index, is_associated: true }),
        Some(UNASSOCIATED) => Some(AlphaSample { index: colors + index, is_associated: false }),
        _ => None,
    };
    Ok((0..extra).find_map(kind))
}
