mod refusals;
mod tables;
mod warm_up;

use serde_json::{Value, json};

use super::*;
use crate::datapoint::{Datapoint, Distribution, Resolution, Unit};
use crate::id::{Dimensions, MetricId};
use crate::store::MetricStore;
use crate::template::{Inputs, Template};
use crate::time::Timestamp;

const INSUFFICIENT: &str = "INSUFFICIENT_DATA";

fn resources(alarms: &Value) -> Vec<crate::template::Resource> {
    let template = Template::parse("a.json", &json!({ "Resources": alarms }).to_string()).unwrap();
    let inputs = Inputs {
        parameters: [].into(),
        region: "eu-west-1".to_owned(),
        account_id: "123456789012".to_owned(),
    };
    template.resolve(&inputs).unwrap()
}

fn metric_alarm(changes: &Value) -> Value {
    let mut properties = json!({
        "AlarmName": "latency", "Namespace": "N", "MetricName": "M", "Statistic": "Maximum", "Period": 60,
        "Dimensions": [{"Name": "stage", "Value": "put"}],
        "EvaluationPeriods": 1, "Threshold": 10, "ComparisonOperator": "GreaterThanThreshold",
    });
    for (name, value) in changes.as_object().unwrap() {
        match value {
            Value::Null => drop(properties.as_object_mut().unwrap().remove(name)),
            value => properties[name] = value.clone(),
        }
    }
    json!({"Type": "AWS::CloudWatch::Alarm", "Properties": properties})
}

fn read(alarms: &Value) -> Result<AlarmSet, AlarmError> {
    AlarmSet::read(&resources(alarms))
}

fn put(store: &mut MetricStore, namespace: &str, stage: &str, minute: i64, values: &[f64], counts: &[f64]) {
    let dimensions = Dimensions::new([("stage", stage)]).unwrap();
    store.put(Datapoint {
        metric: MetricId::new(namespace, "M", dimensions).unwrap(),
        timestamp: Timestamp::from_millis(minute * 60_000 + 1),
        unit: Unit::None,
        values: Distribution::of_counted(values, counts).unwrap(),
        resolution: Resolution::Standard,
    });
}

fn at(minute: i64) -> Timestamp {
    Timestamp::from_millis(minute * 60_000)
}

/// The state of the alarm `latency` at each of the first `minutes`.
fn states(set: AlarmSet, store: &MetricStore, minutes: i64) -> Vec<&'static str> {
    let mut evaluator = Evaluator::new(set);
    let states = (1..=minutes).map(|minute| {
        evaluator.tick(store, at(minute)).unwrap();
        evaluator.state("latency").as_str()
    });
    states.collect()
}

#[test]
fn an_alarm_looks_at_the_windows_that_end_now_minute_by_minute() {
    let mut store = MetricStore::new();
    put(&mut store, "N", "put", 1, &[11.0], &[1.0]);
    put(&mut store, "N", "put", 6, &[1.0], &[1.0]);
    let set = read(&json!({"A": metric_alarm(&json!({"Period": 300}))})).unwrap();
    // The window of minutes 2 to 6 is the first without the 11.
    let expected = [INSUFFICIENT, "ALARM", "ALARM", "ALARM", "ALARM", "ALARM", "OK"];
    assert_eq!(states(set, &store, 7), expected);
}

#[test]
fn dimensions_are_matched_exactly() {
    let mut store = MetricStore::new();
    put(&mut store, "N", "get", 0, &[11.0], &[1.0]);
    let set = read(&json!({"A": metric_alarm(&json!({}))})).unwrap();
    assert_eq!(states(set, &store, 1), [INSUFFICIENT]);
}

#[test]
fn dynamodb_ignores_missing_data_whatever_the_alarm_says() {
    for (namespace, last) in [("AWS/DynamoDB", "ALARM"), ("N", "OK")] {
        let mut store = MetricStore::new();
        put(&mut store, namespace, "put", 0, &[11.0], &[1.0]);
        let alarm = metric_alarm(&json!({"Namespace": namespace, "TreatMissingData": "notBreaching"}));
        let set = read(&json!({"A": alarm})).unwrap();
        assert_eq!(states(set, &store, 9).last(), Some(&last));
    }
}

#[test]
fn percentiles_of_few_samples_leave_the_state_when_the_alarm_says_so() {
    for (count, treatment, expected) in
        [(999.0, "ignore", INSUFFICIENT), (1000.0, "ignore", "ALARM"), (999.0, "evaluate", "ALARM")]
    {
        let mut store = MetricStore::new();
        put(&mut store, "N", "put", 0, &[11.0], &[count]);
        let alarm = metric_alarm(&json!({
            "Statistic": null, "ExtendedStatistic": "p99", "EvaluateLowSampleCountPercentile": treatment,
        }));
        assert_eq!(states(read(&json!({"A": alarm})).unwrap(), &store, 1), [expected], "{count} {treatment}");
    }
    for (percentile, needed) in [("p10", 100.0), ("p50", 20.0), ("p99.9", 10_000.0)] {
        let percentile = percentile.parse().unwrap();
        let crate::Statistic::Percentile(percentile) = percentile else { panic!("it is a percentile") };
        assert!((evaluate::samples_needed(percentile) - needed).abs() < f64::EPSILON);
    }
}

