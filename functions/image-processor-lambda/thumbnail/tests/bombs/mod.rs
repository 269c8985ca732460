//! Small files that declare or unfold into something huge.

#![expect(clippy::indexing_slicing, reason = "offsets into files made here")]
#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

use image::{GrayImage, ImageFormat, Rgb, RgbImage};
use jpeg_encoder::{ColorType, Encoder};

pub(crate) mod heif;
pub(crate) mod tiff;

/// A JPEG that declares a size, with data for a few pixels.
pub(crate) fn jpeg(width: u16, height: u16, is_progressive: bool) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 80);
    encoder.set_progressive(is_progressive);
    encoder.encode(&[200; 16 * 16 * 3], 16, 16, ColorType::Rgb).unwrap();
    let frame = [0xff, if is_progressive { 0xc2 } else { 0xc0 }];
    let at = position(&jpeg, &frame) + 5;
    jpeg[at..at + 4].copy_from_slice(&[height.to_be_bytes(), width.to_be_bytes()].concat());
    jpeg
}

/// A progressive JPEG whose first scan is repeated.
pub(crate) fn jpeg_with_scans(width: u16, height: u16, repeats: usize) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 80);
    encoder.set_progressive(true);
    let pixels = vec![200; usize::from(width) * usize::from(height) * 3];
    encoder.encode(&pixels, width, height, ColorType::Rgb).unwrap();
    let start = position(&jpeg, &[0xff, 0xda]);
    let length = 2 + position(&jpeg[start + 2..], &[0xff, 0xda]);
    let scan = jpeg[start..start + length].repeat(repeats);
    jpeg.truncate(jpeg.len() - 2);
    [&jpeg[..], &scan, &[0xff, 0xd9]].concat()
}

/// A whole JPEG with four colours.
pub(crate) fn large_jpeg(width: u16, height: u16, is_progressive: bool) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 80);
    encoder.set_progressive(is_progressive);
    encoder.encode(quarters(width.into(), height.into()).as_raw(), width, height, ColorType::Rgb).unwrap();
    jpeg
}

