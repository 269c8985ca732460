//! Strips and tiles: where the chunks of a page lie, in the picture and in the file.

use super::page::{Compression, Page};
use super::tags;
use super::values::Values;
use crate::rejection::DecodeError;

const HUGE: DecodeError = DecodeError::Unsupported("a row of a strip or tile larger than memory");

/// How a page is cut into chunks: strips, or tiles in rows. With planes, each of them is cut alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Layout<'a> {
    page: Page<'a>,
    /// Size of each chunk; the last ones reach beyond the picture.
    pub(super) chunk_width: u32,
    chunk_height: u32,
    /// Chunks beside each other.
    pub(super) across: u32,
    /// Rows of chunks.
    pub(super) bands: u32,
    /// Samples that have chunks of their own; one, where those of a pixel lie side by side.
    pub(super) planes: u32,
    offsets: Values<'a>,
    counts: Option<Values<'a>>,
    /// Bytes of a unit: one row of a chunk, or as many as share samples of Cb and Cr.
    pub(super) unit_bytes: usize,
    pub(super) rows_per_unit: u32,
}

impl<'a> Layout<'a> {
    pub(super) fn read(page: Page<'a>) -> Result<Self, DecodeError> {
        const NONE: DecodeError = DecodeError::Corrupt("the places of strips or tiles are missing");
        let Page { directory, width, height, .. } = page;
        let tile = directory.uint(tags::TILE_WIDTH)?.zip(directory.uint(tags::TILE_LENGTH)?);
        let strips = directory.values(tags::STRIP_OFFSETS)?;
        let tiles = directory.values(tags::TILE_OFFSETS)?;
        let strip_counts = directory.values(tags::STRIP_BYTE_COUNTS)?;
        let tile_counts = directory.values(tags::TILE_BYTE_COUNTS)?;
        let (size, offsets, counts) = if let Some((width, height)) = tile {
            let size = u32::try_from(width).ok().zip(u32::try_from(height).ok());
            let size = size.filter(|(width, height)| *width > 0 && *height > 0);
            let size = size.ok_or(DecodeError::Corrupt("tiles without a size"))?;
            (size, tiles.or(strips).ok_or(NONE)?, tile_counts.or(strip_counts))
        } else {
            // Its default, 2^32 - 1, means one strip; so does zero in some files.
            let rows = directory.uint(tags::ROWS_PER_STRIP)?.filter(|rows| *rows > 0);
            let rows = rows.and_then(|rows| u32::try_from(rows).ok()).unwrap_or(u32::MAX);
            ((width, rows.min(height)), strips.ok_or(NONE)?, strip_counts)
        };
        let (across_each, down_each) = page.subsampling;
        let samples = if page.is_planar { 1 } else { page.samples as u64 };
        let unit_bytes = if page.subsampling == (1, 1) {
            (u64::from(size.0) * samples * u64::from(page.bits)).div_ceil(8)
        } else {
            u64::from(size.0.div_ceil(across_each)) * u64::from(across_each * down_each + 2)
        };
        Ok(Self {
            page,
            chunk_width: size.0,
            chunk_height: size.1,
            across: width.div_ceil(size.0),
            bands: height.div_ceil(size.1),
            planes: if page.is_planar { u32::try_from(page.samples).unwrap_or(1) } else { 1 },
            offsets,
            counts,
            unit_bytes: usize::try_from(unit_bytes).map_err(|_| HUGE)?,
            rows_per_unit: down_each,
        })
    }

    /// Width and height of all chunks of one plane together.
    pub(super) fn padded(&self) -> (u64, u64) {
        let width = u64::from(self.across) * u64::from(self.chunk_width);
        (width, u64::from(self.bands) * u64::from(self.chunk_height))
    }

    /// Samples of one pixel in a chunk.
    pub(super) const fn samples_in_chunk(&self) -> usize {
        if self.page.is_planar { 1 } else { self.page.samples }
    }

    /// Rows of the picture in a row of chunks.
    pub(super) fn rows(&self, band: u32) -> u32 {
        self.page.height.saturating_sub(band * self.chunk_height).min(self.chunk_height)
    }

    /// Units that hold the rows of the picture in a row of chunks.
    pub(super) fn units(&self, band: u32) -> u32 {
        self.rows(band).div_ceil(self.rows_per_unit)
    }

    /// First column of the picture in a chunk, and how many it has there.
    pub(super) fn columns(&self, column: u32) -> (usize, usize) {
        let left = column * self.chunk_width;
        (left as usize, self.page.width.saturating_sub(left).min(self.chunk_width) as usize)
    }

    /// The bytes of a chunk, as far as the file has them.
    pub(super) fn bytes(&self, plane: u32, band: u32, column: u32) -> Result<&'a [u8], DecodeError> {
        const FEW: DecodeError = DecodeError::Corrupt("fewer strips or tiles than the size needs");
        const CUT: DecodeError = DecodeError::Truncated("before a strip or tile");
        let index = u64::from(plane) * u64::from(self.across) * u64::from(self.bands)
            + u64::from(band) * u64::from(self.across)
            + u64::from(column);
        let index = usize::try_from(index).map_err(|_| FEW)?;
        let offset = self.offsets.uint(index).ok_or(FEW)?;
        if offset == 0 {
            return Err(DecodeError::Unsupported("a sparse file, of which a strip or tile is left out"));
        }
        let file = self.page.directory.file;
        let rest = usize::try_from(offset).ok().and_then(|offset| file.bytes.get(offset..)).ok_or(CUT)?;
        let count = match self.page.compression {
            // What is needed is known; some writers count wrongly.
            Compression::None => Some(self.unit_bytes as u64 * u64::from(self.units(band))),
            _ => self.counts.and_then(|counts| counts.uint(index)).filter(|count| *count > 0),
        };
        let count = count.and_then(|count| usize::try_from(count).ok()).unwrap_or(usize::MAX);
        Ok(rest.get(..count).unwrap_or(rest))
    }
}
