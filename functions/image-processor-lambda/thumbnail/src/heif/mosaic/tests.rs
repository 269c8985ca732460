use std::time::Duration;

use super::*;
use crate::format::Format;
use crate::heif::coded::Sampling;
use crate::limits::Limits;
use crate::pixels::{Channels, Plane};
use crate::resize::fit::target;

/// The fixtures' photograph.
const SIZE: (u32, u32) = (150, 100);
const ANNOUNCED: Announced = Announced {
    size: SIZE,
    coded: SIZE,
    sampling: Sampling::Both,
    bytes: [100_000, 200_000],
    uninterrupted: Duration::ZERO,
};

/// Whether it is let in, and then whether filtered; else the reason.
fn admitted(announced: Announced, limits: Limits, side: u32, purpose: Purpose) -> Result<bool, &'static str> {
    let file = HeifFile::parse(include_bytes!("../../../tests/fixtures/photo.heic")).unwrap();
    let source = Source::primary(&file).unwrap();
    let budget = Budget::start(Format::Heic, limits);
    let target = target(side, 80);
    let mosaic = Mosaic { file: &file, source: &source, budget: &budget, target: &target };
    mosaic.admit(None, announced, purpose).map_err(|fault| fault.reject(&budget).reason())
}

const COLORS: Purpose = Purpose::Colors(None);

#[test]
fn filters_run_where_a_thumbnail_is_more_than_half_as_wide() {
    for (side, expected) in [(74, false), (75, false), (76, true), (150, true), (1_000, true)] {
        assert_eq!(admitted(ANNOUNCED, Limits::default(), side, COLORS), Ok(expected), "{side}");
    }
}

#[test]
fn what_is_coded_and_not_shown_is_less_than_two_blocks_each_way() {
    for (coded, expected) in [
        ((278, 228), Ok(false)),
        ((279, 228), Err("UnsupportedFeature")),
        ((278, 229), Err("UnsupportedFeature")),
    ] {
        let found = admitted(Announced { coded, ..ANNOUNCED }, Limits::default(), 10, COLORS);
        assert_eq!(found, expected, "{coded:?}");
    }
}

#[test]
fn memory_is_that_of_the_decoder_of_the_small_picture_and_of_the_opacities() {
    let rect = Rect { x: 0, y: 0, width: 150, height: 100 };
    let samples = vec![0; 15_000];
    let plane = Plane { samples, stride: 150, width: 150.0, height: 100.0 };
    let opacities = Planar { width: 150, height: 100, channels: Channels::Gray, planes: vec![plane] };
    let alpha = Alpha::new(opacities, false);
    for (side, decoder) in [(10, 100_000), (100, 200_000)] {
        let squares = target(side, 80).box_side(150, 100);
        for purpose in [COLORS, Purpose::Colors(Some(&alpha)), Purpose::Opacity] {
            let (squares, held) = match purpose {
                Purpose::Opacity => (1, 0),
                Purpose::Colors(alpha) => (squares, if alpha.is_some() { 15_000 } else { 0 }),
            };
            let small = Canvas::bytes(rect, squares, SIZE, Sampling::Both, purpose);
            let within = |most| {
                let limits = Limits { max_decode_bytes: most, ..Limits::default() };
                admitted(ANNOUNCED, limits, side, purpose)
            };
            assert!(within(decoder + small + held).is_ok(), "{side} {held}");
            assert_eq!(within(decoder + small + held - 1), Err("TooMuchMemory"), "{side} {held}");
        }
    }
}

#[test]
fn pixels_and_time_are_limited_before_a_picture_is_decoded() {
    let few = Limits { max_pixels: 14_999, ..Limits::default() };
    assert_eq!(admitted(ANNOUNCED, few, 10, COLORS), Err("TooManyPixels"));
    let long = Announced { uninterrupted: Limits::default().time, ..ANNOUNCED };
    assert_eq!(admitted(long, Limits::default(), 10, COLORS), Err("TooSlow"));
}
