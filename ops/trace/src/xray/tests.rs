//! Each rule by which spans become documents, and the way back.

mod schema;

use serde_json::{Value, json};

use super::nesting::{flatten, nest};
use super::segment::document;
use super::{Document, hex_trace_id, read, trace_id};
use crate::span::{Kind, Link, Span, Status};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A span of the processor: its hex digit is its id, another one its parent's.
fn span(id: char, parent: &str, name: &str, kind: Kind) -> Span {
    let digits = |digit: char| digit.to_string().repeat(16);
    Span {
        trace_id: TRACE.to_owned(),
        span_id: digits(id),
        parent_span_id: parent.chars().next().map(digits),
        name: name.to_owned(),
        kind,
        service: "image-processor-lambda".to_owned(),
        start_us: 1_700_000_000_250_000,
        duration_us: 500_000,
        ..Span::default()
    }
}

fn with(mut span: Span, attributes: &Value) -> Span {
    let attributes = attributes.as_object().unwrap().clone();
    span.attributes.extend(attributes);
    span
}

fn failed(mut span: Span, message: &str) -> Span {
    span.status = Status::Error;
    span.message = message.to_owned();
    span
}

fn of(span: &Span) -> Value {
    Value::Object(document(span).unwrap())
}

fn local_root(id: char, parent: &str) -> Span {
    with(span(id, parent, "process_image", Kind::Consumer), &json!({"aws.span.kind": "LOCAL_ROOT"}))
}

fn call(id: char, parent: &str, status: i64) -> Span {
    let attributes = json!({
        "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": "PutItem", "aws.request_id": "R1",
        "aws.dynamodb.table_names": ["ImageMetadata"], "http.response.status_code": status,
        "server.address": "dynamodb.example.com", "server.port": 443, "url.scheme": "https",
    });
    with(span(id, parent, "DynamoDB.PutItem", Kind::Client), &attributes)
}

#[test]
fn ids_and_times_are_in_the_units_of_xray() {
    let document = of(&local_root('b', "a"));
    assert_eq!(document["trace_id"], "1-4bf92f35-77b34da6a3ce929d0e0e4736");
    assert_eq!((&document["id"], &document["parent_id"]), (&json!("b".repeat(16)), &json!("a".repeat(16))));
    assert_eq!(
        (&document["start_time"], &document["end_time"]),
        (&json!(1_700_000_000.25), &json!(1_700_000_000.75))
    );
    assert_eq!(hex_trace_id(&trace_id(TRACE)).unwrap(), TRACE);
    for wrong in
        ["", TRACE, "1-4bf92f35", "1-4bf92f35-77b34da6a3ce929d0e0e473", "2-4bf92f35-77b34da6a3ce929d0e0e4736"]
    {
        assert_eq!(hex_trace_id(wrong), None, "{wrong}");
    }
}

#[test]
fn servers_roots_and_local_roots_are_segments_of_their_service_and_all_else_are_subsegments() {
    for (span, is_segment) in [
        (span('a', "", "issue", Kind::Internal), true),
        (span('a', "b", "issue", Kind::Server), true),
        (local_root('a', "b"), true),
        (span('a', "b", "process_image", Kind::Consumer), false),
        (span('a', "b", "decode", Kind::Internal), false),
        (call('a', "b", 200), false),
    ] {
        let document = of(&span);
        assert_eq!(document.get("type").is_none(), is_segment, "{document}");
        assert_eq!(document["name"] == "image-processor-lambda", is_segment, "{document}");
        let operation = &document["metadata"]["default"]["aws.local.operation"];
        assert_eq!(operation == span.name.as_str(), is_segment, "{document}");
    }
}

#[test]
fn a_call_of_aws_is_named_for_the_service_called_and_says_which_operation_on_what() {
    let document = of(&call('c', "b", 200));
    assert_eq!((&document["name"], &document["namespace"]), (&json!("DynamoDB"), &json!("aws")));
    assert_eq!(
        document["aws"],
        json!({"operation": "PutItem", "request_id": "R1", "table_name": "ImageMetadata"})
    );
    let http = json!({"request": {"url": "https://dynamodb.example.com/"}, "response": {"status": 200}});
    assert_eq!(document["http"], http);
    let other = of(&with(span('c', "b", "GET /", Kind::Client), &json!({"peer.service": "shop"})));
    assert_eq!((&other["name"], &other["namespace"]), (&json!("shop"), &json!("remote")));
    assert_eq!(of(&span('c', "b", "decode", Kind::Internal)).get("namespace"), None);
}

