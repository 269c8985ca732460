//! The file header, the information header of one of eight versions, and the palette.

use super::field;
use crate::rejection::DecodeError;

/// The information header stands behind the file header.
const INFO: usize = 14;
/// `BITMAPCOREHEADER` of Windows 2 and OS/2 1.x: sides of 16 bits, and three bytes for each colour.
const CORE: usize = 12;
/// `BITMAPINFOHEADER`, and its successors with masks of three and of four channels.
const WINDOWS: [usize; 5] = [40, 52, 56, 108, 124];
/// OS/2 2.x: any length from the sides on to all fields.
const OS2: std::ops::RangeInclusive<usize> = 16..=64;
/// `BITMAPV5HEADER`, which may name a profile.
const V5: usize = 124;
/// Larger profiles are ignored, as broken ones are.
const LARGEST_PROFILE: usize = 4 * 1024 * 1024;

/// How the samples are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    RunLengths,
}

/// What stands before the samples.
#[derive(Debug)]
pub(super) struct Header<'a> {
    pub(super) width: u32,
    pub(super) height: u32,
    pub(super) is_top_down: bool,
    /// Of a pixel: 1, 2, 4, 8, 16, 24 or 32.
    pub(super) bits: u16,
    pub(super) compression: Compression,
    /// Bits of red, green, blue and alpha in pixels of 16 and 32 bits.
    pub(super) masks: [u32; 4],
    /// Colours of pixels of up to eight bits.
    pub(super) palette: Vec<[u8; 3]>,
    /// Where the samples begin.
    pub(super) start: usize,
    /// An ICC profile.
    pub(super) profile: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let start = u32::from_le_bytes(field(bytes, 10)?) as usize;
        let size = u32::from_le_bytes(field(bytes, INFO)?) as usize;
        let info = bytes.get(INFO..).unwrap_or_default();
        let long = |at: usize| if at + 4 <= size { field(info, at).map(u32::from_le_bytes) } else { Ok(0) };
        let short = |at| field(info, at).map(u16::from_le_bytes);
        let is_core = size == CORE;
        let (width, height, bits) = if is_core {
            (short(4)?.into(), i32::from(short(6)?), short(10)?)
        } else {
            (long(4)?.cast_signed(), long(8)?.cast_signed(), short(14)?)
        };
        let (compression, masked) =
            if is_core { (Compression::None, false) } else { kind(long(16)?, bits, size)? };
        let masks = match bits {
            16 | 32 if masked => {
                // Behind the oldest header, inside the others.
                let at = INFO + 40;
                let has_alpha = size >= 56 || long(16)? == 6;
                let mask = |index: usize| field(bytes, at + 4 * index).map(u32::from_le_bytes);
                [mask(0)?, mask(1)?, mask(2)?, if has_alpha { mask(3)? } else { 0 }]
            }
            16 => [0x7c00, 0x03e0, 0x001f, 0],
            _ => [0x00ff_0000, 0xff00, 0xff, if size >= 56 && OS2.end() != &size { long(52)? } else { 0 }],
        };
        if !matches!(bits, 1 | 2 | 4 | 8 | 16 | 24 | 32) {
            return Err(DecodeError::Corrupt("a pixel has an impossible number of bits"));
        }
        if width < 0 || height == i32::MIN {
            return Err(DecodeError::Corrupt("a side is impossible"));
        }
        let declared = if is_core { 0 } else { long(32)? as usize };
        let palette = if bits <= 8 {
            palette(bytes, INFO + size, (start, bits, declared), is_core)
        } else {
            Vec::new()
        };
        Ok(Self {
            width: width.unsigned_abs(),
            height: height.unsigned_abs(),
            is_top_down: height < 0,
            bits,
            compression,
            masks,
            palette,
            start,
            profile: if size == V5 { profile(info) } else { None },
        })
    }
}

/// The compression, and whether masks say which bits are which colour's.
fn kind(number: u32, bits: u16, size: usize) -> Result<(Compression, bool), DecodeError> {
    let is_os2 = !WINDOWS.contains(&size) && OS2.contains(&size);
    match (number, bits) {
        (0, _) => Ok((Compression::None, false)),
        (4, 24) if is_os2 => Ok((Compression::RunLengths, false)),
        (4, _) => Err(DecodeError::Unsupported("a JPEG inside")),
        (1, 8) | (2, 4) => Ok((Compression::RunLengths, false)),
        (3, 1) if is_os2 => Err(DecodeError::Unsupported("compression by Huffman's codes")),
        (3 | 6, 16 | 32) => Ok((Compression::None, true)),
        (5, _) => Err(DecodeError::Unsupported("a PNG inside")),
        (11..=13, _) => Err(DecodeError::Unsupported("inks")),
        _ => Err(DecodeError::Corrupt("the compression does not go with the pixels")),
    }
}

/// Up to the samples, as many colours as there are; pixels beyond them are black.
fn palette(
    bytes: &[u8],
    at: usize,
    (start, bits, declared): (usize, u16, usize),
    is_core: bool,
) -> Vec<[u8; 3]> {
    let most = 1 << bits;
    let count = if declared == 0 { most } else { declared.min(most) };
    let end = if start > at { start } else { bytes.len() };
    let colors = bytes.get(at..end.min(bytes.len())).unwrap_or_default();
    let each = if is_core { 3 } else { 4 };
    let color = |color: &[u8]| color.first_chunk().map(|[blue, green, red]| [*red, *green, *blue]);
    colors.chunks_exact(each).take(count).filter_map(color).collect()
}

/// The profile that the header points at.
fn profile(info: &[u8]) -> Option<&[u8]> {
    const EMBEDDED: u32 = u32::from_be_bytes(*b"MBED");
    let long = |at| field(info, at).map(u32::from_le_bytes).ok();
    let (place, length) = (long(112)? as usize, long(116)? as usize);
    let is_embedded = long(56)? == EMBEDDED && length <= LARGEST_PROFILE;
    is_embedded.then(|| info.get(place..place.checked_add(length)?)).flatten()
}
