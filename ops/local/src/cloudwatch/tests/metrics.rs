//! Metrics: data, statistics, lists, and what is published.

use cloudwatch_model::Unit;
use serde_json::{Value, json};

use super::{call, datapoint, epoch, minutes, refused, seconds, seen, texts};

fn query(id: &str, name: &str, stat: &str, period: u32) -> Value {
    let metric =
        json!({"Namespace": "Shop", "MetricName": name, "Dimensions": [{"Name": "service", "Value": "a"}]});
    json!({"Id": id, "MetricStat": {"Metric": metric, "Stat": stat, "Period": period}})
}

fn data(queries: &[Value], more: &Value) -> Value {
    let mut request = json!({
        "MetricDataQueries": queries, "StartTime": seconds(minutes(0)), "EndTime": seconds(minutes(10)),
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

fn answered(queries: &[Value], more: &Value) -> Value {
    call(&mut seen(), "GetMetricData", data(queries, more)).unwrap()
}

#[test]
fn data_come_newest_first_and_with_hidden_queries_left_out() {
    let mut hidden = query("m1", "Orders", "Sum", 60);
    hidden["ReturnData"] = json!(false);
    let math = json!({"Id": "e1", "Expression": "m1 / 2", "Label": "half"});
    let answer = answered(&[hidden, math, query("m2", "Orders", "Maximum", 60)], &json!({}));
    let results = answer["MetricDataResults"].as_array().unwrap();
    assert_eq!(
        (texts(&answer["MetricDataResults"], "Id"), results.len()),
        (vec!["e1".into(), "m2".into()], 2)
    );
    assert_eq!(texts(&answer["MetricDataResults"], "Label"), ["half", "Orders"]);
    assert_eq!((&results[1]["Values"][0], &results[1]["Values"][9]), (&json!(10.0), &json!(1.0)));
    assert_eq!(results[1]["Timestamps"][0], epoch(minutes(9)));
    assert_eq!(results[0]["Values"][0], 5.0);
    let ascending = answered(&[query("m1", "Orders", "Sum", 300)], &json!({"ScanBy": "TimestampAscending"}));
    assert_eq!(ascending["MetricDataResults"][0]["Values"], json!([15.0, 40.0]));
}

#[test]
fn missing_data_are_absent_and_an_expression_can_fill_them() {
    let filled = json!({"Id": "e1", "Expression": "FILL(m1, 0)"});
    let answer = answered(&[query("m1", "Faults", "Sum", 60), filled], &json!({}));
    let count = |index: usize| answer["MetricDataResults"][index]["Values"].as_array().unwrap().len();
    assert_eq!((count(0), count(1)), (5, 10));
    let none = answered(&[query("m1", "Unheard", "Sum", 60)], &json!({}));
    assert_eq!(none["MetricDataResults"][0]["Values"], json!([]));
    assert_eq!(none["MetricDataResults"][0]["StatusCode"], "Complete");
    let each = json!({"Id": "e1", "Expression": "METRICS() * 1"});
    let answer =
        answered(&[query("m1", "Faults", "Sum", 60), query("m2", "Orders", "Sum", 60), each], &json!({}));
    assert_eq!(texts(&answer["MetricDataResults"], "Id"), ["m1", "m2", "e1", "e1"]);
}

#[test]
fn pages_hold_every_point_once_also_when_others_come_meanwhile() {
    let mut seen = seen();
    let queries = [query("m1", "Orders", "Sum", 60), query("m2", "Faults", "Sum", 60)];
    let (mut points, mut token) = (Vec::new(), Value::Null);
    for page in 0.. {
        let more = json!({"MaxDatapoints": 4, "NextToken": token, "EndTime": seconds(minutes(20))});
        let answer = call(&mut seen, "GetMetricData", data(&queries, &more)).unwrap();
        for result in answer["MetricDataResults"].as_array().unwrap() {
            points.extend(
                result["Values"].as_array().unwrap().iter().map(|it| (result["Id"].clone(), it.clone())),
            );
        }
        seen.metrics.put(datapoint("Orders", 11 + page, 100.0, Unit::Count));
        token = answer["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    let orders = (1..=10).rev().map(|value| (json!("m1"), json!(f64::from(value))));
    assert_eq!(points, orders.chain([1.0; 5].map(|value| (json!("m2"), json!(value)))).collect::<Vec<_>>());
}

#[test]
fn data_that_cloudwatch_would_refuse_are_refused_with_the_reason() {
    let m1 = || query("m1", "Orders", "Sum", 60);
    let math = |expression: &str| json!({"Id": "e1", "Expression": expression});
    for (queries, more, expected) in [
        (vec![], json!({}), "1 to 500"),
        (vec![m1(), m1()], json!({}), "not unique"),
        (vec![query("M1", "Orders", "Sum", 60)], json!({}), "lower case"),
        (vec![json!({"Id": "m1"})], json!({}), "either MetricStat or Expression"),
        (
            vec![json!({"Id": "m1", "Expression": "1", "ReturnData": "false"})],
            json!({}),
            "must have ReturnData",
        ),
        (vec![math("m1 +")], json!({}), "Error in expression 'e1'"),
        (vec![m1(), math("m2 + 1")], json!({}), "the id `m2`"),
        (vec![m1(), math("SUM(m1)")], json!({}), "one number"),
        (vec![m1(), query("m2", "Orders", "Sum", 300), math("m1 + m2")], json!({}), "different periods"),
        (vec![math("TIME_SERIES(1)")], json!({}), "needs a Period"),
        (vec![m1()], json!({"EndTime": seconds(minutes(0))}), "less than the parameter EndTime"),
        (vec![m1()], json!({"MaxDatapoints": 100_801}), "100,800"),
        (vec![m1()], json!({"StartTime": "yesterday"}), "not an instant"),
    ] {
        let (shape, message) = refused("GetMetricData", data(&queries, &more));
        assert_eq!(shape, "ValidationError", "{message}");
        assert!(message.contains(expected), "{message}");
    }
    assert_eq!(refused("GetMetricData", data(&[m1()], &json!({"NextToken": "?"}))).0, "InvalidNextToken");
    assert!(
        refused("GetMetricData", data(&[query("m1", "Orders", "Sum", 90)], &json!({}))).1.contains("period")
    );
}

fn statistics(more: &Value) -> Value {
    let mut request = json!({
        "Namespace": "Shop", "MetricName": "Orders", "Dimensions": [{"Name": "service", "Value": "a"}],
        "StartTime": "2026-01-01T00:00:30Z", "EndTime": "2026-01-01T00:10:00Z", "Period": "300",
    });
    request.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request
}

#[test]
fn statistics_are_those_of_each_period_and_unit() {
    let mut seen = seen();
    seen.metrics.put(datapoint("Orders", 1, 7.0, Unit::Seconds));
    let simple = json!({"Statistics": ["Sum", "Average", "Minimum", "Maximum", "SampleCount"]});
    let answer = call(&mut seen, "GetMetricStatistics", statistics(&simple)).unwrap();
    let start = epoch(minutes(0));
    assert_eq!(answer["Label"], "Orders");
    let first = json!({
        "Timestamp": start, "Unit": "Count", "Sum": 15.0, "Average": 3.0, "Minimum": 1.0, "Maximum": 5.0,
        "SampleCount": 5.0,
    });
    let points = answer["Datapoints"].as_array().unwrap();
    assert!(points.len() == 3 && points.contains(&first), "{points:?}");
    assert!(points.iter().any(|point| point["Unit"] == "Seconds" && point["Sum"] == 7.0), "{points:?}");

    let extended = json!({"ExtendedStatistics": ["p50"], "Unit": "Count", "StartTime": seconds(minutes(2))});
    let answer = call(&mut seen, "GetMetricStatistics", statistics(&extended)).unwrap();
    // From minute two on: 3 to 7, and then 8 to 10.
    assert_eq!(answer["Datapoints"][0]["ExtendedStatistics"], json!({"p50": 5.0}));
    assert_eq!(answer["Datapoints"][1]["Timestamp"], epoch(minutes(7)));
}

#[test]
fn statistics_that_cloudwatch_would_refuse_are_refused_with_their_code() {
    let (value, combination) = ("InvalidParameterValueException", "InvalidParameterCombinationException");
    for (more, shape, expected) in [
        (json!({"Statistics": ["Sum"], "Period": 1, "StartTime": 0}), combination, "limit of 1,440"),
        (json!({"Statistics": ["Sum"], "EndTime": 0}), combination, "EndTime"),
        (json!({}), combination, "Exactly one"),
        (json!({"Statistics": ["Sum"], "ExtendedStatistics": ["p9"]}), combination, "Exactly one"),
        (json!({"Statistics": ["p99"]}), value, "p99"),
        (json!({"Statistics": ["Sum"], "Period": 45}), value, "Period"),
        (json!({"ExtendedStatistics": ["p101"]}), value, "p101"),
        (json!({"Statistics": ["Sum"], "Unit": "Orders"}), value, "Orders"),
    ] {
        let (found, message) = refused("GetMetricStatistics", statistics(&more));
        assert_eq!(found, shape, "{message}");
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn metrics_are_listed_by_their_names_and_page_by_page() {
    let mut seen = seen();
    let named =
        |seen: &mut _, more: Value| texts(&call(seen, "ListMetrics", more).unwrap()["Metrics"], "MetricName");
    assert_eq!(named(&mut seen, json!({"Namespace": "Shop"})), ["Faults", "Orders"]);
    assert_eq!(named(&mut seen, json!({"MetricName": "Orders"})), ["Orders"]);
    assert_eq!(named(&mut seen, json!({"Dimensions": [{"Name": "service"}]})).len(), 2);
    assert_eq!(named(&mut seen, json!({"Dimensions": [{"Name": "service", "Value": "b"}]})), [""; 0]);
    seen.metrics.put(datapoint("Old", -200, 1.0, Unit::Count));
    assert_eq!(named(&mut seen, json!({"RecentlyActive": "PT3H"})), ["Faults", "Orders"]);
    for number in 0..600 {
        seen.metrics.put(datapoint(&format!("N{number:03}"), 0, 1.0, Unit::Count));
    }
    let first = call(&mut seen, "ListMetrics", json!({})).unwrap();
    seen.metrics.put(datapoint("A", 0, 1.0, Unit::Count));
    let second = call(&mut seen, "ListMetrics", json!({"NextToken": first["NextToken"]})).unwrap();
    let all = [texts(&first["Metrics"], "MetricName"), texts(&second["Metrics"], "MetricName")];
    assert_eq!((all[0].len(), all[1].len(), &second["NextToken"]), (500, 103, &Value::Null));
}

#[test]
fn what_is_published_is_kept_whole_or_not_at_all() {
    let mut seen = seen();
    let datum = |more: Value| {
        let mut datum = json!({"MetricName": "New", "Timestamp": seconds(minutes(9))});
        datum.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        datum
    };
    let put = |seen: &mut _, namespace: &str, data: Vec<Value>| {
        call(seen, "PutMetricData", json!({"Namespace": namespace, "MetricData": data}))
    };
    let good = || datum(json!({"Values": [1, 2], "Counts": [3, "4"], "Unit": "Seconds"}));
    for (namespace, bad, expected) in [
        ("New", datum(json!({})), "Exactly one of Value"),
        ("New", datum(json!({"Value": 1, "Values": [1]})), "Exactly one of Value"),
        ("New", datum(json!({"Value": 1, "Unit": "Orders"})), "Orders"),
        ("New", datum(json!({"Value": 1, "Timestamp": 0})), "two weeks"),
        ("New", datum(json!({"Value": 1, "StorageResolution": 5})), "resolution"),
        ("AWS/SQS", good(), "AWS/"),
    ] {
        let refused = put(&mut seen, namespace, vec![good(), bad]).unwrap_err();
        assert!(refused.to_string().contains(expected), "{refused}");
    }
    assert_eq!(seen.metrics.metrics().filter(|metric| metric.name() == "New").count(), 0);
    put(&mut seen, "New", vec![good()]).unwrap();
    let request = json!({
        "Namespace": "New", "MetricName": "New", "Statistics": ["Sum", "SampleCount"], "Period": 60,
        "StartTime": seconds(minutes(0)), "EndTime": seconds(minutes(10)),
    });
    let answer = call(&mut seen, "GetMetricStatistics", request).unwrap();
    let point = &answer["Datapoints"][0];
    assert_eq!(
        (&point["Sum"], &point["SampleCount"], &point["Unit"]),
        (&json!(11.0), &json!(7.0), &json!("Seconds"))
    );
}
