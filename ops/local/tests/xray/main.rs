//! Our segment documents beside those that an independent exporter makes of the same spans.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

#[path = "../../../../telemetry/tests/xray/rotel.rs"]
mod rotel;

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::http::Http;
use aws_client::{Aws, Credentials};
use http::Method;
use local_stack::deploy::Assets;
use local_stack::observe::{Clock, Observer, Targets};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Link, SpanKind};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;
use rotel::Rotel;
use serde_json::{Value, json};
use trace_model::xray::nesting::flatten;

/// Fields that both have. This version of Rotel writes no flags, annotations, namespaces, links or operations, and names
/// everything for its span; those are held to the rules and the schema by `ops/trace/src/xray/tests`.
const ALIKE: [&str; 5] = ["/trace_id", "/parent_id", "/start_time", "/end_time", "/aws/request_id"];

fn seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn any(value: &Value) -> AnyValue {
    let value = match value {
        Value::String(text) => Any::StringValue(text.clone()),
        Value::Number(number) => Any::IntValue(number.as_i64().unwrap()),
        Value::Array(items) => Any::ArrayValue(ArrayValue { values: items.iter().map(any).collect() }),
        other => unreachable!("no attribute of these tests is {other}"),
    };
    AnyValue { value: Some(value) }
}

fn attributes(all: &Value) -> Vec<KeyValue> {
    let all = all.as_object().unwrap().iter();
    all.map(|(key, value)| KeyValue { key: key.clone(), value: Some(any(value)), ..KeyValue::default() })
        .collect()
}

/// A span; its digit is its id, another one its parent's, 0 that of none.
fn span(trace_id: &[u8], id: u8, parent: u8, name: &str, kind: SpanKind, all: &Value) -> Span {
    let begin = seconds() * 1_000_000_000 + u64::from(id) * 1_000_000;
    Span {
        trace_id: trace_id.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: name.to_owned(),
        kind: kind.into(),
        start_time_unix_nano: begin,
        end_time_unix_nano: begin + 5_000_000,
        attributes: attributes(all),
        ..Span::default()
    }
}

/// An upload with what may go wrong: a throttled, a refused and a broken call, a fault.
fn upload(trace_id: &[u8]) -> Vec<u8> {
    let call = |id, method: &str, status: i64| {
        let all = json!({
            "rpc.system": "aws-api", "rpc.service": "DynamoDB", "rpc.method": method, "aws.request_id": "R",
            "http.response.status_code": status,
        });
        let mut span = span(trace_id, id, 2, &format!("DynamoDB.{method}"), SpanKind::Client, &all);
        span.status = Some(Status { message: "refused".to_owned(), code: i32::from(status >= 400) * 2 });
        span
    };
    let image = json!({"aws.span.kind": "LOCAL_ROOT", "aws.xray.annotations": ["image.id"], "image.id": "cat", "other": 7});
    let mut process = span(trace_id, 2, 1, "process_image", SpanKind::Consumer, &image);
    process.links = vec![Link { trace_id: trace_id.to_vec(), span_id: vec![9; 8], ..Link::default() }];
    let mut notify = span(trace_id, 3, 2, "notify", SpanKind::Internal, &json!({}));
    notify.status = Some(Status { message: "no answer".to_owned(), code: 2 });
    let spans = vec![
        span(
            trace_id,
            1,
            0,
            "issue_upload_url",
            SpanKind::Server,
            &json!({"http.response.status_code": 415}),
        ),
        process,
        notify,
        call(4, "PutItem", 429),
        call(5, "GetItem", 403),
        call(6, "UpdateItem", 503),
        call(7, "Query", 200),
    ];
    let resource = json!({"service.name": "image-processor-lambda", "cloud.provider": "aws", "cloud.platform": "aws_lambda"});
    let resource = Some(Resource { attributes: attributes(&resource), ..Resource::default() });
    let scope_spans = vec![ScopeSpans { spans, ..ScopeSpans::default() }];
    let resource_spans = vec![ResourceSpans { resource, scope_spans, ..ResourceSpans::default() }];
    ExportTraceServiceRequest { resource_spans }.encode_to_vec()
}

/// Our documents of a request, each for itself.
async fn ours(request: Vec<u8>, trace_id: &str) -> Vec<Value> {
    let receivers = Observer::bind().await.unwrap();
    let (otlp, xray) = (receivers.otlp_endpoint(), receivers.handed_on_address());
    let key = Credentials { access_key_id: "k".into(), secret_access_key: "s".into(), session_token: None };
    let targets = Targets {
        log_groups: Vec::new(),
        outbox_queue_url: "http://127.0.0.1:1/outbox".to_owned(),
        assets: Assets::default(),
        clock: Clock::default(),
    };
    let _observer = Observer::start(receivers, &Aws::new("http://127.0.0.1:1", "eu-west-1", key), targets);
    let protobuf = [("content-type", "application/x-protobuf")];
    let sent =
        Http::new().send(Method::POST, &format!("{otlp}/v1/traces"), &protobuf, request).await.unwrap();
    assert!(sent.status().is_success(), "{sent:?}");
    let ids = json!({"TraceIds": [trace_model::xray::trace_id(trace_id)]}).to_string();
    let json = [("x-handed-on", "the test")];
    let answer =
        Http::new().send(Method::POST, &format!("http://{xray}/xray/Traces"), &json, ids).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let segments = answer["Traces"][0]["Segments"].as_array().unwrap();
    let documents = segments.iter().map(|it| serde_json::from_str(it["Document"].as_str().unwrap()).unwrap());
    documents.flat_map(flatten).map(Value::Object).collect()
}

/// A field as both write it: times are equal to ten microseconds, since Rotel's are rounded.
fn plain(document: &Value, field: &str) -> Value {
    match document.pointer(field) {
        Some(Value::Number(time)) => json!((time.as_f64().unwrap() * 1e5).round()),
        value => value.cloned().unwrap_or_default(),
    }
}

#[tokio::test]
#[ignore = "long: run by .ci/run"]
async fn documents_have_the_ids_places_and_times_of_an_independent_exporters() {
    let mut rotel = match Rotel::start() {
        Ok(rotel) => rotel,
        Err(why) => {
            #[expect(clippy::print_stderr, reason = "reports that this check was skipped, and why")]
            return eprintln!("skipped: the exporter cannot be installed here: {why}");
        }
    };
    let begun = u32::try_from(seconds()).unwrap();
    let mut trace_id = begun.to_be_bytes().to_vec();
    trace_id.extend([0xab; 12]);
    let hex = format!("{begun:08x}{}", "ab".repeat(12));
    let request = upload(&trace_id);

    let ours = ours(request.clone(), &hex).await;
    let theirs = tokio::task::spawn_blocking(move || rotel.translate(&request, 7)).await.unwrap();

    let theirs: BTreeMap<&str, &Value> = theirs.iter().map(|it| (it["id"].as_str().unwrap(), it)).collect();
    assert_eq!((ours.len(), theirs.len()), (7, 7));
    let mut differences = Vec::new();
    for document in &ours {
        let other = theirs[document["id"].as_str().unwrap()];
        for field in ALIKE {
            let (own, other) = (plain(document, field), plain(other, field));
            if own != other {
                differences.push(format!("{field} of {}: {own} and {other}", document["name"]));
            }
        }
    }
    assert_eq!(differences, [""; 0], "{ours:#?}\n{theirs:#?}");
}
