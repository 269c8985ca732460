//! Samples of TIFFs, of any depth and meaning, show the colours that they stand for.

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

use quadrants::{COLORS, SIZE, area, assert_colors, assert_refused, assert_shown, rgb, samples};
use writer::{File, Page};

/// Most significant bit first, rows in bytes of their own.
fn packed(values: &[u32], bits: u32, row: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in values.chunks(row) {
        let row: Vec<u8> = row
            .iter()
            .flat_map(|value| (0..bits).rev().map(move |bit| u8::from(value >> bit & 1 == 1)))
            .collect();
        let byte =
            |bits: &[u8]| bits.iter().enumerate().fold(0, |sum, (place, bit)| sum | bit << (7 - place));
        bytes.extend(row.chunks(8).map(byte));
    }
    bytes
}

/// A level of eight bits with as many as are wanted.
fn scaled(level: u8, bits: u32) -> u32 {
    let white = (1_u64 << bits) - 1;
    u32::try_from((u64::from(level) * white + 127) / 255).unwrap()
}

#[test]
fn rgb_of_4_to_16_bits_shows_its_colours_in_both_byte_orders() {
    for bits in (4..=16).filter(|bits| *bits != 8) {
        let tolerance = if bits < 6 { 20 } else { 6 };
        for is_big_endian in [false, true] {
            let file = File { is_big_endian, is_big_tiff: bits % 2 == 0 };
            let values = samples(|color| color.map(|level| scaled(level, bits)).to_vec());
            let data: Vec<u8> = if bits == 16 {
                let to_bytes =
                    |value: u16| if is_big_endian { value.to_be_bytes() } else { value.to_le_bytes() };
                values.iter().flat_map(|value| to_bytes(u16::try_from(*value).unwrap())).collect()
            } else {
                packed(&values, bits, SIZE.0 as usize * 3)
            };
            let page = Page::new(SIZE, 3, bits, data);
            assert_shown(&format!("{bits} bits, {file:?}"), &file.write(&[page]), tolerance);
        }
    }
}

#[test]
fn rgb_of_32_bits_is_unsigned_unless_it_is_said_to_be_floating_point() {
    let whole = samples(|color| color.map(|level| u32::from(level) * 0x0101_0101).to_vec());
    let data: Vec<u8> = whole.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_shown("unsigned", &Page::new(SIZE, 3, 32, data).file(), 4);
    let parts = samples(|color| color.map(|level| f32::from(level) / 255.0).to_vec());
    let data: Vec<u8> = parts.iter().flat_map(|value| value.to_le_bytes()).collect();
    assert_shown("floating point", &Page::new(SIZE, 3, 32, data).tags(339, &[3; 3]).file(), 4);
}

#[test]
fn palettes_of_2_to_8_bits_show_their_colours() {
    for bits in [2, 3, 4, 8] {
        // The colours stand at the end of the map, so that a scaled index would miss them.
        let first = (1_u32 << bits) - 4;
        let index = |color: [u8; 3]| {
            first + u32::try_from(COLORS.iter().position(|it| *it == color).unwrap()).unwrap()
        };
        let values = samples(|color| vec![index(color)]);
        for (levels, factor) in [("of 16 bits", 257), ("of 8 bits", 1)] {
            let mut map = Vec::new();
            for channel in 0..3 {
                map.extend(vec![0; first as usize]);
                map.extend(COLORS.map(|color| u32::from(color[channel]) * factor));
            }
            let page =
                Page::new(SIZE, 1, bits, packed(&values, bits, SIZE.0 as usize)).tag(262, 3).tags(320, &map);
            assert_shown(&format!("{bits} bits, map {levels}"), &page.file(), 6);
        }
    }
}

