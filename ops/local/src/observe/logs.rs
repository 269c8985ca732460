//! Log store: the functions' log lines, bounded, found by image id and by trace id.

use std::collections::VecDeque;

use aws_client::chain;
use cloudwatch_model::{Datapoint, MetricStore, Timestamp, emf};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Clock;

/// The newest lines are kept.
const MAX_LINES: usize = 20_000;

/// One line that is not a metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, in milliseconds since 1970.
    pub timestamp_ms: i64,
    /// The log group it came in.
    pub group: String,
    /// The log stream it came in: one invocation on the local engine.
    pub stream: String,
    /// Its severity, if it names one.
    pub level: Option<String>,
    /// Its message, readable alone.
    pub message: String,
    /// All members of a JSON line; empty for other lines.
    pub fields: Map<String, Value>,
}

/// Which lines are wanted; what is absent matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct LogFilter {
    /// Lines that mention this image.
    pub image_id: Option<String>,
    /// Lines that mention this trace.
    pub trace_id: Option<String>,
    /// Lines of these severities, with commas between.
    pub level: Option<String>,
}

/// The lines received, and those whose metrics were refused.
#[derive(Debug, Default)]
pub struct LogStore {
    lines: VecDeque<LogLine>,
    /// Lines whose metrics were taken: only queries ask for them.
    measured: VecDeque<LogLine>,
    refused_metrics: u64,
    clock: Clock,
}

impl LogLine {
    /// Reads a line as the functions write them: JSON with `level` and `message`, or any text.
    #[must_use]
    pub fn read(group: &str, stream: &str, timestamp_ms: i64, line: &str) -> Self {
        let fields = match serde_json::from_str(line) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        let text = |name: &str| fields.get(name).and_then(Value::as_str).map(str::to_owned);
        Self {
            timestamp_ms,
            group: group.to_owned(),
            stream: stream.to_owned(),
            level: text("level"),
            message: text("message").unwrap_or_else(|| line.to_owned()),
            fields,
        }
    }

    /// Whether any string in it holds `id`: keys of objects hold the ids of their images.
    fn mentions(&self, id: &str) -> bool {
        self.message.contains(id) || self.fields.values().any(|value| holds(value, id))
    }
}

fn holds(value: &Value, id: &str) -> bool {
    match value {
        Value::String(text) => text.contains(id),
        Value::Array(items) => items.iter().any(|item| holds(item, id)),
        Value::Object(members) => members.values().any(|member| holds(member, id)),
        _ => false,
    }
}

impl LogFilter {
    /// Whether a line is wanted.
    #[must_use]
    pub fn takes(&self, line: &LogLine) -> bool {
        let mentioned = |id: &Option<String>| id.as_deref().is_none_or(|id| line.mentions(id));
        let is_own = |level: &str| line.level.as_deref() == Some(level);
        let level = self.level.as_deref().is_none_or(|levels| levels.split(',').any(is_own));
        level && mentioned(&self.image_id) && mentioned(&self.trace_id)
    }
}

impl LogStore {
    /// An empty store whose metrics go by `clock`.
    #[must_use]
    pub fn by(clock: Clock) -> Self {
        Self { clock, ..Self::default() }
    }

    /// Sorts a line in: metrics go to `metrics`, all others are kept here.
    pub fn put(&mut self, line: LogLine, raw: &str, received: Timestamp, metrics: &mut MetricStore) {
        match emf::parse(raw, received) {
            None => keep(&mut self.lines, line),
            Some(Ok(datapoints)) => {
                for datapoint in datapoints {
                    metrics.put(Datapoint { timestamp: self.clock.at(datapoint.timestamp), ..datapoint });
                }
                keep(&mut self.measured, line);
            }
            Some(Err(error)) => {
                self.refused_metrics += 1;
                let message = format!("CloudWatch would refuse the metrics of this line: {}", chain(&error));
                keep(&mut self.lines, LogLine { message, level: Some("ERROR".to_owned()), ..line });
            }
        }
    }

