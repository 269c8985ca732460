//! The metrics of calls.

use std::{collections::BTreeMap, future::Future, time::Duration};

use serde_json::Value;
use telemetry::{Captured, Metric};

use crate::{
    METADATA,
    clients::{cancelled, capture, get, presign, put, s3},
    service::{answer, serve},
};

/// What is recorded while `work` runs: `AwsCalls`, `AwsRetries`, `AwsThrottles` and the number of latencies,
/// by operation.
fn figures(work: impl Future<Output = ()>) -> (BTreeMap<String, [f64; 4]>, Captured) {
    let captured = capture(METADATA, work);
    let of = |line: &Value| {
        let number = |name: &str| line.get(name).and_then(Value::as_f64).unwrap_or_default();
        let latencies = match &line["AwsCallLatency"] {
            Value::Array(several) => several.len(),
            one => usize::from(one.is_number()),
        };
        let latencies = f64::from(u32::try_from(latencies).unwrap());
        [number("AwsCalls"), number("AwsRetries"), number("AwsThrottles"), latencies]
    };
    let mut figures = BTreeMap::<String, [f64; 4]>::new();
    for line in captured.metrics() {
        let sums = figures.entry(line["Operation"].as_str().unwrap().to_owned()).or_default();
        sums.iter_mut().zip(of(&line)).for_each(|(sum, value)| *sum += value);
    }
    (figures, captured)
}

#[test]
fn calls_retries_throttles_and_latency_are_recorded_by_service_and_operation_as_the_catalogue_declares() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>m</Message></Error>";
    let broken = "<Error><Code>InternalError</Code><Message>m</Message></Error>";
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"m"}"#;
    let (bucket, _) = serve(vec![
        answer(503, &[], slow_down),
        answer(500, &[], broken),
        answer(200, &[], ""),
        answer(200, &[], ""),
    ]);
    let (table, _) = serve(vec![answer(400, &[], throttled); 3]);

    let (figures, captured) = figures(async {
        drop(get(&bucket).await.unwrap());
        drop(get(&bucket).await.unwrap());
        assert!(put(&table).await.is_err());
    });

    let expected = [("DynamoDB.PutItem", [1.0, 2.0, 3.0, 1.0]), ("S3.GetObject", [2.0, 2.0, 1.0, 2.0])];
    assert_eq!(figures, BTreeMap::from(expected.map(|(operation, sums)| (operation.to_owned(), sums))));
    assert_eq!(captured.catalogue_gaps(Metric::EVERY_CALLER), [""; 0]);
    assert_eq!((captured.metrics().len(), captured.dropped()), (2, 0), "a line an operation");
}

#[test]
fn latency_is_the_time_of_the_whole_call_in_milliseconds() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>m</Message></Error>";
    let (endpoint, _) = serve(vec![answer(503, &[], slow_down), answer(200, &[], "")]);
    let mut took = Duration::ZERO;

    let (_, captured) = figures(async {
        let began = std::time::Instant::now();
        drop(get(&endpoint).await.unwrap());
        took = began.elapsed();
    });

    let latency = captured.sum("AwsCallLatency");
    assert!(latency > 0.0 && latency <= took.as_secs_f64() * 1e3, "{latency} of {took:?}");
}

#[test]
fn a_call_that_nobody_waits_for_any_more_is_counted_and_timed_too() {
    let (figures, _) = figures(cancelled());

    assert_eq!(figures, BTreeMap::from([("S3.GetObject".to_owned(), [1.0, 0.0, 0.0, 1.0])]));
}

#[test]
fn presigning_is_no_call() {
    let (figures, _) = figures(async { drop(presign(&s3("http://127.0.0.1:9")).await) });

    assert_eq!(figures, BTreeMap::new());
}
