//! HEIC and AVIF, as real programs write them and as they are made to exhaust a reader.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod bombs;
mod common;

use std::time::Duration;

use common::{difference, fixture, options, pixels, processor_time, reason, thumb};
use heifer_isobmff::writer::{HeifWriter, ImageSpec};
use image::{Rgb, RgbImage};
use thumbnail::{Format, Formats, Limits, Options, sniff, thumbnail};

/// The photograph at 75 × 50, from the lossless file, by another resampler than ours.
fn reference() -> RgbImage {
    let photo = image::load_from_memory(&fixture("photo.png")).unwrap();
    photo.resize_exact(75, 50, image::imageops::FilterType::Lanczos3).into_rgb8()
}

fn assert_is_photo(file: &str, tolerance: f64) {
    let small = thumb(&fixture(file), 75).unwrap_or_else(|rejection| panic!("{file}: {rejection:?}"));
    assert_eq!((small.width, small.height), (75, 50), "{file}");
    let difference = difference(&pixels(&small), &reference());
    assert!(difference < tolerance, "{file} differs by {difference:.2} levels");
}

#[test]
fn every_depth_sampling_matrix_and_range_becomes_the_same_picture() {
    for file in [
        "photo.heic",
        "422.heic",
        "444.heic",
        "10-bit.heic",
        "12-bit.heic",
        "bt709.heic",
        "photo.avif",
        "422.avif",
        "444.avif",
        "10-bit.avif",
        "12-bit.avif",
        "identity.avif",
        "bt2020.avif",
    ] {
        assert_is_photo(file, 3.5);
    }
}

#[test]
fn a_grid_of_tiles_becomes_the_picture_that_they_cover() {
    assert_is_photo("grid.heic", 3.5);
    assert_is_photo("grid.avif", 3.5);
}

#[test]
fn a_picture_is_turned_by_its_properties_and_not_once_more_by_exif() {
    assert_is_photo("turned.heic", 3.5);
    assert_is_photo("turned.avif", 3.5);
}

#[test]
fn a_clean_aperture_shows_what_is_in_it() {
    assert_is_photo("aperture.heic", 3.5);
    assert_is_photo("aperture.avif", 3.5);
}

/// The mean of each channel of the thumbnail.
fn mean(file: &str) -> [f64; 3] {
    let small = pixels(&thumb(&fixture(file), 75).unwrap());
    let mut sums = [0.0; 3];
    for pixel in small.pixels() {
        sums.iter_mut().zip(pixel.0).for_each(|(sum, level)| *sum += f64::from(level));
    }
    sums.map(|sum| sum / f64::from(small.width() * small.height()))
}

#[test]
fn primaries_and_transfer_that_the_container_declares_are_followed() {
    // Of a picture of warm colours: red gains and blue loses where the same levels mean wider primaries.
    let (srgb, p3) = (mean("photo.heic"), mean("display-p3.heic"));
    assert!(p3[0] > srgb[0] + 3.0 && p3[2] < srgb[2] - 2.0, "{srgb:?} {p3:?}");
    let (plain, pq) = (mean("photo.avif"), mean("pq.avif"));
    assert!(plain.iter().zip(pq).all(|(plain, pq)| (plain - pq).abs() > 10.0), "{plain:?} {pq:?}");
}

#[test]
fn gray_pictures_stay_gray() {
    let gray = image::DynamicImage::from(reference()).into_luma8();
    let reference = image::DynamicImage::from(gray).into_rgb8();
    for file in ["gray.heic", "gray.avif"] {
        let small = pixels(&thumb(&fixture(file), 75).unwrap());
        assert!(difference(&small, &reference) < 3.0, "{file}");
    }
}

