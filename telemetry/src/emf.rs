//! CloudWatch's embedded metric format: a log line that becomes metrics.
//!
//! Limits come from the specification: 100 metrics a directive, 100 values a metric, 30 dimensions.
//! One event stays far below them; values beyond 100 are spread over further lines.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::{Map, Value, json};

use crate::{Counter, Dimension, NAMESPACE, Size, Timer};

/// Most values of one metric in one line.
const VALUES_PER_METRIC: usize = 100;

/// The metrics of one event under construction.
#[derive(Debug, Default)]
pub struct Emf {
    properties: Map<String, Value>,
    groups: Vec<Group>,
    refused: u64,
}

/// Metrics that share one dimension value.
#[derive(Debug)]
struct Group {
    dimension: Option<(Dimension, &'static str)>,
    metrics: Vec<Metric>,
}

#[derive(Debug)]
struct Metric {
    name: &'static str,
    unit: &'static str,
    values: Vec<f64>,
}

impl Emf {
    /// Adds a searchable field that is no dimension, such as an object's key.
    pub fn property(&mut self, name: &'static str, value: impl Into<Value>) {
        self.properties.insert(name.to_owned(), value.into());
    }

    /// Counts `n` more of `counter`.
    pub fn count(&mut self, counter: Counter, n: u64) {
        self.push(None, counter.name(), Counter::UNIT, to_f64(n));
    }

    /// Counts `n` more of `counter`, in total and under `dimension`.
    pub fn count_by(&mut self, counter: Counter, n: u64, dimension: Dimension, value: &'static str) {
        self.push(Some((dimension, value)), counter.name(), Counter::UNIT, to_f64(n));
    }

    /// Records how long something took.
    pub fn time(&mut self, timer: Timer, elapsed: Duration) {
        self.push(None, timer.name(), Timer::UNIT, elapsed.as_secs_f64() * 1e3);
    }

    /// Records how long something took, in total and under `dimension`.
    pub fn time_by(&mut self, timer: Timer, elapsed: Duration, dimension: Dimension, value: &'static str) {
        self.push(Some((dimension, value)), timer.name(), Timer::UNIT, elapsed.as_secs_f64() * 1e3);
    }

    /// Records a size in bytes.
    pub fn size(&mut self, size: Size, bytes: u64) {
        self.push(None, size.name(), Size::UNIT, to_f64(bytes));
    }

    /// Values that were no finite number, and so are in no line.
    pub(crate) const fn refused(&self) -> u64 {
        self.refused
    }

    /// The lines of this event, each one a whole document.
    pub(crate) fn render(
        &self,
        service: &str,
        correlation: &Map<String, Value>,
        at: SystemTime,
    ) -> Vec<Value> {
        self.groups.iter().flat_map(|group| self.render_group(group, service, correlation, at)).collect()
    }

    fn render_group(
        &self,
        group: &Group,
        service: &str,
        correlation: &Map<String, Value>,
        at: SystemTime,
    ) -> Vec<Value> {
        let longest = group.metrics.iter().map(|metric| metric.values.len()).max().unwrap_or_default();
        (0..longest.div_ceil(VALUES_PER_METRIC))
            .map(|part| self.render_part(group, part, service, correlation, at))
            .collect()
    }

    fn render_part(
        &self,
        group: &Group,
        part: usize,
        service: &str,
        correlation: &Map<String, Value>,
        at: SystemTime,
    ) -> Value {
        let mut document = correlation.clone();
        document.extend(self.properties.clone());
        document.insert("level".to_owned(), "INFO".into());
        document.insert("service".to_owned(), service.into());
        let mut dimensions = vec![vec!["service"]];
        if let Some((dimension, value)) = group.dimension {
            document.insert(dimension.name().to_owned(), value.into());
            dimensions.push(vec!["service", dimension.name()]);
        }
        let mut metrics = Vec::new();
        for metric in &group.metrics {
            let values: Vec<f64> = metric
                .values
                .iter()
                .skip(part * VALUES_PER_METRIC)
                .take(VALUES_PER_METRIC)
                .copied()
                .collect();
            match values.as_slice() {
                [] => continue,
                [value] => document.insert(metric.name.to_owned(), json!(value)),
                several => document.insert(metric.name.to_owned(), json!(several)),
            };
            metrics.push(json!({ "Name": metric.name, "Unit": metric.unit }));
        }
        let millis = at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis());
        document.insert(
            "_aws".to_owned(),
            json!({
                "Timestamp": u64::try_from(millis).unwrap_or(u64::MAX),
                "CloudWatchMetrics": [{
                    "Namespace": NAMESPACE,
                    "Dimensions": dimensions,
                    "Metrics": metrics,
                }],
            }),
        );
        Value::Object(document)
    }