#[test]
fn grays_are_white_or_black_at_zero() {
    let grays = COLORS.map(|[_, green, _]| [green; 3]);
    let data = samples(|[_, green, _]| vec![green]);
    assert_colors("black is zero", &Page::new(SIZE, 1, 8, data.clone()).file(), grays, 4);
    let inverted: Vec<u8> = data.iter().map(|level| 255 - level).collect();
    assert_colors("white is zero", &Page::new(SIZE, 1, 8, inverted).tag(262, 0).file(), grays, 4);
}

#[test]
fn alpha_lets_the_background_through_whether_colours_are_premultiplied_or_not() {
    const ALPHA: u8 = 100;
    let blended = COLORS.map(|color| {
        color.map(|level| {
            u8::try_from((u32::from(level) * u32::from(ALPHA) + 255 * u32::from(255 - ALPHA)) / 255).unwrap()
        })
    });
    let premultiplied = |level: u8| u8::try_from(u32::from(level) * u32::from(ALPHA) / 255).unwrap();
    let straight = samples(|[r, g, b]| vec![r, g, b, ALPHA]);
    assert_colors("unassociated", &Page::new(SIZE, 4, 8, straight.clone()).tag(338, 2).file(), blended, 6);
    assert_colors("of which nothing is said", &Page::new(SIZE, 4, 8, straight.clone()).file(), blended, 6);
    let associated = samples(|color| [color.map(premultiplied).to_vec(), vec![ALPHA]].concat());
    assert_colors("associated", &Page::new(SIZE, 4, 8, associated).tag(338, 1).file(), blended, 6);
    assert_shown("unspecified", &Page::new(SIZE, 4, 8, straight).tag(338, 0).file(), 4);
    let second = samples(|[r, g, b]| vec![r, g, b, 0, ALPHA]);
    assert_colors("the second extra", &Page::new(SIZE, 5, 8, second).tags(338, &[0, 2]).file(), blended, 6);
    let grays = blended.map(|[_, green, _]| [green; 3]);
    let gray = samples(|[_, green, _]| vec![green, ALPHA]);
    assert_colors("gray", &Page::new(SIZE, 2, 8, gray).tag(338, 2).file(), grays, 6);
}

#[test]
fn inks_are_cyan_magenta_yellow_and_black_and_extra_samples_are_no_ink() {
    let inks = |[r, g, b]: [u8; 3]| vec![255 - r, 255 - g, 255 - b, 0];
    assert_shown("CMYK", &Page::new(SIZE, 4, 8, samples(inks)).tag(262, 5).file(), 4);
    let with_alpha = samples(|color| [inks(color), vec![90]].concat());
    assert_shown("with alpha", &Page::new(SIZE, 5, 8, with_alpha).tag(262, 5).tag(338, 2).file(), 4);
}

#[test]
fn ycbcr_shows_its_colours_with_cb_and_cr_of_one_to_four_pixels_and_in_the_range_of_video() {
    let ycbcr = |[r, g, b]: [u8; 3]| {
        let [r, g, b] = [r, g, b].map(f64::from);
        let y = 0.299 * r + 0.587 * g + 0.114 * b;
        [y, 128.0 + (b - y) / 1.772, 128.0 + (r - y) / 1.402]
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "levels")]
    let level = |value: f64| value.round() as u8;
    for (across, down) in [(1, 1), (2, 1), (2, 2), (4, 2), (1, 2)] {
        let mut data = Vec::new();
        for top in (0..SIZE.1).step_by(down as usize) {
            for left in (0..SIZE.0).step_by(across as usize) {
                let pixels = area((left, top), (across, down), |color| vec![ycbcr(color)]);
                data.extend(pixels.iter().map(|pixel| level(pixel[0])));
                data.extend([level(pixels[0][1]), level(pixels[0][2])]);
            }
        }
        let page = Page::new(SIZE, 3, 8, data).tag(262, 6).tags(530, &[across, down]);
        assert_shown(&format!("{across} by {down}"), &page.file(), 6);
    }
    let narrow = samples(|color| {
        let [y, cb, cr] = ycbcr(color);
        let chroma = |value: f64| level(128.0 + (value - 128.0) * 112.0 / 127.0);
        vec![level(16.0 + y * 219.0 / 255.0), chroma(cb), chroma(cr)]
    });
    let page = Page::new(SIZE, 3, 8, narrow).tag(262, 6).tags(530, &[1, 1]);
    assert_shown("video", &page.tags(532, &[16, 235, 128, 240, 128, 240]).file(), 6);
}

