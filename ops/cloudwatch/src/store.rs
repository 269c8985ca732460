//! Metric store: datapoints in, the series of a statistic out.

use std::collections::BTreeMap;

use crate::datapoint::{Datapoint, Distribution, Unit};
use crate::id::MetricId;
use crate::statistic::Statistic;
use crate::time::{Period, Timestamp};

/// How long minutes are kept; CloudWatch then rolls them up, which no local stack lives to see.
const RETENTION_MILLIS: i64 = 15 * 24 * 3600 * 1000;

type Bucket = BTreeMap<Unit, Distribution>;

/// The metrics of one account and region.
#[derive(Debug, Default)]
pub struct MetricStore {
    metrics: BTreeMap<MetricId, BTreeMap<Timestamp, Bucket>>,
}

/// What to compute over which time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Query {
    /// Which statistic.
    pub statistic: Statistic,
    /// Over periods of this length.
    pub period: Period,
    /// Only values reported in this unit; `None` takes all.
    pub unit: Option<Unit>,
    /// From the period that this instant falls in.
    pub from: Timestamp,
    /// Up to, and without, this instant.
    pub until: Timestamp,
}

/// One statistic of one metric over time; periods without data are absent, as missing data is not zero.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// Of which metric.
    pub metric: MetricId,
    /// Which statistic.
    pub statistic: Statistic,
    /// Over periods of this length.
    pub period: Period,
    /// In order of time.
    pub points: Vec<Point>,
}

/// A statistic's value in one period.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// When the period began.
    pub start: Timestamp,
    /// The value.
    pub value: f64,
}

/// Statistics of metrics, wherever the metrics are kept.
pub trait Statistics {
    /// One statistic of a metric from one instant up to, and without, another; in whole minutes for metrics of
    /// that resolution.
    fn statistic(
        &self,
        metric: &MetricId,
        statistic: Statistic,
        unit: Option<Unit>,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<f64>;
}

impl Statistics for MetricStore {
    fn statistic(
        &self,
        metric: &MetricId,
        statistic: Statistic,
        unit: Option<Unit>,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<f64> {
        statistic.over(&self.between(metric, unit, from, until).map(|(_, values)| values))
    }
}

impl MetricStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was reported; reports for one instant add up, they do not replace each other.
    pub fn put(&mut self, datapoint: Datapoint) {
        let Datapoint { metric, timestamp, unit, values, resolution } = datapoint;
        let series = self.metrics.entry(metric).or_default();
        let bucket = series.entry(timestamp.start_of(resolution.period())).or_default();
        bucket.entry(unit).or_default().merge(&values);
        forget_old(series);
    }

    /// The metrics that have data, by namespace, name and dimensions.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricId> {
        self.metrics.keys()
    }

    /// The units that a metric was reported in.
    #[must_use]
    pub fn units(&self, metric: &MetricId) -> Vec<Unit> {
        let buckets = self.metrics.get(metric).into_iter().flat_map(BTreeMap::values);
        let mut units: Vec<Unit> = buckets.flat_map(BTreeMap::keys).copied().collect();
        units.sort_unstable();
        units.dedup();
        units
    }

    /// The first and the last instant that a metric has data for, at its own resolution.
    #[must_use]
    pub fn span(&self, metric: &MetricId) -> Option<(Timestamp, Timestamp)> {
        let series = self.metrics.get(metric)?;
        Some((*series.first_key_value()?.0, *series.last_key_value()?.0))
    }

    /// The series of a statistic for exactly this metric; empty when there is no such metric.
    ///
    /// A period shorter than the metric's resolution finds its values at the start of each minute, as in
    /// CloudWatch.
    #[must_use]
    pub fn series(&self, metric: &MetricId, query: &Query) -> Series {
        let points = self.periods(metric, query).into_iter();
        let points = points
            .filter_map(|(start, values)| query.statistic.of(&values).map(|value| Point { start, value }));
        Series {
            metric: metric.clone(),
            statistic: query.statistic,
            period: query.period,
            points: points.collect(),
        }
    }

    /// All values of a metric in a time, as one distribution.
    #[must_use]
    pub fn values(
        &self,
        metric: &MetricId,
        unit: Option<Unit>,
        from: Timestamp,
        until: Timestamp,
    ) -> Distribution {
        let mut all = Distribution::default();
        self.between(metric, unit, from, until).for_each(|(_, values)| all.merge(values));
        all
    }

    fn periods(&self, metric: &MetricId, query: &Query) -> BTreeMap<Timestamp, Distribution> {
        let mut periods: BTreeMap<Timestamp, Distribution> = BTreeMap::new();
        let from = query.from.start_of(query.period);
        for (at, values) in self.between(metric, query.unit, from, query.until) {
            periods.entry(at.start_of(query.period)).or_default().merge(values);
        }
        periods
    }

    fn between(
        &self,
        metric: &MetricId,
        unit: Option<Unit>,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Iterator<Item = (Timestamp, &Distribution)> + Clone {
        let series = self.metrics.get(metric).filter(|_| from < until);
        let buckets = series.into_iter().flat_map(move |series| series.range(from..until));
        let values =
            buckets.flat_map(|(at, bucket)| bucket.iter().map(|(unit, values)| (*at, *unit, values)));
        values
            .filter(move |(_, of, _)| unit.is_none_or(|only| only == *of))
            .map(|(at, _, values)| (at, values))
    }
}

fn forget_old(series: &mut BTreeMap<Timestamp, Bucket>) {
    let Some((newest, _)) = series.last_key_value() else { return };
    let horizon = newest.plus_millis(-RETENTION_MILLIS);
    if series.first_key_value().is_some_and(|(oldest, _)| *oldest < horizon) {
        *series = series.split_off(&horizon);
    }
}
