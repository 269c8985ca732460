//! PNG: a large picture is averaged row by row, or pass by pass, while it is read, and never held whole.

mod chunks;
mod color;
mod fault;
mod filter;
mod group;
mod hidden;
mod inflate;
mod plain;
mod reader;
mod unfilter;

use image::{DynamicImage, GrayAlphaImage, GrayImage, ImageBuffer, RgbImage, RgbaImage};

#[cfg(feature = "inner")]
pub(crate) use self::group::Group;

use self::chunks::Picture;
use self::fault::Fault;
use self::reader::{PngReader, Row, narrow};
use crate::budget::Budget;
use crate::exif;
use crate::pixels::{Channels, Pixels, Planar, Raster, Target, alpha};
use crate::rejection::{DecodeError, Rejection};
use crate::resize::box_average::{self, scattered::Scattered};

/// Decodes by rows or passes what is large beside the thumbnail, and what is too large to be held whole.
pub(crate) fn decode(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    if chunks::is_cgbi(bytes) {
        return Err(
            budget.reject(DecodeError::Unsupported("a PNG of Apple's CgBI, which Xcode makes for iPhones,"))
        );
    }
    let mut reader = PngReader::open(bytes, budget)?;
    let (width, height) = reader.size();
    let pixels = budget.check_pixels(width, height)?;
    let info = reader.info();
    let color = color::space(info);
    let orientation = exif::orientation(chunks::exif(bytes));
    let side = target.box_side(width, height);
    let pixels_bytes = pixels * reader.pixel_bytes();
    let fits = budget.check_memory(pixels_bytes + reader.row_bytes()).is_ok();
    let pixels = match (side, reader.is_interlaced()) {
        (1, _) if fits => Pixels::Whole(match whole_fast(bytes, budget, pixels_bytes)? {
            Some(pixels) => pixels,
            None => whole(&mut reader)?,
        }),
        (_, true) => Pixels::Planes(passes(&mut reader, budget, side)?),
        (_, false) => Pixels::Planes(match rows_fast(bytes, budget, side)? {
            Some(planar) => planar,
            None => rows(&mut reader, budget, side)?,
        }),
    };
    Ok(Raster { pixels, ink: None, color, orientation })
}

/// Decodes an upright sRGB picture by the crate `png` alone.
#[cfg(feature = "peers")]
pub(crate) fn decode_by_png(bytes: &[u8], budget: &Budget, target: &Target) -> Result<Raster, Rejection> {
    let mut reader = PngReader::open(bytes, budget)?;
    let (width, height) = reader.size();
    let pixels = match target.box_side(width, height) {
        1 => Pixels::Whole(whole(&mut reader)?),
        side => Pixels::Planes(rows(&mut reader, budget, side)?),
    };
    Ok(Raster { pixels, ink: None, color: color::space(reader.info()), orientation: exif::orientation(None) })
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
fn whole_fast(bytes: &[u8], budget: &Budget, pixels_bytes: u64) -> Result<Option<DynamicImage>, Rejection> {
    let Some(picture) = Picture::read(bytes) else { return Ok(None) };
    if budget.check_memory(pixels_bytes + picture.memory()).is_err() {
        return Ok(None);
    }
    let mut samples = Vec::with_capacity(usize::try_from(pixels_bytes).unwrap_or_default());
    if !take_rows(&picture, budget, |row| samples.extend_from_slice(row))? {
        return Ok(None);
    }
    let Picture { width, height, channels, .. } = picture;
    Ok(picture_of((width, height), channels, samples))
}

fn picture_of((width, height): (u32, u32), channels: Channels, samples: Vec<u8>) -> Option<DynamicImage> {
    match channels {
        Channels::Gray => GrayImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::GrayAlpha => GrayAlphaImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::Rgb => RgbImage::from_raw(width, height, samples).map(DynamicImage::from),
        Channels::Rgba => RgbaImage::from_raw(width, height, samples).map(DynamicImage::from),
        _ => None,
    }
}

fn wide_picture_of(
    (width, height): (u32, u32),
    channels: Channels,
    samples: Vec<u16>,
) -> Option<DynamicImage> {
    match channels {
        Channels::Gray => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLuma16),
        Channels::GrayAlpha => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageLumaA16),
        Channels::Rgb => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgb16),
        Channels::Rgba => ImageBuffer::from_raw(width, height, samples).map(DynamicImage::ImageRgba16),
        _ => None,
    }
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
fn rows(reader: &mut PngReader, budget: &Budget, side: u32) -> Result<Planar, Rejection> {
    let ((width, height), channels) = (reader.size(), reader.channels());
    let averaged = box_average::bytes(width, height, channels.count() as u64, side);
    budget.check_memory(averaged + reader.row_bytes())?;
    let mut average = box_average::Picture::new((width, height), side, channels);
    let is_wide = reader.is_wide();
    let mut samples = Vec::new();
    reader.each_row(|row| {
        narrow(row.data, is_wide, &mut samples);
        alpha::premultiply_row(&mut samples, channels);
        average.push(&samples);
    })?;
    Ok(average.finish())
}

