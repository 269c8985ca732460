//! Lanczos3 on one channel, from any part of a sample to any other.
//!
//! A picture that a JPEG decoder made smaller ends within a sample, and its colour differences lie
//! between its pixels; so places are given in parts of samples. Weights are normalised at borders.

#![expect(clippy::indexing_slicing, reason = "ranges of weights are clamped to the samples they weigh")]

use std::f64::consts::PI;

use crate::plane::Plane;
use crate::wide::wide;

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

    /// The weights of one wanted sample.
    #[inline(always)]
    fn of(&self, index: usize) -> &[f32] {
        &self.weights[index * self.length..(index + 1) * self.length]
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
        || make(plane, &columns, &lines, &mut row, &mut wanted),
    );
    wanted
}

#[inline(always)]
fn make(plane: &Plane, columns: &Kernel, lines: &Kernel, row: &mut [f32], wanted: &mut [u8]) {
    let length = columns.starts.len();
    for (index, &start) in lines.starts.iter().enumerate() {
        let weights = lines.of(index);
        // Zeros at the end would cost as much as weights.
        let used = weights.len() - weights.iter().rev().take_while(|weight| **weight == 0.0).count();
        blend(&plane.samples[start * plane.stride..], plane.stride, &weights[..used], row);
        gather(row, columns, &mut wanted[index * length..(index + 1) * length]);
    }
}

/// The weighted sum of rows.
#[inline(always)]
fn blend(given: &[u8], stride: usize, weights: &[f32], row: &mut [f32]) {
    let mut first = 0;
    let mut end = [0_u8; STRIP];
    while first < stride {
        let mut sums = [0.0_f32; STRIP];
        for (line, weight) in weights.iter().enumerate() {
            let rest = &given[line * stride + first..];
            let samples = rest.first_chunk().unwrap_or_else(|| {
                // The end of the last row.
                end[..rest.len()].copy_from_slice(rest);
                &end
            });
            sums = add(sums, samples, *weight);
        }
        row[first..first + STRIP].copy_from_slice(&sums);
        first += STRIP;
    }
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

/// Weighted sums along a row.
#[inline(always)]
fn gather(row: &[f32], columns: &Kernel, output: &mut [u8]) {
    for (index, output) in output.iter_mut().enumerate() {
        let mut sums = [0.0_f32; STEP];
        let start = columns.starts[index];
        let weights = columns.of(index);
        let samples = &row[start..start + weights.len()];
        let mut at = 0;
        while at < weights.len() {
            let (samples, weights) = (&samples[at..at + STEP], &weights[at..at + STEP]);
            for lane in 0..STEP {
                sums[lane] += samples[lane] * weights[lane];
            }
            at += STEP;
        }
        // In pairs, as registers are folded.
        let folded: [f32; STEP / 2] = std::array::from_fn(|lane| sums[lane] + sums[lane + STEP / 2]);
        let sum = (folded[0] + folded[2]) + (folded[1] + folded[3]);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "such casts saturate")]
        let level = (sum + 0.5) as u8;
        *output = level;
    }
}
