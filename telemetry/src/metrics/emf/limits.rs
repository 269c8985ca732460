//! The published limits of CloudWatch for metrics.
//!
//! Sources: "Specification: Embedded metric format" (metrics, values, dimensions, targets), the
//! `PutMetricData` reference (`MetricDatum`: names, values; `Dimension`: names, values) and "CloudWatch Logs
//! quotas" (event size). A line has the time of its event, so its time is always within the
//! accepted two weeks back and two hours ahead.

use std::borrow::Cow;

use crate::{
    logs::{json, redact::redact},
    metrics::catalogue::{Dimension, NAMESPACE},
};

/// Most metrics of one directive.
pub(super) const METRICS: usize = 100;
/// Most values of one metric in one line.
pub(super) const VALUES: usize = 100;
/// Most dimensions of one set.
const DIMENSIONS: usize = 30;
/// Most characters of a metric's or a dimension's name.
const NAME_CHARS: usize = 255;
/// Most characters of a dimension's value.
const DIMENSION_VALUE_CHARS: usize = 1_024;
/// The greatest magnitude of a value: 2^360.
const MAGNITUDE: f64 = 2.348_542_582_773_833_2e108;

/// Most bytes of the metrics in one line: with 64 KiB of properties and the dimensions far below the
/// 256 KiB that a line may have.
pub(super) const METRIC_BYTES: usize = 96 * 1024;

// `service` and every declared dimension together are one set at most, so no set needs splitting.
const _: () = assert!(Dimension::ALL.len() < DIMENSIONS && NAMESPACE.len() <= NAME_CHARS);

/// Whether CloudWatch keeps `value`.
pub(super) fn is_value(value: f64) -> bool {
    value.abs() <= MAGNITUDE
}

/// `text` as CloudWatch accepts it for a dimension: 1 to 1,024 printable ASCII characters, not all blank.
pub(crate) fn dimension_value(text: &str) -> Cow<'static, str> {
    printable(text, DIMENSION_VALUE_CHARS)
}

/// `text` as CloudWatch accepts it for a metric's name: 1 to 255 printable ASCII characters, not all blank.
pub(crate) fn metric_name(text: &str) -> Cow<'static, str> {
    printable(text, NAME_CHARS)
}

/// Whether `name` is that of another member of the line.
pub(crate) fn is_member(name: &str) -> bool {
    let is_dimension = Dimension::ALL.iter().any(|dimension| dimension.name() == name);
    is_dimension || name == "_aws" || json::MEMBERS.contains(&name)
}

fn printable(text: &str, most: usize) -> Cow<'static, str> {
    let allowed = |symbol: char| if (' '..='~').contains(&symbol) { symbol } else { '?' };
    let clean: String = redact(text).chars().map(allowed).take(most).collect();
    if clean.trim().is_empty() { Cow::Borrowed("unknown") } else { Cow::Owned(clean) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dimension_value_is_made_one_that_cloudwatch_accepts() {
        for (text, taken) in [("decode", "decode"), ("größe\n", "gr??e?"), ("", "unknown"), ("  ", "unknown")]
        {
            assert_eq!(dimension_value(text), taken);
        }
        assert_eq!(dimension_value(&"é".repeat(2_000)).len(), 1_024);
    }

    #[test]
    fn a_metric_may_not_have_the_name_of_a_member() {
        for name in ["_aws", "service", "level", "requestId", "Reason"] {
            assert!(is_member(name), "{name}");
        }
        assert!(!is_member("pool.size"));
        assert_eq!(metric_name(&"n".repeat(300)).len(), 255);
    }

    #[test]
    fn only_finite_numbers_within_2_to_the_360_are_values() {
        assert!(is_value(2_f64.powi(360)) && is_value(-2_f64.powi(360)) && is_value(0.0));
        for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 2_f64.powi(361), -2_f64.powi(361)] {
            assert!(!is_value(value), "{value}");
        }
    }
}
