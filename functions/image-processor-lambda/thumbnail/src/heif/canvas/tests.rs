use super::*;
use crate::heif::code_points::CodePoints;
use crate::heif::coded::Samples;
use crate::heif::color::Color;
use crate::pixels::Plane;

/// Rows of one level.
struct Plain(u16);

impl Samples for Plain {
    fn row<'a>(&'a self, _: usize, _: u32, scratch: &'a mut Vec<u16>) -> &'a [u16] {
        *scratch = vec![self.0; 64];
        scratch
    }
}

fn picture(sampling: Sampling, bits: u8) -> CodedPicture {
    let samples = Box::new(Plain(99));
    CodedPicture { width: 5, height: 5, sampling, bits: [bits; 2], color: CodePoints::NONE, samples }
}

fn canvas<'a>(picture: &CodedPicture, purpose: Purpose<'a>) -> Canvas<'a> {
    let encoding = Color { declared: CodePoints::NONE }.encoding(picture).unwrap();
    let rect = Rect { x: 0, y: 0, width: 10, height: 10 };
    Canvas::new(picture, encoding, (10, 10), rect, 2, purpose)
}

const CORNERS: [(u32, u32); 4] = [(0, 0), (5, 0), (0, 5), (5, 5)];

#[test]
fn odd_tiles_are_drawn_where_each_pixel_has_samples_of_its_own() {
    for sampling in [Sampling::Gray, Sampling::Each] {
        let picture = picture(sampling, 8);
        let mut canvas = canvas(&picture, Purpose::Colors(None));
        for (x, y) in CORNERS {
            canvas.add(&picture, Rect { x, y, width: 5, height: 5 }).unwrap();
        }
        let planar = canvas.finish();
        assert!(planar.planes[0].samples == [99; 25], "{sampling:?}");
        let expected = if sampling == Sampling::Gray { Channels::Gray } else { Channels::YCbCr };
        assert_eq!(planar.channels, expected);
    }
}

#[test]
fn odd_tiles_that_share_samples_and_tiles_of_another_kind_are_refused() {
    for (sampling, refused) in [(Sampling::Both, &CORNERS[1..]), (Sampling::Across, &[(5, 0), (5, 5)])] {
        let picture = picture(sampling, 8);
        for (x, y) in CORNERS {
            let outcome =
                canvas(&picture, Purpose::Colors(None)).add(&picture, Rect { x, y, width: 5, height: 5 });
            assert_eq!(outcome.is_err(), refused.contains(&(x, y)), "{sampling:?} {x} {y}");
        }
    }
    for other in [picture(Sampling::Gray, 8), picture(Sampling::Each, 10)] {
        let mut canvas = canvas(&picture(Sampling::Each, 8), Purpose::Colors(None));
        assert!(canvas.add(&other, Rect { x: 0, y: 0, width: 5, height: 5 }).is_err());
    }
}

#[test]
fn a_sample_covers_each_pixel_that_it_has_a_part_of() {
    let rect = Rect { x: 3, y: 4, width: 4, height: 5 };
    assert_eq!(places(rect, (0, 0)), (3..7, 4..9));
    assert_eq!(places(rect, (1, 1)), (1..4, 2..5));
}

fn alpha() -> Alpha {
    let samples = vec![0, 100, 200, 50, 152, 250, 10, 20, 31];
    let plane = Plane { samples, stride: 3, width: 3.0, height: 3.0 };
    Alpha::new(Planar { width: 3, height: 3, channels: Channels::Gray, planes: vec![plane] }, false)
}

#[test]
fn a_sample_is_as_opaque_as_the_mean_of_the_pixels_that_share_it() {
    let mut weights = Weights::default();
    let mut read = |columns, y, shifts| {
        weights.read(&alpha(), (3, 3), (columns, y), shifts);
        weights.opacities.clone()
    };
    assert_eq!(read(&(0..3), 1, (0, 0)), [50, 152, 250]);
    assert_eq!(read(&(0..2), 0, (1, 1)), [76, 225]);
    // Beyond the last row and column there is nothing.
    assert_eq!(read(&(0..2), 1, (1, 1)), [15, 31]);
    assert_eq!(read(&(0..2), 2, (1, 0)), [15, 31]);
}

#[test]
fn differences_are_weighed_alike_above_and_below_their_zero() {
    let mut weights = Weights { opacities: vec![128; 3], ..Weights::default() };
    assert_eq!(weights.weigh(&[10, 0, 5], 5), [3, -3, 0]);
}

/// Four rows of Cb and Cr, whose levels tell where they are.
struct Slope;

impl Samples for Slope {
    fn row<'a>(&'a self, _: usize, y: u32, scratch: &'a mut Vec<u16>) -> &'a [u16] {
        *scratch = (0..4).map(|x| u16::try_from(100 + 40 * x + 8 * y).unwrap()).collect();
        scratch
    }
}

#[test]
fn between_samples_cb_and_cr_are_linear_and_at_an_edge_they_stay() {
    let picture =
        |sampling| CodedPicture { samples: Box::new(Slope), width: 7, height: 7, ..picture(sampling, 8) };
    let row = |sampling, y| Interpolation::default().row(&picture(sampling), 1, y).to_vec();
    assert_eq!(row(Sampling::Both, 0), [100, 110, 130, 150, 170, 190, 210]);
    assert_eq!(row(Sampling::Both, 1), [102, 112, 132, 152, 172, 192, 212]);
    assert_eq!(row(Sampling::Both, 6), [122, 132, 152, 172, 192, 212, 232]);
    assert_eq!(row(Sampling::Across, 1), [108, 118, 138, 158, 178, 198, 218]);
}

#[test]
fn what_is_not_averaged_keeps_cb_and_cr_for_each_pixel_if_there_is_opacity() {
    let alpha = alpha();
    let rect = Rect { x: 0, y: 0, width: 64, height: 64 };
    let bytes = |sampling, side, purpose| Canvas::bytes(rect, side, (64, 64), sampling, purpose);
    let weighed = Purpose::Colors(Some(&alpha));
    assert_eq!(bytes(Sampling::Both, 1, weighed), bytes(Sampling::Each, 1, weighed));
    assert!(bytes(Sampling::Both, 2, weighed) < bytes(Sampling::Each, 2, weighed));
    assert!(
        bytes(Sampling::Both, 1, Purpose::Colors(None)) < bytes(Sampling::Each, 1, Purpose::Colors(None))
    );
}

#[test]
fn cb_and_cr_count_for_the_memory_and_so_does_opacity() {
    let rect = Rect { x: 0, y: 0, width: 64, height: 64 };
    let alpha = alpha();
    let bytes = |sampling, purpose| Canvas::bytes(rect, 1, (64, 64), sampling, purpose);
    let gray = bytes(Sampling::Gray, Purpose::Colors(None));
    assert_eq!(bytes(Sampling::Each, Purpose::Colors(None)), 3 * gray);
    assert_eq!(bytes(Sampling::Gray, Purpose::Colors(Some(&alpha))), 2 * gray);
    assert_eq!(bytes(Sampling::Each, Purpose::Opacity), gray);
    assert!((gray..2 * gray).contains(&bytes(Sampling::Both, Purpose::Colors(None))));
}
