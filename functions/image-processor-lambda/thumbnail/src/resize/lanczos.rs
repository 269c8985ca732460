//! Lanczos3 resampling of one channel, from any part of a sample to any other.
//!
//! A picture that a JPEG decoder made smaller ends within a sample, and its Cb and Cr lie between its
//! pixels; so places are given in parts of samples. Weights are normalised at borders.

#![expect(clippy::indexing_slicing, reason = "ranges of weights are clamped to the samples they weigh")]

use std::f64::consts::PI;

use crate::pixels::Plane;
use crate::simd::vectorize;

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;
/// Columns that are summed up at once, in registers.
const STRIP: usize = 16;
/// Wanted rows that are made at once, side by side in a vector.
const ROWS: usize = 8;

/// Where the wanted samples lie along one direction of the given ones.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Axis {
    /// Place of the first wanted sample's middle; given samples have theirs at 0.5, 1.5 and so on.
    pub(crate) start: f64,
    /// From one wanted sample to the next.
    pub(crate) step: f64,
    /// How many are wanted.
    pub(crate) count: u32,
    /// Where the given ones end.
    pub(crate) end: f64,
}

/// For each wanted sample the given ones that it is made of: of all as many, so that no processor guesses
/// wrong how many come. Weights of those too far away are zero.
struct Kernel {
    /// The first given sample of each wanted one.
    starts: Vec<usize>,
    /// Given samples for each wanted one.
    taps: usize,
    weights: Vec<f32>,
}

impl Kernel {
    fn new(axis: &Axis, available: usize) -> Self {
        let stretch = axis.step.max(1.0);
        let reach = LOBES * stretch;
        // Where samples are interpolated, not averaged, the last one counts as any other.
        let averaged = (stretch - 1.0).min(1.0);
        let available = available.min(to_index(axis.end.ceil())).max(1);
        let taps = to_index((2.0 * reach).ceil()).min(available);
        let mut kernel = Self { starts: Vec::new(), taps, weights: Vec::new() };
        for index in 0..axis.count {
            let middle = axis.start + f64::from(index) * axis.step;
            let start = to_index((middle - reach - 0.5).ceil()).min(available - taps);
            #[expect(clippy::cast_precision_loss, reason = "sides of pictures are far below 2^52")]
            let raw = (start..start + taps).map(|at| {
                let at = at as f64;
                // Of the last sample only what is of the picture counts; the rest is padding.
                let padding = (1.0 - (axis.end - at)).max(0.0) * averaged;
                lanczos((at + 0.5 - padding / 2.0 - middle) / stretch) * (1.0 - padding)
            });
            let raw: Vec<f64> = raw.collect();
            let sum: f64 = raw.iter().sum();
            kernel.starts.push(start);
            #[expect(clippy::cast_possible_truncation, reason = "weights need no more precision")]
            kernel.weights.extend(raw.iter().map(|weight| (weight / sum) as f32));
        }
        kernel
    }

    fn count(&self) -> usize {
        self.starts.len()
    }

    /// The first given sample of a wanted one, and the weights from there on.
    #[inline(always)]
    fn of(&self, index: usize) -> (usize, &[f32]) {
        (self.starts[index], &self.weights[index * self.taps..(index + 1) * self.taps])
    }
}

/// The windowed sinc: the sines of an angle and of its third, of which the first follows from the second.
fn lanczos(x: f64) -> f64 {
    let third = PI * x / LOBES;
    if x == 0.0 {
        1.0
    } else if x.abs() < LOBES {
        let sine = third.sin();
        sine * sine * (3.0 - 4.0 * sine * sine) / (LOBES * third * third)
    } else {
        0.0
    }
}

/// A place as an index; places before the first sample become the first.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped at zero; sides are small"
)]
fn to_index(place: f64) -> usize {
    place.max(0.0) as usize
}

/// Makes the wanted samples, row after row.
pub(crate) fn resample(plane: &Plane, across: &Axis, down: &Axis) -> Vec<u8> {
    let rows = plane.samples.len() / plane.stride.max(1);
    let (columns, lines) = (Kernel::new(across, plane.stride), Kernel::new(down, rows));
    let mut wanted = vec![0; columns.count() * lines.count()];
    let mut blended = vec![[0.0; ROWS]; plane.stride.next_multiple_of(STRIP)];
    vectorize(
        #[inline(always)]
        || {
            let length = columns.count() * ROWS;
            for (first, wanted) in (0..).step_by(ROWS).zip(wanted.chunks_mut(length.max(1))) {
                blend(plane, &lines, first, &mut blended);
                gather(&blended, &columns, wanted);
            }
        },
    );
    wanted
}

/// For each given column the weighted sums of given rows that the wanted rows from `first` on are made of.
#[inline(always)]
fn blend(plane: &Plane, lines: &Kernel, first: usize, blended: &mut [[f32; ROWS]]) {
    for (strip, blended) in blended.as_chunks_mut::<STRIP>().0.iter_mut().enumerate() {
        let mut sums = [[0.0; STRIP]; ROWS];
        for (sums, index) in sums.iter_mut().zip(first..lines.count()) {
            let (start, weights) = lines.of(index);
            *sums = weigh(&plane.samples[start * plane.stride + strip * STRIP..], plane.stride, weights);
        }
        for column in 0..STRIP {
            for row in 0..ROWS {
                blended[column][row] = sums[row][column];
            }
        }
    }
}

/// The weighted sums of some columns; `given` begins with the first sample of the first row.
#[inline(always)]
fn weigh(given: &[u8], stride: usize, weights: &[f32]) -> [f32; STRIP] {
    let mut sums = [0.0; STRIP];
    let mut end = [0; STRIP];
    for (line, weight) in weights.iter().enumerate() {
        let rest = &given[line * stride..];
        let samples = rest.first_chunk().unwrap_or_else(|| {
            // The end of the last row.
            end[..rest.len()].copy_from_slice(rest);
            &end
        });
        sums = add(sums, samples, *weight);
    }
    sums
}

/// By value, so that the sums stay in registers.
#[inline(always)]
fn add(sums: [f32; STRIP], samples: &[u8; STRIP], weight: f32) -> [f32; STRIP] {
    let mut added = [0.0; STRIP];
    for column in 0..STRIP {
        added[column] = sums[column] + f32::from(samples[column]) * weight;
    }
    added
}

/// Weighted sums along rows, of which there may be fewer than in a vector.
#[inline(always)]
fn gather(blended: &[[f32; ROWS]], columns: &Kernel, wanted: &mut [u8]) {
    let mut rows = wanted.chunks_exact_mut(columns.count());
    let mut rows: [&mut [u8]; ROWS] = std::array::from_fn(|_| rows.next().unwrap_or_default());
    for index in 0..columns.count() {
        let (start, weights) = columns.of(index);
        let mut sums = [0.0; ROWS];
        for (samples, weight) in blended[start..start + weights.len()].iter().zip(weights) {
            for row in 0..ROWS {
                sums[row] += samples[row] * weight;
            }
        }
        for (row, level) in rows.iter_mut().zip(levels(sums)) {
            if let Some(sample) = row.get_mut(index) {
                *sample = level;
            }
        }
    }
}

/// Sums as samples: cut off at both ends and rounded. Beside so large a number a float has no bits behind the
/// point, so adding rounds; a conversion would be made one by one.
#[inline(always)]
fn levels(sums: [f32; ROWS]) -> [u8; ROWS] {
    const LARGE: f32 = 8_388_608.0;
    sums.map(|sum| (sum.clamp(0.0, 255.0) + LARGE).to_bits().to_le_bytes()[0])
}
