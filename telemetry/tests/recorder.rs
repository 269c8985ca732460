//! The recorder of the `metrics` crate: what any crate records is emitted as EMF.
#![expect(clippy::indexing_slicing, reason = "helpers of tests; clippy only exempts #[test] functions")]

use metrics::{Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram};
use serde_json::{Value, json};
use telemetry::{Captured, Telemetry};

fn record(work: impl FnOnce()) -> Captured {
    let (telemetry, captured) = Telemetry::capture("svc");
    telemetry.scope(work);
    captured
}

fn definition(line: &Value) -> &Value {
    &line["_aws"]["CloudWatchMetrics"][0]
}

#[test]
fn counters_gauges_and_histograms_land_with_the_functions_own_metrics() {
    let captured = record(|| {
        counter!("cache.hits").increment(2);
        counter!("cache.hits").increment(3);
        gauge!("pool.size").set(7.0);
        gauge!("pool.size").decrement(3.0);
        (0..250).for_each(|it| histogram!("wait").record(f64::from(it)));
    });

    assert!((captured.sum("cache.hits") - 5.0).abs() < f64::EPSILON);
    assert!((captured.sum("pool.size") - 4.0).abs() < f64::EPSILON);
    assert!((captured.sum("wait") - f64::from(249 * 250 / 2)).abs() < f64::EPSILON);
    assert!(captured.metrics().iter().all(|line| definition(line)["Namespace"] == "ImagePipeline"));
    assert_eq!(captured.dropped(), 0);
}

#[tokio::test]
async fn what_a_future_records_is_emitted_at_its_end_however_often_it_waits() {
    let (telemetry, captured) = Telemetry::capture("svc");

    telemetry
        .within(async {
            counter!("steps").increment(1);
            tokio::task::yield_now().await;
            counter!("steps").increment(1);
        })
        .await;

    assert!((captured.sum("steps") - 2.0).abs() < f64::EPSILON);
    counter!("steps").increment(1);
    telemetry.scope(|| ());
    assert!((captured.sum("steps") - 2.0).abs() < f64::EPSILON, "outside, nothing is captured");
}

#[test]
fn each_end_of_an_invocation_emits_what_was_added_since_the_last() {
    let (telemetry, captured) = Telemetry::capture("svc");
    let emitted = || captured.metrics().iter().map(|line| line["n"].clone()).collect::<Vec<_>>();

    let kept = telemetry.scope(|| {
        let kept = counter!("n");
        kept.increment(1);
        kept
    });
    kept.increment(4);
    telemetry.scope(|| drop(gauge!("untouched")));
    telemetry.scope(|| ());
    telemetry.scope(|| counter!("n").absolute(7));

    assert_eq!(emitted(), [json!(1.0), json!(4.0), json!(2.0)]);
}

#[test]
fn units_are_those_described_converted_to_cloudwatchs() {
    let captured = record(|| {
        describe_histogram!("short", Unit::Nanoseconds, "");
        describe_gauge!("memory", Unit::Mebibytes, "");
        describe_counter!("traffic", Unit::Bytes, "");
        histogram!("short").record(1_500.0);
        gauge!("memory").set(2.0);
        counter!("traffic").increment(9);
        counter!("plain").increment(1);
        gauge!("level").set(1.0);
        gauge!("height").set(1.0);
    });

    let lines = captured.metrics();
    let emitted = |name: &str| {
        let line = lines.iter().find(|line| line.get(name).is_some()).unwrap();
        let metrics = definition(line)["Metrics"].as_array().unwrap();
        let unit = metrics.iter().find(|it| it["Name"] == name).unwrap()["Unit"].clone();
        (line[name].clone(), unit)
    };
    assert_eq!(emitted("short"), (json!(1.5), json!("Microseconds")));
    assert_eq!(emitted("memory"), (json!(2_097_152.0), json!("Bytes")));
    assert_eq!(emitted("traffic"), (json!(9.0), json!("Bytes")));
    assert_eq!(emitted("plain"), (json!(1.0), json!("Count")));
    assert_eq!(emitted("height"), (json!(1.0), json!("None")));
    assert_eq!(captured.dropped(), 1, "`level` is a member of every line");
}

