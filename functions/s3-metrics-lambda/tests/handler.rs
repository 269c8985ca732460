//! Totals against a bucket of pages.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use std::{
    sync::Mutex,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use lambda_runtime::{Context, LambdaEvent};
use s3_metrics_lambda::{
    config::Config,
    error::{PublishError, ScanError},
    handler::{App, handle},
    lanes::Lanes,
    store::{AwsError, Buckets, ListError, Total},
    usage::{self, Cursor, Object, Page, Usage},
};
use serde_json::{Value, json};
use telemetry::{Captured, Telemetry};
use tokio::time::Instant;

#[tokio::test]
async fn every_page_of_every_bucket_counts_and_all_totals_go_in_one_call() {
    let harness = Harness::new(Fake::default());

    assert_eq!(harness.run(Duration::from_mins(1)).await.unwrap(), json!({ "buckets": 2 }));

    let usage = Usage { objects: 2_500, bytes: 25_000, pages: 3 };
    let published: Vec<Vec<(String, Usage)>> = harness.published();
    assert_eq!(published, [vec![("a".to_owned(), usage), ("b".to_owned(), usage)]]);
    assert!((harness.captured.sum("ObjectsScanned") - 5_000.0).abs() < f64::EPSILON);
}

#[tokio::test]
async fn a_bucket_that_cannot_be_listed_to_its_end_is_a_metric_and_no_error_and_publishes_no_total() {
    let harness = Harness::new(Fake { broken_page: Some(("b", "2")), ..Fake::default() });

    let answer = harness.run(Duration::from_mins(1)).await.unwrap();

    assert_eq!(answer, json!({ "buckets": 1, "incomplete": 1 }));
    let buckets: Vec<String> = harness.published().concat().into_iter().map(|(bucket, _)| bucket).collect();
    assert_eq!(buckets, ["a"]);
    assert!((harness.captured.sum("ScanIncomplete") - 1.0).abs() < f64::EPSILON);
    let log =
        harness.captured.logs().into_iter().find(|line| line["message"] == "Bucket not scanned").unwrap();
    assert_eq!(log["error"], "could not list page 3: connection reset");
}

#[tokio::test]
async fn a_page_whose_keys_are_out_of_order_ends_its_scan_without_a_total() {
    let harness = Harness::new(Fake { disordered_page: Some(("b", "1")), ..Fake::default() });

    let answer = harness.run(Duration::from_mins(1)).await.unwrap();

    assert_eq!(answer, json!({ "buckets": 1, "incomplete": 1 }));
    assert_eq!(harness.published().concat().len(), 1);
}

#[tokio::test]
async fn with_too_little_time_left_nothing_is_listed_and_nothing_published() {
    let harness = Harness::new(Fake::default());

    let answer = harness.run(Duration::from_secs(1)).await.unwrap();

    assert_eq!(answer, json!({ "buckets": 0, "incomplete": 2 }));
    assert!((harness.captured.sum("ScanIncomplete") - 2.0).abs() < f64::EPSILON);
    assert_eq!(harness.published(), Vec::<Vec<_>>::new());
}

#[tokio::test(start_paused = true)]
async fn a_page_that_never_comes_ends_its_scan_before_lambda_ends_the_run() {
    let store = Fake { hangs: true, ..Fake::default() };
    let deadline = Instant::now() + Duration::from_mins(1);
    let time_left = || deadline.saturating_duration_since(Instant::now());

    let scan =
        tokio::time::timeout(Duration::from_mins(1), usage::scan(&store, "a", &Lanes::new(16), time_left))
            .await;

    let error = scan.unwrap().unwrap_err();
    assert!(matches!(error, ScanError::OutOfTime { pages: 0, .. }), "{error}");
    assert_eq!(time_left(), Duration::from_secs(2));
}

#[tokio::test]
async fn totals_that_cloudwatch_does_not_take_fail_the_run() {
    let harness = Harness::new(Fake { refuses: true, ..Fake::default() });

    let error = harness.run(Duration::from_mins(1)).await.unwrap_err();

    assert_eq!(error.to_string(), "could not publish the totals");
}

#[tokio::test]
async fn every_metric_that_the_catalogue_promises_is_emitted_as_declared() {
    let harness = Harness::new(Fake { broken_page: Some(("b", "2")), ..Fake::default() });

    harness.run(Duration::from_mins(1)).await.unwrap();

    assert_eq!(harness.captured.catalogue_gaps("s3-metrics-lambda"), [""; 0]);
}