    fn push(
        &mut self,
        dimension: Option<(Dimension, &'static str)>,
        name: &'static str,
        unit: &'static str,
        value: f64,
    ) {
        if !value.is_finite() {
            self.refused += 1;
            return;
        }
        if !self.groups.iter().any(|group| group.dimension == dimension) {
            self.groups.push(Group { dimension, metrics: Vec::new() });
        }
        let Some(group) = self.groups.iter_mut().find(|group| group.dimension == dimension) else { return };
        match group.metrics.iter_mut().find(|metric| metric.name == name) {
            Some(metric) => metric.values.push(value),
            None => group.metrics.push(Metric { name, unit, values: vec![value] }),
        }
    }
}

/// Exact below 2^53, far above any count or size that one event carries.
#[expect(clippy::cast_precision_loss, reason = "CloudWatch stores doubles")]
const fn to_f64(n: u64) -> f64 {
    n as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn render(emf: &Emf) -> Vec<Value> {
        emf.render("svc", &Map::new(), UNIX_EPOCH)
    }

    #[test]
    fn an_event_is_one_document_with_units_and_properties() {
        let mut emf = Emf::default();
        emf.property("image_id", "7");
        emf.count(Counter::ImagesProcessed, 1);
        emf.size(Size::OriginalBytes, 5);

        assert_eq!(
            render(&emf),
            [json!({
                "_aws": { "Timestamp": 0, "CloudWatchMetrics": [{
                    "Namespace": "ImagePipeline",
                    "Dimensions": [["service"]],
                    "Metrics": [
                        { "Name": "ImagesProcessed", "Unit": "Count" },
                        { "Name": "OriginalBytes", "Unit": "Bytes" },
                    ],
                }] },
                "level": "INFO",
                "service": "svc",
                "image_id": "7",
                "ImagesProcessed": 1.0,
                "OriginalBytes": 5.0,
            })]
        );
    }

    #[test]
    fn a_dimension_is_published_beside_the_total() {
        let mut emf = Emf::default();
        emf.count_by(Counter::ImagesRejected, 1, Dimension::Reason, "Corrupt");

        let line = render(&emf).remove(0);

        assert_eq!(
            line["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["service"], ["service", "Reason"]])
        );
        assert_eq!(line["Reason"], "Corrupt");
    }

    #[test]
    fn two_values_of_a_dimension_never_share_a_document() {
        let mut emf = Emf::default();
        emf.time_by(Timer::StageLatency, Duration::from_millis(1), Dimension::Stage, "decode");
        emf.time_by(Timer::StageLatency, Duration::from_millis(2), Dimension::Stage, "encode");

        let stages: Vec<Value> = render(&emf).iter().map(|line| line["Stage"].clone()).collect();

        assert_eq!(stages, ["decode", "encode"]);
    }

    #[test]
    fn values_beyond_a_hundred_go_to_a_further_line() {
        let mut emf = Emf::default();
        for _ in 0..250 {
            emf.count(Counter::Duplicates, 1);
        }

        let lengths: Vec<usize> =
            render(&emf).iter().map(|line| line["Duplicates"].as_array().unwrap().len()).collect();

        assert_eq!(lengths, [100, 100, 50]);
    }

    #[test]
    fn what_is_no_finite_number_is_refused_and_counted() {
        let mut emf = Emf::default();
        emf.push(None, "X", "Count", f64::NAN);
        emf.push(None, "X", "Count", f64::INFINITY);

        assert_eq!((emf.refused(), render(&emf).len()), (2, 0));
    }
}
