//! Rows of any PNG, through the crate `png`: palettes, few bits, transparent colours and passes are its business.

use png::{BitDepth, ColorType, Decoder, DecodingError, Info, Limits, Reader, Transformations};

use super::chunks;
use super::hidden::Hidden;
use crate::budget::Budget;
use crate::pixels::Channels;
use crate::rejection::Rejection;

/// Room for what a PNG has beside its pixels, such as a profile. Text is not kept.
const CHUNKS_BYTES: u64 = 8 * 1024 * 1024;
/// Bytes of a pixel's widest kind.
const WIDEST: u64 = 8;
/// Rows that are held at once: one as it is stored, the one before it, one as it is handed out, one as it is used.
const ROWS: u64 = 4;

/// The passes of Adam7: the first column and the step to the next, the first row and the step to the next.
const ADAM7: [[u32; 4]; 7] =
    [[0, 8, 0, 8], [4, 8, 0, 8], [0, 4, 4, 8], [2, 4, 0, 4], [0, 2, 2, 4], [1, 2, 0, 2], [0, 1, 1, 2]];

/// Samples of a row: of every `step`-th pixel from `first` on.
pub(super) struct Row<'a> {
    pub(super) y: u32,
    pub(super) first: u32,
    pub(super) step: u32,
    pub(super) data: &'a [u8],
}

/// A file of which all before the data is read.
pub(super) struct PngReader<'a> {
    reader: Reader<Hidden<'a>>,
    budget: &'a Budget,
    channels: Channels,
    is_wide: bool,
}

impl<'a> PngReader<'a> {
    /// Reads all that stands before the data. A profile that is too large is ignored, as broken ones are.
    pub(super) fn open(bytes: &'a [u8], budget: &'a Budget) -> Result<Self, Rejection> {
        let reader = match open(bytes, budget, false) {
            Err(DecodingError::LimitsExceeded) => open(bytes, budget, true),
            other => other,
        };
        let reader = reader.map_err(|error| reject(error, budget))?;
        let (color, depth) = reader.output_color_type();
        let channels = match color {
            ColorType::Grayscale => Channels::Gray,
            ColorType::GrayscaleAlpha => Channels::GrayAlpha,
            ColorType::Rgba => Channels::Rgba,
            // Palettes are made colours.
            ColorType::Rgb | ColorType::Indexed => Channels::Rgb,
        };
        Ok(Self { reader, budget, channels, is_wide: depth == BitDepth::Sixteen })
    }

    pub(super) fn info(&self) -> &Info<'static> {
        self.reader.info()
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.info().size()
    }

    pub(super) fn is_interlaced(&self) -> bool {
        self.info().interlaced
    }

    /// Of a row as it is handed out.
    pub(super) const fn channels(&self) -> Channels {
        self.channels
    }

    /// Whether a channel has sixteen bits, instead of eight.
    pub(super) const fn is_wide(&self) -> bool {
        self.is_wide
    }

    pub(super) const fn pixel_bytes(&self) -> u64 {
        self.channels.count() as u64 * if self.is_wide { 2 } else { 1 }
    }

    /// Bytes of the rows that are held at once.
    pub(super) fn row_bytes(&self) -> u64 {
        u64::from(self.size().0) * self.pixel_bytes() * ROWS
    }

    /// Hands out all rows, those of passes one after the other.
    pub(super) fn each_row(&mut self, mut take: impl FnMut(Row)) -> Result<(), Rejection> {
        let (width, height) = self.size();
        let passes = if self.is_interlaced() { &ADAM7[..] } else { &[[0, 1, 0, 1]] };
        for [first, step, top, down] in passes.iter().copied().filter(|[first, ..]| *first < width) {
            for y in (top..height).step_by(down as usize) {
                let row = self.reader.next_interlaced_row().map_err(|error| reject(error, self.budget))?;
                let Some(row) = row else { return Ok(()) };
                take(Row { y, first, step, data: row.data() });
            }
        }
        Ok(())
    }

    /// Reads what stands behind the last row.
    pub(super) fn finish(&mut self) -> Result<(), Rejection> {
        self.reader.next_interlaced_row().map(|_| ()).map_err(|error| reject(error, self.budget))
    }
}

fn open<'a>(
    bytes: &'a [u8],
    budget: &'a Budget,
    is_without_profile: bool,
) -> Result<Reader<Hidden<'a>>, DecodingError> {
    let room = CHUNKS_BYTES + chunks::width(bytes).map_or(0, u64::from) * WIDEST * ROWS;
    let room = room.min(budget.limits.max_decode_bytes);
    let limits = Limits { bytes: usize::try_from(room).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(Hidden::new(bytes, budget.reader(bytes)), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_ignore_iccp_chunk(is_without_profile);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

fn reject(error: DecodingError, budget: &Budget) -> Rejection {
    match error {
        DecodingError::LimitsExceeded => budget.too_much_memory(),
        other => budget.damaged(other),
    }
}

/// A row with eight bits a channel: the nearest of 256 steps, since 65,535 is 257 times 255.
pub(super) fn narrow(row: &[u8], is_wide: bool, narrowed: &mut Vec<u8>) {
    narrowed.clear();
    if is_wide {
        let nearest = |sample: &[u8; 2]| (u32::from(u16::from_be_bytes(*sample)) + 128) / 257;
        narrowed
            .extend(row.as_chunks().0.iter().map(|sample| u8::try_from(nearest(sample)).unwrap_or(u8::MAX)));
    } else {
        narrowed.extend_from_slice(row);
    }
}
