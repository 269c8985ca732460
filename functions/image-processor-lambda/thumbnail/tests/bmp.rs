//! BMPs of each version, beside what Chromium 148's canvas shows of the same bytes.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{pixels, reason};
use thumbnail::{Limits, Options, Rgb, thumbnail};

/// Pixels of each picture, in one row.
const WIDTH: u32 = 8;
/// What shows through.
const BACKGROUND: [u8; 3] = [255; 3];
const COLOR: [u8; 3] = [50, 100, 200];

/// A BMP of one row.
struct Bmp {
    header: u32,
    bits: u16,
    compression: u32,
    masks: Vec<u32>,
    palette: Vec<u8>,
    data: Vec<u8>,
}

impl Bmp {
    fn new(header: u32, bits: u16, compression: u32, data: &[u8]) -> Self {
        Self { header, bits, compression, masks: vec![], palette: vec![], data: data.to_vec() }
    }

    fn masks(self, masks: &[u32]) -> Self {
        Self { masks: masks.to_vec(), ..self }
    }

    /// Red, green and blue, and the rest black; three bytes a colour in the oldest header.
    fn palette(self) -> Self {
        let colors = [[0, 0, 255, 0], [0, 255, 0, 0], [255, 0, 0, 0]];
        let count = if self.header == 12 { 3 } else { 4 };
        let mut palette: Vec<u8> =
            colors.iter().flat_map(|color| color.iter().take(count)).copied().collect();
        palette.resize(count << self.bits, 0);
        Self { palette, ..self }
    }

    fn bytes(&self) -> Vec<u8> {
        let long = |number: u32| number.to_le_bytes().to_vec();
        let short = |number: u16| number.to_le_bytes().to_vec();
        let mut info = long(self.header);
        if self.header == 12 {
            info.extend([short(8), short(1), short(1), short(self.bits)].concat());
        } else {
            info.extend([long(WIDTH), long(1), short(1), short(self.bits)].concat());
            info.extend([long(self.compression), long(self.data.len().try_into().unwrap())].concat());
            info.extend([long(2835), long(2835), long(0), long(0)].concat());
            info.truncate(self.header.max(40) as usize);
            info.extend(self.masks.iter().flat_map(|mask| mask.to_le_bytes()));
            let size = if self.header == 40 { info.len() } else { self.header as usize };
            info.resize(size, 0);
        }
        let start = u32::try_from(14 + info.len() + self.palette.len()).unwrap();
        let file = [&b"BM"[..], &[0; 8], &long(start)].concat();
        [file, info, self.palette.clone(), self.data.clone()].concat()
    }
}

fn shown(bmp: &Bmp) -> Vec<[u8; 3]> {
    shown_bytes(&bmp.bytes())
}

fn shown_bytes(bytes: &[u8]) -> Vec<[u8; 3]> {
    let [red, green, blue] = BACKGROUND;
    let options = Options { quality: 100, background: Rgb { red, green, blue }, ..Options::default() };
    let thumbnail = thumbnail(bytes, &Limits::default(), &options).unwrap();
    pixels(&thumbnail).pixels().map(|pixel| pixel.0).collect()
}

fn assert_shown(what: &str, bmp: &Bmp, expected: &[[u8; 3]]) {
    let found = shown(bmp);
    let far = found.as_flattened().iter().zip(expected.as_flattened()).any(|(a, b)| a.abs_diff(*b) > 6);
    assert!(!far && found.len() == expected.len(), "{what}: {found:?}, not {expected:?}");
}

/// Pixels of 32 bits with each an alpha.
fn with_alpha(alphas: [u8; 8]) -> Vec<u8> {
    alphas.iter().flat_map(|alpha| [200, 100, 50, *alpha]).collect()
}

const RGBA: [u32; 4] = [0x00ff_0000, 0xff00, 0xff, 0xff00_0000];

