//! TIFFs whose strips or tiles are JPEGs (Technical Note 2) show what they hold.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test's helpers may fail it"
)]

mod common;
#[path = "tiff/quadrants.rs"]
mod quadrants;
#[path = "tiff/writer.rs"]
mod writer;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
use quadrants::{COLORS, SIZE, area, assert_colors, assert_refused, assert_shown, samples};
use writer::Page;

const JPEG_TABLES: u16 = 347;

/// A JPEG of samples as they are, or of RGB that becomes `YCbCr`.
fn jpeg(samples: &[u8], (width, height): (u32, u32), color: ColorType, sampling: SamplingFactor) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let mut encoder = Encoder::new(&mut jpeg, 95);
    encoder.set_sampling_factor(sampling);
    let [width, height] = [width, height].map(|side| u16::try_from(side).unwrap());
    encoder.encode(samples, width, height, color).unwrap();
    jpeg
}

/// The tables of a JPEG as a stream of their own, and what is left.
fn split(jpeg: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut tables, mut picture) = (jpeg[..2].to_vec(), jpeg[..2].to_vec());
    let mut at = 2;
    loop {
        let marker = jpeg[at + 1];
        if marker == 0xda {
            picture.extend(&jpeg[at..]);
            tables.extend([0xff, 0xd9]);
            return (tables, picture);
        }
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        let target = if matches!(marker, 0xdb | 0xc4) { &mut tables } else { &mut picture };
        target.extend(&jpeg[at..end]);
        at = end;
    }
}

#[test]
fn ycbcr_in_strips_and_tiles_shows_its_colours_with_tables_apart_or_not() {
    for sampling in
        [SamplingFactor::F_1_1, SamplingFactor::F_2_1, SamplingFactor::F_2_2, SamplingFactor::F_4_1]
    {
        let of = |corner, size| jpeg(&area(corner, size, |it| it.to_vec()), size, ColorType::Rgb, sampling);
        let strips = [(0, 16), (16, 14)].map(|(top, rows)| of((0, top), (SIZE.0, rows)));
        let tiles = [(0, 0), (32, 0)].map(|corner| of(corner, (32, 32)));
        let page = Page::new(SIZE, 3, 8, Vec::new()).tag(259, 7).tag(262, 6);
        assert_shown(&format!("strips, {sampling:?}"), &page.clone().strips(16, strips.to_vec()).file(), 12);
        assert_shown(
            &format!("tiles, {sampling:?}"),
            &page.clone().tiles((32, 32), tiles.to_vec()).file(),
            12,
        );
        let (tables, _) = split(&strips[0]);
        let pictures = strips.iter().map(|strip| split(strip).1).collect();
        let apart = page.strips(16, pictures);
        assert_shown(
            &format!("tables apart, {sampling:?}"),
            &apart.clone().bytes(JPEG_TABLES, tables).file(),
            12,
        );
        assert_refused("no tables", &apart.file(), "Corrupt", "table is missing");
    }
}

#[test]
fn the_photometric_interpretation_says_what_channels_are_not_the_jpeg() {
    // Samples as they are, under a JFIF header, which alone would mean YCbCr.
    let data = jpeg(&samples(|it| it.to_vec()), SIZE, ColorType::Ycbcr, SamplingFactor::F_1_1);
    assert_shown("RGB", &Page::new(SIZE, 3, 8, data).tag(259, 7).tag(262, 2).file(), 12);
    let inks = samples(|[r, g, b]| vec![255 - r, 255 - g, 255 - b, 0]);
    let data = jpeg(&inks, SIZE, ColorType::Cmyk, SamplingFactor::F_1_1);
    // The encoder inverts inks, as Adobe does in JPEG; TIFF has full ink at 255.
    let inverted = Page::new(SIZE, 4, 8, data).tag(259, 7).tag(262, 5).file();
    assert_colors("inks", &inverted, [[0; 3]; 4], 12);
    let gray = jpeg(&samples(|[_, green, _]| vec![green]), SIZE, ColorType::Luma, SamplingFactor::F_1_1);
    let grays = COLORS.map(|[_, green, _]| [green; 3]);
    let page = Page::new(SIZE, 1, 8, gray).tag(259, 7);
    assert_colors("gray", &page.file(), grays, 12);
    let inverse = grays.map(|gray| gray.map(|level| 255 - level));
    assert_colors("white is zero", &page.tag(262, 0).file(), inverse, 12);
}

#[test]
fn planes_of_jpegs_are_put_together() {
    let plane = |index: usize| {
        let samples = samples(|color| vec![color[index]]);
        jpeg(&samples, SIZE, ColorType::Luma, SamplingFactor::F_1_1)
    };
    let page = Page::new(SIZE, 3, 8, Vec::new()).tag(259, 7).tag(284, 2);
    assert_shown("planes", &page.strips(30, (0..3).map(plane).collect()).file(), 12);
}

#[test]
fn a_jpeg_of_another_size_or_number_of_channels_than_its_strip_is_refused() {
    let of = |size| jpeg(&area((0, 0), size, |it| it.to_vec()), size, ColorType::Rgb, SamplingFactor::F_1_1);
    let page = |data, samples| {
        Page::new(SIZE, samples, 8, data).tag(259, 7).tag(262, if samples == 3 { 6 } else { 1 })
    };
    assert_refused("smaller", &page(of((40, 16)), 3).file(), "Corrupt", "another size");
    assert_refused("larger", &page(of((400, 300)), 3).file(), "Corrupt", "another size");
    assert_refused("channels", &page(of(SIZE), 1).file(), "Corrupt", "number of channels");
    assert_refused("cut off", &page(of(SIZE)[..300].to_vec(), 3).file(), "Truncated", "");
    let progressive = page(of(SIZE), 3).tag(258, 12).tags(258, &[12; 3]);
    assert_refused("12 bits", &progressive.file(), "UnsupportedFeature", "8 bits");
}
