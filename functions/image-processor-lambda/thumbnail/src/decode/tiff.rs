//! TIFF by strips and rows of tiles: a large picture is made smaller while it is read and never held whole.

use image::metadata::Orientation;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{CompressionMethod, PlanarConfiguration, SampleFormat, Tag};
use tiff::{ColorType, TiffError, TiffResult};

use super::budget::{Budget, Timed};
use super::{Pixels, Raster, generic};
use crate::planar::Channels;
use crate::reduce::{self, Reduction};
use crate::rejection::{Cause, Rejection};
use crate::shrink;

/// Decodes by rows what is large beside a box of `side` and has eight bits a channel; the rest otherwise.
pub(super) fn decode(bytes: &[u8], budget: &Budget, side: u32) -> Result<Raster, Rejection> {
    let Ok(mut decoder) = Decoder::new(budget.reader(bytes)) else { return generic::decode(bytes, budget) };
    let (width, height) = decoder.dimensions().map_err(|error| reject(error, budget))?;
    let pixels = budget.check_pixels(width, height)?;
    let factor = reduce::factor(width, height, side);
    let Ok(Some(channels)) = channels(&mut decoder).map(|found| found.filter(|_| factor > 1)) else {
        return generic::decode(bytes, budget);
    };
    let samples = channels.count() as u64;
    if is_plain(&mut decoder) && (bytes.len() as u64) < pixels * samples {
        let source = Cause::from("fewer bytes than samples");
        return Err(Rejection::Truncated { format: budget.format, source });
    }
    let grid = Grid::new(&decoder, (width, height));
    budget.check_memory(reduce::bytes(width, height, samples, factor) + grid.pixels() * samples)?;
    let room = usize::try_from(budget.limits.max_decode_bytes).unwrap_or(usize::MAX);
    let profile = decoder.get_tag_u8_vec(Tag::IccProfile).ok();
    let orientation = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten();
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (room, room);
    let mut decoder = decoder.with_limits(limits);
    let mut reduction = Reduction::new((width, height), factor, channels);
    let (mut rows, mut piece) = (Vec::new(), Vec::new());
    for band in 0..grid.down {
        let read = grid.read(&mut decoder, band, channels, (&mut rows, &mut piece));
        read.map_err(|error| reject(error, budget))?;
        for row in rows.chunks_exact_mut(width as usize * channels.count()) {
            shrink::premultiply_row(row, channels);
            reduction.push(row);
        }
    }
    Ok(Raster {
        pixels: Pixels::Planes(reduction.finish()),
        ink: None,
        profile,
        orientation: orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms),
    })
}

/// The channels of a pixel, if they lie side by side and have eight bits each.
///
/// What is compressed as JPEG is decoded with all its rows at once and gains nothing here.
fn channels(decoder: &mut Decoder<Timed>) -> TiffResult<Option<Channels>> {
    const UNSIGNED: u16 = SampleFormat::Uint.to_u16();
    const APART: u16 = PlanarConfiguration::Planar.to_u16();
    const JPEG: u16 = CompressionMethod::ModernJPEG.to_u16();
    let formats: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::SampleFormat)?.unwrap_or_default();
    let is_apart = decoder.find_tag_unsigned(Tag::PlanarConfiguration)? == Some(APART);
    let is_jpeg = decoder.find_tag_unsigned(Tag::Compression)? == Some(JPEG);
    if is_apart || is_jpeg || formats.iter().any(|format| *format != UNSIGNED) {
        return Ok(None);
    }
    Ok(match decoder.colortype()? {
        ColorType::Gray(8) => Some(Channels::Gray),
        ColorType::RGB(8) => Some(Channels::Rgb),
        ColorType::RGBA(8) => Some(Channels::Rgba),
        _ => None,
    })
}

/// Whether samples are stored as they are, so that the file must be as long as they.
fn is_plain(decoder: &mut Decoder<Timed>) -> bool {
    const NONE: u16 = CompressionMethod::None.to_u16();
    matches!(decoder.find_tag_unsigned(Tag::Compression), Ok(None | Some(NONE)))
}

/// How a picture is cut into strips or tiles, which the decoder reads as a whole.
struct Grid {
    size: (u32, u32),
    /// Size of each piece, but for the last ones.
    piece: (u32, u32),
    across: u32,
    down: u32,
}

impl Grid {
    fn new(decoder: &Decoder<Timed>, (width, height): (u32, u32)) -> Self {
        let (across, down) = decoder.chunk_dimensions();
        let piece = (across.min(width).max(1), down.min(height).max(1));
        Self { size: (width, height), piece, across: width.div_ceil(piece.0), down: height.div_ceil(piece.1) }
    }

    /// Most pixels held at once: a row of pieces, and one of them beside it if there are several.
    fn pixels(&self) -> u64 {
        let tile = if self.across == 1 { 0 } else { self.piece.0 };
        u64::from(self.size.0 + tile) * u64::from(self.piece.1)
    }

    /// Reads all rows of a row of pieces into `rows`; `piece` is room for one of them.
    fn read(
        &self,
        decoder: &mut Decoder<Timed>,
        band: u32,
        channels: Channels,
        (rows, piece): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> TiffResult<()> {
        let height = (self.size.1 - band * self.piece.1).min(self.piece.1) as usize;
        let stride = self.size.0 as usize * channels.count();
        rows.resize(stride * height, 0);
        if self.across == 1 {
            return decoder.read_chunk_bytes(band, rows);
        }
        let full = self.piece.0 as usize * channels.count();
        for column in 0..self.across {
            let left = column as usize * full;
            let length = full.min(stride - left);
            piece.resize(length * height, 0);
            decoder.read_chunk_bytes(band * self.across + column, piece)?;
            for (row, part) in rows.chunks_exact_mut(stride).zip(piece.chunks_exact(length)) {
                if let Some(target) = row.get_mut(left..left + length) {
                    target.copy_from_slice(part);
                }
            }
        }
        Ok(())
    }
}

fn reject(error: TiffError, budget: &Budget) -> Rejection {
    match error {
        TiffError::LimitsExceeded => budget.too_much_memory(),
        TiffError::UnsupportedError(_) => {
            Rejection::UnsupportedFeature { format: budget.format, source: Box::new(error) }
        }
        other => budget.damaged(other),
    }
}
