//! Cb and Cr of pictures a few pixels wide, which libjpeg, and so browsers, repeat instead of interpolating.

use crate::pixels::Plane;

/// Up to so many samples across they are repeated.
const REPEATED: f64 = 2.0;

/// Planes of a `YCbCr` picture; those with few samples across get one for each of luma's.
pub(super) fn repeated(planes: Vec<Plane>) -> Vec<Plane> {
    let Some(luma) = planes.first() else { return planes };
    let size = [luma.width, luma.height];
    let repeat = |plane: Plane| {
        let is_few = plane.width.ceil() <= REPEATED && plane.width < size[0];
        if is_few { repeat(&plane, size) } else { plane }
    };
    planes.into_iter().map(repeat).collect()
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "sides of pictures")]
fn repeat(plane: &Plane, [width, height]: [f64; 2]) -> Plane {
    let places = |length: f64, of: f64| {
        (0..length.ceil() as u32).map(move |at| (f64::from(at) * of / length) as usize)
    };
    let sample = |y: usize, x: usize| plane.samples.get(y * plane.stride + x).copied().unwrap_or_default();
    let rows = places(height, plane.height);
    let samples = rows.flat_map(|y| places(width, plane.width).map(move |x| sample(y, x)));
    Plane { samples: samples.collect(), stride: width.ceil() as usize, width, height }
}
