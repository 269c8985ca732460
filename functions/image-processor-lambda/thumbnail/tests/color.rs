//! Embedded colour profiles are followed, and broken ones survived.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{assert_near, fixture, pixels, thumb};
use image::{ExtendedColorType, ImageEncoder, Rgb};
use moxcms::ColorProfile;

/// A PNG of one colour, with a profile.
fn png(color: &[u8], kind: ExtendedColorType, profile: Vec<u8>) -> Vec<u8> {
    let mut png = Vec::new();
    let mut encoder = image::codecs::png::PngEncoder::new(&mut png);
    encoder.set_icc_profile(profile).unwrap();
    encoder.write_image(&color.repeat(32 * 32), 32, 32, kind).unwrap();
    png
}

fn shown(bytes: &[u8]) -> Rgb<u8> {
    *pixels(&thumb(bytes, 16).unwrap()).get_pixel(8, 8)
}

/// CIE 1976 difference of two sRGB colours.
fn delta_e(one: Rgb<u8>, other: [u8; 3]) -> f32 {
    let lab = |color: [u8; 3]| {
        let linear = color.map(|level| {
            let level = f32::from(level) / 255.0;
            if level <= 0.040_45 { level / 12.92 } else { ((level + 0.055) / 1.055).powf(2.4) }
        });
        let row = |weights: [f32; 3], white: f32| {
            let sum: f32 = weights.iter().zip(linear).map(|(weight, level)| weight * level).sum();
            let share = sum / white;
            if share > 0.008_856 { share.cbrt() } else { 7.787 * share + 16.0 / 116.0 }
        };
        let x = row([0.412_4, 0.357_6, 0.180_5], 0.950_5);
        let y = row([0.212_6, 0.715_2, 0.072_2], 1.0);
        let z = row([0.019_3, 0.119_2, 0.950_5], 1.089);
        [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
    };
    lab(one.0).iter().zip(lab(other)).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt()
}

#[test]
fn display_p3_is_shown_as_the_srgb_that_looks_the_same() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    // Expected values by the matrices of CSS Color 4, computed apart from this crate.
    for (p3, srgb) in [
        ([200, 100, 100], [215, 93, 97]),
        ([100, 150, 100], [83, 152, 95]),
        ([90, 110, 170], [85, 111, 175]),
        ([128, 128, 128], [128, 128, 128]),
    ] {
        let found = shown(&png(&p3, ExtendedColorType::Rgb8, profile.clone()));
        assert!(delta_e(found, srgb) < 2.0, "{p3:?} became {:?}, not {srgb:?}", found.0);
    }
}

#[test]
fn adobe_rgb_is_converted() {
    let profile = ColorProfile::new_adobe_rgb().encode().unwrap();
    let found = shown(&png(&[100, 150, 100], ExtendedColorType::Rgb8, profile));
    assert!(delta_e(found, [66, 151, 97]) < 2.5, "{:?}", found.0);
}

#[test]
fn gray_profile_is_followed_and_a_colour_profile_on_gray_pixels_too() {
    let linear = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    assert_near(shown(&png(&[55], ExtendedColorType::L8, linear)), [128, 128, 128], 3);
    let p3 = ColorProfile::new_display_p3().encode().unwrap();
    assert_near(shown(&png(&[55], ExtendedColorType::L8, p3)), [55, 55, 55], 2);
}

#[test]
fn profile_and_transparency_go_together() {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let found = shown(&png(&[200, 100, 100, 128], ExtendedColorType::Rgba8, profile));
    // Half of (215, 93, 97), half white.
    assert_near(found, [235, 174, 176], 4);
}

#[test]
fn broken_or_foreign_profile_is_ignored() {
    let whole = ColorProfile::new_display_p3().encode().unwrap();
    let half = whole[..whole.len() / 2].to_vec();
    let gray = ColorProfile::new_gray_with_gamma(1.0).encode().unwrap();
    for profile in [half, gray, b"no profile at all".to_vec()] {
        assert_near(shown(&png(&[200, 100, 100], ExtendedColorType::Rgb8, profile)), [200, 100, 100], 3);
    }
}

