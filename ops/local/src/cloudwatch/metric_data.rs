//! `GetMetricData`: many metrics, and expressions over them.

use std::collections::BTreeMap;

use cloudwatch_model::alarm::MetricStat;
use cloudwatch_model::math::{Expression, ExpressionValue, Scope, Values};
use cloudwatch_model::{MetricStore, Period, Statistics, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::ApiError;
use super::metrics::Metric;
use super::pages;
use super::statistics::statistic;
use super::values::{Instant, Truth, Whole};
use super::windows::{Range, period};
use super::wire::{Output, members};

/// Queries of one request.
const MAX_QUERIES: usize = 500;
/// Datapoints of one answer, and what a request without `MaxDatapoints` gets.
const MAX_DATAPOINTS: u32 = 100_800;

/// The request.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetMetricData {
    metric_data_queries: Vec<MetricDataQuery>,
    start_time: Instant,
    end_time: Instant,
    next_token: Option<String>,
    #[serde(default)]
    scan_by: ScanBy,
    max_datapoints: Option<Whole>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
enum ScanBy {
    #[default]
    TimestampDescending,
    TimestampAscending,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MetricDataQuery {
    id: String,
    label: Option<String>,
    metric_stat: Option<StatOfMetric>,
    expression: Option<String>,
    period: Option<Whole>,
    return_data: Option<Truth>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct StatOfMetric {
    metric: Metric,
    period: Whole,
    stat: String,
    unit: Option<String>,
}

/// A query, understood.
struct Asked {
    id: String,
    label: String,
    returns: bool,
    of: Of,
}

enum Of {
    Metric(MetricStat, Period),
    /// The period is that of the metrics, or else its own.
    Expression(Expression, Option<Period>),
}

/// A series that is returned; points without a value are absent.
struct Found {
    id: String,
    label: String,
    points: Vec<(Timestamp, f64)>,
}

/// Where a page ended: in which series, and after which instant of it.
#[derive(Serialize, Deserialize)]
struct Place(usize, Option<i64>);

impl GetMetricData {
    /// The series in the order of their queries; each newest first, unless asked otherwise.
    pub(super) fn answer(self, store: &MetricStore) -> Result<Output, ApiError> {
        let range = Range::of(self.start_time, self.end_time)?;
        let limit = match self.max_datapoints {
            None => MAX_DATAPOINTS,
            Some(Whole(limit @ 1..=MAX_DATAPOINTS)) => limit,
            Some(Whole(limit)) => {
                return Err(ApiError::Validation(format!(
                    "MaxDatapoints is {limit}, and 1 to 100,800 are allowed."
                )));
            }
        };
        let from = pages::place::<Place>(self.next_token.as_deref())?;
        let asked = understood(self.metric_data_queries)?;
        let mut series = found(&asked, store, range)?;
        if self.scan_by == ScanBy::TimestampDescending {
            for series in &mut series {
                series.points.reverse();
            }
        }
        Ok(page(series, from, limit as usize, self.scan_by))
    }
}

fn understood(queries: Vec<MetricDataQuery>) -> Result<Vec<Asked>, ApiError> {
    let refused = |why: String| Err(ApiError::Validation(why));
    if queries.is_empty() || queries.len() > MAX_QUERIES {
        return refused(format!("MetricDataQueries must have 1 to {MAX_QUERIES} members."));
    }
    let mut asked: Vec<Asked> = Vec::new();
    for query in queries {
        let MetricDataQuery { id, label, metric_stat, expression, period: own, return_data } = query;
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '_';
        if !id.starts_with(|first: char| first.is_ascii_lowercase()) || !id.chars().all(fits) {
            return refused(format!("The id {id} must begin in lower case, and hold letters, digits and _."));
        }
        if asked.iter().any(|other| other.id == id) {
            return refused(format!("The id {id} is not unique."));
        }
        let of = match (metric_stat, expression) {
            (Some(StatOfMetric { metric, period: length, stat, unit }), None) => {
                let unit = unit.as_deref().map(str::parse).transpose()?;
                let stat = MetricStat { metric: metric.id()?, statistic: statistic(&stat)?, unit };
                Of::Metric(stat, period(length)?)
            }
            (None, Some(text)) => {
                let expression = Expression::parse(&text);
                let expression = expression.map_err(|error| wrong(&id, error))?;
                Of::Expression(expression, own.map(period).transpose()?)
            }
            _ => return refused(format!("The query {id} needs either MetricStat or Expression.")),
        };
        let default = match &of {
            Of::Metric(stat, _) => stat.metric.name().to_owned(),
            Of::Expression(..) => id.clone(),
        };
        let returns = return_data.is_none_or(|Truth(returns)| returns);
        asked.push(Asked { id, label: label.unwrap_or(default), returns, of });
    }
    if !asked.iter().any(|query| query.returns) {
        return refused("At least one query must have ReturnData.".to_owned());
    }
    Ok(asked)
}

fn wrong(id: &str, why: impl std::fmt::Display) -> ApiError {
    ApiError::Validation(format!("Error in expression '{id}': {why}"))
}

fn found(asked: &[Asked], store: &MetricStore, range: Range) -> Result<Vec<Found>, ApiError> {
    let scope = evaluated(asked, store, range)?;
    let mut series = Vec::new();
    for query in asked.iter().filter(|query| query.returns) {
        let mut push =
            |points| series.push(Found { id: query.id.clone(), label: query.label.clone(), points });
        match &query.of {
            Of::Metric(stat, period) => push(points(store, stat, *period, range)),
            Of::Expression(..) => {
                let Some(scope) = &scope else { continue };
                let at_starts = |values: &Values| {
                    let pairs = scope.starts.iter().zip(values);
                    pairs.filter_map(|(start, value)| Some((*start, (*value)?))).collect()
                };
                match scope.expressions.get(&query.id) {
                    Some(ExpressionValue::Series(values)) => push(at_starts(values)),
                    Some(ExpressionValue::Array(items)) => {
                        for values in items {
                            push(at_starts(values));
                        }
                    }
                    Some(ExpressionValue::Scalar(_)) | None => {
                        let why = "it is one number and not a time series";
                        return Err(wrong(&query.id, why));
                    }
                }
            }
        }
    }
    Ok(series)
}

fn points(store: &MetricStore, stat: &MetricStat, period: Period, range: Range) -> Vec<(Timestamp, f64)> {
    let span = store.span(&stat.metric);
    let starts = span.into_iter().flat_map(|span| range.starts(period, span));
    let value = |start: Timestamp| {
        let end = start.plus_millis(period.as_millis());
        store.statistic(&stat.metric, stat.statistic, stat.unit, start, end)
    };
    starts.filter_map(|start| Some((start, value(start)?))).collect()
}

/// What the expressions come to; `None` where there are none.
fn evaluated(asked: &[Asked], store: &MetricStore, range: Range) -> Result<Option<Scope>, ApiError> {
    let mut waiting: Vec<(&str, &Expression)> = Vec::new();
    let (mut periods, mut own) = (Vec::new(), Vec::new());
    for query in asked {
        match &query.of {
            Of::Metric(_, period) => periods.push(*period),
            Of::Expression(expression, period) => {
                waiting.push((&query.id, expression));
                own.extend(*period);
            }
        }
    }
    if waiting.is_empty() {
        return Ok(None);
    }
    let Some(period) = periods.first().or(own.first()).copied() else {
        return Err(ApiError::Validation("An expression without metrics needs a Period.".to_owned()));
    };
    if periods.iter().any(|other| *other != period) {
        let why = "Metrics of different periods beside an expression are not answered by the local stack.";
        return Err(ApiError::Validation(why.to_owned()));
    }
    let starts = range.all_starts(period, MAX_DATAPOINTS.into()).map_err(|count| {
        ApiError::Validation(format!(
            "The expressions would have {count} datapoints, and 100,800 are allowed."
        ))
    })?;
    let mut scope = Scope { starts, period, metrics: Vec::new(), expressions: BTreeMap::new() };
    for query in asked {
        let Of::Metric(stat, _) = &query.of else { continue };
        let mut known = points(store, stat, period, range).into_iter().peekable();
        let value = |start: &Timestamp| known.next_if(|(at, _)| at == start).map(|(_, value)| value);
        let values = scope.starts.iter().map(value).collect();
        scope.metrics.push((query.id.clone(), values));
    }
    while !waiting.is_empty() {
        let known = |id: &str| {
            scope.expressions.contains_key(id) || scope.metrics.iter().any(|(metric, _)| metric == id)
        };
        // Where none is ready, evaluating one names the id that is missing.
        let ready = waiting.iter().position(|(_, expression)| expression.ids().into_iter().all(known));
        let (id, expression) = waiting.remove(ready.unwrap_or(0));
        let value = expression.evaluate(&scope).map_err(|error| wrong(id, error))?;
        scope.expressions.insert(id.to_owned(), value);
    }
    Ok(Some(scope))
}

/// As many points as fit; a series that goes on with the next page is `PartialData`.
fn page(series: Vec<Found>, from: Option<Place>, limit: usize, scan_by: ScanBy) -> Output {
    let Place(first, after) = from.unwrap_or(Place(0, None));
    let (mut room, mut next, mut results) = (limit, None, Vec::new());
    for (index, Found { id, label, mut points }) in series.into_iter().enumerate().skip(first) {
        if let Some(after) = after.filter(|_| index == first) {
            points.retain(|(at, _)| match scan_by {
                ScanBy::TimestampDescending => at.as_millis() < after,
                ScanBy::TimestampAscending => at.as_millis() > after,
            });
        }
        if room == 0 && !points.is_empty() {
            next = Some(pages::token(&Place(index, None)));
            break;
        }
        let is_cut = points.len() > room;
        points.truncate(room);
        room -= points.len();
        let last = points.last().map(|(at, _)| at.as_millis());
        results.push(members([
            ("Id", Some(id.into())),
            ("Label", Some(label.into())),
            ("Timestamps", Some(points.iter().map(|(at, _)| *at).collect())),
            ("Values", Some(points.iter().map(|(_, value)| *value).collect())),
            ("StatusCode", Some(if is_cut { "PartialData" } else { "Complete" }.into())),
        ]));
        if is_cut {
            next = Some(pages::token(&Place(index, last)));
            break;
        }
    }
    members([
        ("MetricDataResults", Some(Output::List(results))),
        ("NextToken", next),
        ("Messages", Some(Output::List(Vec::new()))),
    ])
}