#[test]
fn labels_are_properties_and_only_declared_dimensions_are_dimensions() {
    let captured = record(|| {
        counter!("calls", "host" => "s3", "Stage" => "download").increment(1);
        counter!("calls", "host" => "sns", "Stage" => "notify").increment(1);
    });

    let lines = captured.metrics();
    assert_eq!(lines.len(), 2);
    for (line, host, stage) in [(&lines[0], "s3", "download"), (&lines[1], "sns", "notify")] {
        assert_eq!(definition(line)["Dimensions"], json!([["service"], ["service", "Stage"]]));
        assert_eq!((&line["host"], &line["Stage"]), (&json!(host), &json!(stage)));
    }
}

#[test]
fn a_label_repeated_is_emitted_once_and_the_rest_is_counted() {
    let captured = record(|| {
        let labels = vec![("Stage", "a"), ("Stage", "b"), ("x", "1"), ("x", "2")];
        counter!("calls", &labels).increment(1);
    });

    let line = captured.metrics().remove(0);
    assert_eq!(definition(&line)["Dimensions"], json!([["service"], ["service", "Stage"]]));
    assert_eq!((&line["Stage"], &line["x"]), (&json!("a"), &json!("1")));
    assert_eq!(captured.dropped(), 2);
}

#[test]
fn a_dimension_takes_a_hundred_values_and_later_ones_still_count_in_the_total() {
    let captured = record(|| {
        (0..150).for_each(|it| counter!("calls", "Stage" => format!("s{it}")).increment(1));
    });

    let by_stage = |line: &&Value| definition(line)["Dimensions"].as_array().unwrap().len() == 2;
    assert_eq!(captured.metrics().iter().filter(by_stage).count(), 100);
    assert!((captured.sum("calls") - 150.0).abs() < f64::EPSILON);
}

#[test]
fn a_metric_of_the_catalogue_is_recorded_by_the_crate_that_the_catalogue_names_and_by_no_other() {
    let captured = record(|| {
        counter!("ImagesProcessed").increment(5);
        histogram!(target: "telemetry_aws_sdk::call", "AwsCallLatency", "Operation" => "S3.GetObject")
            .record(7.5);
        // The series exists by now; a library's use of its name is refused all the same.
        histogram!("AwsCallLatency", "Operation" => "S3.GetObject").record(1.0);
        counter!(target: "telemetry_aws_sdk_of_others", "AwsCalls").increment(1);
    });

    let line = captured.metrics().remove(0);
    assert_eq!((captured.metrics().len(), captured.dropped()), (1, 3));
    assert_eq!((&line["AwsCallLatency"], &line["Operation"]), (&json!(7.5), &json!("S3.GetObject")));
    assert_eq!(definition(&line)["Metrics"], json!([{"Name": "AwsCallLatency", "Unit": "Milliseconds"}]));
}

#[test]
fn series_are_bounded_between_two_ends_and_what_goes_beyond_is_counted() {
    let (telemetry, captured) = Telemetry::capture("svc");
    let count = |from: u32| {
        telemetry.scope(|| {
            (from..from + 1_200).for_each(|it| counter!("uses", "id" => it.to_string()).increment(1));
        });
    };

    count(0);
    assert!((captured.sum("uses") - 1_000.0).abs() < f64::EPSILON);
    assert_eq!(captured.dropped(), 200);

    count(10_000);
    assert!((captured.sum("uses") - 2_000.0).abs() < f64::EPSILON, "emitted series make room for others");
}

#[test]
fn values_of_a_histogram_are_bounded_and_what_goes_beyond_is_counted() {
    let captured = record(|| {
        histogram!("wait").record_many(1.0, 65_530);
        histogram!("wait").record_many(1.0, usize::MAX);
    });

    assert!((captured.sum("wait") - 65_536.0).abs() < f64::EPSILON);
    assert_eq!(captured.dropped(), usize::MAX as u64 - 65_536);
}

#[test]
fn values_that_cloudwatch_does_not_accept_are_counted() {
    let captured = record(|| {
        gauge!("ratio").set(f64::NAN);
        histogram!("wait").record(f64::INFINITY);
    });

    assert!(captured.metrics().is_empty());
    assert_eq!(captured.dropped(), 2);
}

#[test]
fn a_secret_in_a_name_or_a_label_is_emitted_nowhere() {
    let secret = "marker@example.com";
    let captured = record(|| {
        counter!(secret, secret => secret, "Stage" => secret).increment(1);
    });

    assert_eq!(captured.leaked(&[secret]), [""; 0]);
    assert!((captured.sum("[email]") - 1.0).abs() < f64::EPSILON);
    assert_eq!(captured.metrics()[0]["Stage"], "[email]");
}