#[test]
fn print_colours_without_profile_become_plain_colours() {
    let inks: Vec<u8> = [0, 255, 255, 0].repeat(32 * 32);
    for kind in [jpeg_encoder::ColorType::Cmyk, jpeg_encoder::ColorType::CmykAsYcck] {
        let mut jpeg = Vec::new();
        jpeg_encoder::Encoder::new(&mut jpeg, 95).encode(&inks, 32, 32, kind).unwrap();
        let found = shown(&jpeg);
        assert_near(found, [255, 0, 0], 4);
    }
}

#[test]
fn broken_profile_on_print_colours_is_ignored() {
    let inks: Vec<u8> = [255, 0, 255, 0].repeat(32 * 32);
    let mut jpeg = Vec::new();
    let mut encoder = jpeg_encoder::Encoder::new(&mut jpeg, 95);
    encoder.add_icc_profile(&ColorProfile::new_display_p3().encode().unwrap()).unwrap();
    encoder.encode(&inks, 32, 32, jpeg_encoder::ColorType::Cmyk).unwrap();
    assert_near(shown(&jpeg), [0, 255, 0], 4);
}

#[test]
fn inks_with_a_profile_are_shown_as_littlecms_shows_them() {
    // Printed by tests/fixtures/make_inks.py: LittleCMS 2.19 on the same file.
    const SHOWN: [[u8; 3]; 16] = [
        [255, 255, 255],
        [88, 179, 225],
        [211, 89, 137],
        [249, 231, 80],
        [47, 47, 48],
        [71, 59, 120],
        [206, 79, 38],
        [86, 162, 69],
        [180, 213, 237],
        [230, 180, 195],
        [252, 241, 178],
        [172, 172, 173],
        [208, 179, 151],
        [136, 158, 180],
        [178, 169, 162],
        [75, 68, 62],
    ];
    let small = pixels(&thumb(&fixture("inks.jpg"), 64).unwrap());
    for (expected, index) in SHOWN.into_iter().zip(0..) {
        let found = *small.get_pixel(index % 4 * 16 + 8, index / 4 * 16 + 8);
        assert!(delta_e(found, expected) < 2.5, "patch {index}: {:?}, not {expected:?}", found.0);
    }
}

/// A PNG of one colour, with chunks before its data.
fn declared(color: [u8; 3], chunks: &[(&[u8; 4], &[u8])]) -> Rgb<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, 32, 32);
    encoder.set_color(png::ColorType::Rgb);
    let mut writer = encoder.write_header().unwrap();
    for (kind, data) in chunks {
        writer.write_chunk(png::chunk::ChunkType(**kind), data).unwrap();
    }
    writer.write_image_data(&color.repeat(32 * 32)).unwrap();
    drop(writer);
    shown(&file)
}

const LINEAR: (&[u8; 4], &[u8]) = (b"gAMA", &100_000_u32.to_be_bytes());
const DISPLAY_P3: (&[u8; 4], &[u8]) = (b"cICP", &[12, 13, 0, 1]);

