//! Parent selection: the work of a message continues the first valid trace context of the message.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

use aws_lambda_events::sqs::SqsMessage;
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
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

    let span = span_with_parent(&origins);

    assert_eq!(trace(&span), "0af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_span_id.to_string(), "b7ad6b7169203331");
    let links: Vec<String> = span.links.iter().map(|it| it.span_context.span_id().to_string()).collect();
    assert_eq!(links, ["c7ad6b7169203331", "d7ad6b7169203331"]);
}

#[test]
fn signed_metadata_carries_the_trace_of_a_client_that_knows_nothing() {
    let span = span_with_parent(&Origins::of_message(&message(None, None)).with_metadata(Some(METADATA)));

    assert_eq!(trace(&span), "1af7651916cd43dd8448eb211c80319c");
}

#[test]
fn the_sampling_flag_of_a_header_from_outside_does_not_count() {
    let span = span_with_parent(&Origins::of_message(&message(None, Some(HEADER))));

    assert_eq!(trace(&span), "2af7651916cd43dd8448eb211c80319c");
}

#[test]
fn our_own_decision_not_to_sample_is_kept() {
    let unsampled = METADATA.replace("-01", "-00");
    let (telemetry, captured) = Telemetry::capture("t");

    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry.set_parent(&span, &Origins::default().with_metadata(Some(&unsampled)));
        assert!(context::traceparent(&span).unwrap().ends_with("-00"));
    });

    assert!(captured.spans().is_empty());
}

#[test]
fn an_xray_header_is_continued_whatever_its_sampling_flag() {
    for sampled in ["", ";Sampled=?", ";Sampled=0", ";Sampled=1", ";Sampled=;Lineage=a:1;Self=x"] {
        let header = format!("Root=1-2af76519-16cd43dd8448eb211c80319c;Parent=d7ad6b7169203331{sampled}");

        let span = span_with_parent(&Origins::of_message(&message(None, Some(&header))));

        assert_eq!(trace(&span), "2af7651916cd43dd8448eb211c80319c", "{sampled}");
        assert_eq!(span.parent_span_id.to_string(), "d7ad6b7169203331", "{sampled}");
        assert!(span.span_context.is_sampled(), "{sampled}");
    }
}

