//! Queries of CloudWatch Logs Insights, as far as our dashboards and saved queries use its language.
//!
//! Understood: `SOURCE`, `fields`, `filter` (see [`filter`](self)), `stats count(*) as … by …`, `sort` and `limit`. Anything
//! else is an error that names the command.

mod filter;
mod request;
#[cfg(test)]
mod tests;

use std::cmp::Ordering;
use std::collections::BTreeMap;

use cloudwatch_model::Timestamp;
use cloudwatch_model::dashboard::svg::Rows;
use serde_json::Value;

use super::logs::{LogLine, LogStore};
use super::rfc3339;
use filter::Filter;
pub(crate) use request::QueryRequest;

const TIMESTAMP: &str = "@timestamp";
const MESSAGE: &str = "@message";
const GROUP: &str = "@log";
/// CloudWatch's own limit.
const DEFAULT_LIMIT: usize = 10_000;

/// A query that is not answered here.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{command}` is not understood here; run the query in CloudWatch Logs Insights")]
pub struct QueryError {
    command: String,
}

/// A row in the making: name and value of each field.
type Row = BTreeMap<String, Value>;

#[derive(Debug, Default)]
struct Query {
    groups: Vec<String>,
    columns: Vec<String>,
    filters: Vec<Filter>,
    /// The name of the count, and what is counted by.
    count: Option<(String, String)>,
    sort: Option<(String, bool)>,
    limit: Option<usize>,
}

/// What a query finds.
#[derive(Debug)]
struct Found {
    columns: Vec<String>,
    rows: Vec<Row>,
    /// How many lines the filters left.
    matched: usize,
    /// Whether each row is one line.
    are_lines: bool,
}

impl Found {
    /// The cells that are not empty, by the names of their fields; one column may be added.
    fn fields(&self, added: Option<&'static str>) -> impl Iterator<Item = Vec<(&str, String)>> {
        self.rows.iter().map(move |row| {
            let columns = self.columns.iter().map(String::as_str).chain(added);
            let cells = columns.filter_map(|name| Some((name, look_up(row, name)?)));
            cells
                .map(|(name, value)| (name, written(name, Some(value))))
                .filter(|(_, text)| !text.is_empty())
                .collect()
        })
    }
}

/// The rows that a query finds.
///
/// # Errors
/// Names the first command that is not understood.
pub fn answer(logs: &LogStore, text: &str) -> Result<Rows, QueryError> {
    let Found { columns, rows, .. } = run(text, logs.everything().map(row))?;
    let cells = |row: &Row| columns.iter().map(|name| written(name, look_up(row, name))).collect();
    let rows = rows.iter().map(cells).collect();
    Ok(Rows { columns, rows })
}

/// What a query finds in these lines.
fn run(text: &str, lines: impl Iterator<Item = Row>) -> Result<Found, QueryError> {
    let query = parse(text)?;
    let is_of_source = |row: &Row| {
        let group = row.get(GROUP).and_then(Value::as_str).unwrap_or_default();
        query.groups.is_empty() || query.groups.iter().any(|wanted| wanted == group)
    };
    let lines = lines.filter(is_of_source);
    let mut rows: Vec<Row> =
        lines.filter(|row| query.filters.iter().all(|filter| filter.holds(row))).collect();
    let matched = rows.len();
    let mut columns = query.columns;
    if columns.is_empty() {
        columns = vec![TIMESTAMP.to_owned(), MESSAGE.to_owned()];
    }
    if let Some((name, by)) = &query.count {
        rows = counted(&rows, name, by);
        columns = vec![by.clone(), name.clone()];
    }
    if let Some((field, descending)) = &query.sort {
        rows.sort_by(|a, b| {
            let order = order(look_up(a, field), look_up(b, field));
            if *descending { order.reverse() } else { order }
        });
    }
    rows.truncate(query.limit.unwrap_or(DEFAULT_LIMIT));
    Ok(Found { columns, rows, matched, are_lines: query.count.is_none() })
}

