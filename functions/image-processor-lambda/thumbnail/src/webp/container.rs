//! Chunks of a file: where the picture is, and what is said about it.

use crate::rejection::DecodeError;

/// What a file begins with: a name, the size of all that follows, and another name.
const FILE_HEADER: usize = 12;
const CHUNK_HEADER: usize = 8;

/// Larger profiles and descriptions are ignored, as broken ones are.
const LARGEST_METADATA: usize = 4 * 1024 * 1024;

/// Flags of an extended header.
const IS_ANIMATED: u8 = 0x02;
const HAS_ALPHA: u8 = 0x10;

/// An opaque lossy picture that does not move.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Container<'a> {
    /// A VP8 key frame.
    pub(super) frame: &'a [u8],
    /// Width and height that an extended header declares.
    pub(super) canvas: Option<(u32, u32)>,
    /// The colour profile.
    pub(crate) profile: Option<&'a [u8]>,
    /// Exif metadata.
    pub(crate) exif: Option<&'a [u8]>,
}

impl<'a> Container<'a> {
    /// Finds the picture; no more is read of it than its place.
    ///
    /// # Errors
    ///
    /// [`DecodeError::Unsupported`] for pictures without loss, with transparency or in motion.
    pub(crate) fn read(file: &'a [u8]) -> Result<Self, DecodeError> {
        let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P', ..] = file else {
            return Err(DecodeError::Truncated("before its first chunk"));
        };
        let declared = u32::from_le_bytes([*a, *b, *c, *d]) as usize;
        let mut chunks = Chunks { rest: file.get(FILE_HEADER..).unwrap_or_default() };
        match chunks.next() {
            Some(Chunk { name: [b'V', b'P', b'8', b' '], data, is_whole }) if is_whole => {
                Ok(Self { frame: data, canvas: None, profile: None, exif: None })
            }
            Some(Chunk { name: [b'V', b'P', b'8', b'X'], data, .. }) => {
                let still = Self::extended(data, chunks)?;
                let is_short = file.len() - CHUNK_HEADER < declared;
                if is_short { Err(DecodeError::Truncated("before its last chunk")) } else { Ok(still) }
            }
            Some(Chunk { name: [b'V', b'P', b'8', b'L'], .. }) => {
                Err(DecodeError::Unsupported("a picture without loss"))
            }
            Some(Chunk { is_whole: false, .. }) => Err(DecodeError::Truncated("in its picture")),
            Some(_) => Err(DecodeError::Corrupt("the first chunk is no picture")),
            None => Err(DecodeError::Truncated("before its first chunk")),
        }
    }

    fn extended(header: &[u8], chunks: Chunks<'a>) -> Result<Self, DecodeError> {
        let [flags, _, _, _, w0, w1, w2, h0, h1, h2, ..] = *header else {
            return Err(DecodeError::Truncated("in its first chunk"));
        };
        if flags & IS_ANIMATED != 0 {
            return Err(DecodeError::Unsupported("an animation"));
        }
        if flags & HAS_ALPHA != 0 {
            return Err(DecodeError::Unsupported("a transparent picture"));
        }
        let canvas = [[w0, w1, w2, 0], [h0, h1, h2, 0]].map(|side| u32::from_le_bytes(side) + 1);
        let (mut frame, mut profile, mut exif) = (None, None, None);
        for Chunk { name, data, is_whole } in chunks {
            match &name {
                b"VP8L" => return Err(DecodeError::Unsupported("a picture without loss")),
                b"VP8 " if !is_whole => return Err(DecodeError::Truncated("in its picture")),
                b"VP8 " => _ = frame.get_or_insert(data),
                b"ICCP" if is_whole && data.len() <= LARGEST_METADATA => _ = profile.get_or_insert(data),
                b"EXIF" if is_whole && data.len() <= LARGEST_METADATA => _ = exif.get_or_insert(data),
                _ => {}
            }
        }
        let frame = frame.ok_or(DecodeError::Truncated("before its picture"))?;
        Ok(Self { frame, canvas: Some((canvas[0], canvas[1])), profile, exif })
    }
}

