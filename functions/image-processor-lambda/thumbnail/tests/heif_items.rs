//! Items of HEIF: what is derived from what, opacities beside colours, and units of a coded picture.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;
#[path = "heif/writer.rs"]
mod writer;

use common::{difference, options, pixels, thumb};
use thumbnail::{Limits, Options, Rejection, Rgb, Thumbnail, thumbnail};
use writer::{Coded, Heif, auxiliary, boxed, nclx, rotation};

/// Of the fixtures' photograph, and of a tile of the grids.
const SIZE: (u32, u32) = (150, 100);
const TILE: (u32, u32) = (64, 64);
const ALPHA: [&str; 3] = [
    "urn:mpeg:hevc:2015:auxid:1",
    "urn:mpeg:mpegB:cicp:systems:auxiliary:alpha",
    "urn:mpeg:avc:2015:auxid:1",
];

fn single(coded: &Coded, properties: &[Vec<u8>]) -> Heif {
    let mut heif = Heif::new(if &coded.kind == b"hvc1" { *b"heic" } else { *b"avif" });
    heif.picture(coded, SIZE, properties);
    heif
}

fn shown(heif: &Heif) -> Thumbnail {
    thumb(&heif.bytes(), 75).unwrap()
}

/// Refused with this reason, and for a cause that holds these words.
fn assert_refused(heif: &Heif, reason: &str, words: &str) {
    let rejection = thumb(&heif.bytes(), 75).expect_err(words);
    let cause = std::error::Error::source(&rejection).map(ToString::to_string).unwrap_or_default();
    assert!(rejection.reason() == reason && cause.contains(words), "{words}: {rejection:?}");
}

#[test]
fn an_identity_adds_its_turns_to_those_of_the_picture_it_is_derived_from() {
    let photo = Coded::of("photo.heic");
    for (inner, outer) in [(0, 1), (1, 0), (1, 2), (3, 1)] {
        let mut derived = single(&photo, &[rotation(inner)]);
        derived.primary = derived.item(*b"iden", &[], &[rotation(outer)]);
        derived.refer(*b"dimg", 2, &[1]);
        assert_eq!(
            shown(&derived),
            shown(&single(&photo, &[rotation((inner + outer) % 4)])),
            "{inner} {outer}"
        );
    }
}

#[test]
fn a_picture_with_a_gain_map_is_shown_as_its_base() {
    let photo = Coded::of("photo.heic");
    let mut mapped = single(&photo, &[]);
    let map = mapped.picture(&Coded::of("gray.heic"), SIZE, &[]);
    mapped.primary = mapped.item(*b"tmap", &[0], &[]);
    mapped.refer(*b"dimg", mapped.primary, &[1, map]);
    assert_eq!(shown(&mapped), shown(&single(&photo, &[])));
}

#[test]
fn derivations_end_after_one_and_name_what_they_are_made_of() {
    let photo = Coded::of("photo.heic");
    for kind in [*b"iden", *b"tmap"] {
        let mut twice = single(&photo, &[]);
        let inner = twice.item(kind, &[], &[]);
        twice.refer(*b"dimg", inner, &[1]);
        twice.primary = twice.item(*b"iden", &[], &[]);
        twice.refer(*b"dimg", twice.primary, &[inner]);
        assert_refused(&twice, "UnsupportedFeature", "derived from a derived one");
        let mut alone = single(&photo, &[]);
        alone.primary = alone.item(kind, &[], &[]);
        assert_refused(&alone, "Corrupt", "lacks what it is derived from");
    }
}

#[test]
fn tiles_of_a_grid_are_of_one_codec_sampling_and_depth_and_as_large_as_declared() {
    let grid = |one: &str, other: &str, size: (u32, u32), columns: u8| {
        let mut heif = Heif::new(*b"heic");
        let tiles = [one, other].map(|name| heif.picture(&Coded::of(name), size, &[]));
        heif.grid((1, columns), (size.0 * u32::from(columns), size.1), &tiles);
        heif
    };
    assert!(thumb(&grid("photo.heic", "photo.heic", SIZE, 2).bytes(), 75).is_ok());
    for (other, words) in [
        ("photo.avif", "several codecs"),
        ("444.heic", "tiles that differ"),
        ("10-bit.heic", "tiles that differ"),
    ] {
        assert_refused(&grid("photo.heic", other, SIZE, 2), "UnsupportedFeature", words);
    }
    assert_refused(&grid("photo.heic", "photo.heic", SIZE, 3), "Corrupt", "lacks what it is derived from");
    assert_refused(&grid("photo.heic", "photo.heic", (148, 100), 2), "Corrupt", "not as large");
}

