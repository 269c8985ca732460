//! Any trace headers of a message, well-formed or not, lead to one span in one trace that is never lost.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use aws_lambda_events::sqs::SqsMessage;
use opentelemetry::trace::SpanId;
use opentelemetry_sdk::trace::SpanData;
use proptest::{
    collection::vec,
    option,
    prelude::{Strategy, any, prop_oneof},
    sample::select,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};
use serde_json::json;
use telemetry::{Telemetry, context::Origins};
use tracing::info_span;

/// Cases per property.
const CASES: u32 = 2_000;

/// Checks `property` for what `inputs` makes; the same inputs each time.
fn check<T: std::fmt::Debug>(inputs: impl Strategy<Value = T>, property: impl Fn(T)) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner
        .run(&inputs, |input| {
            property(input);
            Ok(())
        })
        .unwrap();
}

/// Anything, and pieces of headers in any order.
fn header() -> impl Strategy<Value = String> {
    const PIECES: [&str; 24] = [
        "Root=",
        "Parent=",
        "Sampled=",
        "Lineage=",
        "Self=",
        "root=",
        ";",
        "=",
        "-",
        "1-",
        "00-",
        "ff-",
        "+",
        " ",
        "5bef4de7",
        "ad49b0e87f6ef6c87fc2e700",
        "5bef4de7ad49b0e87f6ef6c87fc2e700",
        "9a9197af755a6419",
        "01",
        "03",
        "?",
        "00000000",
        "é",
        "\0",
    ];
    prop_oneof![
        any::<String>(),
        vec(select(&PIECES[..]), 0..12).prop_map(|pieces| pieces.concat()),
        (vec(select(&PIECES[..]), 0..3), well_formed())
            .prop_map(|(pieces, header)| pieces.concat() + &header),
    ]
}

fn well_formed() -> impl Strategy<Value = String> {
    let id = (1..=u128::MAX, 1..=u64::MAX, any::<u8>());
    prop_oneof![
        id.prop_map(|(trace, span, flags)| format!("00-{trace:032x}-{span:016x}-{flags:02x}")),
        (1..=u128::MAX, 1..=u64::MAX, select(&["", ";Sampled=0", ";Sampled=1", ";Sampled=?"][..])).prop_map(
            |(trace, span, sampled)| {
                let trace = format!("{trace:032x}");
                format!("Root=1-{}-{};Parent={span:016x}{sampled}", &trace[..8], &trace[8..])
            }
        ),
    ]
}

#[test]
fn any_headers_at_all_make_one_span_that_is_kept_unless_we_decided_otherwise() {
    let headers = (option::of(header()), option::of(header()), option::of(header()));
    check(headers, |(attribute, metadata, system)| {
        let ours = attribute.iter().chain(&metadata).any(|header| {
            telemetry::context::parse_traceparent(header).is_some_and(|context| !context.is_sampled())
        });
        let span = span_with_parent(attribute.as_deref(), metadata.as_deref(), system.as_deref());
        let Some(span) = span else { return assert!(ours, "lost, though nobody of ours said so") };
        assert!(span.span_context.is_valid());
        assert!(span.links.iter().all(|link| link.span_context.is_valid()));
        assert!(span.links.iter().all(|link| link.span_context.span_id() != span.parent_span_id));
    });
}

#[test]
fn a_well_formed_xray_header_is_continued_whatever_else_stands_in_it() {
    let noise = vec(
        select(&["", "Lineage=a:1|b:2", "Self=1-x", "Sampled=?", "x", "=", "Ü=1", "sampled=0"][..]),
        0..4,
    );
    check((1..=u128::MAX, 1..=u64::MAX, noise, any::<u16>()), |(trace, span, mut noise, turn)| {
        let (trace, parent) = (format!("{trace:032x}"), format!("{span:016x}"));
        let (root, own) = (format!("Root=1-{}-{}", &trace[..8], &trace[8..]), format!("Parent={parent}"));
        noise.extend([root.as_str(), own.as_str()]);
        let turn = usize::from(turn) % noise.len();
        noise.rotate_left(turn);

        let span = span_with_parent(None, None, Some(&noise.join(";"))).unwrap();

        assert_eq!(span.span_context.trace_id().to_string(), trace);
        assert_eq!(span.parent_span_id.to_string(), parent);
    });
}

#[test]
fn what_we_sign_is_what_we_continue() {
    check((1..=u128::MAX, 1..=u64::MAX), |(trace, span)| {
        let (telemetry, _captured) = Telemetry::capture("t");
        let signed = format!("00-{trace:032x}-{span:016x}-01");
        telemetry.scope(|| {
            let first = info_span!(parent: None, "issue_upload_url");
            telemetry.set_parent(&first, &Origins::default().with_metadata(Some(&signed)));
            let carried = telemetry::context::traceparent(&first).unwrap();
            assert_eq!(carried.len(), signed.len());
            assert_eq!((&carried[..36], &carried[52..]), (&signed[..36], "-01"));
        });
    });
}

fn span_with_parent(
    attribute: Option<&str>,
    metadata: Option<&str>,
    system: Option<&str>,
) -> Option<SpanData> {
    let (telemetry, captured) = Telemetry::capture("t");
    telemetry.scope(|| {
        let span = info_span!(parent: None, "process_image");
        telemetry
            .set_parent(&span, &Origins::of_message(&message(attribute, system)).with_metadata(metadata));
    });
    let mut spans = captured.spans();
    assert!(spans.len() < 2);
    let span = spans.pop();
    if let Some(span) = &span {
        assert_ne!(span.span_context.span_id(), SpanId::INVALID);
    }
    span
}

fn message(attribute: Option<&str>, system: Option<&str>) -> SqsMessage {
    let attribute = attribute.map(|value| {
        json!({ "dataType": "String", "stringValue": value, "stringListValues": [], "binaryListValues": [] })
    });
    let message = json!({
        "messageId": "1",
        "attributes": system.map(|value| ("AWSTraceHeader", value)).into_iter().collect::<std::collections::HashMap<_, _>>(),
        "messageAttributes": attribute.map(|value| ("traceparent", value)).into_iter().collect::<std::collections::HashMap<_, _>>(),
    });
    serde_json::from_value(message).unwrap()
}
