//! Failures, timeouts and shutdowns: what each reports to Lambda, the log and the collector.

use std::time::{Duration, Instant};

use lambda_emulator::{Answer, Collector, Extensions, Observed};
use serde_json::{Value, json};

use crate::{
    AMPLE, SOON,
    harness::{Harness, error, named, spans},
    work,
};

/// By then a function that has got its invocation naps.
const UNTIL_IT_NAPS: Duration = Duration::from_secs(2);

/// A secret by shape, as an error or a panic of a library may contain it.
const SECRET: &str = "marker.person@example.com";

fn failure(answer: &Answer) -> &Value {
    let (Answer::Error(body) | Answer::Response(body)) = answer;
    assert!(matches!(answer, Answer::Error(_)), "{answer:?}");
    body
}

#[test]
fn a_failed_invocation_answers_an_error_with_its_reason_in_span_and_log_and_the_next_one_works() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    let failed = harness.invoke(&json!({ "order": "fail", "text": format!("no room for {SECRET}") }));
    let spans = spans(&collector, SOON);
    harness.respond(&work());
    let exited = harness.terminate();

    assert_eq!(failure(&failed.answer)["errorMessage"], "no room for [email]");
    assert!(error(named(&spans, "test_function")).unwrap().ends_with("no room for [email]"));
    let logged = exited.logs("The invocation failed");
    assert_eq!((logged.len(), &logged[0]["error"]), (1, &"no room for [email]".into()));
    assert!(logged[0]["requestId"].is_string() && logged[0]["trace_id"].is_string());
    assert!(!exited.text().contains("marker.person"), "{}", exited.text());
}

#[test]
fn a_panic_fails_its_invocation_alone_and_is_one_json_line_with_its_place_and_no_secret() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    let failed = harness.invoke(&json!({ "order": "panic", "text": format!("no idea who {SECRET} is") }));
    let spans = spans(&collector, SOON);
    harness.respond(&work());
    let exited = harness.terminate();

    let message = "no idea who [email] is";
    assert_eq!(failure(&failed.answer)["errorType"], "Panic");
    assert_eq!(failure(&failed.answer)["errorMessage"], message);
    assert_eq!(error(named(&spans, "test_function")), Some(format!("Panic: {message}").as_str()));
    let logged = exited.logs("Panicked");
    assert_eq!((logged.len(), &logged[0]["panic.message"]), (1, &message.into()));
    assert!(logged[0]["panic.location"].as_str().unwrap().contains("test-function/function.rs:"));
    assert_eq!(logged[0]["trace_id"], exited.logs("The invocation failed")[0]["trace_id"]);
    assert_eq!(exited.stderr, "", "the default hook would have printed it as it is");
    assert!(!exited.text().contains("marker.person"), "{}", exited.text());
}

#[test]
fn an_event_that_is_not_understood_is_answered_and_logged_without_a_word_of_it() {
    let mut harness = Harness::start(Extensions::Absent, &[("RUST_LOG", "trace")]);
    let events = [
        json!({ "order": "marker" }),
        json!({ "order": "sleep", "ms": "marker" }),
        json!(["marker"]),
        json!("marker"),
    ];

    for event in &events {
        let failed = harness.invoke(event);
        assert_eq!(failure(&failed.answer)["errorType"], "InvalidEvent", "{event}");
        let message = failure(&failed.answer)["errorMessage"].as_str().unwrap();
        assert!(message.starts_with("the event is not understood: the JSON has a member"), "{message}");
    }
    harness.respond(&work());
    let exited = harness.terminate();

    assert_eq!(exited.logs("The invocation failed").len(), events.len());
    assert!(!exited.text().contains("marker"), "{}", exited.text());
}

#[test]
fn a_start_that_fails_or_panics_is_reported_to_lambda_and_logged_and_ends_the_process() {
    for mode in ["fail", "panic"] {
        let mut harness = Harness::start(Extensions::Absent, &[("TEST_FUNCTION_MODE", mode)]);

        let reported = harness.runtime_api.until(|observed| match observed {
            Observed::InitError(error) => Some(error.clone()),
            _ => None,
        });
        let exited = harness.wait();

        let reported = reported.unwrap();
        assert!(!exited.status.success());
        assert_eq!(reported["errorType"], "Runtime.InitError");
        assert!(reported["errorMessage"].as_str().unwrap().ends_with("no table for [email]"), "{reported}");
        assert_eq!(exited.logs("The start failed").len(), 1);
        assert!(!exited.text().contains("marker.person"), "{}", exited.text());
    }
}

#[test]
fn sigterm_while_idle_sends_what_waits_and_ends_well() {
    let collector = Collector::hanging().unwrap();
    let mut harness =
        Harness::start(Extensions::Present, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())]);
    assert!(
        harness
            .runtime_api
            .until(|observed| matches!(observed, Observed::Registered).then_some(()))
            .is_some()
    );
    harness.respond(&work());
    harness.respond(&work());
    assert_eq!(collector.seen().len(), 1);

    let ended = Instant::now();
    let exited = harness.terminate();

    assert!(exited.status.success());
    assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
    assert_eq!(spans(&collector, SOON).len(), 10, "the spans that had waited were sent at the end");
    assert_eq!(exited.logs("The environment ends").len(), 1);
}