#[test]
fn flags_follow_the_http_status_and_else_the_span() {
    let flags = |span: &Span| {
        let document = of(span);
        ["error", "fault", "throttle"].map(|flag| document.get(flag) == Some(&json!(true)))
    };
    let (none, error, fault, throttle) =
        ([false; 3], [true, false, false], [false, true, false], [true, false, true]);
    for (status, expected) in
        [(200, none), (301, none), (400, error), (403, error), (429, throttle), (503, fault)]
    {
        assert_eq!(flags(&call('c', "b", status)), expected, "{status}");
    }
    assert_eq!(flags(&failed(call('c', "b", 404), "no")), error);
    assert_eq!(flags(&failed(span('c', "b", "decode", Kind::Internal), "no")), fault);
    assert_eq!(flags(&span('c', "b", "decode", Kind::Internal)), none);
}

#[test]
fn a_failure_with_a_message_has_a_cause_whose_id_no_segment_has() {
    let failed =
        failed(with(span('c', "b", "persist", Kind::Internal), &json!({"error.type": "Throttled"})), "busy");
    let exceptions = json!([{"id": "3".repeat(16), "type": "Throttled", "message": "busy"}]);
    assert_eq!(of(&failed)["cause"]["exceptions"], exceptions);
    assert_eq!(of(&span('c', "b", "persist", Kind::Internal)).get("cause"), None);
}

#[test]
fn only_the_keys_named_are_annotations_and_the_rest_is_metadata() {
    let attributes = json!({
        "aws.xray.annotations": ["image.id", "bytes", "list", "absent", "odd key"], "image.id": "cat", "bytes": 7,
        "list": [1], "odd key": true, "user": "alice", "nothing": null, "enduser.id": "bob",
    });
    let document = of(&with(span('c', "b", "decode", Kind::Internal), &attributes));
    assert_eq!(document["annotations"], json!({"image.id": "cat", "bytes": 7, "odd_key": true}));
    assert_eq!(document["metadata"], json!({"default": {"list": [1], "user": "alice"}}));
    assert_eq!(document.get("user"), None, "only a segment has one");
    assert_eq!(of(&with(local_root('b', "a"), &json!({"enduser.id": "bob"})))["user"], "bob");
}

#[test]
fn a_segment_says_what_ran_it_and_a_subsegment_does_not() {
    let resource = json!({
        "cloud.provider": "aws", "cloud.platform": "aws_lambda", "faas.name": "f", "service.version": "7",
        "telemetry.sdk.name": "opentelemetry", "telemetry.sdk.language": "rust", "telemetry.sdk.version": "1",
    });
    let mut root = local_root('b', "a");
    root.resource = resource.as_object().unwrap().clone().into_iter().collect();
    let segment = of(&root);
    assert_eq!(segment["origin"], "AWS::Lambda::Function");
    assert_eq!(segment["service"], json!({"version": "7"}));
    assert_eq!(segment["metadata"]["default"]["otel.resource.faas.name"], "f");
    let sdk = json!({"sdk": "opentelemetry for rust", "sdk_version": "1", "auto_instrumentation": false});
    assert_eq!(segment["aws"]["xray"], sdk);
    let mut step = span('c', "b", "decode", Kind::Internal);
    step.resource = root.resource.clone();
    let step = of(&step);
    assert_eq!((step.get("origin"), step.get("metadata")), (None, None));
    root.resource.insert("cloud.provider".to_owned(), "gcp".into());
    assert_eq!(of(&root).get("aws"), None);
}

#[test]
fn links_name_the_traces_in_the_notation_of_xray() {
    let mut span = local_root('b', "a");
    span.links = vec![Link { trace_id: TRACE.to_owned(), span_id: "d".repeat(16) }];
    assert_eq!(of(&span)["links"], json!([{"id": "d".repeat(16), "trace_id": trace_id(TRACE)}]));
}

