//! The canvas of a GIF: the union of its logical screen and its first frame, as browsers have it.

#![expect(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test's helpers may fail it")]

mod common;

use common::{assert_near, decoded, pixels, thumb};
use gif::{Encoder, Frame};

const PALETTE: [u8; 12] = [220, 30, 30, 30, 180, 60, 40, 60, 210, 240, 220, 40];
const COLORS: [[u8; 3]; 4] = [[220, 30, 30], [30, 180, 60], [40, 60, 210], [240, 220, 40]];

/// A frame of four quarters, each of one colour, on a screen of `screen`.
fn quarters(screen: (u16, u16), place: (u16, u16), size: (u16, u16), interlaced: bool) -> Vec<u8> {
    let (width, height) = size;
    drawn(screen, place, size, interlaced, |x, y| u8::from(x >= width / 2) + 2 * u8::from(y >= height / 2))
}

/// A frame on a screen, whose colours are of the palette.
fn drawn(
    screen: (u16, u16),
    place: (u16, u16),
    (width, height): (u16, u16),
    interlaced: bool,
    color: impl Fn(u16, u16) -> u8,
) -> Vec<u8> {
    let mut indices = Vec::new();
    for y in 0..height {
        indices.extend((0..width).map(|x| color(x, y)));
    }
    if interlaced {
        let rows: Vec<_> = indices.chunks(width.into()).map(<[u8]>::to_vec).collect();
        let passes = [(0, 8), (4, 8), (2, 4), (1, 2)];
        indices = passes
            .iter()
            .flat_map(|(first, step)| rows.iter().skip(*first).step_by(*step))
            .flatten()
            .copied()
            .collect();
    }
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, screen.0, screen.1, &PALETTE).unwrap();
    let frame = Frame {
        left: place.0,
        top: place.1,
        width,
        height,
        interlaced,
        buffer: indices.into(),
        ..Frame::default()
    };
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    file
}

fn assert_quarters(file: &[u8]) {
    let small = thumb(file, 256).unwrap();
    assert_eq!((small.width, small.height), (256, 192));
    let small = pixels(&small);
    for (place, color) in [(64, 48), (192, 48), (64, 144), (192, 144)].into_iter().zip(COLORS) {
        assert_near(*small.get_pixel(place.0, place.1), color, 4);
    }
}

#[test]
fn a_gif_without_a_screen_is_as_large_as_its_first_frame() {
    for screen in [(0, 0), (0, 300), (400, 0)] {
        assert_quarters(&quarters(screen, (0, 0), (400, 300), false));
    }
}

#[test]
fn a_screen_smaller_than_the_first_frame_grows_to_it() {
    assert_quarters(&quarters((200, 100), (0, 0), (400, 300), false));
    assert_quarters(&quarters((400, 300), (0, 0), (400, 300), true));
    assert_quarters(&quarters((1, 1), (0, 0), (400, 300), true));
}

/// One code may stand for the pixels of many narrow rows.
#[test]
fn an_interlaced_frame_of_any_width_is_the_same_picture() {
    for width in 1..12 {
        for (height, run) in [(1, 1), (7, 1), (64, 5), (200, 1), (200, 9), (200, 200)] {
            let frame = |interlaced| {
                let color = |x, y: u16| u8::try_from((x + y / run) % 4).unwrap();
                drawn((width, height), (0, 0), (width, height), interlaced, color)
            };
            assert_eq!(
                thumb(&frame(true), 256).unwrap().jpeg,
                thumb(&frame(false), 256).unwrap().jpeg,
                "{width} x {height}, {run} rows alike"
            );
        }
    }
}

#[test]
fn a_frame_within_its_screen_leaves_the_rest_transparent() {
    let file = quarters((100, 80), (20, 10), (40, 40), false);
    let small = pixels(&thumb(&file, 256).unwrap());
    assert_eq!(small.dimensions(), (100, 80));
    for ((x, y), color) in
        [((30, 20), COLORS[0]), ((50, 20), COLORS[1]), ((30, 40), COLORS[2]), ((50, 40), COLORS[3])]
    {
        assert_near(*small.get_pixel(x, y), color, 12);
    }
    for (x, y) in [(5, 5), (80, 40), (40, 70), (10, 30)] {
        assert_near(*small.get_pixel(x, y), [255; 3], 8);
    }
}

#[test]
fn a_frame_that_reaches_over_its_screen_moves_the_edge_of_the_canvas() {
    let file = quarters((30, 30), (20, 10), (40, 40), false);
    let canvas = decoded(&file).unwrap();
    assert_eq!(canvas.stored_size(), (60, 50));
}

#[test]
fn a_canvas_that_only_offsets_make_large_is_refused_before_it_is_drawn() {
    let file = quarters((10, 10), (60_000, 60_000), (8, 8), false);
    assert_eq!(common::reason(&file), "TooManyPixels");
}

#[test]
fn the_transparent_index_shows_the_background() {
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 8, 8, &PALETTE).unwrap();
    let indices: Vec<u8> = (0..64).map(|at| u8::from(at % 8 >= 4)).collect();
    let frame =
        Frame { width: 8, height: 8, transparent: Some(1), buffer: indices.into(), ..Frame::default() };
    encoder.write_frame(&frame).unwrap();
    drop(encoder);
    let small = pixels(&thumb(&file, 256).unwrap());
    assert_near(*small.get_pixel(1, 4), COLORS[0], 6);
    assert_near(*small.get_pixel(6, 4), [255; 3], 6);
}