#[test]
fn opacity_beside_the_colours_or_in_them_already_shows_the_background() {
    let background = thumbnail::Rgb { red: 0, green: 0, blue: 255 };
    let look = Options { background, ..options(75) };
    let photo = reference();
    let expected = RgbImage::from_fn(75, 50, |x, y| {
        // Transparent at the top and opaque at the bottom.
        let opacity = (f64::from(y) + 0.5) / 50.0;
        let blend = |over: u8, under: f64| f64::from(over) * opacity + under * (1.0 - opacity);
        let Rgb([red, green, blue]) = *photo.get_pixel(x, y);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a blend of bytes")]
        let to_byte = |level: f64| level.round() as u8;
        Rgb([blend(red, 0.0), blend(green, 0.0), blend(blue, 255.0)].map(to_byte))
    });
    for file in ["alpha.heic", "alpha.avif", "premultiplied.heic"] {
        let small = thumbnail(&fixture(file), &Limits::default(), &look).unwrap();
        let difference = difference(&pixels(&small), &expected);
        assert!(difference < 3.5, "{file} differs by {difference:.2} levels");
    }
}

/// Ends as it should, and soon.
fn assert_refused(what: &str, bytes: &[u8], expected: &str) {
    let started = processor_time();
    assert_eq!(reason(bytes), expected, "{what}");
    let took = processor_time().saturating_sub(started);
    assert!(took < Duration::from_secs(1), "{what} takes {took:?}");
}

#[test]
fn what_asks_for_far_more_work_than_it_shows_is_refused_before_any() {
    assert!(thumb(&bombs::heif::grid(2, 3, 150, 100), 64).is_ok());
    let replaced = |mut bytes: Vec<u8>, from: &[u8; 4], to: &[u8; 4]| {
        while let Some(at) = bytes.windows(4).position(|window| window == from) {
            bytes[at..at + 4].copy_from_slice(to);
        }
        bytes
    };
    assert_refused("65025 tiles", &bombs::heif::grid(255, 255, 6_400, 6_400), "UnsupportedFeature");
    assert_refused("tiles that do not reach", &bombs::heif::grid(2, 2, 129, 128), "Corrupt");
    assert_refused("a canvas beyond the limit", &bombs::heif::grid(1, 1, 16_000, 16_000), "TooManyPixels");
    assert_refused(
        "an overlay",
        &replaced(bombs::heif::grid(2, 2, 128, 128), b"grid", b"iovl"),
        "UnsupportedFeature",
    );
    assert_refused(
        "tiles of another codec",
        &replaced(bombs::heif::grid(2, 2, 128, 128), b"hvc1", b"vvc1"),
        "UnsupportedFeature",
    );
}

#[test]
fn a_grid_of_grids_is_refused() {
    let (config, slices) = bombs::heif::tile();
    let mut writer = HeifWriter::new();
    let tile = writer.add_image(&ImageSpec { hidden: true, ..ImageSpec::new(64, 64, config, &slices) });
    let inner = writer.add_hidden_grid(1, 2, 128, 64, &[tile; 2], None);
    writer.add_grid(2, 1, 128, 128, &[inner; 2], None, None);
    assert_refused("a grid of grids", &writer.finish(), "UnsupportedFeature");
}

/// Who follows both references goes round without an end.
#[test]
fn a_tile_that_claims_to_be_made_of_its_own_grid_is_drawn_as_what_it_is() {
    let whole = fixture("grid.heic");
    let file = heifer_isobmff::HeifFile::parse(&whole).unwrap();
    let (grid, tile) = (file.primary_id, *file.referenced_items(file.primary_id, b"dimg").first().unwrap());
    // Put before the boxes that follow in the same box; of the places the first are those of the tiles.
    let mut reference = 14_u32.to_be_bytes().to_vec();
    reference.extend(b"dimg");
    for number in [tile, 1, grid] {
        reference.extend(u16::try_from(number).unwrap().to_be_bytes());
    }
    let bytes = bombs::heif::with_reference(&whole, &reference);
    assert_eq!(thumb(&bytes, 75).unwrap(), thumb(&whole, 75).unwrap());
}

