//! `YCbCr` that is not within a JPEG (TIFF 6.0, section 21).

use crate::rejection::DecodeError;
use crate::tiff::directory::Directory;
use crate::tiff::tags;

/// ITU-R BT.601: luma's shares of red, green and blue.
const COEFFICIENTS: [f32; 3] = [0.299, 0.587, 0.114];
/// The whole range: black and white of Y, Cb and Cr.
const REFERENCES: [f32; 6] = [0.0, 255.0, 128.0, 255.0, 128.0, 255.0];

/// What each level of a channel adds to red, green and blue.
pub(super) struct Ycbcr {
    luma: [f32; 256],
    cb_to_blue: [f32; 256],
    cb_to_green: [f32; 256],
    cr_to_red: [f32; 256],
    cr_to_green: [f32; 256],
}

impl Ycbcr {
    pub(super) fn read(directory: &Directory) -> Result<Self, DecodeError> {
        let [red, green, blue] = numbers(directory, tags::YCBCR_COEFFICIENTS, COEFFICIENTS)?;
        let references = numbers(directory, tags::REFERENCE_BLACK_WHITE, REFERENCES)?;
        let [luma, cb, cr] =
            [[references[0], references[1]], [references[2], references[3]], [references[4], references[5]]];
        let table = |[zero, full]: [f32; 2], range: f32, factor: f32| {
            let span = if (full - zero).abs() < 1.0 { 1.0 } else { full - zero };
            std::array::from_fn(|level| {
                let level = f32::from(u8::try_from(level).unwrap_or(u8::MAX));
                (level - zero) * range / span * factor
            })
        };
        let (to_red, to_blue) = (2.0 - 2.0 * red, 2.0 - 2.0 * blue);
        Ok(Self {
            luma: table(luma, 255.0, 1.0),
            cb_to_blue: table(cb, 127.0, to_blue),
            cb_to_green: table(cb, 127.0, -to_blue * blue / green),
            cr_to_red: table(cr, 127.0, to_red),
            cr_to_green: table(cr, 127.0, -to_red * red / green),
        })
    }

    #[expect(clippy::indexing_slicing, reason = "tables have an entry for each byte")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
    pub(super) fn to_rgb(&self, [luma, cb, cr]: [u8; 3]) -> [u8; 3] {
        let (luma, cb, cr) = (self.luma[usize::from(luma)], usize::from(cb), usize::from(cr));
        [self.cr_to_red[cr], self.cb_to_green[cb] + self.cr_to_green[cr], self.cb_to_blue[cb]]
            .map(|difference| (luma + difference + 0.5) as u8)
    }
}

fn numbers<const N: usize>(
    directory: &Directory,
    tag: u16,
    default: [f32; N],
) -> Result<[f32; N], DecodeError> {
    let Some(values) = directory.values(tag)? else { return Ok(default) };
    let mut numbers = default;
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = values.number(index).unwrap_or(*number);
    }
    Ok(numbers)
}

/// Appends a row of a unit of subsampled pixels: Y of `across` by `down` pixels, then one Cb and one Cr.
///
/// Each Cb and Cr stands for all pixels that share it.
#[expect(clippy::indexing_slicing, reason = "a unit has all samples of its pixels")]
pub(in crate::tiff) fn expand(
    unit: &[u8],
    (across, down): (u32, u32),
    row: usize,
    count: usize,
    out: &mut Vec<u8>,
) {
    let (across, down) = (across as usize, down as usize);
    out.clear();
    let end = count * 3;
    for block in unit.chunks_exact(across * down + 2) {
        let (luma, chroma) = block.split_at(across * down);
        for level in &luma[row * across..(row + 1) * across] {
            if out.len() < end {
                out.extend([*level, chroma[0], chroma[1]]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn pixels_of_a_block_share_cb_and_cr_and_what_is_beyond_the_picture_is_left_out() {
        let unit = [1, 2, 3, 4, 100, 200, 5, 6, 7, 8, 101, 201];
        let mut row = Vec::new();
        expand(&unit, (2, 2), 1, 3, &mut row);
        assert_eq!(row, [3, 100, 200, 4, 100, 200, 7, 101, 201]);
    }
}
