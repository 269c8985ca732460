//! PNGs: checksums are set right, so that what is behind them is reached; pixels are those of the crate `png`.

use std::num::NonZeroU32;

use thumbnail::{Limits, Options, decode};

use crate::LIMITS;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a chunk's length and of its kind.
const FIELD: usize = 4;
/// Less memory than rows of our own ever take, their window alone being larger, so that `png` decodes.
const PNG_ALONE: Limits = Limits { max_decode_bytes: 176 * 1024, ..LIMITS };
/// Most pixels that fit [`PNG_ALONE`], whole and made smaller, whatever their kind.
const FEW_PIXELS: u64 = 4096;

/// The file with the checksum of each whole chunk set right; nothing, if it is no PNG.
pub(crate) fn mended(input: &[u8]) -> Option<Vec<u8>> {
    let body = input.strip_prefix(SIGNATURE)?;
    let mut file = input.to_vec();
    let mut at = SIGNATURE.len();
    while let Some((kind_and_data, _)) = chunk(body, at - SIGNATURE.len()) {
        let end = at + FIELD + kind_and_data.len();
        let checksum = crc32fast::hash(kind_and_data).to_be_bytes();
        file.get_mut(end..end + checksum.len())?.copy_from_slice(&checksum);
        at = end + checksum.len();
    }
    Some(file)
}

/// Kind and data of the chunk at `at`, and its checksum.
fn chunk(body: &[u8], at: usize) -> Option<(&[u8], [u8; 4])> {
    let (length, rest) = body.get(at..)?.split_first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?.checked_add(FIELD)?;
    let (kind_and_data, rest) = rest.split_at_checked(length)?;
    Some((kind_and_data, *rest.first_chunk()?))
}

/// Whether `png` alone came to pixels, or to a verdict of its own; we must have come to the same.
///
/// # Panics
///
/// When we have not.
pub(crate) fn compare(file: &[u8], side: NonZeroU32) -> bool {
    // With little memory `png` goes on without a profile that does not fit.
    let has_profile = file.windows(FIELD).any(|kind| kind == b"iCCP");
    let limits = Limits { max_pixels: FEW_PIXELS, ..PNG_ALONE };
    let largest = Options { side_px: side, ..Options::default() };
    let alone = decode(file, &limits, &largest).map_err(|rejection| rejection.reason());
    if has_profile || matches!(alone, Err("TooManyPixels" | "TooMuchMemory" | "TooSlow")) {
        return false;
    }
    let ours = decode(file, &LIMITS, &largest).map_err(|rejection| rejection.reason());
    if matches!(ours, Err("TooSlow")) {
        return false;
    }
    // `Debug` prints each pixel.
    assert_eq!(format!("{ours:?}"), format!("{alone:?}"));
    ours.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_set_right_and_nothing_else_is_changed() {
        let whole = include_bytes!("../seeds/thumbnails/rgb-paeth-stored.png");
        assert_eq!(mended(whole).unwrap(), whole);
        let mut torn = whole.to_vec();
        for at in [30, whole.len() - 1] {
            torn[at] ^= 0xff;
        }
        assert_eq!(mended(&torn).unwrap(), whole);
        // A chunk that is not whole stays as it is.
        assert_eq!(mended(&torn[..31]).unwrap(), torn[..31]);
        assert_eq!(mended(&whole[1..]), None);
    }
}
