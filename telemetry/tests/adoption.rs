//! A message's work continues the best trace it carries.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

use aws_lambda_events::sqs::SqsMessage;
use opentelemetry::trace::TraceId;
use opentelemetry_sdk::trace::SpanData;
use serde_json::json;
use telemetry::{
    Captured, Counter, Emf, Event, Telemetry,
    context::{self, Origins},
};
use tracing::{Span, info_span};

const ATTRIBUTE: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const METADATA: &str = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";
const HEADER: &str = "Root=1-2af76519-16cd43dd8448eb211c80319c;Parent=d7ad6b7169203331;Sampled=0";

#[test]
fn the_message_attribute_is_the_parent_and_the_rest_are_links() {
    let origins = Origins::of_message(&message(Some(ATTRIBUTE), Some(HEADER))).with_metadata(Some(METADATA));

    let span = adopt(&origins);

    assert_eq!(trace(&span), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    let links: Vec<String> = span.links.iter().map(|it| it.span_context.span_id().to_string()).collect();
    assert_eq!(links, ["c7ad6b7169203331", "d7ad6b7169203331"]);
}

#[test]
fn signed_metadata_carries_the_trace_of_a_client_that_knows_nothing() {
    let span = adopt(&Origins::of_message(&message(None, None)).with_metadata(Some(METADATA)));

    assert_eq!(trace(&span), "1af7651916cd43dd8448eb211c80319c");
}

#[test]
fn the_sampling_flag_of_a_header_from_outside_does_not_count() {
    let span = adopt(&Origins::of_message(&message(None, Some(HEADER))));

    assert_eq!(trace(&span), "2af7651916cd43dd8448eb211c80319c");
}

#[test]
fn our_own_decision_not_to_sample_is_kept() {
    let unsampled = METADATA.replace("-01", "-00");
    let (telemetry, captured) = Telemetry::capture("t");

    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry.adopt(&span, &Origins::default().with_metadata(Some(&unsampled)));
        assert!(context::traceparent(&span).unwrap().ends_with("-00"));
    });

    assert!(captured.spans().is_empty());
}

#[test]
fn without_any_origin_a_span_starts_a_trace_with_the_time_that_xray_asks_for() {
    let span = adopt(&Origins::of_message(&message(Some("garbage"), Some("Root=;;"))));

    let seconds = u64::from_str_radix(&trace(&span)[..8], 16).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seconds) < 60);
    assert_ne!(span.span_context.trace_id(), TraceId::INVALID);
}

#[test]
fn a_log_line_and_a_metric_carry_the_ids_of_the_span_they_are_told_in() {
    let (telemetry, captured) = Telemetry::capture("svc");

    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry.adopt(&span, &Origins::default().with_metadata(Some(METADATA)));
        span.in_scope(|| telemetry.emit(&Told));
    });

    let (log, metric) = (captured.logs().remove(0), captured.metrics().remove(0));
    assert_eq!(log["message"], "Told");
    assert_eq!(log["colour"], "red");
    for line in [log, metric] {
        assert_eq!(line["service"], "svc");
        assert_eq!(line["trace_id"], "1af7651916cd43dd8448eb211c80319c");
        assert_eq!(line["xrayTraceId"], "1-1af76519-16cd43dd8448eb211c80319c");
        assert_eq!(line["span_id"].as_str().unwrap().len(), 16);
    }
}

#[test]
fn a_failure_is_logged_with_its_whole_chain() {
    let (telemetry, captured) = Telemetry::capture("svc");
    let error = std::io::Error::other(std::fmt::Error);

    telemetry.scope(|| tracing::warn!(error = &error as &dyn std::error::Error, "Not done"));

    let line = captured.logs().remove(0);
    assert!(line["error"].as_str().unwrap().contains(&std::fmt::Error.to_string()));
}

struct Told;

impl Event for Told {
    fn log(&self) {
        tracing::info!(colour = "red", service = "impostor", "Told");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count(Counter::Duplicates, 1);
    }
}

fn adopt(origins: &Origins) -> SpanData {
    let (telemetry, captured): (Telemetry, Captured) = Telemetry::capture("t");
    telemetry.scope(|| {
        let span: Span = info_span!(parent: None, "process_image");
        telemetry.adopt(&span, origins);
    });
    captured.spans().remove(0)
}

fn trace(span: &SpanData) -> String {
    span.span_context.trace_id().to_string()
}

fn message(attribute: Option<&str>, header: Option<&str>) -> SqsMessage {
    let mut message = json!({ "messageId": "1", "attributes": {}, "messageAttributes": {} });
    if let Some(value) = attribute {
        message["messageAttributes"]["traceparent"] = json!({ "dataType": "String", "stringValue": value, "stringListValues": [], "binaryListValues": [] });
    }
    if let Some(value) = header {
        message["attributes"]["AWSTraceHeader"] = value.into();
    }
    serde_json::from_value(message).unwrap()
}