/// The same for interlaced pictures.
fn passes(reader: &mut PngReader, budget: &Budget, side: u32) -> Result<Planar, Rejection> {
    let ((width, height), channels) = (reader.size(), reader.channels());
    let averaged = Scattered::bytes(width, height, channels.count() as u64, side);
    budget.check_memory(averaged + reader.row_bytes())?;
    let mut average = Scattered::new((width, height), side, channels);
    let is_wide = reader.is_wide();
    let mut samples = Vec::new();
    reader.each_row(|row| {
        narrow(row.data, is_wide, &mut samples);
        alpha::premultiply_row(&mut samples, channels);
        average.push(row.y, (row.first, row.step), &samples);
    })?;
    Ok(average.finish())
}

/// All pixels, in as many bits as they have.
fn whole(reader: &mut PngReader) -> Result<DynamicImage, Rejection> {
    let (size, channels) = (reader.size(), reader.channels());
    let count = size.0 as usize * size.1 as usize * channels.count();
    let n = channels.count();
    let picture = if reader.is_wide() {
        let mut samples = vec![0; count];
        reader.each_row(|row| {
            let stored = row.data.as_chunks().0.iter().map(|sample| u16::from_be_bytes(*sample));
            place(&mut samples, size.0, n, &row, stored);
        })?;
        wide_picture_of(size, channels, samples)
    } else {
        let mut samples = vec![0; count];
        reader.each_row(|row| place(&mut samples, size.0, n, &row, row.data.iter().copied()))?;
        picture_of(size, channels, samples)
    };
    reader.finish()?;
    Ok(picture.unwrap_or_default())
}

/// Puts samples of a row, `n` a pixel, where they belong.
fn place<T>(samples: &mut [T], width: u32, n: usize, row: &Row, mut stored: impl Iterator<Item = T>) {
    let start = row.y as usize * width as usize * n;
    let line = samples.get_mut(start..).unwrap_or_default();
    let pixels = line.chunks_exact_mut(n).take(width as usize);
    for pixel in pixels.skip(row.first as usize).step_by(row.step as usize) {
        for (sample, value) in pixel.iter_mut().zip(&mut stored) {
            *sample = value;
        }
    }
}

#[cfg(test)]
mod tests {
    use png::{BitDepth, ColorType};

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
        let mut reader = PngReader::open(bytes, &budget).ok()?;
        let (width, height) = reader.size();
        budget.check_pixels(width, height).ok()?;
        let side = target(10, 80).box_side(width, height);
        if side == 1 || reader.is_interlaced() || reader.is_wide() {
            return None;
        }
        let expected = samples(rows(&mut reader, &budget, side));
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
                let budget = Budget::start(Format::Png, Limits::default());
                let expected = image::load_from_memory(&file).unwrap();
                let found = whole_fast(&file, &budget, 20_000).unwrap();
                assert!(found.unwrap() == expected, "{color:?}, {filter:?}");
                let found = whole(&mut PngReader::open(&file, &budget).unwrap()).unwrap();
                assert!(found == expected, "{color:?}, {filter:?}");
            }
        }
    }
}
