//! PNG chunks: the header, and the data of the picture.

use super::fault::Fault;
use crate::pixels::Channels;

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

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

/// The data of an eXIf chunk behind the picture's, where `png` does not come.
pub(super) fn exif_behind_data(file: &[u8]) -> Option<&[u8]> {
    let mut rest = file.strip_prefix(SIGNATURE)?;
    let mut is_behind = false;
    while let Some((chunk, behind)) = Chunk::split(rest) {
        is_behind |= &chunk.kind == b"IDAT";
        if is_behind && &chunk.kind == b"eXIf" {
            return chunk.is_sound().then_some(chunk.data);
        }
        rest = behind;
    }
    None
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
