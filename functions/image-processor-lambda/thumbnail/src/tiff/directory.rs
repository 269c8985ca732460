//! Image file directories: the fields of a page, and which page is the picture.

use super::file::TiffFile;
use super::tags;
use super::values::Values;
use crate::rejection::DecodeError;

/// Most directories that are looked at; this also ends a chain that leads back into itself.
const MOST_DIRECTORIES: usize = 256;
/// As many as a directory of a classic TIFF can have.
const MOST_ENTRIES: u64 = 0xffff;

/// A directory: entries of a tag, a type, a count, and values or their offset.
#[derive(Clone, Copy, Debug)]
pub(super) struct Directory<'a> {
    pub(super) file: TiffFile<'a>,
    entries: &'a [u8],
    /// Offset of the next directory, zero for none.
    next: u64,
}

impl<'a> Directory<'a> {
    fn read(file: TiffFile<'a>, at: u64) -> Result<Self, DecodeError> {
        const SHORT: DecodeError = DecodeError::Truncated("within a directory, or before it");
        let (count_size, offset_size) = if file.is_big { (8, 8) } else { (2, 4) };
        let count = file.uint(at, count_size).ok_or(SHORT)?;
        if count > MOST_ENTRIES {
            return Err(DecodeError::Corrupt("a directory has more than 65,535 entries"));
        }
        let start = at.saturating_add(count_size);
        let length = count * entry_size(&file) as u64;
        let entries = file.slice(start, length).ok_or(SHORT)?;
        // Some writers leave it out behind the last directory.
        let next = file.uint(start.saturating_add(length), offset_size).unwrap_or(0);
        Ok(Self { file, entries, next })
    }

    /// The first directory that holds a picture of full resolution; else the first that holds one.
    ///
    /// Masks are no pictures; what is declared a reduced-resolution version, as previews of cameras are, is
    /// drawn if there is nothing else.
    pub(super) fn of_picture(file: TiffFile<'a>, first: u64) -> Result<Self, DecodeError> {
        let start = Self::read(file, first)?;
        let mut reduced = None;
        let mut directory = start;
        for _ in 0..MOST_DIRECTORIES {
            match directory.kind()? {
                Subfile::Full => return Ok(directory),
                Subfile::Reduced => reduced = reduced.or(Some(directory)),
                Subfile::Mask => {}
            }
            if directory.next == 0 {
                break;
            }
            match Self::read(file, directory.next) {
                Ok(next) => directory = next,
                Err(_) if reduced.is_some() => break,
                Err(error) => return Err(error),
            }
        }
        reduced.ok_or(DecodeError::Unsupported("a file of transparency masks alone"))
    }

    fn kind(&self) -> Result<Subfile, DecodeError> {
        const MASK: u64 = 4;
        let flags = self.uint(tags::NEW_SUBFILE_TYPE)?.unwrap_or(0);
        if flags & 4 != 0 || self.uint(tags::PHOTOMETRIC_INTERPRETATION)? == Some(MASK) {
            return Ok(Subfile::Mask);
        }
        let is_reduced = flags & 1 != 0 || self.uint(tags::SUBFILE_TYPE)? == Some(2);
        Ok(if is_reduced { Subfile::Reduced } else { Subfile::Full })
    }

    /// The values of a field; nothing, where it is missing.
    pub(super) fn values(&self, tag: u16) -> Result<Option<Values<'a>>, DecodeError> {
        let order = self.file.order;
        let is_wanted = |entry: &&[u8]| entry.first_chunk().is_some_and(|bytes| order.u16(*bytes) == tag);
        let entry = self.entries.chunks_exact(entry_size(&self.file)).find(is_wanted);
        entry.map(|entry| Values::of_entry(&self.file, entry)).transpose()
    }

    /// The first value of a field, as an unsigned number of any type; nothing, where the field is missing.
    pub(super) fn uint(&self, tag: u16) -> Result<Option<u64>, DecodeError> {
        Ok(self.values(tag)?.and_then(|values| values.uint(0)))
    }
}

fn entry_size(file: &TiffFile) -> usize {
    if file.is_big { 20 } else { 12 }
}

/// What a directory describes, by the old and the new tag for it.
enum Subfile {
    Full,
    Reduced,
    Mask,
}