fn math_alarm(metrics: &Value) -> Value {
    let none = json!({
        "Namespace": null, "MetricName": null, "Statistic": null, "Period": null, "Dimensions": null,
        "Metrics": metrics,
    });
    metric_alarm(&none)
}

fn queried(id: &str, stage: &str, period: u32) -> Value {
    json!({"Id": id, "ReturnData": false, "MetricStat": {
        "Metric": {"Namespace": "N", "MetricName": "M", "Dimensions": [{"Name": "stage", "Value": stage}]},
        "Period": period, "Stat": "Sum",
    }})
}

#[test]
fn an_expression_is_evaluated_over_its_metrics_and_other_expressions() {
    let mut store = MetricStore::new();
    put(&mut store, "N", "put", 0, &[40.0], &[1.0]);
    put(&mut store, "N", "get", 0, &[2.0], &[1.0]);
    let set = read(&json!({"A": math_alarm(&json!([
        {"Id": "e2", "Expression": "e1 + 1"},
        {"Id": "e1", "Expression": "a / b", "ReturnData": false},
        queried("a", "put", 60), queried("b", "get", 60),
    ]))}));
    assert_eq!(states(set.unwrap(), &store, 1), ["ALARM"]);
}

#[test]
fn a_composite_follows_its_children_in_the_same_minute() {
    let mut store = MetricStore::new();
    put(&mut store, "N", "put", 1, &[11.0], &[1.0]);
    let composite = |name: &str, rule: &str| json!({"Type": "AWS::CloudWatch::CompositeAlarm", "Properties": {"AlarmName": name, "AlarmRule": rule}});
    let set = read(&json!({
        "A": composite("latency", "ALARM(inner)"),
        "B": composite("inner", "ALARM(\"metric\") AND NOT OK(metric)"),
        "C": metric_alarm(&json!({"AlarmName": "metric", "TreatMissingData": "notBreaching"})),
    }))
    .unwrap();
    assert_eq!(set.closure("inner").iter().map(|alarm| &alarm.name).collect::<Vec<_>>(), ["metric", "inner"]);
    assert_eq!(states(set, &store, 2), ["OK", "ALARM"]);
}

#[test]
fn rules_are_combined_from_states_and_constants() {
    let state = |name: &str| match name {
        "ok" => State::Ok,
        "bad" => State::Alarm,
        _ => State::InsufficientData,
    };
    let holds = |text: &str| Rule::parse(text).map(|rule| rule.holds(&state));
    for text in [
        "ALARM(bad)",
        "ALARM(\"bad\")",
        "ALARM( arn:aws:cloudwatch:eu-west-1:1:alarm:bad )",
        "OK(ok) AND ALARM(bad) AND INSUFFICIENT_DATA(\"new one\")",
        "NOT (ALARM(ok) OR FALSE)",
        "(ALARM(ok) OR ALARM(bad)) AND NOT OK(bad)",
        "TRUE",
    ] {
        assert_eq!(holds(text), Ok(true), "{text}");
    }
    assert_eq!(holds("ALARM(bad) AND FALSE"), Ok(false));
    let refused = |text: &str| holds(text).unwrap_err().to_string();
    assert_eq!(
        refused("ALARM(a) AND ALARM(b) OR ALARM(c)"),
        "at character 23: AND beside OR needs parentheses"
    );
    assert_eq!(refused("AT_LEAST(2, ALARM, (a, b))"), "the function AT_LEAST is not evaluated here");
    for text in ["", "ALARM", "ALARM()", "ALARM(a", "ALARM(\"a)", "(ALARM(a)", "ALARM(a) ALARM(b)", "NOT"] {
        assert!(matches!(holds(text), Err(RuleError::Expected { .. })), "{text}");
    }
}

#[test]
fn actions_are_those_of_the_state_entered_unless_disabled() {
    let actions_on = |enabled: bool| {
        let alarm = metric_alarm(&json!({
            "ActionsEnabled": enabled, "AlarmActions": ["a"], "OKActions": ["b"], "InsufficientDataActions": ["c"],
        }));
        let set = read(&json!({"A": alarm})).unwrap();
        let actions = &set.get("latency").unwrap().actions;
        State::ALL.map(|state| actions.on(state).join(""))
    };
    assert_eq!(actions_on(true), ["b", "a", "c"]);
    assert_eq!(actions_on(false), ["", "", ""]);
}

#[test]
fn a_reason_counts_what_breaches_and_writes_equal_datapoints_once() {
    let set = read(&json!({"A": metric_alarm(&json!({"EvaluationPeriods": 3}))})).unwrap();
    let Kind::Metric(alarm) = &set.get("latency").unwrap().kind else { panic!("it looks at a metric") };
    let mut store = MetricStore::new();
    let reason = |store: &MetricStore| alarm.explain(&alarm.evaluate(store, at(5), State::Ok).unwrap());
    let none = "no data in the last 5 periods (missing data is missing); 3 of 3 make an alarm";
    assert_eq!(reason(&store), none);
    for (minute, value) in [(2, 11.0), (3, 11.0), (4, 2.5)] {
        put(&mut store, "N", "put", minute, &[value], &[1.0]);
    }
    let some = "2 of 5 breach GreaterThanThreshold 10 (2 missing, 11 × 2, 2.5); 3 of 3 make an alarm";
    assert_eq!(reason(&store), some);
}