/// The most pixels that a lossy frame's own header declares, those of animations too.
pub(super) fn most_frame_pixels(file: &[u8]) -> u64 {
    /// Place, size, duration and flags of a frame.
    const FRAME_HEADER: usize = 16;
    let chunks = Chunks { rest: file.get(FILE_HEADER..).unwrap_or_default() };
    let lossy = |chunk: Chunk| match (&chunk.name, chunk.data) {
        (b"VP8 ", [_, _, _, 0x9d, 0x01, 0x2a, w0, w1, h0, h1, ..]) => {
            let [width, height] =
                [[*w0, *w1], [*h0, *h1]].map(|side| u64::from(u16::from_le_bytes(side) & 0x3fff));
            width * height
        }
        _ => 0,
    };
    let frames = chunks.map(|chunk| {
        if &chunk.name == b"ANMF" {
            let rest = chunk.data.get(FRAME_HEADER..).unwrap_or_default();
            Chunks { rest }.map(lossy).max().unwrap_or(0)
        } else {
            lossy(chunk)
        }
    });
    frames.max().unwrap_or(0)
}

struct Chunk<'a> {
    name: [u8; 4],
    /// What there is of it.
    data: &'a [u8],
    /// Whether that is as much as it declares.
    is_whole: bool,
}

struct Chunks<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Chunks<'a> {
    type Item = Chunk<'a>;

    fn next(&mut self) -> Option<Chunk<'a>> {
        let (name, rest) = self.rest.split_first_chunk::<4>()?;
        let (size, rest) = rest.split_first_chunk::<4>()?;
        let size = u32::from_le_bytes(*size) as usize;
        let (data, is_whole) = rest.get(..size).map_or((rest, false), |data| (data, true));
        // Chunks begin at even places.
        self.rest = rest.get(size.saturating_add(size & 1)..).unwrap_or_default();
        Some(Chunk { name: *name, data, is_whole })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(name: &[u8], data: &[u8]) -> Vec<u8> {
        let size = u32::try_from(data.len()).unwrap().to_le_bytes();
        [name, &size, data, &[0][..data.len() & 1]].concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Vec<u8> {
        chunk(b"RIFF", &[&b"WEBP"[..], &chunks.concat()].concat())
    }

    #[test]
    fn picture_and_metadata_are_found_among_other_chunks() {
        let header = chunk(b"VP8X", &[0x2c, 0, 0, 0, 4, 1, 0, 6, 0, 0]);
        let parts = [
            header,
            chunk(b"ICCP", b"abc"),
            chunk(b"what", b""),
            chunk(b"VP8 ", b"frame"),
            chunk(b"EXIF", b"de"),
        ];
        let file = file(&parts);
        let found = Container::read(&file).unwrap();
        assert_eq!(found.frame, b"frame");
        assert_eq!(found.canvas, Some((261, 7)));
        assert_eq!((found.profile, found.exif), (Some(&b"abc"[..]), Some(&b"de"[..])));
        for end in 0..file.len() {
            let refusal = Container::read(&file[..end]).unwrap_err();
            assert!(matches!(refusal, DecodeError::Truncated(_)), "{end}: {refusal:?}");
        }
    }

    #[test]
    fn what_is_not_decoded_here_is_left_to_others() {
        let extended = |flags, name: &[u8]| {
            file(&[chunk(b"VP8X", &[flags, 0, 0, 0, 0, 0, 0, 0, 0, 0]), chunk(name, b"")])
        };
        let without_loss = file(&[chunk(b"VP8L", b"/")]);
        for file in [without_loss, extended(0, b"VP8L"), extended(0x10, b"ALPH"), extended(2, b"ANIM")] {
            assert!(matches!(Container::read(&file), Err(DecodeError::Unsupported(_))));
        }
        assert!(matches!(Container::read(&file(&[chunk(b"what", b"")])), Err(DecodeError::Corrupt(_))));
    }
}
