//! Fields of TIFFs that are left out, contradict the file, or ask for far more work than the picture is worth.

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

use common::thumb;
use jpeg_encoder::{ColorType, Encoder};
use moxcms::ColorProfile;
use quadrants::{SIZE, area, assert_refused, assert_shown, rgb, samples};
use writer::{File, Page};

const ICC_PROFILE: u16 = 34675;

#[test]
fn a_reduced_page_is_shown_where_the_chain_behind_it_leads_nowhere() {
    let mut file = Page::new(SIZE, 3, 8, rgb()).tag(254, 1).file();
    let end = file.len() - 4;
    file[end..].copy_from_slice(&[0, 0xff, 0xff, 0xff]);
    assert_shown("reduced", &file, 4);
}

#[test]
fn the_last_directory_may_end_without_the_place_of_a_next_one() {
    let mut file = Page::new(SIZE, 3, 8, rgb()).file();
    file.truncate(file.len() - 4);
    assert_shown("cut off", &file, 4);
}

#[test]
fn numbers_of_big_tiffs_may_have_eight_bytes_and_their_directories_65535_entries() {
    let big = File { is_big_endian: false, is_big_tiff: true };
    let page = Page::new(SIZE, 3, 8, rgb()).wide(256, 40).wide(257, 30);
    let mut file = big.write(&[page]);
    assert_shown("eight bytes", &file, 4);
    let directory = usize::try_from(u64::from_le_bytes(file[8..16].try_into().unwrap())).unwrap();
    file[directory..directory + 8].copy_from_slice(&65_536_u64.to_le_bytes());
    assert_refused("entries", &file, "Corrupt", "65,535 entries");
}

#[test]
fn a_side_that_is_a_fraction_is_none() {
    let page = Page::new(SIZE, 3, 8, rgb()).rationals(256, &[(40, 1)]);
    assert_refused("rational", &page.file(), "Corrupt", "the size is missing");
}

#[test]
fn no_rows_per_strip_are_all_rows() {
    assert_shown("zero", &Page::new(SIZE, 3, 8, rgb()).tag(278, 0).file(), 4);
}

#[test]
fn a_strip_without_a_place_is_refused_by_name() {
    assert_refused(
        "sparse",
        &Page::new(SIZE, 3, 8, rgb()).tag(273, 0).file(),
        "UnsupportedFeature",
        "sparse",
    );
}

/// Y, Cb and Cr of luma that is green alone.
fn green_luma([red, green, blue]: [u8; 3]) -> [u8; 3] {
    let half = |color: u8| {
        let half = (i32::from(color) - i32::from(green)) / 2;
        u8::try_from(128 + half).unwrap()
    };
    [green, half(blue), half(red)]
}

#[test]
fn coefficients_of_luma_are_followed() {
    let data = samples(|color| green_luma(color).to_vec());
    let page = Page::new(SIZE, 3, 8, data).tag(262, 6).tags(530, &[1, 1]);
    assert_shown("luma of green", &page.tags(529, &[0, 1, 0]).file(), 6);
}

#[test]
fn coefficients_are_numbers_of_any_type_and_one_over_zero_is_that_of_bt601() {
    let data = samples(|color| green_luma(color).to_vec());
    let page = Page::new(SIZE, 3, 8, data).tag(262, 6).tags(530, &[1, 1]);
    assert_shown("rationals", &page.clone().rationals(529, &[(0, 7), (9, 9), (0, 1)]).file(), 6);
    assert_shown("floats", &page.clone().floats(529, &[0.0, 1.0, 0.0]).file(), 6);
    let by = |page: Page| thumb(&page.file(), 64).unwrap();
    let standard = by(page.clone().rationals(529, &[(299, 1_000), (587, 1_000), (114, 1_000)]));
    assert_eq!(by(page.clone().rationals(529, &[(1, 0), (2, 0), (0, 0)])), standard);
    assert_eq!(by(page), standard);
}

#[test]
fn cb_and_cr_are_shared_by_four_pixels_where_nothing_is_said() {
    let mut data = Vec::new();
    for top in (0..SIZE.1).step_by(2) {
        for left in (0..SIZE.0).step_by(2) {
            let pixels = area((left, top), (2, 2), |color| vec![green_luma(color)]);
            data.extend(pixels.iter().map(|[luma, ..]| *luma));
            let [_, cb, cr] = pixels[0];
            data.extend([cb, cr]);
        }
    }
    let page = Page::new(SIZE, 3, 8, data).tag(262, 6).tags(529, &[0, 1, 0]);
    // The boundary of two colours lies between 14 and 15 down, within such a block.
    let file = page.file();
    assert!(thumb(&file, 64).is_ok());
    assert_shown("default", &file, 6);
}

#[test]
fn shared_cb_and_cr_beside_an_extra_sample_are_refused_by_name() {
    let page = Page::new(SIZE, 4, 8, vec![0; 9600]).tag(262, 6).tags(530, &[2, 2]);
    assert_refused("alpha", &page.file(), "UnsupportedFeature", "subsampled YCbCr");
}

/// The same samples with a profile and without.
fn is_followed(page: &Page) -> bool {
    let profile = ColorProfile::new_display_p3().encode().unwrap();
    let [with, without] = [page.clone().bytes(ICC_PROFILE, profile), page.clone()].map(|page| page.file());
    thumb(&with, 64).unwrap().jpeg != thumb(&without, 64).unwrap().jpeg
}

#[test]
fn a_profile_belongs_to_rgb_and_not_to_lab() {
    assert!(is_followed(&Page::new(SIZE, 3, 8, rgb())));
    let lab = Page::new(SIZE, 3, 8, samples(|[red, ..]| vec![red, 20, 20])).tag(262, 8);
    assert!(!is_followed(&lab));
}

#[test]
fn tiles_far_larger_than_the_picture_are_refused_before_any_is_read() {
    let page = Page::new(SIZE, 3, 8, rgb()).tag(322, 60_000).tag(323, 60_000);
    assert_refused("tiles", &page.file(), "UnsupportedFeature", "far larger");
}

fn jpeg((width, height): (u16, u16)) -> Vec<u8> {
    let mut jpeg = Vec::new();
    let data = area((0, 0), (width.into(), height.into()), |color| color.to_vec());
    Encoder::new(&mut jpeg, 95).encode(&data, width, height, ColorType::Rgb).unwrap();
    jpeg
}

#[test]
fn a_jpeg_narrower_than_its_strip_is_refused() {
    let page = Page::new(SIZE, 3, 8, jpeg((24, 30))).tag(259, 7).tag(262, 6);
    assert_refused("narrower", &page.file(), "Corrupt", "another size");
}

#[test]
fn strips_that_all_share_much_data_are_refused() {
    let comment = [&[0xff, 0xfe, 0x50, 0][..], &vec![b' '; 0x4ffe]].concat();
    let row = jpeg((40, 1));
    let row = [&row[..2], &comment, &row[2..]].concat();
    let length = u32::try_from(row.len()).unwrap();
    let page = Page::new(SIZE, 3, 8, row).tag(259, 7).tag(262, 6).tag(278, 1);
    // The first strip stands behind the header of eight bytes.
    let file = page.tags(273, &[8; 30]).tags(279, &[length; 30]).file();
    assert_refused("shared", &file, "Corrupt", "share their data");
}
