//! Statistics by `GetMetricData`, for the model of alarms and dashboards.

use std::collections::BTreeMap;

use aws_client::{Aws, AwsError};
use cloudwatch_model::alarm::MetricStat;
use cloudwatch_model::{MetricId, Period, Statistic, Statistics, Timestamp, Unit};
use serde_json::{Value, json};

use super::{call, list, text};

/// `GetMetricData` takes at most this many queries.
const BATCH: usize = 500;

/// A statistic of a metric over periods that follow upon each other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Wanted {
    pub(crate) stat: MetricStat,
    pub(crate) period: Period,
    /// When each period begins, oldest first.
    pub(crate) starts: Vec<Timestamp>,
}

impl Wanted {
    fn range(&self) -> Option<(i64, i64)> {
        let (first, last) = (self.starts.first()?.as_millis(), self.starts.last()?.as_millis());
        Some((first, last + self.period.as_millis()))
    }
}

/// What was fetched: a value for each statistic and stretch of time.
#[derive(Debug, Default)]
pub(crate) struct Fetched(BTreeMap<String, f64>);

impl Fetched {
    /// Whether there was no data at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Values by the beginning of their period.
    #[cfg(test)]
    pub(crate) fn of<'a>(values: impl Iterator<Item = (&'a Wanted, Timestamp, f64)>) -> Self {
        let entry = |(one, start, value): (&Wanted, Timestamp, f64)| {
            let MetricStat { metric, statistic, unit } = &one.stat;
            let (from, until) = (start.as_millis(), start.as_millis() + one.period.as_millis());
            (key(metric, *statistic, *unit, from, until), value)
        };
        Self(values.map(entry).collect())
    }
}

impl Statistics for Fetched {
    fn statistic(
        &self,
        metric: &MetricId,
        statistic: Statistic,
        unit: Option<Unit>,
        from: Timestamp,
        until: Timestamp,
    ) -> Option<f64> {
        self.0.get(&key(metric, statistic, unit, from.as_millis(), until.as_millis())).copied()
    }
}

fn key(metric: &MetricId, statistic: Statistic, unit: Option<Unit>, from: i64, until: i64) -> String {
    let unit = unit.map(Unit::as_str).unwrap_or_default();
    format!("{metric} {statistic} {unit} {from} {until}")
}

/// Fetches all that is wanted.
pub(crate) async fn fetch(aws: &Aws, wanted: &[Wanted]) -> Result<Fetched, AwsError> {
    let mut fetched = Fetched::default();
    // A request has one range of time.
    let mut by_range: BTreeMap<(i64, i64), Vec<&Wanted>> = BTreeMap::new();
    for one in wanted {
        by_range.entry(one.range().unwrap_or_default()).or_default().push(one);
    }
    for ((from, until), wanted) in by_range {
        for wanted in wanted.chunks(BATCH) {
            request(aws, from, until, wanted, &mut fetched).await?;
        }
    }
    Ok(fetched)
}

async fn request(
    aws: &Aws,
    from: i64,
    until: i64,
    wanted: &[&Wanted],
    fetched: &mut Fetched,
) -> Result<(), AwsError> {
    let queries: Vec<Value> = wanted.iter().enumerate().map(|(index, one)| query(index, one)).collect();
    let mut ask = json!({
        "MetricDataQueries": queries, "StartTime": from / 1000, "EndTime": until / 1000,
        "ScanBy": "TimestampAscending",
    });
    loop {
        let answer = call(aws, "GetMetricData", ask.clone()).await?;
        for result in list(&answer, "MetricDataResults") {
            let index = text(result, "Id").strip_prefix('q').and_then(|index| index.parse::<usize>().ok());
            if let Some(one) = index.and_then(|index| wanted.get(index)) {
                keep(one, result, fetched);
            }
        }
        match (answer.get("NextToken").filter(|token| token.is_string()), ask.as_object_mut()) {
            (Some(token), Some(ask)) => drop(ask.insert("NextToken".to_owned(), token.clone())),
            _ => return Ok(()),
        }
    }
}

fn query(index: usize, wanted: &Wanted) -> Value {
    let MetricStat { metric, statistic, unit } = &wanted.stat;
    let dimensions: Vec<Value> =
        metric.dimensions().iter().map(|(name, value)| json!({"Name": name, "Value": value})).collect();
    let metric =
        json!({"Namespace": metric.namespace(), "MetricName": metric.name(), "Dimensions": dimensions});
    let mut stat = json!({
        "Metric": metric, "Period": wanted.period.as_seconds(), "Stat": statistic.to_string(),
    });
    if let (Some(unit), Some(stat)) = (unit, stat.as_object_mut()) {
        stat.insert("Unit".to_owned(), unit.as_str().into());
    }
    json!({"Id": format!("q{index}"), "MetricStat": stat, "ReturnData": true})
}

/// Keeps the values under the period that each belongs to. CloudWatch may begin its periods at multiples of their
/// length, so that a value belongs to the period that begins nearest.
fn keep(wanted: &Wanted, result: &Value, fetched: &mut Fetched) {
    let MetricStat { metric, statistic, unit } = &wanted.stat;
    let length = wanted.period.as_millis();
    let values = list(result, "Values").iter().filter_map(Value::as_f64);
    for (at, value) in list(result, "Timestamps").iter().filter_map(millis).zip(values) {
        let nearest = wanted.starts.iter().map(|start| start.as_millis());
        let nearest = nearest.min_by_key(|start| start.abs_diff(at));
        if let Some(start) = nearest.filter(|start| start.abs_diff(at) < length.unsigned_abs()) {
            fetched.0.insert(key(metric, *statistic, *unit, start, start + length), value);
        }
    }
}

/// A time of the JSON protocol: seconds, or a text.
fn millis(time: &Value) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "a time of this era")]
    match time {
        Value::Number(seconds) => Some((seconds.as_f64()? * 1000.0) as i64),
        Value::String(text) => contract::time::unix_millis(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cloudwatch_model::Dimensions;

    use super::*;

    fn wanted() -> Wanted {
        let dimensions = Dimensions::new([("QueueName", "q")]).unwrap();
        let metric = MetricId::new("AWS/SQS", "Age", dimensions).unwrap();
        let stat = MetricStat { metric, statistic: "p99".parse().unwrap(), unit: None };
        let starts = [0, 60_000, 120_000].map(Timestamp::from_millis).to_vec();
        Wanted { stat, period: Period::MINUTE, starts }
    }

    #[test]
    fn query_is_the_one_that_the_api_documents() {
        let stat = json!({
            "Metric": {"Namespace": "AWS/SQS", "MetricName": "Age", "Dimensions": [{"Name": "QueueName", "Value": "q"}]},
            "Period": 60, "Stat": "p99",
        });
        assert_eq!(query(3, &wanted()), json!({"Id": "q3", "MetricStat": stat, "ReturnData": true}));
    }

    #[test]
    fn values_are_found_under_their_periods_and_gaps_stay_gaps() {
        let (wanted, mut fetched) = (wanted(), Fetched::default());
        let result = json!({"Timestamps": [0.0, "1970-01-01T00:02:00Z"], "Values": [1.5, 2.5]});
        keep(&wanted, &result, &mut fetched);
        let at = |from: i64| {
            let (from, until) = (Timestamp::from_millis(from), Timestamp::from_millis(from + 60_000));
            fetched.statistic(&wanted.stat.metric, wanted.stat.statistic, None, from, until)
        };
        assert_eq!([at(0), at(60_000), at(120_000)], [Some(1.5), None, Some(2.5)]);
    }
}