#[test]
fn an_alpha_of_zero_everywhere_is_none_in_each_version() {
    for header in [40, 56, 108, 124] {
        for compression in [0, 3] {
            let masks =
                if header > 40 || compression == 3 { &RGBA[..if header == 40 { 3 } else { 4 }] } else { &[] };
            let bmp = Bmp::new(header, 32, compression, &with_alpha([0; 8])).masks(masks);
            assert_shown(&format!("{header} {compression}"), &bmp, &[COLOR; 8]);
        }
    }
}

#[test]
fn alpha_counts_where_a_mask_declares_it_and_nowhere_else() {
    let data = with_alpha([0, 0, 0, 0, 255, 255, 255, 255]);
    let half = [[BACKGROUND; 4], [COLOR; 4]].concat();
    for (header, compression, masks, expected) in [
        (40, 0, &[][..], &[COLOR; 8][..]),
        (40, 3, &RGBA[..3], &[COLOR; 8]),
        (40, 6, &RGBA, &half),
        (56, 3, &RGBA, &half),
        (108, 0, &RGBA, &half),
        (108, 0, &[0; 4], &[COLOR; 8]),
        (124, 3, &RGBA, &half),
        (124, 3, &[0x00ff_0000, 0xff00, 0xff, 0], &[COLOR; 8]),
    ] {
        let bmp = Bmp::new(header, 32, compression, &data).masks(masks);
        assert_shown(&format!("{header} {compression} {masks:x?}"), &bmp, expected);
    }
}

#[test]
fn pixels_of_sixteen_bits_have_five_or_as_many_as_masks_say() {
    let data = |pixels: [u16; 8]| pixels.map(u16::to_le_bytes).concat();
    let (white, red, green, blue) = ([255; 3], [255, 0, 0], [0, 255, 0], [0, 0, 255]);
    let plain = Bmp::new(40, 16, 0, &data([0x7fff, 0x7c00, 0x03e0, 0x001f, 0x8000, 0xffff, 0x4210, 0x4210]));
    assert_shown("555", &plain, &[white, red, green, blue, [0; 3], white, [132; 3], [132; 3]]);
    let masks = [0xf800, 0x07e0, 0x001f];
    let wide =
        Bmp::new(40, 16, 3, &data([0xffff, 0xf800, 0x07e0, 0x001f, 0x8410, 0x8410, 0, 0])).masks(&masks);
    let gray = [132, 130, 132];
    assert_shown("565", &wide, &[white, red, green, blue, gray, gray, [0; 3], [0; 3]]);
}

#[test]
fn headers_of_os2_are_read() {
    let (red, green, blue) = ([255, 0, 0], [0, 255, 0], [0, 0, 255]);
    let expected = [red, green, blue, red, green, blue, red, green];
    for header in [12, 40, 48, 64] {
        let bmp = Bmp::new(header, 8, 0, &[0, 1, 2, 0, 1, 2, 0, 1]).palette();
        assert_shown(&format!("{header}"), &bmp, &expected);
    }
    let short = Bmp::new(16, 24, 0, &[1, 2, 250].repeat(8));
    assert_shown("16", &short, &[[250, 2, 1]; 8]);
}