#[test]
fn names_lose_what_xray_does_not_accept_and_are_cut() {
    let named = |name: &str| of(&span('c', "b", name, Kind::Internal))["name"].clone();
    assert_eq!(named("GET /a?b={c}; é"), "GET /ab=c é");
    assert_eq!(named("{}"), "span");
    assert_eq!(named(&"x".repeat(300)), "x".repeat(200));
}

#[test]
fn a_document_over_64_kib_is_none_as_xray_would_refuse_it() {
    let of_size = |size: usize| {
        document(&with(span('c', "b", "decode", Kind::Internal), &json!({"k": "x".repeat(size)})))
    };
    assert!(of_size(64 * 1024).is_none());
    assert!(of_size(63 * 1024).is_some());
}

fn upload() -> Vec<Span> {
    let mut issue =
        with(span('a', "", "issue_upload_url", Kind::Server), &json!({"http.response.status_code": 200}));
    issue.service = "generate-upload-url".to_owned();
    issue.start_us -= 1_000_000;
    let notify = failed(span('d', "b", "notify", Kind::Internal), "no answer");
    let images = json!({"aws.xray.annotations": ["image.id"], "image.id": "cat"});
    vec![with(local_root('b', "a"), &images), notify, issue, call('c', "d", 503)]
}

fn documents(spans: &[Span]) -> Vec<Document> {
    spans.iter().map(|span| document(span).unwrap()).collect()
}

#[test]
fn subsegments_are_nested_in_their_segments_and_segments_are_not() {
    let nested = Value::from(nest(documents(&upload())).into_iter().map(Value::Object).collect::<Vec<_>>());
    let names: Vec<&str> = nested.as_array().unwrap().iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["generate-upload-url", "image-processor-lambda"]);
    let step = &nested[1]["subsegments"][0];
    assert_eq!((&step["name"], &step["fault"]), (&json!("notify"), &json!(true)));
    assert_eq!(step["subsegments"][0]["name"], "DynamoDB");
    for key in ["type", "trace_id", "parent_id"] {
        assert_eq!(step.get(key), None, "{key} is for subsegments that are sent alone");
    }
    let orphan = nest(documents(&[span('d', "e", "notify", Kind::Internal)]));
    assert_eq!((orphan.len(), &orphan[0]["type"]), (1, &json!("subsegment")));
}

#[test]
fn nesting_loses_no_document_whatever_the_ids_are() {
    let circle = [span('a', "b", "a", Kind::Internal), span('b', "a", "b", Kind::Internal)];
    let deep = (0..500_u64).map(|number| {
        let mut span = span('a', "b", "step", Kind::Internal);
        span.span_id = format!("{number:016x}");
        span.parent_span_id = number.checked_sub(1).map(|above| format!("{above:016x}"));
        span
    });
    let deep = deep.collect::<Vec<_>>();
    for spans in [&circle[..], &deep[..], &upload()[..]] {
        let nested = nest(documents(spans));
        assert!(
            serde_json::to_string(&nested).is_ok_and(|text| serde_json::from_str::<Value>(&text).is_ok())
        );
        assert_eq!(nested.into_iter().flat_map(flatten).count(), spans.len());
    }
}

#[test]
fn a_trace_read_from_its_documents_is_the_one_that_they_were_made_from() {
    let trace = read::trace(nest(documents(&upload()))).unwrap();
    let expected = crate::Trace::of(upload()).unwrap();
    assert_eq!(
        (&trace.trace_id, trace.start_us, trace.duration_us),
        (&expected.trace_id, expected.start_us, expected.duration_us)
    );
    assert_eq!((trace.status, &trace.image_ids), (expected.status, &expected.image_ids));
    for span in expected.spans {
        let read = trace.spans.iter().find(|it| it.span_id == span.span_id).unwrap();
        let facts = |it: &Span| {
            (
                it.name.clone(),
                it.parent_span_id.clone(),
                it.service.clone(),
                it.start_us,
                it.duration_us,
                it.message.clone(),
            )
        };
        assert_eq!(facts(read), facts(&span));
    }
    assert_eq!(read::trace(Vec::new()), None);
}