#[test]
fn grids_may_decode_twice_the_pixels_that_are_allowed_and_declare_no_more_than_those() {
    let limited = |size: (u32, u32), tile: (u32, u32), max_pixels: u64| {
        let mut heif = Heif::new(*b"heic");
        let number = heif.picture(&Coded::of("grid.heic"), tile, &[]);
        heif.grid((2, 2), size, &[number; 4]);
        let limits = Limits { max_pixels, ..Limits::default() };
        thumbnail(&heif.bytes(), &limits, &options(64)).map_err(|rejection| rejection.reason())
    };
    // Four tiles have 16,384 pixels.
    assert!(limited((65, 65), TILE, 8_192).is_ok());
    assert_eq!(limited((65, 65), TILE, 8_191).unwrap_err(), "TooManyPixels");
    assert_eq!(limited((128, 128), TILE, 16_383).unwrap_err(), "TooManyPixels");
    assert_eq!(limited((65, 65), (6_400, 6_400), 1_000_000).unwrap_err(), "TooManyPixels");
    assert_eq!(limited((65, 65), (0, 64), 1_000_000).unwrap_err(), "Corrupt");
    for size in [(129, 64), (64, 129)] {
        assert_eq!(limited(size, TILE, 1_000_000).unwrap_err(), "Corrupt", "{size:?}");
    }
}

#[test]
fn colours_that_only_the_first_tile_declares_hold_for_the_grid() {
    let grid = |properties: &[Vec<u8>]| {
        let mut heif = Heif::new(*b"heic");
        let tile = heif.picture(&Coded::of("grid.heic"), TILE, properties);
        heif.grid((1, 1), TILE, &[tile]);
        shown(&heif)
    };
    let (plain, wide) = (grid(&[nclx(1, 13, 6)]), grid(&[nclx(12, 13, 6)]));
    assert!(difference(&pixels(&plain), &pixels(&wide)) > 0.5);
    let profile = moxcms::ColorProfile::new_display_p3().encode().unwrap();
    let profile = boxed(*b"colr", &[&b"prof"[..], &profile].concat());
    let by_profile = pixels(&grid(&[profile, nclx(1, 13, 6)]));
    assert!(difference(&by_profile, &pixels(&wide)) < 1.0);
}

fn on_blue(heif: &Heif) -> Result<Thumbnail, Rejection> {
    let background = Rgb { red: 0, green: 0, blue: 255 };
    thumbnail(&heif.bytes(), &Limits::default(), &Options { background, ..options(75) })
}

/// The photograph, with opacities of an auxiliary type.
fn with_alpha(kind: &str, properties: &[Vec<u8>]) -> Heif {
    let mut heif = single(&Coded::of("photo.heic"), &[]);
    let alpha = [&[auxiliary(kind)], properties].concat();
    let alpha = heif.picture(&Coded::of("gray.heic"), SIZE, &alpha);
    heif.refer(*b"auxl", alpha, &[1]);
    heif
}

#[test]
fn each_auxiliary_type_of_opacity_counts_and_no_other() {
    let opaque = on_blue(&single(&Coded::of("photo.heic"), &[])).unwrap();
    let expected = on_blue(&with_alpha(ALPHA[0], &[])).unwrap();
    assert_ne!(expected, opaque);
    for kind in ALPHA {
        assert_eq!(on_blue(&with_alpha(kind, &[])).unwrap(), expected, "{kind}");
    }
    // A map of depth, before opacity and alone.
    let depth = "urn:mpeg:hevc:2015:auxid:2";
    assert_eq!(on_blue(&with_alpha(depth, &[])).unwrap(), opaque);
    let mut both = with_alpha(depth, &[]);
    let alpha = both.picture(&Coded::of("gray.heic"), SIZE, &[auxiliary(ALPHA[0])]);
    both.refer(*b"auxl", alpha, &[1]);
    assert_eq!(on_blue(&both).unwrap(), expected);
}

#[test]
fn opacities_are_turned_with_the_colours_and_not_by_themselves() {
    let expected = on_blue(&with_alpha(ALPHA[0], &[])).unwrap();
    let aperture = boxed(*b"clap", &[50_u32, 1, 50, 1, 0, 1, 0, 1].map(u32::to_be_bytes).concat());
    for property in [rotation(1), aperture] {
        assert_eq!(on_blue(&with_alpha(ALPHA[0], &[property])).unwrap(), expected);
    }
}

