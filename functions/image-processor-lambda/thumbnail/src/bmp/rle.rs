//! Run lengths: RLE8 and RLE4 of Windows, RLE24 of OS/2 2.x.

use super::header::Header;
use super::whole_picture;
use crate::budget::Budget;
use crate::pixels::Pixels;
use crate::rejection::{DecodeError, Rejection};

/// Runs between two looks at the clock.
const PATIENCE: u32 = 4096;

/// Decodes the whole picture. Pixels that no run covers are invisible, as in browsers.
pub(super) fn decode(
    header: &Header,
    bytes: &[u8],
    pixels: u64,
    budget: &Budget,
) -> Result<Pixels, Rejection> {
    let reject = |error| budget.reject(error);
    let data = bytes.get(header.start..).unwrap_or_default();
    let mut covered = 0;
    Runs { header, data, budget }.walk(|_, _| covered += 1).map_err(reject)?;
    // No pixel is covered twice, since runs go forward only.
    let has_alpha = covered < pixels;
    let channels = if has_alpha { 4 } else { 3 };
    budget.check_memory(pixels * channels as u64)?;
    let mut samples = vec![0; usize::try_from(pixels).unwrap_or_default() * channels];
    let drawn = Runs { header, data, budget }.walk(|at, [red, green, blue]| {
        if let Some(pixel) = samples.get_mut(at * channels..(at + 1) * channels) {
            pixel.iter_mut().zip([red, green, blue, u8::MAX]).for_each(|(sample, level)| *sample = level);
        }
    });
    drawn.map_err(reject)?;
    Ok(whole_picture(header, samples, has_alpha))
}

struct Runs<'a> {
    header: &'a Header<'a>,
    data: &'a [u8],
    budget: &'a Budget,
}

impl Runs<'_> {
    /// Draws each pixel that a run covers, once; its place is counted from the top left. What lies beyond a row is
    /// left out.
    fn walk(mut self, mut draw: impl FnMut(usize, [u8; 3])) -> Result<(), DecodeError> {
        let (width, height) = (self.header.width, self.header.height);
        // Bytes of a colour; in RLE4 two share one.
        let each = if self.header.bits == 24 { 3 } else { 1 };
        let (mut x, mut y, mut runs) = (0_u32, 0_u32, 0_u32);
        while y < height {
            if runs.is_multiple_of(PATIENCE) {
                self.budget.clock()?;
            }
            runs = runs.wrapping_add(1);
            // A file may end with its last row, without saying so.
            let is_over = y + 1 == height && x >= width && self.data.is_empty();
            if is_over {
                return Ok(());
            }
            let (count, colors) = match self.take()? {
                [0, 0] => {
                    (x, y) = (0, y + 1);
                    continue;
                }
                [0, 1] => return Ok(()),
                [0, 2] => {
                    let [right, down] = self.take()?;
                    (x, y) = (x.saturating_add(right.into()), y.saturating_add(down.into()));
                    continue;
                }
                [0, count] => {
                    let length = if self.header.bits == 4 {
                        usize::from(count).div_ceil(2)
                    } else {
                        usize::from(count) * each
                    };
                    let colors = self.data.get(..length).ok_or(SHORT)?;
                    // Padded to pairs of bytes, which the last of a file may lack.
                    self.data = self.data.get(length + length % 2..).unwrap_or_default();
                    (count, colors)
                }
                [count, first] if each == 3 => {
                    let [second, third] = self.take()?;
                    self.run(count, &[first, second, third], (x, y), &mut draw);
                    x = x.saturating_add(count.into());
                    continue;
                }
                [count, color] => {
                    self.run(count, &[color], (x, y), &mut draw);
                    x = x.saturating_add(count.into());
                    continue;
                }
            };
            self.run(count, colors, (x, y), &mut draw);
            x = x.saturating_add(count.into());
        }
        Ok(())
    }

    /// Draws `count` pixels of colours that repeat.
    fn run(&self, count: u8, colors: &[u8], (x, y): (u32, u32), draw: &mut impl FnMut(usize, [u8; 3])) {
        let Header { width, height, bits, palette, is_top_down, .. } = self.header;
        let row = if *is_top_down { y } else { height - 1 - y } as usize * *width as usize;
        let indexed = |index: u8| palette.get(usize::from(index)).copied().unwrap_or_default();
        for (index, column) in (0..usize::from(count)).zip(x..*width) {
            let color = match bits {
                24 => {
                    let at = index * 3 % colors.len().max(1);
                    colors
                        .get(at..)
                        .and_then(|rest| rest.first_chunk())
                        .map(|[blue, green, red]| [*red, *green, *blue])
                }
                4 => {
                    let byte = colors.get(index / 2 % colors.len().max(1)).copied().unwrap_or_default();
                    Some(indexed(if index % 2 == 0 { byte >> 4 } else { byte & 15 }))
                }
                _ => colors.get(index % colors.len().max(1)).map(|index| indexed(*index)),
            };
            draw(row + column as usize, color.unwrap_or_default());
        }
    }

    fn take(&mut self) -> Result<[u8; 2], DecodeError> {
        let (pair, rest) = self.data.split_first_chunk().ok_or(SHORT)?;
        self.data = rest;
        Ok(*pair)
    }
}

const SHORT: DecodeError = DecodeError::Truncated("before its last run");
