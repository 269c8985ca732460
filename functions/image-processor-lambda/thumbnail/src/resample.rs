//! Lanczos3 on one channel, from any part of a sample to any other.
//!
//! A picture that a JPEG decoder made smaller ends within a sample, and its colour differences lie
//! between its pixels; so places are given in parts of samples. Weights are normalised at borders.

#![expect(clippy::indexing_slicing, reason = "ranges of weights are clamped to the samples they weigh")]

use std::f64::consts::PI;

use crate::jpeg::{Plane, wide};

/// Lobes of the kernel on each side.
const LOBES: f64 = 3.0;
/// Columns that are summed up at once, in registers.
const STRIP: usize = 32;
/// Weights that are applied at once.
const STEP: usize = 8;

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

/// For each wanted sample the given ones that it is made of.
struct Kernel {
    /// The first given sample.
    starts: Vec<usize>,
    /// The same number of weights for each, zeros at the end.
    weights: Vec<f32>,
    length: usize,
}

impl Kernel {
    fn new(axis: &Axis, available: usize) -> Self {
        let stretch = axis.step.max(1.0);
        let reach = LOBES * stretch;
        let last = available.min(to_index(axis.end.ceil())).max(1) - 1;
        let length = (to_index((2.0 * reach).ceil()) + 2).min(last + 1).next_multiple_of(STEP);
        let mut kernel = Self { starts: Vec::new(), weights: Vec::new(), length };
        for index in 0..axis.count {
            let middle = axis.start + f64::from(index) * axis.step;
            let start = to_index((middle - reach - 0.5).ceil()).min(last);
            let end = to_index((middle + reach - 0.5).floor()).clamp(start, last);
            #[expect(clippy::cast_precision_loss, reason = "sides of pictures are far below 2^52")]
            let raw = (start..=end).map(|at| lanczos((at as f64 + 0.5 - middle) / stretch));
            let raw: Vec<f64> = raw.collect();
            let sum: f64 = raw.iter().sum();
            kernel.starts.push(start);
            #[expect(clippy::cast_possible_truncation, reason = "weights need no more precision")]
            kernel.weights.extend(raw.iter().map(|weight| (weight / sum) as f32));
            kernel.weights.resize(kernel.starts.len() * length, 0.0);
        }
        kernel
    }

    #[inline(always)]
    fn entries(&self) -> impl Iterator<Item = (usize, &[f32])> {
        self.starts.iter().copied().zip(self.weights.chunks_exact(self.length))
    }
}

/// The windowed sinc.
fn lanczos(x: f64) -> f64 {
    let sinc = |x: f64| if x == 0.0 { 1.0 } else { (PI * x).sin() / (PI * x) };
    if x.abs() < LOBES { sinc(x) * sinc(x / LOBES) } else { 0.0 }
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
    let mut wanted = vec![0; columns.starts.len() * lines.starts.len()];
    // One row of given columns, with zeros that weights of nothing may reach.
    let mut row = vec![0.0; plane.stride.next_multiple_of(STRIP) + columns.length];
    wide(
        #[inline(always)]
        || {
            let outputs = wanted.chunks_exact_mut(columns.starts.len().max(1));
            for ((start, weights), output) in lines.entries().zip(outputs) {
                let given = plane.samples.get(start * plane.stride..).unwrap_or_default();
                blend(given, plane.stride, weights, &mut row);
                gather(&row, &columns, output);
            }
        },
    );
    wanted
}

/// The weighted sum of rows.
#[inline(always)]
fn blend(given: &[u8], stride: usize, weights: &[f32], row: &mut [f32]) {
    for (strip, target) in row.chunks_exact_mut(STRIP).take(stride.div_ceil(STRIP)).enumerate() {
        let mut sums = [0.0_f32; STRIP];
        let first = (strip * STRIP).min(stride.saturating_sub(STRIP));
        for (line, weight) in weights.iter().enumerate() {
            if let Some(samples) =
                given.get(line * stride + first..).and_then(|rest| rest.first_chunk::<STRIP>())
            {
                for (sum, sample) in sums.iter_mut().zip(samples) {
                    *sum += f32::from(*sample) * weight;
                }
            } else if let Some(samples) = given.get(line * stride + first..) {
                for (sum, sample) in sums.iter_mut().zip(samples.iter().take(stride)) {
                    *sum += f32::from(*sample) * weight;
                }
            }
        }
        if first == strip * STRIP {
            target.copy_from_slice(&sums);
        } else {
            // The last strip overlaps the one before it.
            let kept = strip * STRIP - first;
            target[..STRIP - kept].copy_from_slice(&sums[kept..]);
        }
    }
}

/// Weighted sums along a row.
#[inline(always)]
fn gather(row: &[f32], columns: &Kernel, output: &mut [u8]) {
    for ((start, weights), output) in columns.entries().zip(output) {
        let mut sums = [0.0_f32; STEP];
        let samples = &row[start..start + weights.len()];
        for (samples, weights) in samples.as_chunks::<STEP>().0.iter().zip(weights.as_chunks::<STEP>().0) {
            for ((sum, sample), weight) in sums.iter_mut().zip(samples).zip(weights) {
                *sum += sample * weight;
            }
        }
        let [a, b, c, d, e, f, g, h] = sums;
        let sum = ((a + e) + (b + f)) + ((c + g) + (d + h));
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
        let level = (sum + 0.5) as u8;
        *output = level;
    }
}
