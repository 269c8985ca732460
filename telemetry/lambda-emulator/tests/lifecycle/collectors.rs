//! A collector in any state: results stay the same, and lost spans are counted.

use std::time::{Duration, Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_emulator::{Collector, Extensions, OK, XrayDaemon};

use crate::{
    SOON,
    harness::{Harness, decode, spans},
    once_at_least, work,
};

/// Less than any wait for a collector; more than a busy machine takes for the rest.
const SHORT: Duration = Duration::from_millis(400);

/// Each invocation counts the spans that the one before lost; the shutdown counts those of the last.
fn lost_of_three_invocations(endpoint: &str) -> (f64, Vec<Duration>) {
    let mut harness = Harness::with_collector(endpoint);
    let gaps = (0..3).map(|_| harness.respond(&work()).flush_gap).collect();
    let exited = harness.terminate();
    assert!(exited.status.success());
    assert!(exited.stderr.is_empty(), "{}", exited.stderr);
    (exited.sum("TelemetryDropped"), gaps)
}

#[test]
fn ten_spans_of_an_invocation_reach_the_collector_in_one_request_after_the_answer() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    harness.respond(&work());

    let request = collector.next(SOON).unwrap();
    assert_eq!(request.line(), "post /v1/traces");
    let spans = decode(&request.body);
    assert_eq!(spans.len(), 10);
    assert!(spans.iter().all(|span| span.trace_id == spans[0].trace_id));
    assert_eq!(collector.seen().len(), 0);
    assert!(harness.terminate().sum("TelemetryDropped").abs() < f64::EPSILON);
}

#[test]
fn ten_spans_of_an_invocation_reach_the_daemon_in_one_datagram() {
    let daemon = XrayDaemon::start().unwrap();
    let mut harness =
        Harness::start(Extensions::Absent, &[("AWS_XRAY_DAEMON_ADDRESS", daemon.address().as_str())]);

    harness.respond(&work());

    let datagram = String::from_utf8(daemon.next(SOON).unwrap()).unwrap();
    let payload = datagram.strip_prefix("{\"format\":\"json\",\"version\":1}\nT1S").unwrap();
    assert_eq!(decode(&STANDARD.decode(payload).unwrap()).len(), 10);
}

#[test]
fn a_function_that_never_has_a_span_to_send_never_connects() {
    let collector = Collector::healthy().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    harness.runtime_api.polled().unwrap();

    assert!(collector.next(Duration::from_millis(200)).is_none());
}

#[test]
fn a_dead_collector_changes_no_result_and_its_spans_are_counted() {
    let dead = Collector::dead().unwrap();

    let (lost, gaps) = lost_of_three_invocations(&format!("http://{dead}"));

    assert!((lost - 30.0).abs() < f64::EPSILON, "{lost}");
    assert!(gaps.iter().all(|gap| *gap < SHORT), "{gaps:?}");
}

#[test]
fn a_refusing_collector_changes_no_result_and_its_spans_are_counted() {
    for status in ["400 Bad Request", "503 Service Unavailable"] {
        let answer = format!("HTTP/1.1 {status}\r\ncontent-length: 0\r\n\r\n");
        let collector = Collector::start(move |_| Some(answer.clone().into_bytes())).unwrap();

        let (lost, _) = lost_of_three_invocations(&collector.endpoint());

        assert!((lost - 30.0).abs() < f64::EPSILON, "{status}: {lost}");
        assert_eq!(collector.seen().len(), 3, "{status}: asked once each");
    }
}

#[test]
fn a_collector_that_answers_garbage_or_hangs_up_changes_no_result_and_its_spans_are_counted() {
    for garbage in [Some(b"\x16\x03\x01 no HTTP\r\n\r\n".to_vec()), None] {
        let collector = Collector::start(move |_| garbage.clone()).unwrap();

        let (lost, gaps) = lost_of_three_invocations(&collector.endpoint());

        assert!((lost - 30.0).abs() < f64::EPSILON, "{lost}");
        assert!(gaps.iter().all(|gap| *gap < SHORT), "{gaps:?}");
    }
}

#[test]
fn a_slow_collector_keeps_its_spans_and_no_caller_waits_for_it() {
    let collector = Collector::start(|_| {
        std::thread::sleep(Duration::from_millis(250));
        Some(OK.to_vec())
    })
    .unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    let invocation = harness.respond(&work());

    assert!(invocation.caller_latency < Duration::from_millis(250), "{invocation:?}");
    assert!(invocation.flush_gap >= Duration::from_millis(250), "{invocation:?}");
    assert_eq!(spans(&collector, SOON).len(), 10);
    assert!(harness.terminate().sum("TelemetryDropped").abs() < f64::EPSILON);
}

#[test]
fn a_hanging_collector_costs_its_bound_once_and_then_nothing_until_the_end() {
    let collector = Collector::hanging().unwrap();
    let mut harness = Harness::with_collector(&collector.endpoint());

    let first = harness.respond(&work());
    let second = harness.respond(&work());
    let third = harness.respond(&work());

    assert!(first.caller_latency < SHORT, "{first:?}");
    assert!((500..1_500).contains(&first.flush_gap.as_millis()), "{first:?}");
    for after in [second, third] {
        assert!(after.flush_gap < SHORT, "{after:?}");
    }
    let ended = Instant::now();
    let exited = harness.terminate();
    assert!(ended.elapsed() < Duration::from_secs(2), "{:?}", ended.elapsed());
    let lost = exited.sum("TelemetryDropped");
    assert!((lost - 30.0).abs() < f64::EPSILON, "those that waited in vain are counted too: {lost}");
}

#[test]
fn a_hanging_collector_leaves_an_invocation_100_ms_of_its_time() {
    let ends_in_time = || {
        let collector = Collector::hanging().unwrap();
        let mut harness = Harness::with_collector(&collector.endpoint());
        harness.runtime_api.polled().unwrap();
        let invocation = harness.runtime_api.invoke(&work(), Duration::from_millis(400)).unwrap();
        let whole = invocation.caller_latency + invocation.flush_gap;
        whole < Duration::from_millis(390) && invocation.flush_gap > Duration::from_millis(150)
    };
    assert!(once_at_least(ends_in_time));
}