#[test]
fn an_xray_header_with_a_root_alone_names_the_trace_and_the_span_is_its_first() {
    let span = span_with_parent(&Origins::of_message(&message(
        None,
        Some("Root=1-2af76519-16cd43dd8448eb211c80319c"),
    )));

    assert_eq!(trace(&span), "2af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.parent_span_id, SpanId::INVALID);
    assert!(span.links.is_empty());
    let next = span_with_parent(&Origins::default());
    assert_ne!(trace(&next), trace(&span), "the next trace is a new one");
}

#[test]
fn a_root_alone_gives_way_to_any_span_that_is_named() {
    let header = Some("Root=1-2af76519-16cd43dd8448eb211c80319c;Sampled=0");

    let span = span_with_parent(&Origins::of_message(&message(None, header)).with_metadata(Some(METADATA)));

    assert_eq!(trace(&span), "1af7651916cd43dd8448eb211c80319c");
    assert!(span.links.is_empty());
}

#[test]
fn an_origin_that_is_malformed_gives_way_to_the_next() {
    let unsure = HEADER.replace("Sampled=0", "Sampled=?");

    let span = span_with_parent(
        &Origins::of_message(&message(Some("00-xyz"), Some(&unsure)))
            .with_metadata(Some(&METADATA.replace("-01", "-03"))),
    );

    assert_eq!(trace(&span), "1af7651916cd43dd8448eb211c80319c");
    assert_eq!(span.span_context.trace_flags(), TraceFlags::SAMPLED);
    let links: Vec<String> = span.links.iter().map(|it| it.span_context.span_id().to_string()).collect();
    assert_eq!(links, ["d7ad6b7169203331"]);
}

#[test]
fn origins_that_agree_make_no_link() {
    let header = "Root=1-1af76519-16cd43dd8448eb211c80319c;Parent=c7ad6b7169203331;Sampled=0";

    let span = span_with_parent(
        &Origins::of_message(&message(Some(METADATA), Some(header))).with_metadata(Some(METADATA)),
    );

    assert_eq!(span.parent_span_id.to_string(), "c7ad6b7169203331");
    assert!(span.links.is_empty(), "{:?}", span.links);
}

#[test]
fn each_delivery_of_a_message_without_an_origin_is_in_the_same_trace() {
    let mut message = message(None, None);
    message.message_id = Some("19dd0b57-b21e-4ac1-bd88-01bbb068cb78".to_owned());
    message.attributes.insert("SentTimestamp".to_owned(), "1767225600200".to_owned());

    let (first, second) =
        (span_with_parent(&Origins::of_message(&message)), span_with_parent(&Origins::of_message(&message)));

    assert_eq!(trace(&first), "6955b900b21e4ac1bd8801bbb068cb78");
    assert_eq!((trace(&first), first.parent_span_id), (trace(&second), SpanId::INVALID));
    message.attributes.insert("SentTimestamp".to_owned(), "-1".to_owned());
    assert_ne!(trace(&span_with_parent(&Origins::of_message(&message))), trace(&first));
}

#[test]
fn an_attempt_whose_trace_could_not_be_read_is_in_the_invocations() {
    let (telemetry, captured) = Telemetry::capture("t");
    telemetry.scope(|| {
        let batch = info_span!(parent: None, "process_batch");
        let unknown = info_span!(parent: None, "process_image");
        telemetry.set_parent(&unknown, &Origins::of_message(&message(None, None)).or_within(&batch));
        let known = info_span!(parent: None, "process_image");
        telemetry.set_parent(&known, &Origins::of_message(&message(Some(ATTRIBUTE), None)).or_within(&batch));
        drop((unknown, known));
    });

    let [unknown, known, batch] = captured.spans().try_into().unwrap();
    assert_eq!(unknown.parent_span_id, batch.span_context.span_id());
    assert_eq!(trace(&unknown), trace(&batch));
    assert_eq!(known.parent_span_id.to_string(), "b7ad6b7169203331");
}

#[test]
fn a_call_of_ours_keeps_the_lineage_by_which_lambda_detects_loops() {
    let (telemetry, _captured) = Telemetry::capture("t");
    telemetry.scope(|| {
        let span = info_span!(parent: None, "claim");
        telemetry.set_parent(&span, &Origins::default().with_metadata(Some(METADATA)));
        let own = context::xray_header(&span).unwrap();
        assert!(own.starts_with("Root=1-1af76519-16cd43dd8448eb211c80319c;Parent="), "{own}");

        let given = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=0;Lineage=a87bd80c:1|68fd508a:5";
        let header = context::xray_header_instead(&span, given).unwrap();

        assert_eq!(header, format!("{own};Lineage=a87bd80c:1|68fd508a:5"));
        assert_eq!(context::xray_header_instead(&span, "Root=?").unwrap(), own);
    });
}

#[test]
fn without_any_origin_a_span_starts_a_trace_with_the_time_that_xray_requires() {
    let span = span_with_parent(&Origins::of_message(&message(Some("garbage"), Some("Root=;;"))));

    let seconds = u64::from_str_radix(&trace(&span)[..8], 16).unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(seconds) < 60);
    assert_ne!(span.span_context.trace_id(), TraceId::INVALID);
}

#[test]
fn a_log_line_and_a_metric_have_the_ids_of_the_span_they_are_emitted_in() {
    let (telemetry, captured) = Telemetry::capture("svc");

    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry.set_parent(&span, &Origins::default().with_metadata(Some(METADATA)));
        span.in_scope(|| telemetry.emit(&Emitted));
    });

    let (log, metric) = (captured.logs().remove(0), captured.metrics().remove(0));
    assert_eq!(log["message"], "Emitted");
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

struct Emitted;

impl Event for Emitted {
    fn log(&self) {
        tracing::info!(colour = "red", service = "impostor", "Emitted");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count(Counter::Duplicates, 1);
    }
}

fn span_with_parent(origins: &Origins) -> SpanData {
    let (telemetry, captured): (Telemetry, Captured) = Telemetry::capture("t");
    telemetry.scope(|| {
        let span: Span = info_span!(parent: None, "process_image");
        telemetry.set_parent(&span, origins);
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
