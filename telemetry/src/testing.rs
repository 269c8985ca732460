//! Captures logs, metrics and spans in tests.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex, PoisonError},
};

use opentelemetry_sdk::trace::SpanData;
use serde_json::{Value, json};

use crate::{logs::writer::Writer, metrics::catalogue::Metric, trace::buffer::SpanBuffer};

/// Everything that a [`crate::Telemetry`] emitted since it was made.
#[derive(Clone, Debug)]
pub struct Captured {
    lines: Arc<Mutex<Vec<u8>>>,
    buffer: SpanBuffer,
    writer: Writer,
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Captured {
    pub(crate) fn new(lines: Arc<Mutex<Vec<u8>>>, buffer: SpanBuffer, writer: Writer) -> Self {
        Self { lines, buffer, writer, spans: Arc::default() }
    }

    /// Spans that have ended, in the order of their ends.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(self.buffer.take(usize::MAX));
        spans.clone()
    }

    /// Log lines, parsed.
    #[must_use]
    pub fn logs(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line.get("_aws").is_none()).collect()
    }

    /// Metric documents, parsed.
    #[must_use]
    pub fn metrics(&self) -> Vec<Value> {
        self.lines().into_iter().filter(|line| line.get("_aws").is_some()).collect()
    }

    /// The sum of all values of the metric `name`.
    #[must_use]
    pub fn sum(&self, name: &str) -> f64 {
        self.metrics().iter().filter_map(|document| document.get(name)).flat_map(numbers).sum()
    }

    /// The losses that [`crate::Counter::TelemetryDropped`] will count at the next end of an invocation.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.writer.lost()
    }

    /// All lines as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    /// Those of `secrets` that were emitted: in a line, or in a span's name, attributes, events, links or status.
    #[must_use]
    pub fn leaked<'a>(&self, secrets: &[&'a str]) -> Vec<&'a str> {
        let emitted = format!("{}{:?}", self.text(), self.spans());
        secrets.iter().copied().filter(|secret| emitted.contains(secret)).collect()
    }

    /// The differences between the catalogue and the emitted metrics of `source`: declared metrics that were not
    /// emitted, and emitted ones that the catalogue lacks or has with another unit, dimension or source.
    #[must_use]
    pub fn catalogue_gaps(&self, source: &str) -> Vec<String> {
        let emitted: BTreeSet<String> = self.metrics().iter().flat_map(definitions).collect();
        let declared: BTreeSet<String> =
            Metric::all().filter(|metric| metric.source == source).map(definition).collect();
        let emitted_only = emitted.difference(&declared).map(|it| format!("emitted, not declared: {it}"));
        let declared_only = declared.difference(&emitted).map(|it| format!("declared, not emitted: {it}"));
        emitted_only.chain(declared_only).collect()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

/// `metric` as [`definitions`] finds it in a line.
fn definition(metric: Metric) -> String {
    let sets = match metric.dimension {
        Some(dimension) => json!([["service"], ["service", dimension.name()]]),
        None => json!([["service"]]),
    };
    format!("{} in {} by {sets}", metric.name, metric.unit)
}

/// Each metric that `document` defines, with unit and dimension sets.
fn definitions(document: &Value) -> Vec<String> {
    let directives = document.pointer("/_aws/CloudWatchMetrics").and_then(Value::as_array);
    let of_directive = |directive: &Value| -> Option<Vec<String>> {
        let sets = directive.get("Dimensions")?;
        let line = |metric: &Value| {
            let (name, unit) = (metric.get("Name")?.as_str()?, metric.get("Unit")?.as_str()?);
            Some(format!("{name} in {unit} by {sets}"))
        };
        Some(directive.get("Metrics")?.as_array()?.iter().filter_map(line).collect())
    };
    directives.into_iter().flatten().filter_map(of_directive).flatten().collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(several) => several.iter().filter_map(Value::as_f64).collect(),
        one => one.as_f64().into_iter().collect(),
    }
}