#[test]
fn colours_are_weighed_already_where_they_refer_to_the_opacities_and_nowhere_else() {
    let plain = on_blue(&with_alpha(ALPHA[0], &[])).unwrap();
    let mut weighed = with_alpha(ALPHA[0], &[]);
    weighed.refer(*b"prem", 1, &[2]);
    assert_ne!(on_blue(&weighed).unwrap(), plain);
    let mut other = with_alpha(ALPHA[0], &[]);
    other.refer(*b"prem", 1, &[1]);
    assert_eq!(on_blue(&other).unwrap(), plain);
}

/// A unit of a HEIF item with its length.
fn unit(content: &[u8]) -> Vec<u8> {
    [&u32::try_from(content.len()).unwrap().to_be_bytes()[..], content].concat()
}

#[test]
fn units_of_hevc_that_are_no_part_of_the_picture_are_passed_over() {
    let photo = Coded::of("photo.heic");
    let expected = shown(&single(&photo, &[]));
    let with = |before: &[u8], behind: &[u8]| {
        let data = [before, &photo.data, behind].concat();
        thumb(&single(&Coded { data, ..photo.clone() }, &[]).bytes(), 75)
    };
    let slice = photo.data[4..].to_vec();
    let mut enhancement = slice[..12].to_vec();
    // The layer's number begins in the lowest bit of the first byte.
    enhancement[1] |= 1 << 3;
    for (what, before, behind) in [
        ("empty units", [unit(&[]), unit(&[0x4e]), unit(&[0x4e, 1])].concat(), unit(&[0x26])),
        ("another layer", unit(&enhancement), unit(&enhancement)),
        ("a second picture", vec![], unit(&slice)),
        ("parameters behind it", vec![], unit(&[0x42, 1, 0xff, 0xff, 0xff])),
    ] {
        assert_eq!(with(&before, &behind).unwrap(), expected, "{what}");
    }
    let rejection = with(&unit(&[0x4e, 1, 0x80]).repeat(4_096), &[]).unwrap_err();
    assert_eq!(rejection.reason(), "UnsupportedFeature");
    assert_eq!(with(&unit(&[0x4e, 1, 0x80]).repeat(4_000), &[]).unwrap(), expected);
    assert_eq!(with(&[], &[0, 0, 0, 9, 1]).unwrap_err().reason(), "Truncated");
}

#[test]
fn a_file_that_ends_within_its_picture_is_truncated() {
    for name in ["photo.heic", "photo.avif"] {
        let bytes = single(&Coded::of(name), &[]).bytes();
        let rejection = thumb(&bytes[..bytes.len() - 50], 75).unwrap_err();
        assert_eq!(rejection.reason(), "Truncated", "{name}: {rejection:?}");
    }
}

#[test]
fn parameters_of_hevc_may_stand_in_the_data_instead_of_the_configuration() {
    let photo = Coded::of("photo.heic");
    // A box's head, 22 bytes, and the number of arrays; each has a type, a count, and units with lengths of two bytes.
    let (head, mut rest) = photo.configuration.split_at(8 + 22);
    let (mut data, arrays) = (Vec::new(), rest[0]);
    rest = &rest[1..];
    for _ in 0..arrays {
        let count = u16::from_be_bytes([rest[1], rest[2]]);
        rest = &rest[3..];
        for _ in 0..count {
            let length = usize::from(u16::from_be_bytes([rest[0], rest[1]]));
            data.extend(unit(&rest[2..2 + length]));
            rest = &rest[2 + length..];
        }
    }
    data.extend(&photo.data);
    let moved = Coded { configuration: boxed(*b"hvcC", &[&head[8..], &[0]].concat()), data, ..photo.clone() };
    assert_eq!(shown(&single(&moved, &[])), shown(&single(&photo, &[])));
}

#[test]
fn a_second_frame_of_av1_is_not_shown_and_another_sequence_refused() {
    let photo = Coded::of("photo.avif");
    let with = |data: Vec<u8>| thumb(&single(&Coded { data, ..photo.clone() }, &[]).bytes(), 75);
    let expected = with(photo.data.clone()).unwrap();
    assert_eq!(with(photo.data.repeat(2)).unwrap(), expected);
    // A sequence header of one byte.
    let other = [&photo.data[..], &[0x0a, 1, 0]].concat();
    assert_eq!(with(other).unwrap_err().reason(), "UnsupportedFeature");
    // The sequence without a frame.
    let start = photo.data.windows(2).position(|unit| unit[0] & 0x78 == 0x08).unwrap();
    let end = start + 2 + usize::from(photo.data[start + 1]);
    assert_eq!(with(photo.data[..end].to_vec()).unwrap_err().reason(), "Truncated");
}
