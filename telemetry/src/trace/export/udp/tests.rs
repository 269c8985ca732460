use std::collections::HashSet;

use opentelemetry::{
    KeyValue,
    trace::{Span as _, SpanContext, Tracer, TracerProvider as _},
};
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use opentelemetry_sdk::trace::SdkTracerProvider;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::*;
use crate::trace::buffer::SpanBuffer;

/// Spans as calls of AWS make them, each with a key of `key_bytes` and a link.
pub(in crate::trace::export) fn spans(count: usize, key_bytes: usize) -> Vec<SpanData> {
    let buffer = SpanBuffer::new(usize::MAX, None);
    let provider = SdkTracerProvider::builder().with_span_processor(buffer.clone()).build();
    let mut other = SpanContext::empty_context();
    for number in 0..count {
        let mut span = provider.tracer("image-processor-lambda").start("S3.GetObject");
        span.set_attributes([
            KeyValue::new("rpc.system", "aws-api"),
            KeyValue::new("rpc.service", "S3"),
            KeyValue::new("rpc.method", "GetObject"),
            KeyValue::new("server.address", "originals.s3.ap-northeast-1.amazonaws.com"),
            KeyValue::new("http.response.status_code", 200),
            KeyValue::new("aws.request_id", format!("{number:016X}")),
            KeyValue::new("aws.extended_request_id", "x".repeat(76)),
            KeyValue::new("aws.s3.key", "k".repeat(key_bytes)),
        ]);
        span.add_link(other, Vec::new());
        other = span.span_context().clone();
        span.end();
    }
    buffer.take(usize::MAX)
}

fn exporter(receiver: &UdpSocket) -> UdpExporter {
    UdpExporter::new(
        receiver.local_addr().unwrap(),
        &Resource::builder_empty().with_service_name("f").build(),
    )
    .unwrap()
}

fn request(datagram: &[u8]) -> ExportTraceServiceRequest {
    assert!(datagram.len() <= DATAGRAM_BYTES, "{} bytes", datagram.len());
    let payload = std::str::from_utf8(datagram).unwrap().strip_prefix(HEADER).unwrap();
    ExportTraceServiceRequest::decode(STANDARD.decode(payload).unwrap().as_slice()).unwrap()
}

fn decode(datagram: &[u8]) -> Vec<Span> {
    let resources = request(datagram).resource_spans.into_iter();
    let scopes = resources.flat_map(|it| {
        let attributes = it.resource.unwrap().attributes;
        assert!(attributes.iter().any(|it| it.key == "service.name"), "each datagram is whole in itself");
        it.scope_spans
    });
    scopes.flat_map(|it| it.spans).collect()
}

/// Splits spans; checks that none is lost, doubled or changed, and answers the number of datagrams.
fn assert_split(sent: &[SpanData]) -> usize {
    let exporter = exporter(&UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut datagrams = Vec::new();
    let lost = exporter.pack(sent.to_vec(), |datagram| {
        datagrams.push(datagram.to_vec());
        true
    });
    assert_eq!(lost, 0);
    let arrived: Vec<Span> = datagrams.iter().flat_map(|datagram| decode(datagram)).collect();
    assert_eq!(arrived.len(), sent.len());
    let ids: HashSet<&[u8]> = arrived.iter().map(|span| span.span_id.as_slice()).collect();
    assert_eq!(ids.len(), sent.len(), "no span comes twice");
    for (span, sent) in arrived.iter().zip(sent) {
        assert_eq!(span.span_id, sent.span_context.span_id().to_bytes());
        assert_eq!((span.attributes.len(), span.links.len()), (sent.attributes.len(), sent.links.len()));
    }
    datagrams.len()
}

#[test]
fn a_thousand_spans_are_split_over_datagrams_and_each_arrives_once() {
    assert_eq!(assert_split(&spans(1_000, 60)), 100);
}

#[test]
fn a_datagram_has_no_more_spans_than_aws_own_exporters_send() {
    for (count, datagrams) in [(1, 1), (10, 1), (11, 2), (20, 2), (21, 3)] {
        assert_eq!(assert_split(&spans(count, 0)), datagrams, "{count} spans");
    }
}

#[test]
fn spans_of_any_number_and_size_are_split_into_datagrams_that_fit() {
    let config = Config { failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let batches = (0_usize..40, proptest::prop_oneof![0_usize..400, 0_usize..40_000]);
    let checked = runner.run(&batches, |(count, key_bytes)| {
        assert_split(&spans(count, key_bytes));
        Ok(())
    });
    checked.unwrap();
}

#[test]
fn what_is_sent_arrives() {
    let receiver = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut bytes = vec![0; 70_000];

    let lost = exporter(&receiver).send(spans(10, 60));

    let length = receiver.recv(&mut bytes).unwrap();
    assert_eq!((lost, decode(&bytes[..length]).len()), (0, 10));
}

#[test]
fn a_span_that_fits_no_datagram_is_lost_alone_and_counted() {
    let mut spans = spans(9, 60);
    spans[4].name = "x".repeat(DATAGRAM_BYTES).into();
    let exporter = exporter(&UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut arrived = 0;

    let lost = exporter.pack(spans, |datagram| {
        arrived += decode(datagram).len();
        true
    });

    assert_eq!((lost, arrived), (1, 8));
}

#[test]
fn spans_keep_the_scope_they_were_made_in() {
    let mut spans = spans(5, 60);
    for other in &mut spans[1..3] {
        other.instrumentation_scope = InstrumentationScope::builder("other").with_version("2").build();
    }
    let exporter = exporter(&UdpSocket::bind("127.0.0.1:0").unwrap());
    let mut arrived = Vec::new();

    let lost = exporter.pack(spans, |datagram| {
        for scope in request(datagram).resource_spans.into_iter().flat_map(|it| it.scope_spans) {
            let name = scope.scope.unwrap();
            arrived.push((name.name, name.version, scope.spans.len()));
        }
        true
    });

    let ours = |count| ("image-processor-lambda".to_owned(), String::new(), count);
    assert_eq!((lost, arrived), (0, vec![ours(1), ("other".to_owned(), "2".to_owned(), 2), ours(2)]));
}

#[test]
fn what_the_socket_does_not_take_is_counted() {
    let exporter = exporter(&UdpSocket::bind("127.0.0.1:0").unwrap());

    assert_eq!(exporter.pack(spans(1_000, 60), |_| false), 1_000);
}
