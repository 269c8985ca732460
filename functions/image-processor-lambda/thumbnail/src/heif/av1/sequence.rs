//! The sequence header (AV1 section 5.5): size, depth, sampling and colours of pictures.
//!
//! The decoder says the same once it has decoded; limits need it before.

use super::bits::Bits;
use super::obu::{Kind, Unit};
use crate::heif::code_points::CodePoints;
use crate::heif::coded::Sampling;
use crate::rejection::DecodeError;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SequenceHeader {
    pub(super) size: (u32, u32),
    pub(super) bits: u8,
    pub(super) sampling: Sampling,
    pub(super) color: CodePoints,
}

impl SequenceHeader {
    /// The one that holds for the picture: there may be several, if they are all the same.
    pub(super) fn first(units: &[Unit]) -> Result<Self, DecodeError> {
        let mut headers = units.iter().filter(|unit| unit.kind == Kind::SequenceHeader);
        let first = headers.next().ok_or(DecodeError::Truncated("before its sequence header"))?;
        if headers.any(|other| other.payload != first.payload) {
            return Err(DecodeError::Unsupported("a picture of several sequences"));
        }
        Self::read(first.payload)
    }

    fn read(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut bits = Bits::new(payload);
        let profile = bits.read(3)?;
        bits.flag()?; // still_picture
        let is_reduced = bits.flag()?;
        if is_reduced {
            bits.read(5)?; // seq_level_idx
        } else {
            skip_operating_points(&mut bits)?;
        }
        let (width_bits, height_bits) = (bits.read(4)? + 1, bits.read(4)? + 1);
        let size = (bits.read(width_bits)? + 1, bits.read(height_bits)? + 1);
        skip_tools(&mut bits, is_reduced)?;
        color(&mut bits, profile, size)
    }
}

fn skip_operating_points(bits: &mut Bits) -> Result<(), DecodeError> {
    let mut delay_bits = None;
    if bits.flag()? {
        // timing_info: num_units_in_display_tick, time_scale
        bits.read(32)?;
        bits.read(32)?;
        if bits.flag()? {
            bits.variable()?; // num_ticks_per_picture_minus_1
        }
        if bits.flag()? {
            // decoder_model_info
            delay_bits = Some(bits.read(5)? + 1);
            bits.read(32)?;
            bits.read(10)?;
        }
    }
    let has_display_delay = bits.flag()?;
    for _ in 0..=bits.read(5)? {
        bits.read(12)?; // operating_point_idc
        if bits.read(5)? > 7 {
            bits.flag()?; // seq_tier
        }
        if let Some(delay_bits) = delay_bits
            && bits.flag()?
        {
            bits.read(delay_bits)?;
            bits.read(delay_bits)?;
            bits.flag()?;
        }
        if has_display_delay && bits.flag()? {
            bits.read(4)?;
        }
    }
    Ok(())
}

fn skip_tools(bits: &mut Bits, is_reduced: bool) -> Result<(), DecodeError> {
    if !is_reduced && bits.flag()? {
        bits.read(7)?; // lengths of frame ids
    }
    bits.read(3)?; // use_128x128_superblock, enable_filter_intra, enable_intra_edge_filter
    if !is_reduced {
        bits.read(4)?; // interintra, masked compound, warped motion, dual filter
        let has_order_hint = bits.flag()?;
        if has_order_hint {
            bits.read(2)?; // jnt_comp, ref_frame_mvs
        }
        let chooses_tools = bits.flag()?;
        if (chooses_tools || bits.flag()?) && !bits.flag()? {
            bits.flag()?; // seq_force_integer_mv
        }
        if has_order_hint {
            bits.read(3)?; // order_hint_bits_minus_1
        }
    }
    bits.read(3)?; // enable_superres, enable_cdef, enable_restoration
    Ok(())
}

/// `color_config`.
fn color(bits: &mut Bits, profile: u32, size: (u32, u32)) -> Result<SequenceHeader, DecodeError> {
    let is_high = bits.flag()?;
    let depth = match (is_high, profile) {
        (false, _) => 8,
        (true, 2) if bits.flag()? => 12,
        (true, _) => 10,
    };
    let is_gray = profile != 1 && bits.flag()?;
    let mut color = CodePoints::NONE;
    if bits.flag()? {
        for point in [&mut color.primaries, &mut color.transfer, &mut color.matrix] {
            *point = u8::try_from(bits.read(8)?).unwrap_or_default();
        }
    }
    let is_srgb = !is_gray && (color.primaries, color.transfer, color.matrix) == (1, 13, 0);
    color.is_full_range = Some(is_srgb || bits.flag()?);
    let sampling = match profile {
        _ if is_gray => Sampling::Gray,
        _ if is_srgb => Sampling::Each,
        0 => Sampling::Both,
        1 => Sampling::Each,
        2 if depth < 12 => Sampling::Across,
        2 if !bits.flag()? => Sampling::Each,
        2 if bits.flag()? => Sampling::Both,
        2 => Sampling::Across,
        _ => return Err(DecodeError::Unsupported("a profile beyond those of AV1")),
    };
    Ok(SequenceHeader { size, bits: depth, sampling, color })
}

#[cfg(test)]
mod tests;
