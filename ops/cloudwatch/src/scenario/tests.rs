use serde_json::{Value, json};

use super::bench::{Bench, BenchError};
use super::mutation::{self, Equivalents, Report};
use super::notation::{NotationError, Written, duration, entries};
use super::*;
use crate::datapoint::Distribution;
use crate::template::Template;

fn written(text: &str) -> Vec<Option<f64>> {
    let sum = |values: &Distribution| values.iter().map(|(value, count)| value * count).sum();
    Written::parse(text).unwrap().intervals.iter().map(|values| values.as_ref().map(sum)).collect()
}

#[test]
fn series_are_written_as_values_gaps_repetitions_and_groups() {
    assert_eq!(written("0x2 5 _ 3x2"), [Some(0.0), Some(0.0), Some(5.0), None, Some(3.0), Some(3.0)]);
    assert_eq!(written("(0 (1 _)x2)x2 -1.5"), written("0 1 _ 1 _ 0 1 _ 1 _ -1.5"));
    assert_eq!(written("10#3+1x2"), [Some(31.0), Some(31.0)]);
    let hours = Written::parse("2h: 1 _x2").unwrap();
    assert_eq!((hours.every, hours.length()), (Minutes(120), Minutes(360)));
}

#[test]
fn slips_of_the_finger_are_refused() {
    let error = |text: &str| Written::parse(text).unwrap_err();
    for text in ["a", "1x", "1xx2", "1#", "1#0", "1+", "x3", "2y: 1", ": 1", "1e400"] {
        let error = error(text);
        assert!(
            matches!(error, NotationError::Expected { .. } | NotationError::Value { .. }),
            "{text}: {error}"
        );
    }
    for text in ["(1", "1)", ")x2"] {
        assert_eq!(error(text), NotationError::Parenthesis, "{text}");
    }
    assert_eq!(error("1x99999999"), NotationError::TooLong);
}

#[test]
fn timelines_are_entries_in_order() {
    let read = entries("1m OK, 1h30m ALARM, 1d INSUFFICIENT_DATA").unwrap();
    assert_eq!(timeline(&read), "1m OK, 1h30m ALARM, 24h INSUFFICIENT_DATA");
    assert_eq!(entries("").unwrap(), []);
    assert!(entries("5m OK, 5m ALARM").is_err(), "one moment, one state");
    for text in ["OK", "5m", "5m FINE", "5 OK", "5s OK"] {
        assert!(entries(text).is_err(), "{text}");
    }
    assert_eq!(duration("1d1h1m"), Ok(Minutes(1501)));
}

fn refused(document: &Value) -> String {
    file::read("x.json", &document.to_string()).unwrap_err().to_string()
}

#[test]
fn a_file_with_a_misspelt_member_claims_nothing_and_is_refused() {
    let test = |change: Value| {
        let mut test = json!({"name": "n", "series": {"m": "1"}, "states": "1m OK"});
        for (name, value) in change.as_object().unwrap() {
            test[name] = value.clone();
        }
        json!({"alarm": "a", "metrics": {"m": "N M"}, "tests": [test]})
    };
    assert!(file::read("x.json", &test(json!({})).to_string()).is_ok());
    for (change, expected) in [
        (json!({"state": ""}), "x.json: tests[0].state must be one of name, alarm, parameters"),
        (json!({"series": {"k": "1"}}), "x.json: tests[0].series.k must be a metric"),
        (json!({"series": {"N M a": "1"}}), "x.json: tests[0].series.N M a must be a metric"),
        (json!({"series": {"m": "one"}}), "x.json: tests[0].series.m is not understood"),
        (json!({"states": "later"}), "x.json: tests[0].states is not understood"),
        (json!({"name": 1}), "x.json: tests[0].name must be a text"),
        (json!({"rings": "all"}), "x.json: tests[0].rings must be a list of texts"),
    ] {
        let error = refused(&test(change));
        assert!(error.starts_with(expected), "{error}");
    }
    assert!(refused(&json!({"tests": [{"name": "n"}]})).contains("claims `states` or `rings`"));
    assert!(
        refused(&json!({"tests": [{"name": "n", "states": ""}]})).contains("alarm must be an alarm's name")
    );
    assert_eq!(refused(&json!({"alarm": "a"})), "x.json: tests must be a list of tests");
}

