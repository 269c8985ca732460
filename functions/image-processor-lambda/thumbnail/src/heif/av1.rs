//! AV1 stills, through `re_rav1d`, in the thread that asks for them.
//!
//! A frame cannot be interrupted, so its size is limited; the clock is asked before each unit of the
//! bitstream, of which one holds at most one frame. See docs/decisions/heif-decoder.md.

mod bits;
mod obu;
mod sequence;

use heifer_isobmff::{HeifFile, ItemId};
use re_rav1d::dav1d::{Decoder, InloopFilterType, Picture, PixelLayout, PlanarImageComponent, Settings};

use self::obu::Unit;
use self::sequence::SequenceHeader;
use super::coded::{Admit, Announced, CodedPicture, Samples, Sampling};
use super::fault::Fault;
use crate::budget::Clock;
use crate::rejection::{DecodeError, Rejection};

/// Most pixels of a frame: what takes the decoder long is still done in time.
const MOST_PIXELS: u64 = 25_000_000;
/// Bytes beside the planes for each sixteen pixels.
const BLOCK_BYTES: u64 = 32;

/// Decodes the first shown frame of an item, in its last layer.
pub(super) fn decode(file: &HeifFile, id: ItemId, admit: Admit, clock: Clock) -> Result<CodedPicture, Fault> {
    let data = file.item_data(id)?;
    let units = obu::units(&data)?;
    let header = SequenceHeader::first(&units)?;
    let is_filtered = admit(announced(&header))?;
    let (width, height) = header.size;
    let pixels = u64::from(width) * u64::from(height);
    if pixels > MOST_PIXELS {
        return Err(Rejection::TooManyPixels { width, height, limit: MOST_PIXELS }.into());
    }
    let mut decoder = Decoder::with_settings(&settings(pixels, is_filtered))?;
    for Unit { bytes, .. } in units {
        clock()?;
        match decoder.send_data(bytes.to_vec(), None, None, None) {
            Ok(()) => {}
            // A picture waits to be taken.
            Err(error) if error.is_again() => break,
            Err(error) => return Err(error.into()),
        }
    }
    clock()?;
    match decoder.get_picture() {
        Err(error) if error.is_again() => Err(DecodeError::Truncated("before its picture").into()),
        picture => finished(picture?, &header),
    }
}

fn settings(pixels: u64, is_filtered: bool) -> Settings {
    let mut settings = Settings::new();
    settings.set_n_threads(1);
    settings.set_max_frame_delay(1);
    settings.set_all_layers(false);
    settings.set_frame_size_limit(u32::try_from(pixels).unwrap_or(u32::MAX));
    settings.set_apply_grain(is_filtered);
    if !is_filtered {
        settings.set_inloop_filters(InloopFilterType::empty());
    }
    settings
}

fn announced(header: &SequenceHeader) -> Announced {
    let (width, height) = header.size;
    let pixels = u64::from(width) * u64::from(height);
    let planes = header.sampling.samples(pixels) * if header.bits > 8 { 2 } else { 1 };
    let blocks = pixels.div_ceil(16) * BLOCK_BYTES;
    // Grain is put onto a copy.
    Announced { size: header.size, coded: header.size, bytes: [planes + blocks, planes * 2 + blocks] }
}

fn finished(picture: Picture, header: &SequenceHeader) -> Result<CodedPicture, Fault> {
    let sampling = match picture.pixel_layout() {
        PixelLayout::I400 => Sampling::Gray,
        PixelLayout::I420 => Sampling::Both,
        PixelLayout::I422 => Sampling::Across,
        PixelLayout::I444 => Sampling::Each,
    };
    let is_wide = picture.bit_depth() > 8;
    if sampling != header.sampling || is_wide != (header.bits > 8) {
        return Err(DecodeError::Corrupt("a frame is not what its sequence declares").into());
    }
    Ok(CodedPicture {
        width: picture.width(),
        height: picture.height(),
        sampling,
        bits: [header.bits; 2],
        color: header.color,
        samples: Box::new(Planes { picture, is_wide }),
    })
}

struct Planes {
    picture: Picture,
    /// Whether each level takes two bytes.
    is_wide: bool,
}

impl Samples for Planes {
    fn row<'a>(&'a self, channel: usize, y: u32, scratch: &'a mut Vec<u16>) -> &'a [u16] {
        let component = match channel {
            0 => PlanarImageComponent::Y,
            1 => PlanarImageComponent::U,
            _ => PlanarImageComponent::V,
        };
        let stride = self.picture.stride(component) as usize;
        let plane = self.picture.plane(component);
        let row = plane.get(y as usize * stride..).and_then(|rest| rest.get(..stride)).unwrap_or_default();
        scratch.clear();
        if self.is_wide {
            scratch.extend(row.as_chunks().0.iter().map(|level| u16::from_ne_bytes(*level)));
        } else {
            scratch.extend(row.iter().map(|level| u16::from(*level)));
        }
        scratch
    }
}