fn row(line: &LogLine) -> Row {
    let mut row: Row = line.fields.clone().into_iter().collect();
    row.entry("message".to_owned()).or_insert_with(|| line.message.as_str().into());
    row.insert(TIMESTAMP.to_owned(), line.timestamp_ms.into());
    row.insert(GROUP.to_owned(), line.group.as_str().into());
    row.insert("@logStream".to_owned(), line.stream.as_str().into());
    let whole = if line.fields.is_empty() {
        line.message.clone()
    } else {
        Value::from(line.fields.clone()).to_string()
    };
    row.insert(MESSAGE.to_owned(), whole.into());
    row
}

/// The value of a field, whose name may be a path: `record.status`.
fn look_up<'a>(row: &'a Row, name: &str) -> Option<&'a Value> {
    row.get(name).or_else(|| {
        let (first, rest) = name.split_once('.')?;
        rest.split('.').try_fold(row.get(first)?, |value, step| value.get(step))
    })
}

fn counted(rows: &[Row], name: &str, by: &str) -> Vec<Row> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(written(by, look_up(row, by))).or_default() += 1;
    }
    let row = |(value, count): (String, u64)| {
        Row::from([(by.to_owned(), value.into()), (name.to_owned(), count.into())])
    };
    counts.into_iter().map(row).collect()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as it is shown; the instant of a line is a number until then.
fn written(name: &str, value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(value) if name == TIMESTAMP => value.as_i64().map(instant).unwrap_or_default(),
        Some(value) => plain(value),
    }
}

/// As Logs Insights writes instants: always to the millisecond.
fn instant(millis: i64) -> String {
    let second = rfc3339(Timestamp::from_millis(millis - millis.rem_euclid(1000)));
    format!("{}.{:03}", second.replace('T', " ").trim_end_matches('Z'), millis.rem_euclid(1000))
}

fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a_number, b_number) => {
            a_number.is_some().cmp(&b_number.is_some()).then_with(|| a.map(plain).cmp(&b.map(plain)))
        }
    }
}

fn parse(text: &str) -> Result<Query, QueryError> {
    let mut query = Query::default();
    for command in commands(text) {
        let unknown = || QueryError { command: command.to_owned() };
        let (verb, rest) = command.split_once(' ').ok_or_else(unknown)?;
        let rest = rest.trim();
        match verb {
            "SOURCE" => query.groups.push(quoted(rest).ok_or_else(unknown)?),
            "fields" => query.columns.extend(rest.split(',').map(|name| name.trim().to_owned())),
            "filter" => query.filters.push(Filter::parse(rest).ok_or_else(unknown)?),
            "stats" => query.count = Some(count(rest).ok_or_else(unknown)?),
            "sort" => query.sort = Some(sort(rest).ok_or_else(unknown)?),
            "limit" => query.limit = Some(rest.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        }
    }
    Ok(query)
}

/// The commands between the bars that stand in no text and no regular expression.
fn commands(text: &str) -> impl Iterator<Item = &str> {
    let mut inside = None;
    let bars = text.split(move |c: char| {
        match inside {
            Some(mark) if mark == c => inside = None,
            None if matches!(c, '\'' | '"' | '/') => inside = Some(c),
            Some(_) | None => {}
        }
        c == '|' && inside.is_none()
    });
    bars.map(str::trim)
}

fn quoted(text: &str) -> Option<String> {
    let inside = text.trim().strip_prefix('\'')?.strip_suffix('\'')?;
    (!inside.contains('\'')).then(|| inside.to_owned())
}

fn name(text: &str) -> Option<String> {
    let text = text.trim();
    let fits = |c: char| c.is_alphanumeric() || matches!(c, '@' | '_' | '.');
    (!text.is_empty() && text.chars().all(fits)).then(|| text.to_owned())
}

fn count(text: &str) -> Option<(String, String)> {
    let (called, by) = text.strip_prefix("count(*) as ")?.split_once(" by ")?;
    Some((name(called)?, name(by)?))
}

fn sort(text: &str) -> Option<(String, bool)> {
    match text.split_once(' ') {
        None => Some((name(text)?, false)),
        Some((field, "asc")) => Some((name(field)?, false)),
        Some((field, "desc")) => Some((name(field)?, true)),
        Some(_) => None,
    }
}
