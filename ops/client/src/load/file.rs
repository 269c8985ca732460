//! Files of a load: each is unlike any other, and costs the generator next to nothing.

use std::io::Cursor;

use bytes::Bytes;
use image::{ImageError, ImageFormat, Rgb, RgbImage};

use super::mix::Kind;

/// A JPEG's marker of a comment.
const COMMENT: [u8; 2] = [0xFF, 0xFE];
/// How long a JPEG's first marker is.
const START: usize = 2;

/// Two pictures, drawn once; every file is one of them with a comment of its own.
#[derive(Debug)]
pub(super) struct Files {
    photo: Vec<u8>,
    large: Vec<u8>,
}

impl Files {
    /// Draws the pictures.
    ///
    /// # Errors
    ///
    /// When the encoder fails, which has no reason to.
    pub(super) fn draw() -> Result<Self, ImageError> {
        Ok(Self { photo: jpeg(320, 240)?, large: jpeg(4_000, 3_000)? })
    }

    /// The file of an upload.
    #[must_use]
    pub(super) fn of(&self, kind: Kind, number: usize) -> Bytes {
        let name = format!("ops load, upload {number}");
        match kind {
            Kind::Photo | Kind::Duplicate => commented(&self.photo, &name),
            Kind::Large => commented(&self.large, &name),
            Kind::Broken if number.is_multiple_of(2) => name.into_bytes(),
            Kind::Broken => {
                let mut half = commented(&self.photo, &name);
                half.truncate(half.len() / 2);
                half
            }
        }
        .into()
    }
}

/// A smooth picture: few bytes for many pixels.
fn jpeg(width: u32, height: u32) -> Result<Vec<u8>, ImageError> {
    let shade = |at: u32, of: u32| u8::try_from(at * 255 / of.max(1)).unwrap_or(u8::MAX);
    let picture = RgbImage::from_fn(width, height, |x, y| {
        Rgb([shade(x, width), shade(y, height), shade(x ^ y, 8_191)])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

/// The JPEG with a comment right behind its first marker.
fn commented(jpeg: &[u8], comment: &str) -> Vec<u8> {
    let (start, rest) = jpeg.split_at_checked(START).unwrap_or((jpeg, &[]));
    let length = u16::try_from(comment.len() + 2).unwrap_or(u16::MAX);
    [start, &COMMENT, &length.to_be_bytes(), comment.as_bytes(), rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A JPEG's last marker.
    const END: [u8; 2] = [0xFF, 0xD9];

    #[test]
    fn files_of_a_kind_differ_and_are_what_the_kind_is() {
        let files = Files::draw().unwrap();
        for kind in Kind::ALL {
            assert_ne!(files.of(kind, 1), files.of(kind, 3), "{kind:?}");
            for number in [2, 3] {
                let bytes = files.of(kind, number);
                // Some decoders draw what there is of half a picture; it lacks the marker of its end.
                let is_whole = image::load_from_memory(&bytes).is_ok() && bytes.ends_with(&END);
                assert_eq!(is_whole, kind.status() == "DONE", "{kind:?} {number}");
            }
        }
        let large = image::load_from_memory(&files.of(Kind::Large, 1)).unwrap();
        assert_eq!((large.width(), large.height()), (4_000, 3_000));
        assert!(files.large.len() < 1_000_000, "{} bytes", files.large.len());
    }
}
