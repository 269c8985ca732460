//! JPEG within TIFF (Technical Note 2): each chunk is a JPEG, its tables may stand apart.

use super::{ChunkSize, Memory};
use crate::jpeg::abbreviated::{Abbreviated, FullPlanes, SharedTables};
use crate::rejection::{DecodeError, Rejection};

/// The decoded channels of a chunk, read as rows of samples side by side.
pub(in crate::tiff) struct JpegRows {
    planes: FullPlanes,
    row: u32,
    row_bytes: usize,
    pub(super) consumed: usize,
}

impl JpegRows {
    pub(super) fn decode(
        bytes: &[u8],
        tables: &SharedTables,
        samples: usize,
        size: ChunkSize,
        memory: &mut Memory,
    ) -> Result<Self, Rejection> {
        let budget = memory.budget;
        let reject = |error| budget.reject(error);
        let stream = Abbreviated::read(bytes, tables).map_err(reject)?;
        memory.hold(stream.memory())?;
        let (width, height) = stream.size();
        // A frame may be padded to whole MCUs of 32 pixels, not more.
        let is_large = width > size.width.saturating_add(32) || height / 2 > size.rows.saturating_add(32);
        if width < size.columns || height < size.rows || is_large {
            return Err(reject(DecodeError::Corrupt(
                "a JPEG within has another size than its strip or tile",
            )));
        }
        if stream.channels() != samples {
            return Err(reject(DecodeError::Corrupt("a JPEG within has another number of channels")));
        }
        let planes = stream.decode(&|| budget.clock()).map_err(reject)?;
        let row_bytes = size.width as usize * samples;
        Ok(Self { planes, row: 0, row_bytes, consumed: bytes.len() })
    }

    pub(super) fn read(&mut self, out: &mut [u8]) {
        for row in out.chunks_exact_mut(self.row_bytes.max(1)) {
            self.planes.row(self.row, row);
            self.row += 1;
        }
    }
}
