//! What telemetry told, for tests.

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_sdk::trace::SpanData;
use serde_json::Value;

use crate::flush::Buffer;

/// Everything a [`crate::Telemetry`] told since it was made.
#[derive(Clone, Debug)]
pub struct Captured {
    lines: Arc<Mutex<Vec<u8>>>,
    buffer: Buffer,
    spans: Arc<Mutex<Vec<SpanData>>>,
}

impl Captured {
    pub(crate) fn new(lines: Arc<Mutex<Vec<u8>>>, buffer: Buffer) -> Self {
        Self { lines, buffer, spans: Arc::default() }
    }

    /// Spans that have ended, in the order of their ends.
    #[must_use]
    pub fn spans(&self) -> Vec<SpanData> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        spans.extend(self.buffer.take().0);
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

    /// The whole output as text, for tests that look for what must not be there.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.lines.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }

    fn lines(&self) -> Vec<Value> {
        self.text().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(several) => several.iter().filter_map(Value::as_f64).collect(),
        one => one.as_f64().into_iter().collect(),
    }
}
