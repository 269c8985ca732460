//! Metrics that AWS's services publish by themselves: the engine's modules report them, a line each, and get on the
//! same connection how fast the clock goes.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudwatch_model::{
    Datapoint, Dimensions, Distribution, InvalidDatapoint, InvalidId, MetricId, Resolution, Timestamp,
};
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::board::{Board, RETRY_AFTER};
use super::clock::Clock;
use super::news::Topic;
use aws_client::chain;

/// This source, as problems name it.
const SOURCE: &str = "metrics of services";

/// One report.
#[derive(Debug, Deserialize)]
struct Report {
    namespace: String,
    name: String,
    dimensions: BTreeMap<String, String>,
    unit: String,
    /// Seconds since 1970 by the machine's clock.
    at: f64,
    value: Option<f64>,
    /// The value is the time that passed since this instant, by the plane's clock.
    since: Option<f64>,
}

/// A report that is not understood.
#[derive(Debug, thiserror::Error)]
enum ReportError {
    #[error("the connection broke")]
    Broken(#[from] std::io::Error),
    #[error("a line is no report")]
    Json(#[from] serde_json::Error),
    #[error("a report names no metric")]
    Id(#[from] InvalidId),
    #[error("a report has no value")]
    Value(#[from] InvalidDatapoint),
}

/// Reads reports until the watching ends; the engine connects once in its life.
pub(super) async fn follow(board: Arc<Board>, listener: TcpListener, clock: Clock) {
    loop {
        let connection = match listener.accept().await {
            Ok((connection, _)) => connection,
            Err(error) => {
                board.note(SOURCE, Some(error.to_string()));
                tokio::time::sleep(RETRY_AFTER).await;
                continue;
            }
        };
        if let Err(error) = exchange(&board, connection, &clock).await {
            board.note(SOURCE, Some(chain(&error)));
        }
    }
}

/// Takes reports until the connection ends; writes how fast the clock goes, first and whenever that changes.
async fn exchange(board: &Board, connection: TcpStream, clock: &Clock) -> Result<(), ReportError> {
    board.note(SOURCE, None);
    let (reports, mut rates) = connection.into_split();
    let mut lines = BufReader::new(reports).lines();
    let mut changes = clock.changes();
    let mut written = None;
    loop {
        let rate = clock.rate();
        if written.replace(rate) != Some(rate) {
            rates.write_all(format!("{rate}\n").as_bytes()).await?;
        }
        let line = tokio::select! {
            line = lines.next_line() => line?,
            () = changes.next() => continue,
        };
        let Some(line) = line else { return Ok(()) };
        match read(&line, clock) {
            Ok(datapoint) => board.write(&[Topic::Metrics], |seen| seen.metrics.put(datapoint)),
            // Not the engine: a browser, whose request could hold reports further down.
            Err(error @ ReportError::Json(_)) => return Err(error),
            Err(error) => board.note(SOURCE, Some(chain(&error))),
        }
    }
}

fn read(line: &str, clock: &Clock) -> Result<Datapoint, ReportError> {
    let report: Report = serde_json::from_str(line)?;
    let at = clock.at(instant(report.at));
    let values = if let Some(since) = report.since {
        let passed = at.as_millis() - clock.at(instant(since)).as_millis();
        #[expect(clippy::cast_precision_loss, reason = "milliseconds of days")]
        Distribution::of_values(&[(passed as f64 / 1000.0).max(0.0)])
    } else {
        Distribution::of_values(report.value.as_slice())
    };
    Ok(Datapoint {
        metric: MetricId::new(report.namespace, report.name, Dimensions::new(report.dimensions)?)?,
        timestamp: at,
        unit: report.unit.parse()?,
        values: values?,
        resolution: Resolution::Standard,
    })
}

fn instant(seconds: f64) -> Timestamp {
    #[expect(clippy::cast_possible_truncation, reason = "rounded, and saturating")]
    Timestamp::from_millis((seconds * 1000.0).round() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(rest: &str) -> Vec<(f64, f64)> {
        let line = format!(
            r#"{{"namespace":"AWS/SQS","name":"N","dimensions":{{"QueueName":"q"}},"unit":"Count","at":5,{rest}}}"#
        );
        read(&line, &Clock::default()).unwrap().values.iter().collect()
    }

    #[test]
    fn report_becomes_a_datapoint_of_exactly_its_metric() {
        let line = r#"{"namespace":"AWS/SQS","name":"N","dimensions":{"QueueName":"q"},"unit":"Seconds","at":1.5,"value":3}"#;
        let datapoint = read(line, &Clock::default()).unwrap();
        assert_eq!(datapoint.metric.dimensions().get("QueueName"), Some("q"));
        assert_eq!(datapoint.timestamp, Timestamp::from_millis(1500));
        assert_eq!(datapoint.unit.as_str(), "Seconds");
    }

    #[test]
    fn each_form_of_a_value_is_read() {
        assert_eq!(values(r#""value":7"#), [(7.0, 1.0)]);
        assert_eq!(values(r#""since":2"#), [(3.0, 1.0)]);
    }

    #[test]
    fn report_without_value_unit_or_form_is_an_error() {
        for line in ["", "{}", r#"{"namespace":"A","name":"N","dimensions":{},"unit":"Count","at":1}"#] {
            assert!(read(line, &Clock::default()).is_err(), "{line}");
        }
    }
}
