//! A JPEG decoder (ITU-T T.81) that makes pictures small while it decodes, in safe Rust.
//!
//! A thumbnail of a photograph shows less than an eighth of its detail. At that scale only the DC
//! coefficient of each block is drawn, and all AC coefficients are skipped several at a time; a quarter
//! and a half draw the four and sixteen lowest. Of progressive files, scans that hold nothing of use are
//! not read at all. See docs/decisions/jpeg-decoder.md.
//!
//! Invariants, whatever the bytes:
//! - nothing panics, and loops are bounded by the bytes of the file and the blocks of its frame;
//! - memory is that of [`memory`] plus less than half a megabyte of tables;
//! - every block was read from data: what ends early or holds no codes is an [`DecodeError`].

mod ac;
mod ac_skip;
mod bit_reader;
mod block;
mod coefficients;
mod header;
mod huffman;
mod idct;
mod metadata;
mod progressive;
mod refinement;
mod scale;
mod scan;
mod scan_data;
mod sequential;
mod tables;
#[cfg(test)]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small numbers of pictures made here"
)]
mod tests;

#[cfg(feature = "inner")]
pub(crate) use self::block::transform;
pub(crate) use self::header::{Color, Frame, Header};
pub(crate) use self::scale::Scale;
pub(in crate::jpeg) use self::tables::Tables;

use self::coefficients::Coefficients;
use self::scan::Scan;
use crate::budget::Clock;
use crate::jpeg::marker::{self, START_OF_SCAN};
use crate::pixels::Plane;
use crate::rejection::DecodeError;

/// Most bytes that [`decode`] holds at once for pixels and coefficients.
pub(crate) fn memory(frame: &Frame, scales: &[Scale]) -> u64 {
    let channels = frame.components.iter().zip(scales).map(|(component, scale)| {
        let coefficients =
            if frame.is_progressive { Coefficients::bytes(frame, component, *scale) } else { 0 };
        scale::bytes(frame, component, *scale) + coefficients
    });
    channels.sum()
}

/// Decodes each channel at its scale.
///
/// # Errors
///
/// [`DecodeError`].
pub(crate) fn decode(
    file: &[u8],
    header: &Header,
    scales: &[Scale],
    clock: Clock,
) -> Result<Vec<Plane>, DecodeError> {
    clock()?;
    let frame = &header.frame;
    if frame.is_progressive {
        return progressive::decode(file, header, scales, clock);
    }
    let mut planes = frame
        .components
        .iter()
        .zip(scales)
        .map(|(component, scale)| scale::plane(frame, component, *scale))
        .collect::<Result<Vec<_>, _>>()?;
    let mut missing: Vec<usize> = (0..planes.len()).collect();
    let mut tables = header.tables.clone();
    tables.set_standard_huffman()?;
    let mut at = header.scans;
    while !missing.is_empty() {
        let segment = marker::next(file, at)?;
        at = segment.end;
        match segment.marker {
            START_OF_SCAN => {
                let scan = Scan::read(frame, &segment)?;
                if !scan.parts.iter().all(|part| missing.contains(&part.component)) {
                    return Err(DecodeError::Corrupt("a channel has two scans"));
                }
                at = sequential::decode(file, frame, &scan, &tables, scales, &mut planes, clock)?;
                missing.retain(|index| scan.parts.iter().all(|part| part.component != *index));
            }
            marker::END_OF_IMAGE => return Err(DecodeError::Truncated("before a channel's scan")),
            marker if marker::is_frame(marker) => return Err(DecodeError::Unsupported("a second frame")),
            marker => tables.read(marker, segment.payload)?,
        }
    }
    Ok(planes)
}
