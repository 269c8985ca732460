//! Functions of metric math over the instants of one series.

use super::combine::finite;
use super::{Scope, Values};

/// Gaps take the last value before them.
pub(super) fn repeated(values: &Values) -> Values {
    let mut last = None;
    let filled = values.iter().map(|value| {
        last = value.or(last);
        last
    });
    filled.collect()
}

/// Gaps take values on the straight line between their neighbours.
pub(super) fn interpolated(values: &Values) -> Values {
    let mut filled = values.clone();
    let known: Vec<(usize, f64)> =
        values.iter().enumerate().filter_map(|(index, value)| value.map(|value| (index, value))).collect();
    for pair in known.windows(2) {
        let [(from, start), (until, end)] = pair else { continue };
        let (from, start, until, end) = (*from, *start, *until, *end);
        for (index, value) in filled.iter_mut().enumerate().take(until).skip(from + 1) {
            let share = super::reduce::count(index - from) / super::reduce::count(until - from);
            *value = Some(start + (end - start) * share);
        }
    }
    filled
}

/// Gaps stay gaps, and the sum goes on after them.
pub(super) fn running_sum(values: &Values) -> Values {
    let mut sum = 0.0;
    let sums = values.iter().map(|value| {
        value.map(|value| {
            sum += value;
            sum
        })
    });
    sums.collect()
}

/// What `step` makes of the rise since the value before and the seconds between; the first value has none.
pub(super) fn steps(values: &Values, scope: &Scope, step: impl Fn(f64, f64) -> f64) -> Values {
    let mut before: Option<(f64, i64)> = None;
    let points = values.iter().zip(&scope.starts).map(|(value, start)| {
        let value = (*value)?;
        let at = start.as_millis();
        let (last, since) = before.replace((value, at))?;
        // Periods are far below 2^31 seconds apart.
        let seconds = f64::from(i32::try_from((at - since) / 1000).unwrap_or(i32::MAX));
        finite(step(value - last, seconds))
    });
    points.collect()
}
