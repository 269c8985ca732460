//! TIFF: a large picture is averaged strip by strip, or a row of tiles at a time, and never held whole.

use image::ImageDecoder;
use image::codecs::tiff::TiffDecoder;
use image::metadata::Orientation;
use tiff::decoder::{Decoder, Limits};
use tiff::tags::{CompressionMethod, PlanarConfiguration, SampleFormat, Tag};
use tiff::{ColorType, TiffError, TiffResult};

use crate::budget::{Budget, Timed};
use crate::color::ColorSpace;
use crate::image_crate;
use crate::jpeg;
use crate::pixels::{Channels, Pixels, Raster, Target, alpha};
use crate::rejection::{Cause, Rejection};
use crate::resize::box_average;

/// Decodes by rows what is large beside the thumbnail and has at most eight bits a channel, and grays of two
/// and four bits of any size; the rest as a whole.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let Ok(mut decoder) = Decoder::new(budget.reader(bytes)) else { return decode_whole(bytes, budget) };
    let (width, height) = decoder.dimensions().map_err(|error| reject(error, budget))?;
    let pixels = budget.check_pixels(width, height)?;
    let side = target.box_side(width, height);
    check_jpegs(&mut decoder, bytes, pixels, budget)?;
    let Ok(Some(pixel)) = Pixel::of(&mut decoder) else { return decode_whole(bytes, budget) };
    if side == 1 && !pixel.is_reversed && !matches!(pixel.bits, 2 | 4) {
        return decode_whole(bytes, budget);
    }
    let channels = pixel.channels;
    let samples = channels.count() as u64;
    let is_plain = is_plain(&mut decoder);
    if pixel.is_reversed && !is_plain {
        // The decoder does not turn the bits, and draws something else.
        let source = Cause::from("compressed data with reversed bits");
        return Err(Rejection::UnsupportedFeature { format: budget.format, source });
    }
    if is_plain && (bytes.len() as u64) < pixels * samples * u64::from(pixel.bits) / 8 {
        let source = Cause::from("fewer bytes than samples");
        return Err(Rejection::Truncated { format: budget.format, source });
    }
    let grid = Grid::new(&decoder, (width, height), pixel);
    budget.check_memory(box_average::bytes(width, height, samples, side) + grid.bytes())?;
    let room = usize::try_from(budget.limits.max_decode_bytes).unwrap_or(usize::MAX);
    let color = ColorSpace::icc(decoder.get_tag_u8_vec(Tag::IccProfile).ok());
    let orientation = decoder.find_tag_unsigned(Tag::Orientation).ok().flatten();
    let mut limits = Limits::default();
    (limits.decoding_buffer_size, limits.intermediate_buffer_size) = (room, room);
    let mut decoder = decoder.with_limits(limits);
    let mut average = box_average::Picture::new((width, height), side, channels);
    let (mut rows, mut piece, mut levels) = (Vec::new(), Vec::new(), Vec::new());
    for band in 0..grid.down {
        let read = grid.read(&mut decoder, band, (&mut rows, &mut piece));
        read.map_err(|error| reject(error, budget))?;
        if pixel.is_reversed {
            for byte in &mut rows {
                *byte = byte.reverse_bits();
            }
        }
        for row in rows.chunks_exact_mut(pixel.bytes(width)) {
            if pixel.bits < 8 {
                unpack(row, pixel.bits, width, &mut levels);
                average.push(&levels);
            } else {
                alpha::premultiply_row(row, channels);
                average.push(row);
            }
        }
    }
    Ok(Raster {
        pixels: Pixels::Planes(average.finish()),
        ink: None,
        color,
        orientation: orientation.and_then(Orientation::from_exif).unwrap_or(Orientation::NoTransforms),
    })
}

/// Decodes through `image`, which holds a buffer of its own beside the pixels.
fn decode_whole(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let decoder = TiffDecoder::new(budget.reader(bytes));
    let decoder = decoder.map(|decoder| Box::new(decoder) as Box<dyn ImageDecoder>);
    image_crate::decode(decoder, budget, 2, |_| Ok(None))
}

/// What a pixel is stored as.
#[derive(Clone, Copy)]
struct Pixel {
    channels: Channels,
    /// Of each channel: one, two, four or eight.
    bits: u8,
    /// Whether the first pixel is in the lowest bits of its byte.
    is_reversed: bool,
}

