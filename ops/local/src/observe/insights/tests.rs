//! Queries over lines of two groups.

use cloudwatch_model::MetricStore;
use serde_json::json;

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

fn logs() -> LogStore {
    let (mut logs, mut metrics) = (LogStore::default(), MetricStore::new());
    let lines = [
        ("a", json!({"level": "INFO", "message": "one", "sub": "x", "took": 9, "deep": {"status": "error"}})),
        (
            "a",
            json!({"level": "ERROR", "message": "two", "sub": "y", "took": 10, "bytes": 2_000_000_000_000_u64}),
        ),
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
    let whole = [["2026-01-01 00:00:00.000", ""], ["2026-01-01 00:00:00.001", "2000000000000"]];
    assert_eq!(rows("SOURCE 'a' | fields @timestamp, bytes"), whole);
    assert_eq!(rows("fields message | filter ispresent(took) | sort took desc"), [["two"], ["one"]]);
    assert_eq!(rows("fields message | filter message = 'one'"), [["one"]]);
}

#[test]
fn conditions_compare_numbers_find_texts_and_combine() {
    for (filter, expected) in [
        ("took > 9", vec!["two"]),
        ("took >= 9 and took < 10", vec!["one"]),
        ("level like /^(WARN|ERROR)$/", vec!["two", "three"]),
        ("message like 'ree'", vec!["three"]),
        ("message not like /o/", vec!["three"]),
        ("level = 'INFO' or (sub = 'x' and not ispresent(took))", vec!["one", "three"]),
        ("sub in [\"y\"]", vec!["two"]),
        ("took != 9", vec!["two"]),
        ("deep.status != 'success'", vec!["one"]),
        ("@log = 'b'", vec!["three"]),
    ] {
        let found = rows(&format!("fields message | filter {filter}"));
        assert_eq!(found.concat(), expected, "{filter}");
    }
    for wrong in
        ["took > 9 or", "(took > 9", "took between 1", "took > 'x' x", "level in []", "took like /(/"]
    {
        assert!(answer(&logs(), &format!("filter {wrong}")).is_err(), "{wrong}");
    }
}

#[test]
fn lines_are_counted_by_a_field() {
    let query = "stats count(*) as urls by sub | sort urls desc | limit 20";
    assert_eq!(answer(&logs(), query).unwrap().columns, ["sub", "urls"]);
    assert_eq!(rows(query), [["x", "2"], ["y", "1"]]);
}

#[test]
fn command_that_is_not_understood_is_named() {
    for command in [
        "parse @message '*'",
        "filter took >",
        "filter took",
        "stats avg(took) by sub",
        "limit many",
        "sort a up",
    ] {
        let error = answer(&logs(), &format!("fields message | {command}")).unwrap_err();
        assert_eq!(error, QueryError { command: command.to_owned() });
    }
}
