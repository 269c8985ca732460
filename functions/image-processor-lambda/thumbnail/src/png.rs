//! PNG: a large picture is averaged row by row while it is read, and never held whole.

mod chunks;
mod color;
mod fault;
mod filter;
mod inflate;
mod plain;
mod unfilter;

use image::codecs::png::PngDecoder;
use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageDecoder, RgbImage, RgbaImage};
use png::{BitDepth, ColorType, Decoder, DecodingError, Reader, Transformations};

#[cfg(feature = "inner")]
pub(crate) use self::filter::Group;

use self::chunks::Picture;
use self::fault::Fault;
use crate::budget::{Budget, Timed};
use crate::pixels::{Channels, Pixels, Planar, Raster, Target, alpha};
use crate::rejection::{DecodeError, Rejection};
use crate::resize::box_average;
use crate::{exif, image_crate};

/// Room for what a PNG has beside its pixels: profile, text, one row.
const CHUNKS_BYTES: u64 = 8 * 1024 * 1024;

/// Decodes by rows what is large beside the thumbnail; the rest, and what is interlaced, as a whole.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    if chunks::is_cgbi(bytes) {
        return Err(
            budget.reject(DecodeError::Unsupported("a PNG of Apple's CgBI, which Xcode makes for iPhones,"))
        );
    }
    let Ok(mut reader) = open(bytes, budget) else { return decode_whole(bytes, budget) };
    let info = reader.info();
    let ((width, height), is_interlaced) = (info.size(), info.interlaced);
    budget.check_pixels(width, height)?;
    let color = color::space(info);
    let exif = info.exif_metadata.as_deref().or_else(|| chunks::exif_behind_data(bytes));
    let orientation = exif::orientation(exif);
    let side = target.box_side(width, height);
    let Some(channels) = channels(&reader).filter(|_| side > 1 && !is_interlaced) else {
        return Ok(Raster { color, orientation, ..decode_whole(bytes, budget)? });
    };
    let pixels = match rows_fast(bytes, budget, side)? {
        Some(planar) => planar,
        None => rows(&mut reader, budget, (width, height), side, channels)?,
    };
    Ok(Raster { pixels: Pixels::Planes(pixels), ink: None, color, orientation })
}

/// Decodes through `image`, save that the pixels of a plain picture come from rows of our own.
fn decode_whole(bytes: &[u8], budget: &Budget) -> Result<Raster, Rejection> {
    let mut limits = image::Limits::no_limits();
    limits.max_alloc = Some(CHUNKS_BYTES.min(budget.limits.max_decode_bytes));
    let decoder = PngDecoder::with_limits(budget.reader(bytes), limits);
    let decoder = decoder.map(|decoder| Box::new(decoder) as Box<dyn ImageDecoder>);
    image_crate::decode(decoder, budget, 1, |pixels_bytes| whole(bytes, budget, pixels_bytes))
}

/// Through rows of our own, where the picture is plain and its file without any fault.
fn rows_fast(bytes: &[u8], budget: &Budget, side: u32) -> Result<Option<Planar>, Rejection> {
    let Some(picture) = Picture::read(bytes) else { return Ok(None) };
    let Picture { width, height, channels, .. } = picture;
    let averaged = box_average::bytes(width, height, channels.count() as u64, side);
    if budget.check_memory(averaged + picture.memory()).is_err() {
        return Ok(None);
    }
    let mut average = box_average::Picture::new((width, height), side, channels);
    let is_whole = take_rows(&picture, budget, |row| {
        alpha::premultiply_row(row, channels);
        average.push(row);
    })?;
    Ok(is_whole.then(|| average.finish()))
}

/// The same for all pixels of a picture, which take `pixels_bytes`.
fn whole(bytes: &[u8], budget: &Budget, pixels_bytes: u64) -> Result<Option<DynamicImage>, Rejection> {
    let Some(picture) = Picture::read(bytes) else { return Ok(None) };
    if budget.check_memory(pixels_bytes + picture.memory()).is_err() {
        return Ok(None);
    }
    let mut samples = Vec::with_capacity(usize::try_from(pixels_bytes).unwrap_or_default());
    if !take_rows(&picture, budget, |row| samples.extend_from_slice(row))? {
        return Ok(None);
    }
    let Picture { width, height, channels, .. } = picture;
    Ok(match channels {
        Channels::Gray => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::GrayAlpha => GrayAlphaImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::Rgb => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::Rgba => RgbaImage::from_raw(width, height, samples).map(DynamicImage::from),
        _ => None,
    })
}

/// Whether all rows came, and nothing in the file was odd.
fn take_rows(picture: &Picture, budget: &Budget, take: impl FnMut(&mut [u8])) -> Result<bool, Rejection> {
    match picture.rows(&|| budget.spend().map_err(|_| Fault::Late), take) {
        Ok(()) => Ok(true),
        Err(Fault::Irregular) => Ok(false),
        Err(Fault::Late) => Err(budget.too_slow()),
    }
}

/// Through the crate `png`, which says what is wrong with a file.
fn rows(
    reader: &mut Reader<Timed>,
    budget: &Budget,
    (width, height): (u32, u32),
    side: u32,
    channels: Channels,
) -> Result<Planar, Rejection> {
    // Beside them a row as it is stored, the one before it, and a window of what is inflated.
    let rows = u64::from(width) * channels.count() as u64 * 4;
    budget.check_memory(box_average::bytes(width, height, channels.count() as u64, side) + rows)?;
    let mut average = box_average::Picture::new((width, height), side, channels);
    let mut row = Vec::new();
    for _ in 0..height {
        let Some(read) = reader.next_row().map_err(|error| reject(error, budget))? else { break };
        row.clear();
        row.extend_from_slice(read.data());
        alpha::premultiply_row(&mut row, channels);
        average.push(&row);
    }
    Ok(average.finish())
}