    /// The wanted lines, oldest first; the newest `limit` of them.
    #[must_use]
    pub fn find(&self, filter: &LogFilter, limit: usize) -> Vec<LogLine> {
        let wanted = self.lines.iter().rev().filter(|line| filter.takes(line)).take(limit);
        let mut lines: Vec<LogLine> = wanted.cloned().collect();
        // Groups are read one after the other; stable, so a stream keeps its order.
        lines.reverse();
        lines.sort_by_key(|line| line.timestamp_ms);
        lines
    }

    /// Lines whose metrics CloudWatch would have dropped.
    #[must_use]
    pub fn refused_metrics(&self) -> u64 {
        self.refused_metrics
    }

    /// Lines of both kinds, as queries see them.
    pub(super) fn everything(&self) -> impl Iterator<Item = &LogLine> {
        self.lines.iter().chain(&self.measured)
    }
}

fn keep(lines: &mut VecDeque<LogLine>, line: LogLine) {
    if lines.len() == MAX_LINES {
        lines.pop_front();
    }
    lines.push_back(line);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    fn store(lines: &[Value]) -> (LogStore, MetricStore) {
        let (mut logs, mut metrics) = (LogStore::default(), MetricStore::new());
        for line in lines {
            let raw = line.to_string();
            logs.put(LogLine::read("g", "s", NOW.as_millis(), &raw), &raw, NOW, &mut metrics);
        }
        (logs, metrics)
    }

    fn metric_line(value: &Value) -> Value {
        let directive = json!({"Namespace": "N", "Dimensions": [[]], "Metrics": [{"Name": "m"}]});
        let head = json!({"Timestamp": NOW.as_millis(), "CloudWatchMetrics": [directive]});
        json!({"_aws": head, "m": value, "image_id": "cat"})
    }

    #[test]
    fn metrics_go_to_their_store_and_all_other_lines_are_kept() {
        let (logs, metrics) = store(&[metric_line(&json!(1)), json!({"message": "hello", "level": "INFO"})]);
        assert_eq!(metrics.metrics().count(), 1);
        let lines = logs.find(&LogFilter::default(), 10);
        assert_eq!(lines.iter().map(|line| line.message.as_str()).collect::<Vec<_>>(), ["hello"]);
    }

    #[test]
    fn refused_metrics_are_counted_and_shown_with_the_reason() {
        let (logs, metrics) = store(&[metric_line(&json!([1, "x"]))]);
        assert_eq!((metrics.metrics().count(), logs.refused_metrics()), (0, 1));
        let line = &logs.find(&LogFilter::default(), 10)[0];
        assert!(line.message.ends_with("`m[1]` must be a number"), "{}", line.message);
        assert_eq!(line.fields["image_id"], "cat");
    }

    #[test]
    fn lines_are_found_by_the_ids_they_mention_anywhere() {
        let (logs, _) = store(&[
            json!({"message": "a", "level": "WARN", "key": "user-uploads/u/cat.jpg", "trace_id": "t1"}),
            json!({"message": "b", "level": "INFO", "span": {"ids": ["cat"]}, "trace_id": "t2"}),
            json!({"message": "c", "level": "INFO", "key": "user-uploads/u/dog.jpg", "trace_id": "t1"}),
            json!("START of cat"),
        ]);
        let found = |filter: LogFilter| -> Vec<String> {
            logs.find(&filter, 10).into_iter().map(|line| line.message).collect()
        };
        let image = || LogFilter { image_id: Some("cat".to_owned()), ..LogFilter::default() };
        assert_eq!(found(image()), ["a", "b", "\"START of cat\""]);
        assert_eq!(found(LogFilter { trace_id: Some("t1".to_owned()), ..image() }), ["a"]);
        let level = |level: &str| LogFilter { level: Some(level.to_owned()), ..LogFilter::default() };
        assert_eq!(found(level("INFO")), ["b", "c"]);
        assert_eq!(found(level("ERROR,WARN")), ["a"]);
    }

    #[test]
    fn the_newest_lines_are_kept() {
        let lines: Vec<Value> = (0..=MAX_LINES).map(|i| json!({"message": i.to_string()})).collect();
        let (logs, _) = store(&lines);
        let found = logs.find(&LogFilter::default(), usize::MAX);
        assert_eq!((found.len(), found[0].message.as_str()), (MAX_LINES, "1"));
        assert_eq!(logs.find(&LogFilter::default(), 1)[0].message, MAX_LINES.to_string());
    }
}
