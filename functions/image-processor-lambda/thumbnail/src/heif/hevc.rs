//! HEVC stills (ITU-T H.265, intra pictures), through `heifer-hevc-dec`.
//!
//! That crate's own function for pictures takes a byte stream, copies what it crops, and cannot be stopped.
//! This one hands it the units of a HEIF item, reads the picture where it lies, and asks the clock.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use heifer_hevc_dec::nal::{NalUnit, NalUnitType};
use heifer_hevc_dec::params::{ParameterSets, Sps};
use heifer_hevc_dec::recon::{Frame, Reconstructor};
use heifer_hevc_dec::slice::SliceHeader;
use heifer_hevc_dec::syntax::{CodingUnit, Picture, SaoParams, Sink, TransformBlock, decode_slice_segment};
use heifer_isobmff::boxes::HevcConfig;
use heifer_isobmff::{HeifFile, ItemId};

use super::code_points::CodePoints;
use super::coded::{Admit, Announced, CodedPicture, Samples, Sampling};
use super::fault::Fault;
use crate::budget::Clock;
use crate::rejection::DecodeError;

/// Most units of a picture's data, and of its parameters. The standard allows 600 slices.
const MOST_UNITS: usize = 4096;
/// Bytes beside the planes for each sixteen pixels: modes, depths and filters of a block of four by four.
const BLOCK_BYTES: u64 = 18;

/// Decodes the first picture of an item.
pub(super) fn decode(file: &HeifFile, id: ItemId, admit: Admit, clock: Clock) -> Result<CodedPicture, Fault> {
    let config =
        file.hevc_config(id)?.ok_or(DecodeError::Corrupt("an HEVC picture without its parameters"))?;
    let data = file.item_data(id)?;
    let (sets, slices) = units(config, &data)?;
    let (first, header) = slices.first().ok_or(DecodeError::Truncated("before its picture"))?;
    let first = SliceHeader::parse(&first.rbsp, header, &sets, None)?;
    let (pps, sps) = sets.get(usize::from(first.slice_pic_parameter_set_id))?;
    let is_filtered = admit(announced(sps, data.len())?)?;
    let (mut picture, mut planes) = (Picture::new(sps, pps), Reconstructor::new(sps, pps));
    let mut previous: Option<SliceHeader> = None;
    for (unit, header) in &slices {
        clock()?;
        // The flag is the first bit; what follows another picture's first slice is that picture's.
        if previous.is_some() && unit.rbsp.first().is_some_and(|byte| byte & 0x80 != 0) {
            break;
        }
        let slice = SliceHeader::parse(&unit.rbsp, header, &sets, previous.as_ref())?;
        if slice.slice_pic_parameter_set_id != first.slice_pic_parameter_set_id {
            return Err(DecodeError::Unsupported("slices of several parameter sets").into());
        }
        planes.start_slice(&slice);
        let data = unit.rbsp.get(slice.header_size..).ok_or(heifer_hevc_dec::Error::UnexpectedEof)?;
        let quantizer = slice.slice_qp_y(&sets)?;
        decode_slice(&mut picture, &slice, quantizer, data, &mut planes, clock)?;
        if !slice.dependent_slice_segment_flag {
            previous = Some(slice);
        }
    }
    if !picture.is_complete() {
        return Err(DecodeError::Truncated("before all of its picture").into());
    }
    clock()?;
    finished(sps, planes.finish(!is_filtered))
}

type Units<'a> = (ParameterSets, Vec<(NalUnit<'a>, heifer_hevc_dec::nal::NalHeader)>);

/// The parameter sets, and the slices of the base layer.
fn units<'a>(config: &'a HevcConfig, data: &'a [u8]) -> Result<Units<'a>, Fault> {
    let mut sets = ParameterSets::default();
    let mut count = config.nal_units.len();
    for unit in config.nal_units.iter().take(MOST_UNITS).filter(|unit| unit.len() > 2) {
        sets.add(&NalUnit::parse(unit)?)?;
    }
    let mut slices = Vec::new();
    let mut rest = data;
    while !rest.is_empty() {
        count += 1;
        if count > MOST_UNITS {
            return Err(DecodeError::Unsupported("a picture in so many parts").into());
        }
        let size = usize::from(config.nal_length_size);
        let (length, behind) = rest.split_at_checked(size).ok_or(END)?;
        let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
        let (unit, behind) = behind.split_at_checked(length).ok_or(END)?;
        rest = behind;
        if unit.len() <= 2 {
            continue;
        }
        let unit = NalUnit::parse(unit)?;
        match unit.header.unit_type {
            _ if unit.header.layer_id != 0 => {}
            kind if kind.is_slice() => {
                let header = unit.header;
                slices.push((unit, header));
            }
            NalUnitType::Vps | NalUnitType::Sps | NalUnitType::Pps if slices.is_empty() => {
                sets.add(&unit)?;
            }
            _ => {}
        }
    }
    Ok((sets, slices))
}

const END: DecodeError = DecodeError::Truncated("within a picture's data");

fn announced(sps: &Sps, data: usize) -> Result<Announced, Fault> {
    let coded = (sps.pic_width_in_luma_samples, sps.pic_height_in_luma_samples);
    let pixels = u64::from(coded.0) * u64::from(coded.1);
    let sampling = sampling(sps)?;
    let samples = sampling.samples(pixels);
    // Of the data there is a copy without what keeps start codes out of them.
    let held = pixels.div_ceil(16) * BLOCK_BYTES + data as u64;
    // The last filter needs what the one before it left.
    let size = sps.output_size();
    let bytes = [2, 4].map(|each| samples * each + held);
    Ok(Announced { size, coded, sampling, bytes, uninterrupted: Duration::ZERO })
}