fn open<'a>(bytes: &'a [u8], budget: &'a Budget) -> Result<Reader<Timed<'a>>, DecodingError> {
    let room = CHUNKS_BYTES.min(budget.limits.max_decode_bytes);
    let limits = png::Limits { bytes: usize::try_from(room).unwrap_or(usize::MAX) };
    let mut decoder = Decoder::new_with_limits(budget.reader(bytes), limits);
    decoder.set_ignore_text_chunk(true);
    decoder.set_transformations(Transformations::EXPAND);
    decoder.read_info()
}

/// The channels of a row, if they have eight bits each.
fn channels(reader: &Reader<Timed>) -> Option<Channels> {
    match reader.output_color_type() {
        (ColorType::Grayscale, BitDepth::Eight) => Some(Channels::Gray),
        (ColorType::GrayscaleAlpha, BitDepth::Eight) => Some(Channels::GrayAlpha),
        (ColorType::Rgb, BitDepth::Eight) => Some(Channels::Rgb),
        (ColorType::Rgba, BitDepth::Eight) => Some(Channels::Rgba),
        _ => None,
    }
}

fn reject(error: DecodingError, budget: &Budget) -> Rejection {
    match error {
        DecodingError::LimitsExceeded => budget.too_much_memory(),
        other => budget.damaged(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::Format;
    use crate::limits::Limits;
    use crate::resize::fit::target;

    /// A picture of which each channel, size and filter is another, and its data in several chunks.
    fn file(color: ColorType, filter: png::Filter) -> Vec<u8> {
        let mut file = Vec::new();
        let mut encoder = png::Encoder::new(&mut file, 61, 47);
        encoder.set_color(color);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_filter(filter);
        let mut writer = encoder.write_header().unwrap();
        let samples: Vec<u8> =
            (0..61 * 47 * color.samples()).map(|at| (at * at / 601 + at % 7).to_le_bytes()[0]).collect();
        let mut stream = writer.stream_writer_with_size(700).unwrap();
        std::io::Write::write_all(&mut stream, &samples).unwrap();
        stream.finish().unwrap();
        drop(writer);
        file
    }

    fn samples(outcome: Result<Planar, Rejection>) -> Result<Vec<Vec<u8>>, &'static str> {
        let planar = outcome.map_err(|rejection| rejection.reason())?;
        Ok(planar.planes.into_iter().map(|plane| plane.samples).collect())
    }

    /// The answer of `png` alone, and the one that is given; nothing, where `png` does not come to the pixels.
    #[expect(clippy::type_complexity, reason = "the same twice")]
    fn answers(
        bytes: &[u8],
    ) -> Option<(Result<Vec<Vec<u8>>, &'static str>, Result<Vec<Vec<u8>>, &'static str>)> {
        let limits = Limits { max_pixels: 100_000, ..Limits::default() };
        let budget = Budget::start(Format::Png, limits);
        let mut reader = open(bytes, &budget).ok()?;
        let (width, height) = reader.info().size();
        budget.check_pixels(width, height).ok()?;
        let side = target(10, 80).box_side(width, height);
        let channels = channels(&reader).filter(|_| side > 1 && !reader.info().interlaced)?;
        let expected = samples(rows(&mut reader, &budget, (width, height), side, channels));
        let found = decode(bytes, &Budget::start(Format::Png, limits), &target(10, 80));
        let found = found.map(|raster| match raster.pixels {
            Pixels::Planes(planar) => planar,
            Pixels::Whole(pixels) => box_average::averaged(pixels, side).unwrap(),
        });
        Some((expected, samples(found)))
    }

    #[test]
    fn verdict_on_a_changed_byte_is_that_of_png_alone() {
        let (mut sound, mut refused) = (0, 0);
        for color in [ColorType::Rgb, ColorType::GrayscaleAlpha] {
            let whole = file(color, png::Filter::Adaptive);
            for at in 8..whole.len() {
                let mut bytes = whole.clone();
                bytes[at] ^= 0x11;
                let Some((expected, found)) = answers(&bytes) else { continue };
                *(if expected.is_ok() { &mut sound } else { &mut refused }) += 1;
                assert_eq!(found, expected, "{color:?} at {at} of {}", whole.len());
            }
        }
        assert!(sound > 10 && refused > 500, "{sound} sound, {refused} refused");
    }

    #[test]
    fn verdict_on_a_file_cut_off_is_that_of_png_alone() {
        let whole = file(ColorType::Rgba, png::Filter::Paeth);
        for length in (60..whole.len()).step_by(3) {
            let Some((expected, found)) = answers(&whole[..length]) else { continue };
            assert_eq!(found, expected, "{length} of {}", whole.len());
        }
    }

    #[test]
    fn whole_pictures_are_those_of_image() {
        for color in [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba] {
            for filter in [png::Filter::NoFilter, png::Filter::Up, png::Filter::Avg, png::Filter::Paeth] {
                let file = file(color, filter);
                let found = whole(&file, &Budget::start(Format::Png, Limits::default()), 20_000).unwrap();
                assert!(found.unwrap() == image::load_from_memory(&file).unwrap(), "{color:?}, {filter:?}");
            }
        }
    }
}