/// A whole PNG with four colours.
pub(crate) fn large_png(width: u32, height: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    quarters(width, height).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

fn quarters(width: u32, height: u32) -> RgbImage {
    let is_beyond = |at, length| u8::from(at >= length / 2) * 200;
    RgbImage::from_fn(width, height, |x, y| Rgb([is_beyond(x, width), is_beyond(y, height), 50]))
}

/// A PNG that declares a size, without pixels.
pub(crate) fn png(width: u32, height: u32) -> Vec<u8> {
    [&header(width, height)[..], &chunk(*b"IDAT", &[0x78, 0x9c]), &chunk(*b"IEND", &[])].concat()
}

/// A PNG of one colour, which deflates a thousandfold.
pub(crate) fn png_of_zeros(width: u32, height: u32) -> Vec<u8> {
    let mut png = std::io::Cursor::new(Vec::new());
    GrayImage::new(width, height).write_to(&mut png, ImageFormat::Png).unwrap();
    png.into_inner()
}

/// A PNG whose data inflate to more rows than it declares.
pub(crate) fn png_of_zeros_with_more(width: u32, height: u32, times: u32) -> Vec<u8> {
    let taller = png_of_zeros(width, height * times);
    [&header_of(&taller, width, height)[..], &taller[33..]].concat()
}

/// A PNG of one pixel with a colour profile that inflates to 64 MB.
pub(crate) fn png_with_inflating_profile() -> Vec<u8> {
    let zeros = png_of_zeros(8_000, 8_000);
    let data: Vec<u8> =
        chunks(&zeros).filter(|(name, _)| name == b"IDAT").flat_map(|(_, data)| data).collect();
    let profile = [&b"profile\0\0"[..], &data].concat();
    let pixel = png_of_zeros(1, 1);
    [&pixel[..33], &chunk(*b"iCCP", &profile), &pixel[33..]].concat()
}

/// A GIF with one frame, which need not fit its screen.
pub(crate) fn gif(screen: (u16, u16), frame: (u16, u16)) -> Vec<u8> {
    let size = |(width, height): (u16, u16)| [width.to_le_bytes(), height.to_le_bytes()].concat();
    let mut gif = b"GIF89a".to_vec();
    gif.extend(size(screen));
    gif.extend([0x80, 0, 0, 0, 0, 0, 255, 255, 255]);
    gif.extend([0x2c, 0, 0, 0, 0]);
    gif.extend(size(frame));
    gif.extend([0, 2, 2, 0x44, 1, 0, 0x3b]);
    gif
}

/// A bitmap that declares a size, without pixels.
pub(crate) fn bmp(width: u32, height: u32) -> Vec<u8> {
    let mut bmp = b"BM".to_vec();
    for field in [54, 0, 54, 40, width, height] {
        bmp.extend(field.to_le_bytes());
    }
    bmp.extend([1, 0, 24, 0]);
    bmp.extend([0; 24]);
    bmp
}

/// A lossless WebP that declares a size, without pixels.
pub(crate) fn webp(width: u32, height: u32) -> Vec<u8> {
    let mut webp = b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0\x2f".to_vec();
    webp.extend(((width - 1) | (height - 1) << 14).to_le_bytes());
    webp.extend([0; 9]);
    webp
}

/// A small picture whose metadata chunk declares almost 4 GB.
pub(crate) fn webp_with_giant_chunk() -> Vec<u8> {
    let mut webp = Vec::new();
    let mut encoder = image_webp::WebPEncoder::new(&mut webp);
    encoder.set_exif_metadata(vec![0; 16]);
    encoder.encode(&[200; 16 * 16 * 3], 16, 16, image_webp::ColorType::Rgb8).unwrap();
    let at = position(&webp, b"EXIF") + 4;
    webp[at..at + 4].copy_from_slice(&[0xf0, 0xff, 0xff, 0xff]);
    webp
}

/// An uncompressed TIFF, red, green and blue, that declares a size, without pixels.
pub(crate) fn tiff(width: u32, height: u32) -> Vec<u8> {
    let bytes = width.saturating_mul(height).saturating_mul(3);
    tiff::file((width, height), &[8; 3], &tiff::strips(height, &[(8, bytes)]), &[], &[])
}

/// A small TIFF whose only strip is a JPEG that declares another size.
pub(crate) fn tiff_of_jpeg(width: u16, height: u16) -> Vec<u8> {
    let jpeg = jpeg(width, height, false);
    let length = u32::try_from(jpeg.len()).unwrap();
    tiff::file((16, 16), &[8; 3], &tiff::strips(16, &[(8, length)]), &[(259, 7)], &jpeg)
}

/// A whole TIFF in strips, with four colours.
pub(crate) fn large_tiff(width: u32, height: u32) -> Vec<u8> {
    let places: Vec<(u32, u32)> = (0..height).map(|row| (8 + row * width * 3, width * 3)).collect();
    let strips = tiff::strips(1, &places);
    tiff::file((width, height), &[8; 3], &strips, &[], quarters(width, height).as_raw())
}

/// A whole TIFF in tiles of 256 squared, with four colours.
pub(crate) fn large_tiled_tiff(width: u32, height: u32) -> Vec<u8> {
    tiff::tiled(&quarters(width, height), (256, 256))
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
}

/// Signature and header of an 8-bit gray PNG.
fn header(width: u32, height: u32) -> Vec<u8> {
    header_of(b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\0\0\0\0\0\x08\0\0\0\0", width, height)
}

/// The signature and header of a PNG, with another size.
fn header_of(png: &[u8], width: u32, height: u32) -> Vec<u8> {
    let declared = [&width.to_be_bytes()[..], &height.to_be_bytes(), &png[24..29]].concat();
    [&png[..8], &chunk(*b"IHDR", &declared)].concat()
}

fn chunk(name: [u8; 4], data: &[u8]) -> Vec<u8> {
    let named = [&name[..], data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
}

fn chunks(png: &[u8]) -> impl Iterator<Item = ([u8; 4], Vec<u8>)> {
    let mut rest = &png[8..];
    std::iter::from_fn(move || {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (name, after) = after.split_first_chunk::<4>()?;
        let (data, after) = after.split_at(u32::from_be_bytes(*length) as usize);
        rest = &after[4..];
        Some((*name, data.to_vec()))
    })
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xedb8_8320 * (crc & 1)))
    })
}

/// An animation of 150 by 100 pixels whose first frame declares more in its own header.
pub(crate) fn webp_with_giant_frame() -> Vec<u8> {
    let mut file = crate::common::fixture("animated.webp");
    let header = file.windows(3).position(|bytes| bytes == [0x9d, 0x01, 0x2a]).unwrap() + 3;
    file[header..header + 4].copy_from_slice(&[0xff, 0x3f, 0xff, 0x3f]);
    file
}