#[test]
fn tiles_wholly_beyond_the_canvas_are_not_decoded() {
    let few = thumb(&bombs::heif::grid(2, 2, 128, 128), 64).unwrap();
    let bytes = bombs::heif::grid(32, 32, 128, 128);
    let started = processor_time();
    let many = thumb(&bytes, 64).unwrap();
    let took = processor_time().saturating_sub(started);
    assert_eq!(few, many);
    assert!(took < Duration::from_millis(500), "{took:?}");
}

#[test]
fn tables_that_would_take_far_more_memory_than_the_file_are_refused() {
    let whole = fixture("photo.heic");
    let meta = whole.windows(4).position(|window| window == b"meta").unwrap() - 4;
    let kind = whole.windows(4).position(|window| window == b"iprp").unwrap() - 4;
    for table in [b"iinf", b"iloc", b"iref", b"free"] {
        // As many bytes of a table of its own, before those that are there.
        let mut extra = 300_000_u32.to_be_bytes().to_vec();
        extra.extend(table);
        extra.resize(300_000, 0);
        let mut bytes = whole.clone();
        let size = u32::from_be_bytes(bytes[meta..meta + 4].try_into().unwrap()) + 300_000;
        bytes[meta..meta + 4].copy_from_slice(&size.to_be_bytes());
        bytes.splice(kind..kind, extra);
        let reason = thumb(&bytes, 64).map_or_else(|it| it.reason(), |_| "ok");
        if table == b"free" {
            // The pictures' places are those of the file before.
            assert_ne!(reason, "UnsupportedFeature");
        } else {
            assert_eq!(reason, "UnsupportedFeature", "{}", String::from_utf8_lossy(table));
        }
    }
}

#[test]
fn sequences_without_a_still_are_refused_by_name() {
    let bytes = b"\0\0\0\x14ftypmsf1\0\0\0\0hevc\0\0\0\x08moov";
    assert_eq!(reason(bytes), "UnsupportedFeature");
}

#[test]
fn what_a_camera_appends_behind_the_boxes_is_ignored() {
    for file in ["photo.heic", "photo.avif"] {
        let appended = [&fixture(file)[..], b"\0\0\0\x02SEFT and more"].concat();
        assert_eq!(thumb(&appended, 75).unwrap(), thumb(&fixture(file), 75).unwrap(), "{file}");
    }
}

#[test]
fn a_format_that_is_not_accepted_is_refused_by_name_and_those_that_are_accepted_are_named() {
    let formats: Formats = "jpeg,png".parse().unwrap();
    let limits = Limits { formats, ..Limits::default() };
    for (file, name) in [("photo.heic", "HEIC"), ("photo.avif", "AVIF"), ("photo.gif", "GIF")] {
        let rejection = thumbnail(&fixture(file), &limits, &options(64)).unwrap_err();
        assert_eq!(rejection.reason(), "UnsupportedFormat");
        let expected = format!("{name} files are not accepted here; upload a JPEG or PNG file");
        assert!(rejection.to_string().starts_with(&expected), "{rejection}");
    }
    assert!(thumbnail(&fixture("photo.jpg"), &limits, &options(64)).is_ok());
    let rejection = thumbnail(b"hello", &limits, &options(64)).unwrap_err();
    assert_eq!(rejection.to_string(), "the file is not an image; upload a JPEG or PNG file");
}

#[test]
fn the_codec_of_a_picture_must_be_that_of_the_brand() {
    let mut bytes = fixture("photo.heic");
    let brands = bytes.windows(4).position(|window| window == b"heic").unwrap();
    for at in [brands, brands + 12] {
        if &bytes[at..at + 4] == b"heic" {
            bytes[at..at + 4].copy_from_slice(b"avif");
        }
    }
    assert_eq!(sniff(&bytes, Formats::BUILT).unwrap(), Format::Avif);
    assert_eq!(reason(&bytes), "UnsupportedFeature");
}
