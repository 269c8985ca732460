use serde_json::{Value, json};

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn read(line: &Value) -> Result<Vec<Datapoint>, EmfError> {
    parse(&line.to_string(), NOW).unwrap()
}

fn line(directive: &Value, members: &Value) -> Value {
    let mut line = json!({"_aws": {"Timestamp": NOW.as_millis(), "CloudWatchMetrics": [directive]}});
    line.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
    line
}

/// A line with one metric `m`, whose definition has these members besides its name.
fn one(definition: &Value, value: &Value) -> Value {
    let mut metric = json!({"Name": "m"});
    metric.as_object_mut().unwrap().extend(definition.as_object().unwrap().clone());
    line(&json!({"Namespace": "N", "Dimensions": [[]], "Metrics": [metric]}), &json!({"m": value}))
}

#[test]
fn each_metric_is_published_under_each_dimension_set() {
    let directive = json!({
        "Namespace": "ImagePipeline", "Dimensions": [["service"], ["service", "reason"]],
        "Metrics": [{"Name": "ImagesRejected", "Unit": "Count"}, {"Name": "Latency", "Unit": "Milliseconds", "StorageResolution": 1}],
    });
    let members = json!({"service": "image-processor", "reason": "Corrupt", "ImagesRejected": 1, "Latency": [3.5, 4], "image_id": "x"});
    let found = read(&line(&directive, &members)).unwrap();
    let published: Vec<_> =
        found.iter().map(|d| format!("{} {} {:?}", d.metric, d.unit, d.resolution)).collect();
    assert_eq!(
        published,
        [
            "ImagePipeline ImagesRejected{service=image-processor} Count Standard",
            "ImagePipeline ImagesRejected{reason=Corrupt,service=image-processor} Count Standard",
            "ImagePipeline Latency{service=image-processor} Milliseconds High",
            "ImagePipeline Latency{reason=Corrupt,service=image-processor} Milliseconds High",
        ]
    );
    assert!(found.iter().all(|datapoint| datapoint.timestamp == NOW));
    assert_eq!(found[2].values.iter().collect::<Vec<_>>(), [(3.5, 1.0), (4.0, 1.0)]);
}

#[test]
fn values_come_single_as_an_array_or_with_counts() {
    let values =
        |value: Value| read(&one(&json!({}), &value)).map(|d| d[0].values.iter().collect::<Vec<_>>());
    assert_eq!(values(json!(2)), Ok(vec![(2.0, 1.0)]));
    assert_eq!(values(json!([2, 1, 2])), Ok(vec![(1.0, 1.0), (2.0, 2.0)]));
    assert_eq!(values(json!({"Values": [5, 6], "Counts": [2, 3]})), Ok(vec![(5.0, 2.0), (6.0, 3.0)]));
}

#[test]
fn ordinary_lines_are_not_metrics() {
    for line in [
        "START RequestId: 1",
        r#"{"message":"hello"}"#,
        r#"he said "_aws""#,
        r#"["_aws"]"#,
        r#"{"a":{"_aws":{}}}"#,
        "",
    ] {
        assert_eq!(parse(line, NOW), None, "{line}");
    }
}

#[test]
fn a_dimension_set_may_be_empty_but_one_there_must_be() {
    let found = read(&one(&json!({}), &json!(1))).unwrap();
    assert_eq!(found[0].metric.to_string(), "N m");
    assert_eq!(found[0].unit, Unit::None);
    for dimensions in [json!([]), json!(null)] {
        let directive = json!({"Namespace": "N", "Dimensions": dimensions, "Metrics": [{"Name": "m"}]});
        let error = read(&line(&directive, &json!({"m": 1}))).unwrap_err().to_string();
        assert_eq!(error, "`_aws.CloudWatchMetrics[0].Dimensions` must be a filled array");
    }
}

#[test]
fn a_value_that_is_no_number_is_told_by_its_place() {
    let refused = |value: Value| read(&one(&json!({}), &value)).unwrap_err().to_string();
    assert_eq!(refused(json!(null)), "`m` must be a number");
    assert_eq!(refused(json!("3")), "`m` must be a number");
    assert_eq!(refused(json!([1, null])), "`m[1]` must be a number");
    assert_eq!(refused(json!({"Values": [1]})), "`m.Counts` must be an array");
}

#[test]
fn more_than_a_hundred_values_are_refused() {
    assert!(read(&one(&json!({}), &json!(vec![1; 100]))).is_ok());
    let source = InvalidDatapoint::TooManyValues { count: 101 };
    assert_eq!(
        read(&one(&json!({}), &json!(vec![1; 101]))),
        Err(EmfError::Values { name: "m".to_owned(), source })
    );
}

