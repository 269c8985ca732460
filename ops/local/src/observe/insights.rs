//! Queries of CloudWatch Logs Insights, as far as our dashboards use its language.
//!
//! Understood: `SOURCE`, `fields`, `filter` with `=`, `in` and `ispresent`, `stats count(*) as … by …`, `sort`
//! and `limit`. Anything else is an error that names the command.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use cloudwatch_model::Timestamp;
use cloudwatch_model::dashboard::svg::Rows;
use serde_json::Value;

use super::logs::{LogLine, LogStore};
use super::rfc3339;

const TIMESTAMP: &str = "@timestamp";
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

#[derive(Debug, PartialEq)]
enum Test {
    Is(String, Vec<String>),
    Present(String),
}

#[derive(Debug, Default, PartialEq)]
struct Query {
    groups: Vec<String>,
    columns: Vec<String>,
    tests: Vec<Test>,
    /// The name of the count, and what is counted by.
    count: Option<(String, String)>,
    sort: Option<(String, bool)>,
    limit: Option<usize>,
}

/// The rows that a query finds.
///
/// # Errors
/// Names the first command that is not understood.
pub fn answer(logs: &LogStore, text: &str) -> Result<Rows, QueryError> {
    let query = parse(text)?;
    let lines =
        logs.everything().filter(|line| query.groups.is_empty() || query.groups.contains(&line.group));
    let mut rows: Vec<Row> =
        lines.map(row).filter(|row| query.tests.iter().all(|test| test.holds(row))).collect();
    let mut columns = query.columns;
    if let Some((name, by)) = &query.count {
        rows = counted(&rows, name, by);
        columns = vec![by.clone(), name.clone()];
    }
    if let Some((field, descending)) = &query.sort {
        rows.sort_by(|a, b| {
            let order = order(a.get(field), b.get(field));
            if *descending { order.reverse() } else { order }
        });
    }
    rows.truncate(query.limit.unwrap_or(DEFAULT_LIMIT));
    let cells = |row: &Row| columns.iter().map(|name| written(row.get(name))).collect();
    let rows = rows.iter().map(cells).collect();
    Ok(Rows { columns, rows })
}

fn row(line: &LogLine) -> Row {
    let mut row: Row = line.fields.clone().into_iter().collect();
    row.entry("message".to_owned()).or_insert_with(|| line.message.as_str().into());
    row.insert(TIMESTAMP.to_owned(), line.timestamp_ms.into());
    row
}

fn counted(rows: &[Row], name: &str, by: &str) -> Vec<Row> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows {
        *counts.entry(written(row.get(by))).or_default() += 1;
    }
    let row = |(value, count): (String, u64)| {
        Row::from([(by.to_owned(), value.into()), (name.to_owned(), count.into())])
    };
    counts.into_iter().map(row).collect()
}

impl Test {
    fn holds(&self, row: &Row) -> bool {
        match self {
            Self::Is(field, values) => row.get(field).is_some_and(|value| values.contains(&plain(value))),
            Self::Present(field) => row.get(field).is_some_and(|value| !value.is_null()),
        }
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Instants are numbers until they are shown.
fn written(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::Number(number)) if number.as_i64().is_some_and(|millis| millis > 1_000_000_000_000) => {
            let text = rfc3339(Timestamp::from_millis(number.as_i64().unwrap_or_default()));
            text.replace('T', " ").trim_end_matches('Z').to_owned()
        }
        Some(value) => plain(value),
    }
}

fn order(a: Option<&Value>, b: Option<&Value>) -> Ordering {
    let number = |value: Option<&Value>| value.and_then(Value::as_f64);
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        (a_number, b_number) => {
            a_number.is_some().cmp(&b_number.is_some()).then_with(|| written(a).cmp(&written(b)))
        }
    }
}

fn parse(text: &str) -> Result<Query, QueryError> {
    let mut query = Query::default();
    for command in text.split('|').map(str::trim) {
        let unknown = || QueryError { command: command.to_owned() };
        let (verb, rest) = command.split_once(' ').ok_or_else(unknown)?;
        let rest = rest.trim();
        match verb {
            "SOURCE" => query.groups.push(quoted(rest).ok_or_else(unknown)?),
            "fields" => query.columns.extend(rest.split(',').map(|name| name.trim().to_owned())),
            "filter" => query.tests.push(test(rest).ok_or_else(unknown)?),
            "stats" => query.count = Some(count(rest).ok_or_else(unknown)?),
            "sort" => query.sort = Some(sort(rest).ok_or_else(unknown)?),
            "limit" => query.limit = Some(rest.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        }
    }
    Ok(query)
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

fn test(text: &str) -> Option<Test> {
    if let Some(field) = text.strip_prefix("ispresent(").and_then(|rest| rest.strip_suffix(')')) {
        return Some(Test::Present(name(field)?));
    }
    if let Some((field, list)) = text.split_once(" in ") {
        let list = list.trim().strip_prefix('[')?.strip_suffix(']')?;
        let values: Option<Vec<String>> = list.split(',').map(quoted).collect();
        return Some(Test::Is(name(field)?, values?));
    }
    let (field, value) = text.split_once('=')?;
    Some(Test::Is(name(field)?, vec![quoted(value)?]))
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

#[cfg(test)]
mod tests {
    use cloudwatch_model::MetricStore;
    use serde_json::json;

    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

    fn logs() -> LogStore {
        let (mut logs, mut metrics) = (LogStore::default(), MetricStore::new());
        let lines = [
            ("a", json!({"level": "INFO", "message": "one", "sub": "x", "took": 9})),
            ("a", json!({"level": "ERROR", "message": "two", "sub": "y", "took": 10})),
            ("b", json!({"level": "WARN", "message": "three", "sub": "x"})),
        ];
        for ((group, line), index) in lines.iter().zip(0..) {
            let (raw, at) = (line.to_string(), NOW.plus_millis(index));
            logs.put(LogLine::read(group, "s", at.as_millis(), &raw), &raw, NOW, &mut metrics);
        }
        logs
    }

    fn rows(query: &str) -> Vec<Vec<String>> {
        answer(&logs(), query).unwrap().rows
    }

    #[test]
    fn lines_are_chosen_sorted_cut_and_shown_by_their_fields() {
        let query = "SOURCE 'a' | SOURCE 'b' | fields @timestamp, message | filter level in ['WARN', 'ERROR'] \
                     | sort @timestamp desc | limit 1";
        assert_eq!(rows(query), [["2026-01-01 00:00:00.002", "three"]]);
        assert_eq!(rows("SOURCE 'b' | fields message"), [["three"]]);
        assert_eq!(rows("fields message | filter ispresent(took) | sort took desc"), [["two"], ["one"]]);
        assert_eq!(rows("fields message | filter message = 'one'"), [["one"]]);
    }

    #[test]
    fn lines_are_counted_by_a_field() {
        let query = "stats count(*) as urls by sub | sort urls desc | limit 20";
        assert_eq!(answer(&logs(), query).unwrap().columns, ["sub", "urls"]);
        assert_eq!(rows(query), [["x", "2"], ["y", "1"]]);
    }

    #[test]
    fn command_that_is_not_understood_is_named() {
        for command in
            ["parse @message '*'", "filter took > 3", "stats avg(took) by sub", "limit many", "sort a up"]
        {
            let error = answer(&logs(), &format!("fields message | {command}")).unwrap_err();
            assert_eq!(error, QueryError { command: command.to_owned() });
        }
    }
}
