//! Cuts planes into rows of blocks of eight by eight samples.

use image::GrayImage;

/// Eight rows of eight samples.
pub(super) type Block = [[u8; 8]; 8];

/// Copies a row of blocks out of a channel, from the sample row `first` on. What is beyond the right and
/// the lower border is the last sample before it.
pub(super) fn fill(blocks: &mut [Block], channel: &GrayImage, first: usize) {
    let width = (channel.width() as usize).max(1);
    let rows = channel.as_raw().chunks_exact(width);
    let last = rows.len().saturating_sub(1);
    let mut rows = rows.skip(first.min(last));
    let mut row = rows.next().unwrap_or_default();
    for line in 0..8 {
        fill_line(blocks, line, row);
        row = rows.next().unwrap_or(row);
    }
}

#[expect(clippy::indexing_slicing, reason = "a block has eight lines, and the rest less than eight samples")]
fn fill_line(blocks: &mut [Block], line: usize, row: &[u8]) {
    let (whole, mut rest) = row.as_chunks();
    let border = row.last().copied().unwrap_or_default();
    for (index, block) in blocks.iter_mut().enumerate() {
        block[line] = whole.get(index).copied().unwrap_or_else(|| {
            let mut samples = [border; 8];
            samples[..rest.len()].copy_from_slice(rest);
            rest = &[];
            samples
        });
    }
}