#[test]
fn more_than_a_hundred_metrics_are_refused() {
    let many = |count: usize| {
        let directive =
            json!({"Namespace": "N", "Dimensions": [[]], "Metrics": vec![json!({"Name": "m"}); count]});
        read(&line(&directive, &json!({"m": 1})))
    };
    assert_eq!(many(100).unwrap().len(), 100);
    assert!(matches!(many(101), Err(EmfError::TooManyMetrics { count: 101, .. })));
}

#[test]
fn more_than_thirty_dimensions_are_refused() {
    let names: Vec<String> = (0..31).map(|i| format!("d{i}")).collect();
    let directive = json!({"Namespace": "N", "Dimensions": [names], "Metrics": [{"Name": "m"}]});
    let error = read(&line(&directive, &json!({"m": 1}))).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`_aws.CloudWatchMetrics[0].Dimensions[0]` names 31 dimensions, 30 are allowed"
    );
}

#[test]
fn dimensions_refer_to_strings_of_the_line_and_only_once() {
    let with = |set: Value, members: Value| {
        let directive = json!({"Namespace": "N", "Dimensions": [set], "Metrics": [{"Name": "m"}]});
        read(&line(&directive, &members)).unwrap_err()
    };
    assert_eq!(with(json!(["a"]), json!({"m": 1})), EmfError::MissingTarget { name: "a".to_owned() });
    assert_eq!(
        with(json!(["a"]), json!({"m": 1, "a": 7})),
        EmfError::DimensionNotString { name: "a".to_owned() }
    );
    assert!(matches!(with(json!(["a", "a"]), json!({"m": 1, "a": "x"})), EmfError::Id { .. }));
}

#[test]
fn units_and_resolutions_outside_the_lists_are_refused() {
    let refused = |definition: Value| read(&one(&definition, &json!(1))).unwrap_err();
    assert!(matches!(
        refused(json!({"Unit": "ms"})),
        EmfError::Definition { source: InvalidDatapoint::Unit(_), .. }
    ));
    for resolution in [json!(5), json!("60"), json!(1.5)] {
        let error = refused(json!({"StorageResolution": resolution}));
        assert!(matches!(error, EmfError::Definition { source: InvalidDatapoint::Resolution(_), .. }));
    }
}

#[test]
fn a_missing_value_namespace_or_list_is_refused() {
    let error = |directive: Value| read(&line(&directive, &json!({}))).unwrap_err().to_string();
    let metrics = json!([{"Name": "m"}]);
    assert_eq!(
        error(json!({"Namespace": "N", "Dimensions": [[]], "Metrics": metrics})),
        "the line has no member `m`"
    );
    assert_eq!(error(json!({"Metrics": metrics})), "`_aws.CloudWatchMetrics[0].Namespace` must be a string");
    assert_eq!(
        error(json!({"Namespace": "N", "Dimensions": [[]], "Metrics": []})),
        "`_aws.CloudWatchMetrics[0].Metrics` must be a filled array"
    );
    assert_eq!(
        read(&json!({"_aws": {"Timestamp": NOW.as_millis()}})).unwrap_err().to_string(),
        "`_aws.CloudWatchMetrics` must be an array"
    );
}

#[test]
fn time_is_an_integer_up_to_two_weeks_old_and_two_hours_ahead() {
    let at = |timestamp: Value| {
        let mut line = one(&json!({}), &json!(1));
        line["_aws"]["Timestamp"] = timestamp;
        read(&line).map(|found| found.len())
    };
    let now = NOW.as_millis();
    assert_eq!(at(json!(now - MAX_AGE_MILLIS)), Ok(1));
    assert_eq!(at(json!(now + MAX_AHEAD_MILLIS)), Ok(1));
    assert_eq!(
        at(json!(now - MAX_AGE_MILLIS - 1)),
        Err(EmfError::TimestampAge { age_millis: MAX_AGE_MILLIS + 1 })
    );
    assert!(matches!(at(json!(now + MAX_AHEAD_MILLIS + 1)), Err(EmfError::TimestampAge { .. })));
    for wrong in [json!("2023"), json!(1.5), json!(null)] {
        assert_eq!(at(wrong), Err(EmfError::Timestamp));
    }
}

#[test]
fn a_line_longer_than_a_log_event_is_refused() {
    let mut long = one(&json!({}), &json!(1));
    long["padding"] = json!("x".repeat(MAX_LINE_BYTES));
    assert!(matches!(read(&long), Err(EmfError::TooLong { .. })));
}
