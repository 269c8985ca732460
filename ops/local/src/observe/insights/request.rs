//! Query of lines that the engine found, for `StartQuery`.

use serde::Deserialize;
use serde_json::{Value, json};

use super::super::logs::LogLine;
use super::{MESSAGE, QueryError, Row, row, run};

const POINTER: &str = "@ptr";

/// What the engine asks.
#[derive(Debug, Deserialize)]
pub(crate) struct QueryRequest {
    query: String,
    /// Beside the query's own.
    limit: Option<usize>,
    lines: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    pointer: String,
    timestamp: i64,
    message: String,
    group: String,
    stream: String,
}

impl QueryRequest {
    /// The rows as `GetQueryResults` has them, and how many lines matched.
    pub(crate) fn answer(&self) -> Result<Value, QueryError> {
        let found = run(&self.query, self.lines.iter().map(Line::row))?;
        let cell = |(field, value): (&str, String)| json!({"field": field, "value": value});
        let pointer = found.are_lines.then_some(POINTER);
        let rows = found.fields(pointer).take(self.limit.unwrap_or(usize::MAX));
        let results: Vec<Value> = rows.map(|cells| cells.into_iter().map(cell).collect()).collect();
        Ok(json!({"results": results, "matched": found.matched}))
    }
}

impl Line {
    fn row(&self) -> Row {
        let Self { pointer, timestamp, message, group, stream } = self;
        let mut row = row(&LogLine::read(group, stream, *timestamp, message));
        // As it was written, and not as it was read.
        row.insert(MESSAGE.to_owned(), message.as_str().into());
        row.insert(POINTER.to_owned(), pointer.as_str().into());
        row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(query: &str, limit: Option<usize>) -> Value {
        let line = |pointer: &str, message: &str| json!({"pointer": pointer, "timestamp": 1_767_225_600_000_i64, "message": message, "group": "g", "stream": "s"});
        let lines = [line("1", r#"{"b":"x","a":1}"#), line("2", r#"{"a":2}"#), line("3", "plain")];
        let request = json!({"query": query, "limit": limit, "lines": lines});
        serde_json::from_value::<QueryRequest>(request).unwrap().answer().unwrap()
    }

    #[test]
    fn rows_have_the_fields_that_there_are_and_a_pointer_to_their_line() {
        let answer = ask("fields a, b | sort a desc", Some(2));
        let cell = |field: &str, value: &str| json!({"field": field, "value": value});
        assert_eq!(answer["results"][0], json!([cell("a", "2"), cell("@ptr", "2")]));
        assert_eq!(answer["results"][1], json!([cell("a", "1"), cell("b", "x"), cell("@ptr", "1")]));
        assert_eq!((answer["results"].as_array().unwrap().len(), &answer["matched"]), (2, &json!(3)));
        let counts = ask("filter ispresent(a) | stats count(*) as lines by @log", None);
        assert_eq!(counts, json!({"results": [[cell("@log", "g"), cell("lines", "2")]], "matched": 2}));
    }

    #[test]
    fn a_query_without_fields_shows_time_and_message_as_it_was_written() {
        let answer = ask("filter b = 'x'", None);
        let row = answer["results"][0].as_array().unwrap();
        assert_eq!(row[0], json!({"field": "@timestamp", "value": "2026-01-01 00:00:00.000"}));
        assert_eq!(row[1]["value"], r#"{"b":"x","a":1}"#);
    }
}
