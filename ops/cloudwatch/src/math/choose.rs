//! The function `IF` of metric math, in the forms that CloudWatch lists; none of them takes a list of series.

use super::ExpressionValue::{Array, Scalar, Series};
use super::{ExpressionValue, Values};

/// The value at each instant of `yes` where the condition is true (any number but zero), else of `no`.
///
/// Where the condition has no value there is none; where it is true and `yes` has none, the value is zero;
/// where it is false and `no` has none, or is left out, there is none. `None` for forms that are not listed.
pub(super) fn choose(
    condition: &ExpressionValue,
    yes: &ExpressionValue,
    no: Option<&ExpressionValue>,
) -> Option<ExpressionValue> {
    if [Some(yes), no].into_iter().flatten().any(|branch| matches!(branch, Array(_))) {
        return None;
    }
    match condition {
        Series(condition) => Some(Series(by_instant(condition, yes, no))),
        Scalar(condition) => match (yes, no) {
            (Series(yes), _) if *condition != 0.0 => Some(Series(yes.clone())),
            (Series(yes), None) => Some(Series(vec![None; yes.len()])),
            (Series(_), Some(Series(no))) => Some(Series(no.clone())),
            _ => None,
        },
        Array(_) => None,
    }
}

fn by_instant(condition: &Values, yes: &ExpressionValue, no: Option<&ExpressionValue>) -> Values {
    let at = |branch: &ExpressionValue, index: usize| match branch {
        Scalar(value) => Some(*value),
        Series(values) => values.get(index).copied().flatten(),
        Array(_) => None,
    };
    let points = condition.iter().enumerate();
    let points = points.map(|(index, condition)| match condition {
        None => None,
        Some(value) if *value != 0.0 => Some(at(yes, index).unwrap_or(0.0)),
        Some(_) => no.and_then(|no| at(no, index)),
    });
    points.collect()
}
