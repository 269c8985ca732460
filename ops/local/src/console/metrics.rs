//! Metrics in the console's API: those of the last hours, each with its numbers and a line to draw.

use std::collections::BTreeMap;

use cloudwatch_model::{MetricId, MetricStore, Period, Query, Statistic, Timestamp, Unit};
use serde::Serialize;

/// What is summed up and drawn, back from the metric's newest value.
const WINDOW_MILLIS: i64 = 3 * 3600 * 1000;

/// One metric in one unit.
#[derive(Debug, PartialEq, Serialize)]
pub(super) struct Summary {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    unit: &'static str,
    samples: f64,
    sum: f64,
    average: f64,
    minimum: f64,
    maximum: f64,
    p99: f64,
    /// Which statistic the line shows.
    drawn: String,
    /// Start of each minute in milliseconds, and its value.
    points: Vec<(i64, f64)>,
}

/// The metrics of a namespace and name, or all.
pub(super) fn summaries(metrics: &MetricStore, namespace: Option<&str>, name: Option<&str>) -> Vec<Summary> {
    let wanted = metrics.metrics().filter(|metric| {
        namespace.is_none_or(|namespace| namespace == metric.namespace())
            && name.is_none_or(|name| name == metric.name())
    });
    let units = wanted.flat_map(|metric| metrics.units(metric).into_iter().map(move |unit| (metric, unit)));
    units.filter_map(|(metric, unit)| summary(metrics, metric, unit)).collect()
}

fn summary(metrics: &MetricStore, metric: &MetricId, unit: Unit) -> Option<Summary> {
    let (_, newest) = metrics.span(metric)?;
    let (from, until) = (newest.plus_millis(-WINDOW_MILLIS), newest.plus_millis(1));
    let values = metrics.values(metric, Some(unit), from, until);
    let of = |statistic: Statistic| statistic.of(&values);
    // A count is a rate over time; anything else is a level.
    let drawn = if unit == Unit::Count { Statistic::Sum } else { Statistic::Average };
    let query = Query { statistic: drawn, period: Period::MINUTE, unit: Some(unit), from, until };
    Some(Summary {
        namespace: metric.namespace().to_owned(),
        name: metric.name().to_owned(),
        dimensions: metric
            .dimensions()
            .iter()
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        unit: unit.as_str(),
        samples: of(Statistic::SampleCount)?,
        sum: of(Statistic::Sum)?,
        average: of(Statistic::Average)?,
        minimum: of(Statistic::Minimum)?,
        maximum: of(Statistic::Maximum)?,
        p99: of("p99".parse().ok()?)?,
        drawn: drawn.to_string(),
        points: points(metrics, metric, &query),
    })
}

fn points(metrics: &MetricStore, metric: &MetricId, query: &Query) -> Vec<(i64, f64)> {
    let points = metrics.series(metric, query).points.into_iter();
    points.map(|point| (Timestamp::as_millis(point.start), point.value)).collect()
}
