//! AV1 stills, through `re_rav1d`, in the thread that asks for them.
//!
//! A frame cannot be interrupted, so it is begun only where the worst of its size would be done in time; the clock
//! is asked before each unit of the bitstream all the same. See docs/decisions/heif-decoder.md.

mod bits;
mod obu;
mod sequence;

use std::time::Duration;

use heifer_isobmff::{HeifFile, ItemId};
use re_rav1d::dav1d::{Decoder, InloopFilterType, Picture, PixelLayout, PlanarImageComponent, Settings};

use self::obu::{Kind, Unit};
use self::sequence::SequenceHeader;
use super::code_points::CodePoints;
use super::coded::{Admit, Announced, CodedPicture, Samples, Sampling};
use super::fault::Fault;
use crate::budget::Clock;
use crate::rejection::DecodeError;

/// Longest that a pixel takes, and a byte of its data; twice what the worst that was tried took.
const PIXEL_TIME: Duration = Duration::from_nanos(250);
const BYTE_TIME: Duration = Duration::from_nanos(100);
/// Bytes beside the planes for each sixteen pixels, and for a frame of any size.
const BLOCK_BYTES: u64 = 32;
const FRAME_BYTES: u64 = 4 * 1024 * 1024;
/// Frames that may be referred to, and the one in work.
const REFERENCES: u64 = 9;

/// Decodes the first shown frame of an item, in its last layer.
pub(super) fn decode(file: &HeifFile, id: ItemId, admit: Admit, clock: Clock) -> Result<CodedPicture, Fault> {
    let data = file.item_data(id)?;
    let units = obu::units(&data)?;
    let header = SequenceHeader::first(&units)?;
    let frames = units.iter().filter(|unit| unit.kind == Kind::Frame).count();
    let is_filtered = admit(announced(&header, frames, data.len()))?;
    let mut decoder = Decoder::with_settings(&settings(header.size, is_filtered))?;
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
        picture => Ok(finished(picture?, header.color)),
    }
}

fn settings((width, height): (u32, u32), is_filtered: bool) -> Settings {
    let pixels = u64::from(width) * u64::from(height);
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

/// What decoding so many frames of this many bytes costs at most.
fn announced(header: &SequenceHeader, frames: usize, data: usize) -> Announced {
    let SequenceHeader { size, sampling, bits, .. } = *header;
    let pixels = u64::from(size.0) * u64::from(size.1);
    let planes = sampling.samples(pixels) * if bits > 8 { 2 } else { 1 };
    let frames = frames as u64;
    let data = data as u64;
    let held = pixels.div_ceil(16) * BLOCK_BYTES + FRAME_BYTES + data;
    let nanoseconds = |each: Duration, count: u64| {
        Duration::from_nanos(u64::try_from(each.as_nanos()).unwrap_or(u64::MAX).saturating_mul(count))
    };
    let uninterrupted = nanoseconds(PIXEL_TIME, pixels.saturating_mul(frames)) + nanoseconds(BYTE_TIME, data);
    // Earlier frames are held as long as later ones may refer to them; grain is put onto a copy.
    let kept = frames.clamp(1, REFERENCES);
    let bytes = [kept, kept + 1].map(|count| planes.saturating_mul(count).saturating_add(held));
    Announced { size, coded: size, sampling, bytes, uninterrupted }
}

/// A picture with what only its sequence declares.
fn finished(picture: Picture, color: CodePoints) -> CodedPicture {
    let sampling = match picture.pixel_layout() {
        PixelLayout::I400 => Sampling::Gray,
        PixelLayout::I420 => Sampling::Both,
        PixelLayout::I422 => Sampling::Across,
        PixelLayout::I444 => Sampling::Each,
    };
    let bits = u8::try_from(picture.bit_depth()).unwrap_or(u8::MAX);
    CodedPicture {
        width: picture.width(),
        height: picture.height(),
        sampling,
        bits: [bits; 2],
        color,
        samples: Box::new(Planes { picture, is_wide: bits > 8 }),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_decoding_costs_follows_from_depth_frames_and_bytes() {
        let size = (64, 64);
        let header = SequenceHeader { size, bits: 8, sampling: Sampling::Both, color: CodePoints::NONE };
        let held = 256 * BLOCK_BYTES + FRAME_BYTES + 1_000;
        for (bits, frames, kept, planes) in
            [(8, 1, 1, 6_144), (10, 1, 1, 12_288), (8, 3, 3, 6_144), (12, 20, 9, 12_288)]
        {
            let Announced { bytes, uninterrupted, .. } =
                announced(&SequenceHeader { bits, ..header }, frames, 1_000);
            assert_eq!(bytes, [kept, kept + 1].map(|count| count * planes + held), "{bits} {frames}");
            let pixels = u32::try_from(frames).unwrap() * 4_096;
            assert_eq!(uninterrupted, PIXEL_TIME * pixels + BYTE_TIME * 1_000, "{bits} {frames}");
        }
    }
}