/// The values are those of Chromium 148's canvas.
#[test]
fn what_a_png_declares_of_its_colours_is_shown_as_in_a_browser() {
    let chromaticities = |points: [u32; 8]| points.map(u32::to_be_bytes).concat();
    let p3 = chromaticities([31_270, 32_900, 68_000, 32_000, 26_500, 69_000, 15_000, 6_000]);
    let (p3, nowhere) = ((b"cHRM", &p3[..]), (b"cHRM", &[0; 32][..]));
    let gamma = |gamma: u32| gamma.to_be_bytes();
    let (near, half) = (gamma(47_000), gamma(50_000));
    let color = [200, 100, 55];
    for (chunks, expected) in [
        (&[][..], color),
        (&[LINEAR], [229, 168, 128]),
        (&[(b"gAMA", &half[..])], [206, 109, 61]),
        (&[(b"gAMA", &near[..])], color),
        (&[(b"gAMA", &[0; 4])], color),
        (&[LINEAR, (b"sRGB", &[0])], color),
        (&[p3], color),
        (&[(b"gAMA", &gamma(45_455)), p3], [216, 93, 34]),
        (&[LINEAR, nowhere], color),
        (&[DISPLAY_P3], [215, 93, 39]),
        (&[(b"cICP", &[1, 8, 0, 1])], [229, 168, 128]),
        (&[(b"cICP", &[1, 1, 0, 1])], [197, 91, 44]),
        (&[(b"cICP", &[12, 2, 0, 1])], color),
        (&[(b"cICP", &[3, 13, 0, 1])], color),
        (&[(b"cICP", &[12, 13, 0, 0])], color),
    ] {
        let found = declared(color, chunks);
        let far = found.0.iter().zip(expected).any(|(a, b)| a.abs_diff(b) > 3);
        assert!(!far, "{chunks:?}: {:?}, not {expected:?}", found.0);
    }
}

/// Matrix coefficients other than those of RGB, and a flag that is neither.
#[test]
fn code_points_that_a_png_may_not_have_are_passed_over_for_what_is_declared_next() {
    for broken in [[12, 13, 1, 1], [12, 13, 2, 1], [12, 13, 0, 7]].map(|points| (b"cICP", points)) {
        let broken = (broken.0, &broken.1[..]);
        for (next, expected) in
            [(&[][..], [200, 100, 55]), (&[LINEAR], [229, 168, 128]), (&[DISPLAY_P3], [215, 93, 39])]
        {
            let found = declared([200, 100, 55], &[&[broken], next].concat());
            assert_near(found, expected, 3);
        }
        let found = declared([200, 100, 55], &[LINEAR, broken]);
        assert_near(found, [229, 168, 128], 3);
    }
}

#[test]
fn code_points_come_before_a_profile_and_a_profile_before_a_gamma() {
    let rgb = |chunks: &[(&[u8; 4], &[u8])], profile: ColorProfile| {
        let whole = png(&[200, 100, 100], ExtendedColorType::Rgb8, profile.encode().unwrap());
        let (header, rest) = whole.split_at(33);
        let chunk = |(kind, data): &(&[u8; 4], &[u8])| {
            let mut checksum = crc32fast::Hasher::new();
            checksum.update(*kind);
            checksum.update(data);
            let length = u32::try_from(data.len()).unwrap().to_be_bytes();
            [&length[..], *kind, data, &checksum.finalize().to_be_bytes()].concat()
        };
        shown(&[header, &chunks.iter().flat_map(chunk).collect::<Vec<_>>(), rest].concat())
    };
    assert_near(rgb(&[DISPLAY_P3], ColorProfile::new_adobe_rgb()), [215, 93, 97], 4);
    assert_near(rgb(&[LINEAR], ColorProfile::new_display_p3()), [215, 93, 97], 4);
}

#[test]
fn hdr_is_tone_mapped_whether_code_points_or_a_profile_declare_it() {
    // Reference white, 203 cd/m², becomes a light gray, and 1,000 cd/m² white.
    for (level, expected) in [(148, 190), (192, 255), (0, 0)] {
        assert_near(declared([level; 3], &[(b"cICP", &[9, 16, 0, 1])]), [expected; 3], 4);
        let profile = ColorProfile::new_bt2020_pq().encode().unwrap();
        assert_near(shown(&png(&[level; 3], ExtendedColorType::Rgb8, profile)), [expected; 3], 4);
    }
    assert_near(declared([191; 3], &[(b"cICP", &[9, 18, 0, 1])]), [190; 3], 4);
}
