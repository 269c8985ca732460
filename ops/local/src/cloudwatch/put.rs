//! `PutMetricData`: values that somebody publishes.

use cloudwatch_model::{Datapoint, Distribution, InvalidDatapoint, Resolution, Timestamp};
use serde::Deserialize;

use super::error::ApiError;
use super::metrics::{self, Dimension};
use super::values::{Instant, Real, Whole};
use super::wire::{Output, members};
use crate::observe::{Clock, Seen};

/// Metrics of one request.
const MAX_METRICS: usize = 1_000;
const HOUR_MILLIS: i64 = 3_600_000;
/// How old a value may be, and how far ahead.
const MAX_AGE_MILLIS: i64 = 14 * 24 * HOUR_MILLIS;
const MAX_AHEAD_MILLIS: i64 = 2 * HOUR_MILLIS;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PutMetricData {
    namespace: String,
    #[serde(default)]
    metric_data: Vec<MetricDatum>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDatum {
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    timestamp: Option<Instant>,
    value: Option<Real>,
    #[serde(default)]
    values: Vec<Real>,
    #[serde(default)]
    counts: Vec<Real>,
    statistic_values: Option<StatisticSet>,
    unit: Option<String>,
    storage_resolution: Option<Whole>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatisticSet {
    sample_count: Real,
    sum: Real,
    minimum: Real,
    maximum: Real,
}

impl PutMetricData {
    /// Keeps all of it or nothing. Instants are the day's, and become those of `clock`.
    pub(super) fn keep(self, seen: &mut Seen, clock: &Clock, today: Timestamp) -> Result<Output, ApiError> {
        let Self { namespace, metric_data } = self;
        if namespace.starts_with("AWS/") {
            return Err(ApiError::Value("The value AWS/ for parameter Namespace is invalid.".to_owned()));
        }
        if metric_data.is_empty() || metric_data.len() > MAX_METRICS {
            return Err(ApiError::Value(format!("MetricData must have 1 to {MAX_METRICS} members.")));
        }
        let datapoints = metric_data.into_iter().map(|datum| datum.datapoint(&namespace, clock, today));
        for datapoint in datapoints.collect::<Result<Vec<_>, _>>()? {
            seen.metrics.put(datapoint);
        }
        Ok(members([]))
    }
}

impl MetricDatum {
    fn datapoint(self, namespace: &str, clock: &Clock, today: Timestamp) -> Result<Datapoint, ApiError> {
        let at = self.timestamp.map_or(today, |Instant(at)| at);
        let ahead = at.as_millis() - today.as_millis();
        if !(-MAX_AGE_MILLIS..=MAX_AHEAD_MILLIS).contains(&ahead) {
            return Err(ApiError::Value(
                "The parameter Timestamp must be at most two weeks old and two hours ahead.".to_owned(),
            ));
        }
        let plain = |numbers: &[Real]| numbers.iter().map(|Real(number)| *number).collect::<Vec<_>>();
        let values = match (self.value, &self.values[..], self.statistic_values) {
            (Some(Real(value)), [], None) => Distribution::of_values(&[value]),
            (None, values @ [_, ..], None) if self.counts.is_empty() => {
                Distribution::of_values(&plain(values))
            }
            (None, values @ [_, ..], None) => Distribution::of_counted(&plain(values), &plain(&self.counts)),
            (None, [], Some(set)) => set.distribution(),
            _ => {
                return Err(ApiError::Combination(
                    "Exactly one of Value, Values and StatisticValues must be specified.".to_owned(),
                ));
            }
        };
        let resolution = match self.storage_resolution {
            None | Some(Whole(60)) => Resolution::Standard,
            Some(Whole(1)) => Resolution::High,
            Some(Whole(other)) => return Err(InvalidDatapoint::Resolution(other.to_string()).into()),
        };
        Ok(Datapoint {
            metric: metrics::id(namespace.to_owned(), self.metric_name, self.dimensions)?,
            timestamp: clock.at(at),
            unit: self.unit.as_deref().map(str::parse).transpose()?.unwrap_or_default(),
            values: values?,
            resolution,
        })
    }
}

impl StatisticSet {
    /// Values that have these statistics: the ends, and the others all at their mean.
    fn distribution(&self) -> Result<Distribution, InvalidDatapoint> {
        let Self { sample_count: Real(count), sum: Real(sum), minimum: Real(least), maximum: Real(most) } =
            *self;
        let others = count - 2.0;
        if others <= 0.0 {
            return Distribution::of_counted(&[sum / count], &[count]);
        }
        let mut all = Distribution::of_values(&[least, most])?;
        all.merge(&Distribution::of_counted(&[(sum - least - most) / others], &[others])?);
        Ok(all)
    }
}

#[cfg(test)]
mod tests {
    use cloudwatch_model::Statistic;

    use super::*;

    #[test]
    fn statistics_of_a_set_are_those_that_were_reported() {
        for (count, sum, least, most) in [(1.0, 3.0, 3.0, 3.0), (2.0, 4.0, 2.0, 2.0), (5.0, 20.0, 1.0, 9.0)] {
            let set = StatisticSet {
                sample_count: Real(count),
                sum: Real(sum),
                minimum: Real(least),
                maximum: Real(most),
            };
            let values = set.distribution().unwrap();
            for (statistic, expected) in [
                (Statistic::SampleCount, count),
                (Statistic::Sum, sum),
                (Statistic::Minimum, least),
                (Statistic::Maximum, most),
            ] {
                assert_eq!(statistic.of(&values), Some(expected), "{statistic}");
            }
        }
    }
}