#[tokio::test]
async fn secrets_in_the_event_or_in_errors_of_aws_are_told_nowhere() {
    const TOKEN: &str = "eyJraWQiOiJtYXJrZXIifQ.eyJzdWIiOiJtYXJrZXIifQ.bWFya2Vy";
    const URL: &str = "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=markersession";
    const EMAIL: &str = "marker.person@example.com";
    const SECRETS: [&str; 4] = ["bWFya2Vy", "markersession", "marker.person", "marker of a body"];
    let complaint = format!("refused {EMAIL} {TOKEN} {URL}");
    for fake in
        [Fake { broken_page: Some(("b", "2")), ..Fake::default() }, Fake { refuses: true, ..Fake::default() }]
    {
        let harness = Harness::new(Fake { complaint: Some(complaint.clone()), ..fake });
        let event = json!({ "body": "marker of a body", EMAIL: [URL, TOKEN] });

        let answer = harness.run_with(event, Duration::from_mins(1)).await;

        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0]);
        assert!(harness.captured.text().contains("refused [email] [token] [presigned]"));
        let diagnostic = |error| lambda_runtime::Diagnostic::from(error).error_message;
        let answer = answer.map_or_else(diagnostic, |answer| answer.to_string());
        assert!(SECRETS.iter().all(|it| !answer.contains(it)), "{answer}");
    }
}

struct Harness {
    app: App<Fake>,
    captured: Captured,
}

impl Harness {
    fn new(store: Fake) -> Self {
        let trace = |name: &str| (name == "RUST_LOG").then(|| "trace".to_owned());
        let (telemetry, captured) = Telemetry::capture_with("s3-metrics-lambda", trace);
        let config = Config::read(|_| Some("a,b".to_owned())).unwrap();
        Self { app: App { config, store, telemetry }, captured }
    }

    async fn run(&self, time: Duration) -> Result<Value, PublishError> {
        self.run_with(Value::Null, time).await
    }

    async fn run_with(&self, event: Value, time: Duration) -> Result<Value, PublishError> {
        let mut context = Context::default();
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        context.deadline = u64::try_from(deadline.as_millis()).unwrap();
        self.app.telemetry.within(handle(&self.app, LambdaEvent::new(event, context))).await
    }

    fn published(&self) -> Vec<Vec<(String, Usage)>> {
        let calls = self.app.store.published.lock().unwrap();
        calls.iter().map(|totals| totals.iter().map(|it| (it.bucket.clone(), it.usage)).collect()).collect()
    }
}

/// Buckets of 2,500 objects of 10 bytes each, in pages of 1,000.
#[derive(Debug, Default)]
struct Fake {
    broken_page: Option<(&'static str, &'static str)>,
    /// The page whose keys come the other way round.
    disordered_page: Option<(&'static str, &'static str)>,
    refuses: bool,
    /// Whether no page ever comes.
    hangs: bool,
    /// The message of a failing call, if not the usual.
    complaint: Option<String>,
    published: Mutex<Vec<Vec<Total>>>,
}

impl Buckets for Fake {
    async fn list_page(&self, bucket: &str, from: &Cursor) -> Result<Page, ListError> {
        if self.hangs {
            std::future::pending::<()>().await;
        }
        let token = if let Cursor::Token(token) = from { token.as_str() } else { "0" };
        if self.broken_page == Some((bucket, token)) {
            return Err(AwsError::from(self.complaint.as_deref().unwrap_or("connection reset")).into());
        }
        let (count, next) = match token {
            "0" => (1_000, Some("1")),
            "1" => (1_000, Some("2")),
            _ => (500, None),
        };
        let object = |number| Object { key: format!("{token}{number:03}"), bytes: 10 };
        let mut objects: Vec<Object> = (0..count).map(object).collect();
        if self.disordered_page == Some((bucket, token)) {
            objects.reverse();
        }
        Ok(Page { objects, next: next.map(str::to_owned) })
    }

    async fn publish(&self, totals: &[Total]) -> Result<(), AwsError> {
        if self.refuses {
            return Err(self.complaint.as_deref().unwrap_or("throttled").into());
        }
        self.published.lock().unwrap().push(totals.to_vec());
        Ok(())
    }
}
