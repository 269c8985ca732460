//! Application segments: JFIF, Exif, ICC profile, Adobe.

use image::metadata::Orientation;

use crate::exif;

const PROFILE: &[u8] = b"ICC_PROFILE\0";
/// Larger profiles are ignored, as broken ones are.
const LARGEST_PROFILE: usize = 4 * 1024 * 1024;

/// What the segments before the first scan say about the picture.
#[derive(Debug, Default)]
pub(crate) struct Metadata<'a> {
    pub(super) is_jfif: bool,
    /// What Adobe's segment says the channels are.
    pub(super) adobe_transform: Option<u8>,
    exif: Option<&'a [u8]>,
    /// Pieces of the colour profile with their numbers.
    profile: Vec<(u8, &'a [u8])>,
}

impl<'a> Metadata<'a> {
    pub(super) fn read(&mut self, marker: u8, payload: &'a [u8]) {
        match marker {
            0xe0 if payload.starts_with(b"JFIF\0") => self.is_jfif = true,
            0xe1 if self.exif.is_none() => self.exif = payload.starts_with(exif::PREFIX).then_some(payload),
            0xe2 => {
                if let Some([number, _, piece @ ..]) = payload.strip_prefix(PROFILE) {
                    self.profile.push((*number, piece));
                }
            }
            0xee if payload.starts_with(b"Adobe") => self.adobe_transform = payload.get(11).copied(),
            _ => {}
        }
    }

    /// How the picture is to be turned.
    pub(crate) fn orientation(&self) -> Orientation {
        exif::orientation(self.exif)
    }

    /// The colour profile, its pieces in order.
    pub(crate) fn profile(&self) -> Option<Vec<u8>> {
        let mut pieces = self.profile.clone();
        pieces.sort_by_key(|piece| piece.0);
        let size: usize = pieces.iter().map(|piece| piece.1.len()).sum();
        (1..=LARGEST_PROFILE)
            .contains(&size)
            .then(|| pieces.iter().flat_map(|piece| piece.1).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_a_profile_are_put_in_order() {
        let mut metadata = Metadata::default();
        metadata.read(0xe2, b"ICC_PROFILE\0\x02\x02cd");
        metadata.read(0xe2, b"ICC_PROFILE\0\x01\x02ab");
        metadata.read(0xe2, b"MPF\0");
        assert_eq!(metadata.profile().unwrap(), b"abcd");
        assert_eq!(Metadata::default().profile(), None);
    }
}