impl Pixel {
    /// Nothing where channels lie apart or have more bits.
    ///
    /// What is compressed as JPEG is decoded with all its rows at once and gains nothing here.
    fn of(decoder: &mut Decoder<Timed>) -> TiffResult<Option<Self>> {
        const UNSIGNED: u16 = SampleFormat::Uint.to_u16();
        const APART: u16 = PlanarConfiguration::Planar.to_u16();
        const JPEG: u16 = CompressionMethod::ModernJPEG.to_u16();
        let formats: Vec<u16> = decoder.find_tag_unsigned_vec(Tag::SampleFormat)?.unwrap_or_default();
        let is_apart = decoder.find_tag_unsigned(Tag::PlanarConfiguration)? == Some(APART);
        let is_jpeg = decoder.find_tag_unsigned(Tag::Compression)? == Some(JPEG);
        if is_apart || is_jpeg || formats.iter().any(|format| *format != UNSIGNED) {
            return Ok(None);
        }
        let is_reversed = decoder.find_tag_unsigned(Tag::FillOrder)? == Some(2_u16);
        let (channels, bits) = match decoder.colortype()? {
            ColorType::Gray(bits @ (1 | 2 | 4 | 8)) => (Channels::Gray, bits),
            ColorType::RGB(8) => (Channels::Rgb, 8),
            ColorType::RGBA(8) => (Channels::Rgba, 8),
            _ => return Ok(None),
        };
        Ok(Some(Self { channels, bits, is_reversed }))
    }

    /// Bytes of so many pixels of a row.
    const fn bytes(self, pixels: u32) -> usize {
        (pixels as usize * self.channels.count() * self.bits as usize).div_ceil(8)
    }
}

/// Levels of a row of less than eight bits each, from black to white.
fn unpack(row: &[u8], bits: u8, width: u32, levels: &mut Vec<u8>) {
    let white = u8::MAX >> (8 - bits);
    let level = |byte: &u8, place: u8| (byte >> (8 - bits - place * bits) & white) * (u8::MAX / white);
    levels.clear();
    levels.extend(row.iter().flat_map(|byte| (0..8 / bits).map(move |place| level(byte, place))));
    levels.truncate(width as usize);
}

/// Checks the memory for strips and tiles that are JPEGs: their decoder believes what they declare.
fn check_jpegs(
    decoder: &mut Decoder<Timed>,
    bytes: &[u8],
    pixels: u64,
    budget: &Budget,
) -> Result<(), Rejection> {
    // A sample, and a coefficient if the JPEG is progressive.
    const EACH: u64 = 3;
    // Of the picture, which takes form beside them.
    const WIDEST: u64 = 4;
    if decoder.find_tag_unsigned(Tag::Compression).ok().flatten()
        != Some(CompressionMethod::ModernJPEG.to_u16())
    {
        return Ok(());
    }
    for tag in [Tag::StripOffsets, Tag::TileOffsets] {
        let offsets: Option<Vec<u64>> = decoder.find_tag_unsigned_vec(tag).ok().flatten();
        for offset in offsets.unwrap_or_default() {
            let piece = usize::try_from(offset).ok().and_then(|offset| bytes.get(offset..));
            let samples = piece.and_then(jpeg::decode::samples).unwrap_or(0);
            budget.check_memory((samples * EACH).saturating_add(pixels * WIDEST))?;
        }
    }
    Ok(())
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
    pixel: Pixel,
}

impl Grid {
    fn new(decoder: &Decoder<Timed>, (width, height): (u32, u32), pixel: Pixel) -> Self {
        let (across, down) = decoder.chunk_dimensions();
        let piece = (across.min(width).max(1), down.min(height).max(1));
        let (across, down) = (width.div_ceil(piece.0), height.div_ceil(piece.1));
        Self { size: (width, height), piece, across, down, pixel }
    }

    /// Most bytes held at once: a row of pieces, and one of them beside it if there are several.
    fn bytes(&self) -> u64 {
        let tile = if self.across == 1 { 0 } else { self.pixel.bytes(self.piece.0) };
        (self.pixel.bytes(self.size.0) + tile) as u64 * u64::from(self.piece.1)
    }

    /// Reads all rows of a row of pieces into `rows`; `piece` is room for one of them.
    fn read(
        &self,
        decoder: &mut Decoder<Timed>,
        band: u32,
        (rows, piece): (&mut Vec<u8>, &mut Vec<u8>),
    ) -> TiffResult<()> {
        let height = (self.size.1 - band * self.piece.1).min(self.piece.1) as usize;
        let stride = self.pixel.bytes(self.size.0);
        rows.resize(stride * height, 0);
        if self.across == 1 {
            return decoder.read_chunk_bytes(band, rows);
        }
        let full = self.pixel.bytes(self.piece.0);
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

#[cfg(test)]
mod tests {
    use super::unpack;

    #[test]
    fn few_bits_become_levels_from_black_to_white() {
        let mut levels = Vec::new();
        unpack(&[0b1010_0000], 1, 3, &mut levels);
        assert_eq!(levels, [255, 0, 255]);
        unpack(&[0b0001_1011, 0b1100_0000], 2, 5, &mut levels);
        assert_eq!(levels, [0, 85, 170, 255, 255]);
        unpack(&[0x0f, 0x70], 4, 3, &mut levels);
        assert_eq!(levels, [0, 255, 119]);
    }
}