#[test]
fn run_lengths_of_each_kind_are_drawn_and_skipped_pixels_show_the_background() {
    let (red, green, blue) = ([255, 0, 0], [0, 255, 0], [0, 0, 255]);
    let indexed = |bits, compression, data: &[u8]| Bmp::new(40, bits, compression, data).palette();
    for (what, bmp, expected) in [
        ("to the end", indexed(8, 1, &[8, 1, 0, 1]), [green; 8]),
        ("without an end", indexed(8, 1, &[8, 1]), [green; 8]),
        ("beyond the row", indexed(8, 1, &[12, 1, 0, 1]), [green; 8]),
        (
            "literal",
            indexed(8, 1, &[0, 5, 0, 1, 2, 0, 1, 9, 3, 2, 0, 1]),
            [red, green, blue, red, green, blue, blue, blue],
        ),
        ("four bits", indexed(4, 2, &[8, 0x12, 0, 1]), [green, blue, green, blue, green, blue, green, blue]),
        (
            "literal of four bits",
            indexed(4, 2, &[0, 3, 0x01, 0x20, 5, 0x22, 0, 1]),
            [red, green, blue, blue, blue, blue, blue, blue],
        ),
        (
            "a jump and an early end",
            indexed(8, 1, &[2, 1, 0, 2, 2, 0, 2, 2, 0, 1]),
            [green, green, BACKGROUND, BACKGROUND, blue, blue, BACKGROUND, BACKGROUND],
        ),
        (
            "24 bits",
            Bmp::new(
                64,
                24,
                4,
                &[4, 200, 100, 50, 0, 3, 1, 2, 250, 1, 2, 250, 1, 2, 250, 0, 1, 1, 2, 250, 0, 1],
            ),
            [COLOR, COLOR, COLOR, COLOR, [250, 2, 1], [250, 2, 1], [250, 2, 1], [250, 2, 1]],
        ),
    ] {
        assert_shown(what, &bmp, &expected);
    }
}

#[test]
fn few_bits_and_short_palettes_are_drawn() {
    let (red, green, blue) = ([255, 0, 0], [0, 255, 0], [0, 0, 255]);
    let two = Bmp::new(40, 2, 0, &[0b0001_1011, 0b0001_1011, 0, 0]).palette();
    assert_shown("two bits", &two, &[red, green, blue, [0; 3], red, green, blue, [0; 3]]);
    let mut short = Bmp::new(40, 8, 0, &[0, 1, 2, 3, 200, 255, 0, 1]).palette();
    short.palette.truncate(12);
    assert_shown("a short palette", &short, &[red, green, blue, [0; 3], [0; 3], [0; 3], red, green]);
    // Colours end where samples begin, though these look like one, and after as many as the header declares.
    short.data = vec![0, 1, 2, 3, 4, 5, 200, 255];
    assert_shown("samples", &short, &[red, green, blue, [0; 3], [0; 3], [0; 3], [0; 3], [0; 3]]);
    let mut bytes = Bmp::new(40, 8, 0, &[0, 1, 2, 0, 1, 2, 0, 1]).palette().bytes();
    bytes[46..50].copy_from_slice(&1_u32.to_le_bytes());
    let found = shown_bytes(&bytes);
    assert!(found[0][0] > 240 && found[1..3].as_flattened().iter().all(|level| *level < 10), "{found:?}");
}

#[test]
fn a_palette_behind_the_samples_or_over_them_has_all_its_colours() {
    let (red, green, blue) = ([255, 0, 0], [0, 255, 0], [0, 0, 255]);
    let mut bytes = Bmp::new(40, 2, 0, &[]).palette().bytes();
    // Two bits of each of eight pixels, in the place of what the header reserves, before the palette.
    bytes[6..8].copy_from_slice(&[0b0001_1011, 0b0001_1011]);
    bytes[10..14].copy_from_slice(&6_u32.to_le_bytes());
    let found = shown_bytes(&bytes);
    let expected = [red, green, blue, [0; 3], red, green, blue, [0; 3]];
    let far = found.as_flattened().iter().zip(expected.as_flattened()).any(|(a, b)| a.abs_diff(*b) > 6);
    assert!(!far, "{found:?}");
}

#[test]
fn what_is_no_bitmap_inside_is_refused_by_name_and_what_ends_early_too() {
    for (header, bits, compression, expected) in [
        (40, 0, 4, "UnsupportedFeature"),
        (40, 24, 4, "UnsupportedFeature"),
        (40, 0, 5, "UnsupportedFeature"),
        (64, 1, 3, "UnsupportedFeature"),
        (124, 32, 11, "UnsupportedFeature"),
        (40, 8, 2, "Corrupt"),
        (40, 7, 0, "Corrupt"),
        (40, 24, 0, "Truncated"),
        (40, 8, 1, "Truncated"),
    ] {
        assert_eq!(
            reason(&Bmp::new(header, bits, compression, &[1]).bytes()),
            expected,
            "{header} {bits} {compression}"
        );
    }
}

