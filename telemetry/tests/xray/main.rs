//! Our spans as X-Ray segments: by the published rules of exporters, and by an independent exporter.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

mod rotel;
mod rules;

use std::collections::BTreeMap;

use opentelemetry_proto::{
    tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1 as proto},
    transform::{
        common::tonic::ResourceAttributesWithSchema, trace::tonic::group_spans_by_resource_and_scope,
    },
};
use opentelemetry_sdk::Resource;
use prost::Message as _;
use rotel::Rotel;
use rules::{Flags, annotations, flags, is_segment};
use telemetry::{
    Telemetry,
    context::{annotate, describe},
};
use tracing::{Span, info_span};

#[test]
fn flags_segments_and_annotations_come_out_as_meant() {
    let spans = decoded(&encoded_upload());
    let span = |name: &str| spans.get(name).unwrap();

    for (name, expected) in [
        ("issue_upload_url", Flags { error: true, ..Flags::default() }),
        ("process_image", Flags::default()),
        ("decode", Flags::default()),
        ("DynamoDB.PutItem", Flags { error: true, throttle: true, ..Flags::default() }),
        ("S3.GetObject", Flags { error: true, ..Flags::default() }),
        ("SNS.Publish", Flags { fault: true, ..Flags::default() }),
        ("notify", Flags { fault: true, ..Flags::default() }),
    ] {
        assert_eq!(flags(span(name)), expected, "{name}");
    }
    let segments = spans.values().filter(|span| is_segment(span)).map(|span| span.name.as_str());
    assert_eq!(segments.collect::<Vec<_>>(), ["issue_upload_url", "process_image"]);
    assert_eq!(
        annotations(span("process_image")),
        [("image.id", "0198c0de-0000-7000-8000-00000000000a"), ("user.id", "alice")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
    );
    assert!(annotations(span("decode")).is_empty());
}

#[test]
#[ignore = "long: run by .ci/run"]
fn an_independent_receiver_gets_every_span_with_its_place_and_time() {
    let mut rotel = match Rotel::start() {
        Ok(rotel) => rotel,
        Err(why) => {
            #[expect(clippy::print_stderr, reason = "reports that this check was skipped, and why")]
            return eprintln!("skipped: the receiver cannot be installed here: {why}");
        }
    };
    let request = encoded_upload();
    let spans = decoded(&request);

    let segments = rotel.translate(&request, spans.len());

    let received: BTreeMap<&str, _> =
        segments.iter().map(|segment| (segment["id"].as_str().unwrap(), segment)).collect();
    assert_eq!(received.len(), spans.len(), "{segments:?}");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    for span in spans.values() {
        let segment = received[hex(&span.span_id).as_str()];
        assert_eq!(segment["name"], span.name, "{segment}");
        assert_eq!(segment["parent_id"].as_str().unwrap_or_default(), hex(&span.parent_span_id), "{segment}");
        let trace_id = segment["trace_id"].as_str().unwrap();
        let [version, time, rest] = trace_id.split('-').collect::<Vec<_>>().try_into().unwrap();
        assert_eq!((version, format!("{time}{rest}")), ("1", hex(&span.trace_id)));
        assert!(now.abs_diff(u64::from_str_radix(time, 16).unwrap()) < 600, "{trace_id}");
        for (key, nanos) in [("start_time", span.start_time_unix_nano), ("end_time", span.end_time_unix_nano)]
        {
            #[expect(clippy::cast_precision_loss, reason = "microseconds of today fit a double")]
            let seconds = nanos as f64 / 1e9;
            assert!((segment[key].as_f64().unwrap() - seconds).abs() < 1e-5, "{key}: {segment}");
        }
    }
}

/// An upload with all that may go wrong: a client's mistake, throttled, refused and broken calls, a fault.
fn encoded_upload() -> Vec<u8> {
    let (telemetry, captured) = Telemetry::capture("image-processor-lambda");
    telemetry.scope(|| {
        let issue = info_span!(parent: None, "issue_upload_url", otel.kind = "server");
        describe(&issue, "http.response.status_code", 415_i64);
        let process = info_span!(
            parent: &issue, "process_image", otel.kind = "consumer", aws.span.kind = "LOCAL_ROOT",
        );
        annotate(&process, &[("image.id", "0198c0de-0000-7000-8000-00000000000a"), ("user.id", "alice")]);
        drop(info_span!(parent: &process, "decode"));
        for (name, status) in [("DynamoDB.PutItem", 429), ("S3.GetObject", 403), ("SNS.Publish", 503)] {
            call(&process, name, status);
        }
        telemetry::fail(&info_span!(parent: &process, "notify"), &std::io::Error::other("no answer"));
    });
    let resource = Resource::builder_empty().with_service_name("image-processor-lambda").build();
    let resource = ResourceAttributesWithSchema::from(&resource);
    let resource_spans = group_spans_by_resource_and_scope(captured.spans(), &resource);
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

fn call(parent: &Span, name: &'static str, status: i64) {
    let span =
        info_span!(parent: parent, "call", otel.name = name, otel.kind = "client", rpc.system = "aws-api");
    describe(&span, "http.response.status_code", status);
    telemetry::fail(&span, &std::io::Error::other("refused"));
}

/// The spans of a request by their names.
fn decoded(request: &[u8]) -> BTreeMap<String, proto::Span> {
    let request = ExportTraceServiceRequest::decode(request).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|it| it.scope_spans);
    scopes.flat_map(|it| it.spans).map(|span| (span.name.clone(), span)).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
