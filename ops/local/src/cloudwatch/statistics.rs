//! `GetMetricStatistics`: statistics of one metric.

use cloudwatch_model::{Statistic, Unit};
use serde::Deserialize;

use super::error::ApiError;
use super::metrics::{self, Dimension};
use super::values::{Instant, Whole};
use super::windows::{Range, period};
use super::wire::{Output, members};
use crate::observe::Seen;

/// Datapoints of one answer, which has no pages.
const MAX_DATAPOINTS: i64 = 1_440;
const SIMPLE: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetMetricStatistics {
    namespace: String,
    metric_name: String,
    #[serde(default)]
    dimensions: Vec<Dimension>,
    start_time: Instant,
    end_time: Instant,
    period: Whole,
    #[serde(default)]
    statistics: Vec<String>,
    #[serde(default)]
    extended_statistics: Vec<String>,
    unit: Option<String>,
}

impl GetMetricStatistics {
    /// A datapoint for each period and unit that has values, the oldest first; `CloudWatch` promises no order.
    pub(super) fn answer(self, seen: &Seen) -> Result<Output, ApiError> {
        let range = Range::of(self.start_time, self.end_time)
            .map_err(|error| ApiError::Combination(error.to_string()))?;
        let period = period(self.period)?;
        let asked = range.count(period);
        if asked > MAX_DATAPOINTS {
            return Err(ApiError::Combination(format!(
                "You have requested up to {asked} datapoints, which exceeds the limit of 1,440. You may reduce the \
                 datapoints requested by increasing Period, or decreasing the time range."
            )));
        }
        if self.statistics.is_empty() == self.extended_statistics.is_empty() {
            return Err(ApiError::Combination(
                "Exactly one of the parameters Statistics and ExtendedStatistics must be specified."
                    .to_owned(),
            ));
        }
        let simple = self.statistics.iter().map(|name| simple(name)).collect::<Result<Vec<_>, _>>()?;
        let extended =
            self.extended_statistics.iter().map(|name| statistic(name)).collect::<Result<Vec<_>, _>>()?;
        let only = self.unit.as_deref().map(str::parse).transpose()?;
        let label = self.metric_name.clone();
        let metric = metrics::id(self.namespace, self.metric_name, self.dimensions)?;
        let units: Vec<Unit> = match only {
            Some(unit) => vec![unit],
            None => seen.metrics.units(&metric),
        };
        let span = seen.metrics.span(&metric);
        let starts = span.into_iter().flat_map(|span| range.starts(period, span));
        let each = starts.flat_map(|start| units.iter().map(move |unit| (start, *unit)));
        let datapoints = each.filter_map(|(start, unit)| {
            let values =
                seen.metrics.values(&metric, Some(unit), start, start.plus_millis(period.as_millis()));
            // No values are no datapoint.
            Statistic::SampleCount.of(&values)?;
            let of = |statistic: &Statistic| statistic.of(&values).map(Output::from);
            let mut datapoint = vec![("Timestamp", start.into()), ("Unit", unit.as_str().into())];
            datapoint.extend(simple.iter().filter_map(|(name, statistic)| Some((*name, of(statistic)?))));
            if !extended.is_empty() {
                let named = extended.iter().filter_map(|it| Some((it.to_string(), of(it)?)));
                datapoint.push(("ExtendedStatistics", Output::Map(named.collect())));
            }
            Some(Output::Structure(datapoint))
        });
        Ok(members([("Label", Some(label.into())), ("Datapoints", Some(datapoints.collect()))]))
    }
}

fn simple(name: &str) -> Result<(&'static str, Statistic), ApiError> {
    let known = SIMPLE.into_iter().find(|known| *known == name);
    let known = known.ok_or_else(|| ApiError::Value(format!("{name} is not one of Statistics.")))?;
    Ok((known, statistic(known)?))
}

/// A statistic by its name.
pub(super) fn statistic(name: &str) -> Result<Statistic, ApiError> {
    name.parse().map_err(|error| ApiError::Value(format!("The statistic {name}: {error}.")))
}
