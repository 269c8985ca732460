//! A window of rows of the frame: those of one row of macroblocks, and what the loop filter needs above.

use super::header::Size;
use super::levels::Channel;
use super::loop_filter::Rows;

/// Rows that filtering the next row of macroblocks still reads, the last three of which it changes.
const FILTERED: usize = 4;

/// One channel's rows.
pub(super) struct Band {
    samples: Vec<u8>,
    stride: usize,
    /// Rows kept of those above.
    kept: usize,
    /// New rows of each row of macroblocks.
    rows: usize,
    /// Samples in a row, and rows, of the picture.
    size: (usize, usize),
}

impl Band {
    fn new(columns: usize, rows: usize, size: (usize, usize), is_filtered: bool) -> Self {
        let kept = if is_filtered { FILTERED } else { 0 };
        let stride = columns * rows;
        Self { samples: vec![0; stride * (kept + rows)], stride, kept, rows, size }
    }

    /// Those to be drawn.
    #[inline(always)]
    pub(super) fn new_rows(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.samples.chunks_exact_mut(self.stride).skip(self.kept)
    }

    pub(super) fn rows(&mut self) -> Rows<'_> {
        Rows { samples: &mut self.samples, stride: self.stride, above: self.kept }
    }

    /// Hands over the rows that will not change any more, `row` being the last row of macroblocks drawn.
    fn release(&mut self, row: usize, target: &mut Channel) {
        let (width, height) = self.size;
        let is_last = (row + 1) * self.rows >= height;
        let first = row * self.rows;
        let ready = if is_last { height } else { first + self.rows - self.kept };
        // Before the first row there are none to be kept.
        let begin = first.saturating_sub(self.kept);
        let skipped = begin + self.kept - first;
        for line in self.samples.chunks_exact(self.stride).skip(skipped).take(ready - begin) {
            target.push(line.get(..width).unwrap_or(line));
        }
        self.samples.copy_within(self.rows * self.stride.., 0);
    }
}

/// All three channels' rows.
pub(super) struct RowWindow {
    pub(super) planes: [Band; 3],
}

impl RowWindow {
    pub(super) fn new(size: Size, is_filtered: bool) -> Self {
        let (columns, _) = size.macroblocks();
        let [width, height] = [size.width, size.height].map(|side| side as usize);
        let halves = (width.div_ceil(2), height.div_ceil(2));
        let chroma = || Band::new(columns, 8, halves, is_filtered);
        Self { planes: [Band::new(columns, 16, (width, height), is_filtered), chroma(), chroma()] }
    }

    /// Bytes that it takes.
    pub(super) fn bytes(size: Size) -> u64 {
        let (columns, _) = size.macroblocks();
        columns as u64 * (16 * (16 + FILTERED as u64) + 2 * 8 * (8 + FILTERED as u64))
    }

    pub(super) fn release(&mut self, row: usize, targets: &mut [Channel; 3]) {
        for (band, target) in self.planes.iter_mut().zip(targets) {
            band.release(row, target);
        }
    }
}