fn sampling(sps: &Sps) -> Result<Sampling, DecodeError> {
    match sps.chroma_format_idc {
        _ if sps.separate_colour_plane_flag => {
            Err(DecodeError::Unsupported("colours coded as three pictures"))
        }
        0 => Ok(Sampling::Gray),
        1 => Ok(Sampling::Both),
        2 => Ok(Sampling::Across),
        _ => Ok(Sampling::Each),
    }
}

/// Decodes a slice. Its decoder has no way to be stopped but a panic: one that is not reported, and caught here.
fn decode_slice(
    picture: &mut Picture,
    slice: &SliceHeader,
    quantizer: i32,
    data: &[u8],
    planes: &mut Reconstructor,
    clock: Clock,
) -> Result<(), Fault> {
    let mut sink = Interruptible { planes, clock, units: 0 };
    let outcome = catch_unwind(AssertUnwindSafe(|| {
        decode_slice_segment(picture, slice, quantizer, data, &mut sink).map(|_| ())
    }));
    match outcome {
        Err(payload) if payload.is::<Late>() => return Err(DecodeError::Late.into()),
        Err(payload) => resume_unwind(payload),
        Ok(outcome) => outcome?,
    }
    planes.error.take().map_or(Ok(()), |error| Err(error.into()))
}

/// The time is over.
struct Late;

/// Hands on what a slice holds, as long as there is time.
struct Interruptible<'a, 'b, 'c> {
    planes: &'a mut Reconstructor<'b>,
    clock: Clock<'c>,
    units: u32,
}

impl Interruptible<'_, '_, '_> {
    /// Coding units between two looks at the clock.
    const PATIENCE: u32 = 64;
}

impl Sink for Interruptible<'_, '_, '_> {
    fn sao(&mut self, column: u32, row: u32, params: &SaoParams) {
        self.planes.sao(column, row, params);
    }

    fn transform_block(&mut self, block: &TransformBlock<'_>) {
        self.planes.transform_block(block);
    }

    fn pcm(&mut self, x: u32, y: u32, log2_size: u8, samples: [&[u16]; 3]) {
        self.planes.pcm(x, y, log2_size, samples);
    }

    fn coding_unit(&mut self, unit: &CodingUnit) {
        self.planes.coding_unit(unit);
        if self.units.is_multiple_of(Self::PATIENCE) && (self.clock)().is_err() {
            resume_unwind(Box::new(Late));
        }
        self.units = self.units.wrapping_add(1);
    }
}

fn finished(sps: &Sps, frame: Frame) -> Result<CodedPicture, Fault> {
    let (width, height) = sps.output_size();
    let sampling = sampling(sps)?;
    let [left, _, top, _] = sps.conf_win_offsets;
    let (across, down) = sps.chroma_subsampling();
    let vui = sps.vui.as_ref();
    let color = vui.map_or(CodePoints::NONE, |vui| CodePoints {
        primaries: vui.colour_primaries,
        transfer: vui.transfer_characteristics,
        matrix: vui.matrix_coeffs,
        is_full_range: Some(vui.video_full_range_flag),
    });
    let bits = frame.bit_depth;
    let samples = Box::new(Planes { frame, starts: [(left * across, top * down), (left, top)] });
    Ok(CodedPicture { width, height, sampling, bits, color, samples })
}

/// The planes of a frame, and where the picture starts in the first and in the others.
struct Planes {
    frame: Frame,
    starts: [(u32, u32); 2],
}

impl Samples for Planes {
    fn row<'a>(&'a self, channel: usize, y: u32, _: &'a mut Vec<u16>) -> &'a [u16] {
        let (left, top) = if channel == 0 { self.starts[0] } else { self.starts[1] };
        let planes = self.frame.planes.get(channel).zip(self.frame.widths.get(channel));
        planes.map_or(&[], |(plane, width)| {
            let start = (top + y) as usize * *width as usize;
            plane.get(start + left as usize..start + *width as usize).unwrap_or_default()
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_picture_in_one_slice_is_given_up_where_the_time_ends() {
        let bytes = include_bytes!("../../tests/fixtures/photo.heic");
        let file = HeifFile::parse(bytes).unwrap();
        let looks = |most: u32| {
            let count = Cell::new(0);
            let clock = || {
                count.set(count.get() + 1);
                if count.get() > most { Err(DecodeError::Late) } else { Ok(()) }
            };
            let outcome = decode(&file, file.primary_id, &|_| Ok(true), &clock);
            (count.get(), outcome.map(|_| ()))
        };
        let (needed, outcome) = looks(u32::MAX);
        assert!(outcome.is_ok() && needed > 4, "{needed} looks");
        for most in 0..needed {
            let (count, outcome) = looks(most);
            assert!(matches!(outcome, Err(Fault::Decode(DecodeError::Late))), "{most}");
            assert_eq!(count, most + 1);
        }
    }

    #[test]
    fn loop_filters_smooth_a_picture_where_they_are_asked_for() {
        let bytes = include_bytes!("../../tests/fixtures/photo.heic");
        let file = HeifFile::parse(bytes).unwrap();
        // Differences of neighbours, over all rows.
        let [plain, filtered] = [false, true].map(|is_filtered| {
            let picture = decode(&file, file.primary_id, &|_| Ok(is_filtered), &|| Ok(())).unwrap();
            let mut sum = 0;
            for y in 0..picture.height {
                let row = picture.samples.row(0, y, &mut Vec::new()).to_vec();
                sum += row.windows(2).map(|pair| u64::from(pair[0].abs_diff(pair[1]))).sum::<u64>();
            }
            sum
        });
        assert!(filtered < plain, "{filtered} {plain}");
    }
}
