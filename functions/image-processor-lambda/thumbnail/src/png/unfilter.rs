//! `unfilter_rows` undoes the filters of four rows at once: one vector has a pixel of each, and each row is two
//! pixels behind the one above it, so that the pixels of two steps ago, moved by one row, are those above.
//!
//! A pixel depends on the one before it, which makes a single row a chain of some ten operations for each pixel.

use fearless_simd::{Bytes, Simd, SimdBase, SimdFrom, u8x16, u32x4};

use super::filter::{Filter, PIXEL, ROWS};

/// Pixels that a row is behind the one above it.
const LAG: usize = 2;
/// Steps from the first pixel of the first row to the first pixel of the last.
const RAMP: usize = LAG * (ROWS - 1);

/// Steps between two looks whether there are as many more.
const BLOCK: usize = 8;

/// What goes in and comes out. All are of the same length: pixels, the last of which may be wider than its channels.
pub(super) struct Lines<'a> {
    pub(super) above: &'a [u8],
    pub(super) samples: [&'a [u8]; ROWS],
    pub(super) rows: [&'a mut [u8]; ROWS],
}

/// Which neighbours count in each row. All filters are Paeth's, with neighbours that count as zero; where
/// there is but one, Paeth's is that one.
pub(super) struct Masks {
    left: [u8; 16],
    above: [u8; 16],
    corner: [u8; 16],
    average: [u8; 16],
}

impl Masks {
    pub(super) fn new(filters: [Filter; ROWS]) -> Self {
        let mask = |among: &[Filter]| {
            let rows = filters.map(|filter| [if among.contains(&filter) { 0xff } else { 0 }; PIXEL]);
            let mut mask = [0; 16];
            mask.iter_mut().zip(rows.as_flattened()).for_each(|(byte, row)| *byte = *row);
            mask
        };
        Self {
            left: mask(&[Filter::Sub, Filter::Average, Filter::Paeth]),
            above: mask(&[Filter::Up, Filter::Average, Filter::Paeth]),
            corner: mask(&[Filter::Paeth]),
            average: mask(&[Filter::Average]),
        }
    }
}

impl Lines<'_> {
    /// The pixels of the next [`BLOCK`] steps, in as many bytes as the widest pixels need: where a length is known,
    /// nothing is checked pixel by pixel.
    #[inline(always)]
    fn block(&mut self, at: [usize; ROWS]) -> Option<Lines<'_>> {
        let [a, b, c, d] = self.samples;
        let [one, two, three, four] = &mut self.rows;
        Some(Lines {
            above: span(self.above, at[0])?,
            samples: [span(a, at[0])?, span(b, at[1])?, span(c, at[2])?, span(d, at[3])?],
            rows: [
                span_mut(one, at[0])?,
                span_mut(two, at[1])?,
                span_mut(three, at[2])?,
                span_mut(four, at[3])?,
            ],
        })
    }

    /// One step. Pixels that are not there are read as zero and not written.
    #[inline(always)]
    fn step<S: Simd, const HAS_AVERAGE: bool>(
        &mut self,
        front: &mut Front<S, HAS_AVERAGE>,
        at: [usize; ROWS],
    ) {
        let [a, b, c, d] = self.samples;
        let [one, two, three, four] = &mut self.rows;
        let raw = [get(a, at[0]), get(b, at[1]), get(c, at[2]), get(d, at[3])];
        let made = front.step(raw, get(self.above, at[0]));
        put(one, at[0], made[0]);
        put(two, at[1], made[1]);
        put(three, at[2], made[2]);
        put(four, at[3], made[3]);
    }
}

