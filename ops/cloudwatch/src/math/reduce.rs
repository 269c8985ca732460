//! Aggregates of metric math: many values become one, of a series or of several series at an instant.

use super::Values;

/// A count as a number; counts here are far below 2^32.
pub(super) fn count(of: usize) -> f64 {
    f64::from(u32::try_from(of).unwrap_or(u32::MAX))
}

/// `SUM`, `AVG`, `MIN` or `MAX` of one series; of an empty one no number, which drops what it touches.
///
/// The average counts gaps as zero, as is documented.
pub(super) fn summary(name: &str, values: &Values) -> f64 {
    let known = || values.iter().flatten().copied();
    if known().next().is_none() {
        return f64::NAN;
    }
    match name {
        "SUM" => known().sum(),
        "AVG" => known().sum::<f64>() / count(values.len()),
        "MIN" => known().fold(f64::INFINITY, f64::min),
        _ => known().fold(f64::NEG_INFINITY, f64::max),
    }
}

/// The same across several series, instant by instant; none where no series has a value.
pub(super) fn across(name: &str, items: &[Values], instants: usize) -> Values {
    let points = (0..instants).map(|instant| {
        let at: Values = items.iter().map(|values| values.get(instant).copied().flatten()).collect();
        super::combine::finite(summary(name, &at))
    });
    points.collect()
}

/// Members from `from` up to and without `until`; positions that are no whole numbers are cut down.
pub(super) fn slice(items: &[Values], from: f64, until: f64) -> Vec<Values> {
    let kept = items.iter().enumerate().filter(|(index, _)| {
        let position = count(*index);
        position >= from.floor() && position < until.floor()
    });
    kept.map(|(_, values)| values.clone()).collect()
}

/// By a summary of each, least first unless `descending`; empty series last.
pub(super) fn sorted(items: &[Values], by: &str, descending: bool) -> Vec<Values> {
    let mut sorted = items.to_vec();
    sorted.sort_by(|left, right| {
        let (left, right) = (summary(by, left), summary(by, right));
        let order = left.partial_cmp(&right).map(|order| if descending { order.reverse() } else { order });
        order.unwrap_or_else(|| left.is_nan().cmp(&right.is_nan()))
    });
    sorted
}
