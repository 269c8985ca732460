//! A picture of four colours, and whether a thumbnail shows it.

#![allow(dead_code, reason = "each test file is a crate of its own and uses a part")]

use image::Rgb;

use super::common::{pixels, thumb};

/// Of the picture.
pub(crate) const SIZE: (u32, u32) = (40, 30);
/// Left above, right above, left below, right below.
pub(crate) const COLORS: [[u8; 3]; 4] = [[220, 30, 30], [30, 180, 60], [40, 60, 210], [240, 220, 40]];

/// Which of the four a pixel is.
pub(crate) fn quadrant(x: u32, y: u32) -> usize {
    usize::from(x >= SIZE.0 / 2) + 2 * usize::from(y >= SIZE.1 / 2)
}

/// The samples of all pixels, row by row, those of a pixel made of its colour.
pub(crate) fn samples<T>(of: impl Fn([u8; 3]) -> Vec<T>) -> Vec<T> {
    area((0, 0), SIZE, of)
}

/// The same of a part of the picture; beyond it all is magenta.
pub(crate) fn area<T>(
    (left, top): (u32, u32),
    (width, height): (u32, u32),
    of: impl Fn([u8; 3]) -> Vec<T>,
) -> Vec<T> {
    let mut samples = Vec::new();
    for (y, x) in (top..top + height).flat_map(|y| (left..left + width).map(move |x| (y, x))) {
        let is_inside = x < SIZE.0 && y < SIZE.1;
        samples.extend(of(if is_inside { COLORS[quadrant(x, y)] } else { [255, 0, 255] }));
    }
    samples
}

pub(crate) fn rgb() -> Vec<u8> {
    samples(|color| color.to_vec())
}

/// The middle of each quadrant has its colour.
pub(crate) fn assert_shown(what: &str, file: &[u8], tolerance: u8) {
    assert_colors(what, file, COLORS, tolerance);
}

pub(crate) fn assert_colors(what: &str, file: &[u8], colors: [[u8; 3]; 4], tolerance: u8) {
    let small = thumb(file, 64).unwrap_or_else(|rejection| panic!("{what}: {rejection:?}"));
    let small = pixels(&small);
    assert_eq!(small.dimensions(), SIZE, "{what}");
    for (color, (x, y)) in colors.into_iter().zip([(9, 7), (30, 7), (9, 22), (30, 22)]) {
        let Rgb(found) = *small.get_pixel(x, y);
        let far = found.iter().zip(color).any(|(a, b)| a.abs_diff(b) > tolerance);
        assert!(!far, "{what}: {found:?}, not {color:?}");
    }
}

/// Refused by name: with this reason, and a cause that holds these words.
pub(crate) fn assert_refused(what: &str, file: &[u8], expected: &str, words: &str) {
    let rejection = thumb(file, 64).expect_err(what);
    assert_eq!(rejection.reason(), expected, "{what}: {rejection:?}");
    let cause = std::error::Error::source(&rejection).map(ToString::to_string).unwrap_or_default();
    assert!(cause.contains(words), "{what}: {cause}");
}