#[test]
fn sigterm_during_an_invocation_sends_its_spans_and_emits_its_metrics() {
    let collector = Collector::healthy().unwrap();
    let mut harness =
        Harness::start(Extensions::Present, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.endpoint())]);
    harness.runtime_api.polled().unwrap();
    harness.runtime_api.send(&json!({ "order": "sleep", "ms": 20_000 }), AMPLE);
    assert!(
        harness
            .runtime_api
            .until(|observed| matches!(observed, Observed::Delivered(_)).then_some(()))
            .is_some()
    );
    std::thread::sleep(UNTIL_IT_NAPS);

    let ended = Instant::now();
    let exited = harness.terminate();

    assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
    let spans = spans(&collector, SOON);
    assert_eq!(spans.len(), 2);
    assert_eq!(error(named(&spans, "test_function")), Some("the environment ended during the invocation"));
    assert!((exited.sum("ColdStarts") - 1.0).abs() < f64::EPSILON);
}

#[test]
fn what_a_queue_function_logged_before_it_was_killed_stays_and_a_request_loses_at_most_its_own_lines() {
    for (mode, kept) in [("queue", 1), ("", 0)] {
        let mut harness = Harness::start(Extensions::Absent, &[("TEST_FUNCTION_MODE", mode)]);
        harness.respond(&json!({ "order": "sleep", "ms": 1 }));
        harness.runtime_api.send(&json!({ "order": "sleep", "ms": 20_000 }), AMPLE);
        assert!(
            harness
                .runtime_api
                .until(|observed| matches!(observed, Observed::Delivered(_)).then_some(()))
                .is_some()
        );
        std::thread::sleep(UNTIL_IT_NAPS);

        let exited = harness.kill();

        assert_eq!(exited.logs("Napping").len(), 1 + kept, "{mode}");
    }
}

#[test]
fn a_missing_or_silent_extensions_api_stops_no_function() {
    for extensions in [Extensions::Absent, Extensions::Silent] {
        let collector = Collector::healthy().unwrap();
        let endpoint = collector.endpoint();
        let mut harness = Harness::start(extensions, &[("OTEL_EXPORTER_OTLP_ENDPOINT", &endpoint)]);

        harness.respond(&work());

        let exited = harness.terminate();
        assert!(exited.status.success());
        assert_eq!(spans(&collector, SOON).len(), 10);
    }
}

#[test]
fn an_invocation_that_runs_out_of_time_is_reported_before_it_is_killed() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());
    harness.runtime_api.polled().unwrap();
    let time = Duration::from_secs(1);
    let given = Instant::now();
    harness.runtime_api.send(&json!({ "order": "sleep", "ms": 20_000 }), time);

    let spans = spans(&collector, SOON);
    let reported = given.elapsed();
    std::thread::sleep(time.saturating_sub(reported));
    let exited = harness.kill();

    assert!(reported > Duration::from_millis(700), "{reported:?}");
    assert_eq!(spans.len(), 2);
    let why = "ended early, because the invocation was running out of time";
    for name in ["test_function", "nap"] {
        assert_eq!(error(named(&spans, name)), Some(why), "{name}");
    }
    assert!(named(&spans, "nap").attributes.iter().any(|attribute| attribute.key == "ms"));
    assert_eq!(named(&spans, "nap").parent_span_id, named(&spans, "test_function").span_id);
    let logged = exited.logs("The invocation is running out of time");
    assert_eq!(logged.len(), 1);
    assert!((1..=200).contains(&logged[0]["left_ms"].as_u64().unwrap()) && logged[0]["trace_id"].is_string());
    assert!((exited.sum("ColdStarts") - 1.0).abs() < f64::EPSILON);
    assert!(exited.sum("PeakMemory") > 0.0);
}

#[test]
fn an_answer_that_lambda_does_not_accept_is_reported_before_the_deadline_too() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());
    harness.runtime_api.polled().unwrap();
    harness.runtime_api.stop_responding();
    harness.runtime_api.send(&work(), Duration::from_secs(1));

    let spans = spans(&collector, SOON);
    let exited = harness.kill();

    assert_eq!(spans.len(), 10);
    assert!(error(named(&spans, "test_function")).unwrap().contains("running out of time"));
    assert_eq!(exited.logs("The invocation is running out of time").len(), 1);
    assert!((exited.sum("ImagesProcessed") - 1.0).abs() < f64::EPSILON, "buffered lines are written");
}

#[test]
fn an_invocation_that_ends_in_its_last_moment_answers_all_the_same_and_no_span_comes_twice() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());
    harness.runtime_api.polled().unwrap();

    let late = harness.runtime_api.invoke(&json!({ "order": "sleep", "ms": 900 }), Duration::from_secs(1));

    assert!(matches!(late.unwrap().answer, Answer::Response(_)));
    assert_eq!(spans(&collector, SOON).len(), 2);
    harness.respond(&work());
    assert_eq!(spans(&collector, SOON).len(), 10, "only those of the next invocation");
}
