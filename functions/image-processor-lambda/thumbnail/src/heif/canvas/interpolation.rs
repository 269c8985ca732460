//! Samples of Cb and Cr for each pixel.

use crate::heif::coded::CodedPicture;

/// Rows of a channel as wide as those of luma: a sample lies in the middle of its pixels, and what is between two is linear.
#[derive(Default)]
pub(super) struct Interpolation {
    scratch: Vec<u16>,
    /// A column's levels, times four.
    columns: Vec<u32>,
    levels: Vec<u16>,
}

impl Interpolation {
    /// Row `y` of the pixels of a picture.
    pub(super) fn row(&mut self, picture: &CodedPicture, channel: usize, y: u32) -> &[u16] {
        let (across, down) = picture.sampling.shifts();
        let last = picture.height.div_ceil(1 << down).saturating_sub(1);
        let near = y >> down;
        let far = if down == 0 { near } else { beside(near, y, last) };
        self.columns.clear();
        let row = picture.samples.row(channel, near, &mut self.scratch);
        self.columns.extend(row.iter().map(|level| 3 * u32::from(*level)));
        let row = picture.samples.row(channel, far, &mut self.scratch);
        for (sum, level) in self.columns.iter_mut().zip(row) {
            *sum += u32::from(*level);
        }
        let columns = picture.width.div_ceil(1 << across).saturating_sub(1);
        let at = |x: u32| self.columns.get(x as usize).copied().unwrap_or_default();
        self.levels.clear();
        self.levels.extend((0..picture.width).map(|x| {
            let near = x >> across;
            let far = if across == 0 { near } else { beside(near, x, columns) };
            u16::try_from((3 * at(near) + at(far) + 8) / 16).unwrap_or(u16::MAX)
        }));
        &self.levels
    }
}

/// The neighbour of a sample on the side where the pixel is.
fn beside(sample: u32, pixel: u32, last: u32) -> u32 {
    if pixel & 1 == 0 { sample.saturating_sub(1) } else { (sample + 1).min(last) }
}