/// Unfilters rows of pixels of `CHANNELS` bytes; `HAS_AVERAGE` where a row has the filter Average.
#[inline(always)]
pub(super) fn unfilter_rows<S: Simd, const CHANNELS: usize, const HAS_AVERAGE: bool>(
    simd: S,
    masks: &Masks,
    mut lines: Lines,
) {
    let mut front = Front::<S, HAS_AVERAGE>::new(simd, masks);
    let length = lines.above.len();
    let width = (length + CHANNELS).saturating_sub(PIXEL) / CHANNELS;
    let behind = [0, 1, 2, 3].map(|row| row * LAG * CHANNELS);
    let offsets = |step: usize| behind.map(|behind| (step * CHANNELS).wrapping_sub(behind));
    // In the first and the last steps some rows have no pixel. Zeros there make zeros before a row's first pixel, as
    // they should be.
    for step in 0..RAMP {
        lines.step(&mut front, offsets(step));
    }
    let mut step = RAMP;
    while let Some(mut block) = lines.block(offsets(step)) {
        for pixel in 0..BLOCK {
            block.step(&mut front, [pixel * CHANNELS; ROWS]);
        }
        step += BLOCK;
    }
    for step in step..width + RAMP {
        lines.step(&mut front, offsets(step));
    }
}

/// The pixels that next ones depend on.
struct Front<S: Simd, const HAS_AVERAGE: bool> {
    simd: S,
    masks: [u8x16<S>; 4],
    /// What the last step made, and the one before.
    left: u8x16<S>,
    before: u8x16<S>,
    /// What was above in the last step, those masked that do not count.
    corner: u8x16<S>,
}

impl<S: Simd, const HAS_AVERAGE: bool> Front<S, HAS_AVERAGE> {
    #[inline(always)]
    fn new(simd: S, masks: &Masks) -> Self {
        let none = u8x16::splat(simd, 0);
        let Masks { left, above, corner, average } = masks;
        let masks = [left, above, corner, average].map(|mask| u8x16::simd_from(simd, *mask));
        Self { simd, masks, left: none, before: none, corner: none }
    }

    /// A pixel of each row, from what the file has of them and the pixel above the first.
    #[inline(always)]
    fn step(&mut self, raw: [u32; ROWS], above: u32) -> [u32; ROWS] {
        let simd = self.simd;
        let raw: u8x16<S> = u32x4::simd_from(simd, raw).bitcast();
        let above: u8x16<S> = u32x4::splat(simd, above).bitcast();
        let above = simd.slide_u8x16::<12>(above, self.before);
        let [left_mask, above_mask, corner_mask, average_mask] = self.masks;
        let (a, b, c) = (self.left & left_mask, above & above_mask, self.corner);
        // Paeth's choice is one of the two unless the third lies between them: then the one that is more
        // than twice as far from the other as the third is, or else the third.
        let (low, high) = (simd.min_u8x16(a, b), simd.max_u8x16(a, b));
        let over = simd.saturating_sub_u8x16(high, c);
        let under = simd.saturating_sub_u8x16(c, low);
        let is_low = simd.simd_le_u8x16(simd.saturating_add_u8x16(over, over), under);
        let is_high = simd.simd_le_u8x16(simd.saturating_add_u8x16(under, under), over);
        let mut predicted = simd.select_u8x16(is_high, high, simd.select_u8x16(is_low, low, c));
        if HAS_AVERAGE {
            let average = (a & b) + simd.shr_u8x16(a ^ b, 1);
            predicted = (predicted & !average_mask) | (average & average_mask);
        }
        let made = raw + predicted;
        self.before = self.left;
        self.left = made;
        self.corner = above & corner_mask;
        made.bitcast::<u32x4<S>>().into()
    }
}

/// The pixel at an offset; zero, where there is none.
#[inline(always)]
fn get(line: &[u8], at: usize) -> u32 {
    let pixel = line.get(at..).and_then(|rest| rest.first_chunk());
    pixel.map_or(0, |pixel| u32::from_ne_bytes(*pixel))
}

/// Sets the pixel at an offset, if there is one.
#[inline(always)]
fn put(line: &mut [u8], at: usize, pixel: u32) {
    if let Some(place) = line.get_mut(at..).and_then(|rest| rest.first_chunk_mut()) {
        *place = pixel.to_ne_bytes();
    }
}

#[inline(always)]
fn span(line: &[u8], at: usize) -> Option<&[u8]> {
    let span: &[u8; BLOCK * PIXEL] = line.get(at..)?.first_chunk()?;
    Some(span)
}

#[inline(always)]
fn span_mut(line: &mut [u8], at: usize) -> Option<&mut [u8]> {
    let span: &mut [u8; BLOCK * PIXEL] = line.get_mut(at..)?.first_chunk_mut()?;
    Some(span)
}