#[test]
fn impossible_sides_are_corrupt() {
    let bytes = Bmp::new(40, 24, 0, &[1; 24]).bytes();
    for (at, side) in [(18, -8_i32), (18, i32::MIN), (22, i32::MIN), (18, 0), (22, 0)] {
        let mut bytes = bytes.clone();
        bytes[at..at + 4].copy_from_slice(&side.to_le_bytes());
        assert_eq!(reason(&bytes), "Corrupt", "{side} at {at}");
    }
}

#[test]
fn rows_begin_below_or_above_where_the_height_is_negative() {
    let rows = [[0, 0, 255].repeat(8), [0, 255, 0].repeat(8)].concat();
    let runs = [8, 0, 0, 0, 8, 1, 0, 1];
    for bmp in [Bmp::new(40, 24, 0, &rows), Bmp::new(40, 8, 1, &runs).palette()] {
        for (height, first) in [(2_i32, [0, 255, 0]), (-2, [255, 0, 0])] {
            let mut bytes = bmp.bytes();
            bytes[22..26].copy_from_slice(&height.to_le_bytes());
            let found = shown_bytes(&bytes);
            let is_near = found[0].iter().zip(first).all(|(a, b)| a.abs_diff(b) <= 6);
            assert!(is_near && found.len() == 16, "{height}: {found:?}");
        }
    }
}

#[test]
fn the_last_row_may_lack_what_pads_it() {
    let bmp = Bmp::new(40, 1, 0, &[0b0101_0101]).palette();
    assert_shown("one bit", &bmp, &[[255, 0, 0], [0, 255, 0]].repeat(4));
}

#[test]
fn masks_may_be_of_any_width_and_the_field_of_os2_is_none() {
    let white = [0xff; 32];
    let wide = Bmp::new(56, 32, 3, &white).masks(&[0xffff_fff0, 0, 0, 0]);
    assert_shown("28 bits", &wide, &[[255, 0, 0]; 8]);
    let invisible: Vec<u8> = [0x1f, 0x7c].repeat(8);
    let short = Bmp::new(56, 16, 3, &invisible).masks(&[0x7c00, 0x03e0, 0x001f, 0x8000]);
    assert_shown("an alpha of zero in 16 bits", &short, &[[255, 0, 255]; 8]);
    let os2 = Bmp::new(64, 32, 0, &with_alpha([0, 0, 0, 0, 255, 255, 255, 255])).masks(&RGBA);
    assert_shown("OS/2", &os2, &[COLOR; 8]);
}

#[test]
fn a_profile_is_followed_where_the_header_embeds_it() {
    let data = with_alpha([255; 8]);
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let with_profile = |header: u32, kind: &[u8; 4]| {
        let mut bytes = Bmp::new(header, 32, 0, &data).bytes();
        // Counted from the information header.
        let place = u32::try_from(bytes.len() - 14).unwrap();
        bytes[14 + 56..14 + 60].copy_from_slice(kind);
        bytes[14 + 112..14 + 116].copy_from_slice(&place.to_le_bytes());
        bytes[14 + 116..14 + 120].copy_from_slice(&u32::try_from(profile.len()).unwrap().to_le_bytes());
        shown_bytes(&[bytes, profile.clone()].concat())
    };
    assert_eq!(with_profile(124, b"sRGB"), shown(&Bmp::new(124, 32, 0, &data)));
    assert_ne!(with_profile(124, b"DEBM"), with_profile(124, b"sRGB"));
    // The version before has no such fields.
    assert_eq!(with_profile(108, b"DEBM"), with_profile(108, b"sRGB"));
}
