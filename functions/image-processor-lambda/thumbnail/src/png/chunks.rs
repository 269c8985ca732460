//! PNG chunks: the header, and the data of the picture.

use super::fault::Fault;
use crate::pixels::Channels;

pub(super) const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";
/// Bytes of a chunk's length, behind which its kind stands.
const LENGTH_BYTES: usize = 4;

/// A picture that is plain by its header, and where its data begin.
#[derive(Clone, Debug)]
pub(crate) struct Picture<'a> {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) channels: Channels,
    pub(super) data: Data<'a>,
}

impl<'a> Picture<'a> {
    /// Reads the header; nothing, if the picture is not plain or the file odd.
    ///
    /// Checksums before the data are left to `png`, which reads what else stands there.
    pub(crate) fn read(file: &'a [u8]) -> Option<Self> {
        let (header, mut rest) = Chunk::split(file.strip_prefix(SIGNATURE)?)?;
        let (width, fields) = header.data.split_first_chunk()?;
        let (height, fields) = fields.split_first_chunk()?;
        let channels = match (&header.kind, fields) {
            (b"IHDR", [8, 0, 0, 0, 0]) => Channels::Gray,
            (b"IHDR", [8, 2, 0, 0, 0]) => Channels::Rgb,
            (b"IHDR", [8, 4, 0, 0, 0]) => Channels::GrayAlpha,
            (b"IHDR", [8, 6, 0, 0, 0]) => Channels::Rgba,
            _ => return None,
        };
        loop {
            let (chunk, behind) = Chunk::split(rest)?;
            match &chunk.kind {
                b"IDAT" => break,
                // Transparency, and what may give the first picture of an animation another size.
                b"tRNS" | b"acTL" | b"fcTL" | b"fdAT" | b"IEND" => return None,
                _ => rest = behind,
            }
        }
        let (width, height) = (u32::from_be_bytes(*width), u32::from_be_bytes(*height));
        let is_empty = width == 0 || height == 0;
        (!is_empty).then_some(Self { width, height, channels, data: Data { rest } })
    }
}

/// Whether the file begins with the chunk by which Apple marks what is no PNG any more.
pub(super) fn is_cgbi(file: &[u8]) -> bool {
    let first = file.strip_prefix(SIGNATURE).and_then(head);
    first.is_some_and(|(_, kind, _)| kind == b"CgBI")
}

/// The width that the header declares.
pub(super) fn width(file: &[u8]) -> Option<u32> {
    let (_, _, fields) = file.strip_prefix(SIGNATURE).and_then(head)?;
    fields.first_chunk().copied().map(u32::from_be_bytes)
}

/// The data of the first sound eXIf chunk, which may stand behind the picture's data, where `png` does not come.
pub(super) fn exif(file: &[u8]) -> Option<&[u8]> {
    let mut rest = file.strip_prefix(SIGNATURE)?;
    while let Some((chunk, behind)) = Chunk::split(rest) {
        if &chunk.kind == b"eXIf" && chunk.is_sound() {
            return Some(chunk.data);
        }
        rest = behind;
    }
    None
}

/// Where the kind of the next chunk stands, from the chunk at `at` on, for which `png` would refuse the whole file
/// although the picture does not need it, and where that chunk ends; nothing, from the data on.
pub(super) fn next_refused(file: &[u8], mut at: usize) -> Option<(usize, usize)> {
    loop {
        let (chunk, rest) = Chunk::split(file.get(at..)?)?;
        let end = file.len() - rest.len();
        match (&chunk.kind, chunk.data) {
            (b"IDAT", _) => return None,
            // Code points of RGB, and a flag: `png` reads these.
            (b"cICP", [_, _, 0, 0 | 1]) => {}
            // Code points of nothing that a PNG may hold; frames of an animation, of which the still is drawn; and
            // Exif of any size, which is read from the file.
            (b"cICP" | b"fcTL" | b"eXIf", _) => return Some((at + LENGTH_BYTES, end)),
            _ => {}
        }
        at = end;
    }
}

/// The compressed data of a picture, chunk by chunk.
#[derive(Clone, Debug)]
pub(super) struct Data<'a> {
    rest: &'a [u8],
}

impl<'a> Data<'a> {
    /// The data of the next chunk, whose checksum is right; nothing, where chunks of another kind begin.
    pub(super) fn next(&mut self) -> Result<Option<&'a [u8]>, Fault> {
        let (_, kind, _) = head(self.rest).ok_or(Fault::Irregular)?;
        if kind != b"IDAT" {
            return Ok(None);
        }
        let (chunk, rest) = Chunk::split(self.rest).ok_or(Fault::Irregular)?;
        self.rest = rest;
        if chunk.is_sound() { Ok(Some(chunk.data)) } else { Err(Fault::Irregular) }
    }
}

struct Chunk<'a> {
    kind: [u8; 4],
    data: &'a [u8],
    checksum: u32,
}

impl<'a> Chunk<'a> {
    /// The chunk that `bytes` begin with, and what follows it.
    fn split(bytes: &'a [u8]) -> Option<(Self, &'a [u8])> {
        let (length, kind, rest) = head(bytes)?;
        let (data, rest) = rest.split_at_checked(length)?;
        let (checksum, rest) = rest.split_first_chunk()?;
        Some((Self { kind: *kind, data, checksum: u32::from_be_bytes(*checksum) }, rest))
    }

    /// Whether the checksum is right.
    fn is_sound(&self) -> bool {
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&self.kind);
        checksum.update(self.data);
        checksum.finalize() == self.checksum
    }
}

/// How long a chunk declares its data to be, its kind, and what follows.
fn head(bytes: &[u8]) -> Option<(usize, &[u8; 4], &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (kind, rest) = rest.split_first_chunk()?;
    Some((usize::try_from(u32::from_be_bytes(*length)).ok()?, kind, rest))
}