#[test]
fn lab_is_shown_as_srgb_by_white_d50() {
    // Red, green, blue and a gray, as L*, a*, b*.
    let colors = [[255, 0, 0], [0, 255, 0], [0, 0, 255], [127, 127, 127]];
    let lab: [[i16; 3]; 4] = [[138, 81, 70], [224, -79, 81], [75, 68, -112], [136, 0, 0]];
    let of = |color: [u8; 3]| lab[COLORS.iter().position(|it| *it == color).unwrap()];
    let eight = samples(|color| of(color).map(|value| value.to_le_bytes()[0]).to_vec());
    assert_colors("CIELab", &Page::new(SIZE, 3, 8, eight).tag(262, 8).file(), colors, 12);
    let offset = samples(|color| {
        let [l, a, b] = of(color);
        [l, a + 128, b + 128].map(|value| value.to_le_bytes()[0]).to_vec()
    });
    assert_colors("ICCLab", &Page::new(SIZE, 3, 8, offset).tag(262, 9).file(), colors, 12);
    let sixteen = samples(|color| {
        let [l, a, b] = of(color);
        [l.to_le_bytes()[0], 0, a.to_le_bytes()[0], 0, b.to_le_bytes()[0], 0]
            .chunks(2)
            .flat_map(|it| [it[1], it[0]])
            .collect()
    });
    assert_colors("CIELab of 16 bits", &Page::new(SIZE, 3, 16, sixteen).tag(262, 8).file(), colors, 12);
}

#[test]
fn an_orientation_of_any_integer_type_is_heeded() {
    let turned = [COLORS[3], COLORS[2], COLORS[1], COLORS[0]];
    assert_colors("LONG", &Page::new(SIZE, 3, 8, rgb()).tag(274, 3).file(), turned, 4);
    assert_colors("byte", &Page::new(SIZE, 3, 8, rgb()).bytes(274, vec![3]).file(), turned, 4);
}

#[test]
fn samples_that_are_not_read_are_refused_by_name() {
    let page = |samples, bits| Page::new(SIZE, samples, bits, vec![0; 40 * 30 * 4 * 8]);
    for (what, page, words) in [
        ("signed", page(1, 8).tag(339, 2), "signed"),
        ("complex", page(1, 32).tag(339, 6), "complex"),
        ("gray of 32 bits", page(1, 32), "more than 16 bits"),
        ("floating point gray", page(1, 32).tag(339, 3), "floating point"),
        ("64 bits", page(3, 64), "more than 16 bits"),
        ("different bits", page(3, 8).tags(258, &[8, 8, 4]), "different sizes"),
        ("a mask", page(1, 1).tag(262, 4), "masks"),
        ("raw samples", page(1, 16).tag(262, 32803), "raw"),
        ("another ink set", page(4, 8).tag(262, 5).tag(332, 2), "CMYK"),
        ("a palette of 16 bits", page(1, 16).tag(262, 3).tags(320, &[0; 3]), "palette"),
        ("LogLuv", page(3, 16).tag(262, 32845), "LogLuv"),
        ("many samples", page(17, 8), "16 samples"),
    ] {
        assert_refused(what, &page.file(), "UnsupportedFeature", words);
    }
    assert_refused("two samples of RGB", &page(2, 8).tag(262, 2).file(), "Corrupt", "fewer samples");
    assert_refused("no colour map", &page(1, 8).tag(262, 3).file(), "Corrupt", "colour map");
}
