//! CloudWatch's embedded metric format (EMF): a log line that becomes metrics.
//!
//! CloudWatch drops the metrics of an invalid line and reports it only in a metric of its own, so no invalid
//! line is written. See [`limits`] for the published limits and [`render`] for how an event that
//! exceeds them is spread over several lines.

mod limits;
mod render;
#[cfg(test)]
mod tests;

use std::{borrow::Cow, time::Duration};

use serde_json::Value;

pub(crate) use limits::{dimension_value, is_member, metric_name};

use crate::{
    logs::fields::Fields,
    metrics::catalogue::{Counter, Dimension, Size, Timer},
};

/// The metrics of one event under construction.
///
/// Values beyond CloudWatch's limits of one line go to further lines. [`Counter::TelemetryDropped`] counts those
/// that CloudWatch accepts in no line (no finite number, beyond ±2^360).
#[derive(Debug, Default)]
pub struct Emf {
    properties: Fields,
    groups: Vec<Group>,
    refused: u64,
    high_resolution: bool,
}

/// Dimensions beside `service`, with their values.
type Set = Vec<(Dimension, Cow<'static, str>)>;

/// Metrics that share a dimension set.
#[derive(Debug)]
struct Group {
    dimensions: Set,
    metrics: Vec<Series>,
}

/// The values of one metric under one dimension set.
#[derive(Debug)]
struct Series {
    name: Cow<'static, str>,
    unit: &'static str,
    values: Vec<f64>,
}

impl Emf {
    /// Adds a searchable field that is no dimension, such as an object's key.
    ///
    /// Texts over 8 KiB are truncated; other values over 8 KiB are dropped, as is a second property of a name and
    /// one named like a metric; [`Counter::TelemetryDropped`] counts each. Secrets by shape (tokens,
    /// presigned URLs, email addresses) are replaced.
    pub fn property(&mut self, name: &str, value: impl Into<Value>) {
        self.properties.insert(name, value.into());
    }

    /// Sets `StorageResolution` 1 for this event's metrics: CloudWatch keeps them by the second for three hours
    /// instead of by the minute. It costs as much, but alarms on periods under a minute cost more.
    pub fn high_resolution(&mut self) {
        self.high_resolution = true;
    }

    /// Counts `n` more of `counter`. Unit: Count.
    pub fn count(&mut self, counter: Counter, n: u64) {
        self.push(Set::new(), counter.name().into(), Counter::UNIT, [to_f64(n)]);
    }

    /// Counts `n` more of `counter`, in total and under `dimension`. Unit: Count.
    pub fn count_by(&mut self, counter: Counter, n: u64, dimension: Dimension, value: &'static str) {
        self.push(one(dimension, value), counter.name().into(), Counter::UNIT, [to_f64(n)]);
    }

    /// Records how long something took. Unit: Milliseconds, fractions included.
    pub fn time(&mut self, timer: Timer, elapsed: Duration) {
        self.push(Set::new(), timer.name().into(), Timer::UNIT, [elapsed.as_secs_f64() * 1e3]);
    }

    /// Records how long something took, in total and under `dimension`. Unit: Milliseconds.
    pub fn time_by(&mut self, timer: Timer, elapsed: Duration, dimension: Dimension, value: &'static str) {
        self.push(one(dimension, value), timer.name().into(), Timer::UNIT, [elapsed.as_secs_f64() * 1e3]);
    }

    /// Records a size. Unit: Bytes.
    pub fn size(&mut self, size: Size, bytes: u64) {
        self.push(Set::new(), size.name().into(), Size::UNIT, [to_f64(bytes)]);
    }

    /// The approximate bytes of its lines.
    pub(crate) fn bytes(&self) -> usize {
        const MEMBER: usize = 64;
        let series = self.groups.iter().flat_map(|group| &group.metrics);
        self.properties.json().len() + series.map(|it| MEMBER + it.values.len() * MEMBER / 4).sum::<usize>()
    }

    /// Whether a metric of this name is in it.
    pub(crate) fn measures(&self, name: &str) -> bool {
        self.groups.iter().flat_map(|group| &group.metrics).any(|metric| metric.name == name)
    }

    /// Adds values; `name` and the values of `dimensions` are within [`limits`] already.
    pub(crate) fn push(
        &mut self,
        dimensions: Set,
        name: Cow<'static, str>,
        unit: &'static str,
        values: impl IntoIterator<Item = f64>,
    ) {
        let (values, refused): (Vec<f64>, Vec<f64>) =
            values.into_iter().partition(|it| limits::is_value(*it));
        self.refused += refused.len() as u64;
        if values.is_empty() {
            return;
        }
        let known = self.groups.iter().position(|group| group.dimensions == dimensions);
        let group = known.unwrap_or_else(|| {
            self.groups.push(Group { dimensions, metrics: Vec::new() });
            self.groups.len() - 1
        });
        let Some(Group { metrics, .. }) = self.groups.get_mut(group) else { return };
        match metrics.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => metric.values.extend(values),
            None => metrics.push(Series { name, unit, values }),
        }
    }
}

fn one(dimension: Dimension, value: &'static str) -> Set {
    vec![(dimension, dimension_value(value))]
}

/// Exact below 2^53, far above any count or size of one event.
#[expect(clippy::cast_precision_loss, reason = "CloudWatch stores doubles")]
pub(crate) const fn to_f64(n: u64) -> f64 {
    n as f64
}