fn bench() -> Bench {
    let alarm = json!({"Parameters": {"Limit": {"Type": "String", "Default": "5"}}, "Resources": {"A": {
        "Type": "AWS::CloudWatch::Alarm",
        "Properties": {
            "AlarmName": "a", "Namespace": "N", "MetricName": "M", "Statistic": "Maximum", "Period": 60,
            "EvaluationPeriods": 1, "DatapointsToAlarm": 1, "Threshold": {"Ref": "Limit"},
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching", "AlarmActions": ["t"],
        },
    }}});
    Bench::new(vec![Template::parse("a.json", &alarm.to_string()).unwrap()], [].into())
}

fn tests(tests: &Value) -> Vec<file::Test> {
    file::read("t.json", &json!({"alarm": "a", "metrics": {"m": "N M"}, "tests": tests}).to_string()).unwrap()
}

fn run(test: &Value) -> Result<Option<String>, BenchError> {
    let tests = tests(&json!([test]));
    Ok(bench().run(&tests[0])?.map(|mismatch| mismatch.to_string()))
}

#[test]
fn a_test_tells_what_it_saw_instead() {
    let test = |more: Value| {
        let mut test = json!({"name": "n", "series": {"m": "1 6 1"}});
        for (name, value) in more.as_object().unwrap() {
            test[name] = value.clone();
        }
        run(&test)
    };
    assert_eq!(test(json!({"states": "1m OK, 2m ALARM, 3m OK", "rings": ["a"]})).unwrap(), None);
    assert_eq!(test(json!({"states": "1m OK", "parameters": {"Limit": "6"}, "rings": []})).unwrap(), None);
    assert_eq!(test(json!({"states": "1m OK, 2m ALARM", "length": "2m"})).unwrap(), None);
    let seen = test(json!({"states": "1m OK"})).unwrap().unwrap();
    assert_eq!(seen, "expected 1m OK\n       but saw 1m OK, 2m ALARM, 3m OK");
    let seen = test(json!({"rings": []})).unwrap().unwrap();
    assert_eq!(seen, "expected no alarm to ring\n       but saw to ring: a");
    let error = |more| test(more).unwrap_err().to_string();
    assert_eq!(error(json!({"states": "", "alarm": "b"})), "t.json: tests[0]: there is no alarm `b`");
    assert_eq!(error(json!({"rings": ["b"]})), "t.json: tests[0]: there is no alarm `b`");
    assert_eq!(
        error(json!({"states": "", "parameters": {"Height": "1"}})),
        "t.json: tests[0]: no template has a parameter `Height`"
    );
}

fn check(series: &Value, listed: &Value) -> Result<Report, BenchError> {
    let equivalents = Equivalents::read("e.json", &listed.to_string()).unwrap();
    mutation::check(&bench(), &tests(series), &equivalents)
}

#[test]
fn a_mutant_that_no_test_notices_survives_unless_it_is_listed() {
    let weak = json!([{"name": "n", "series": {"m": "1 9 1"}, "states": "1m OK, 2m ALARM, 3m OK"}]);
    let found = check(&weak, &json!([])).unwrap();
    let survived: Vec<&str> = found.survived.iter().map(|(_, what)| what.as_str()).collect();
    for what in ["threshold 5 → 6", "statistic Maximum → Sum", "missing data notBreaching → breaching"]
    {
        assert!(survived.contains(&what), "{what} of {survived:?}");
    }
    assert!(!survived.contains(&"comparison GreaterThanThreshold → LessThanThreshold"));
    assert!(found.killed > 0 && !found.is_clean());

    let listed = json!([{"alarms": ["a"], "mutants": survived, "reason": "r"}]);
    let clean = check(&weak, &listed).unwrap();
    assert!(clean.is_clean() && clean.equivalent == survived.len());
}

#[test]
fn what_is_listed_as_equivalent_must_exist_and_must_not_be_noticed() {
    let series = json!([{"name": "n", "series": {"m": "5 6 5 _x5"}, "states": "1m OK, 2m ALARM, 3m OK"}]);
    let listed =
        json!([{"alarms": ["a"], "mutants": ["threshold 5 → 6", "colour red → blue"], "reason": "r"}]);
    let found = check(&series, &listed).unwrap();
    let mut stale: Vec<&str> = found.stale.iter().map(|(_, what)| what.as_str()).collect();
    stale.sort_unstable();
    assert_eq!(stale, ["colour red → blue", "threshold 5 → 6"]);
}

#[test]
fn a_test_that_fails_anyway_would_notice_everything_and_is_refused() {
    let wrong = json!([{"name": "n", "series": {"m": "9"}, "states": "1m OK"}]);
    let error = check(&wrong, &json!([])).unwrap_err().to_string();
    assert_eq!(error, "t.json: tests[0]: the test fails on the alarms as they are");
}
