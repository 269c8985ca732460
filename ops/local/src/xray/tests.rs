//! Requests and answers of the API, over spans and documents that were sent.

mod expressions;

use serde_json::{Value, json};
use trace_model::{IMAGE_ID, Kind, Span, Status};

use super::api::{ApiError, Request};
use crate::observe::traces::TraceStore;

/// The second of the uploads, since 1970.
const BEGIN: f64 = 1_700_000_000.0;

/// The hex digits of an upload's trace.
fn trace(number: u64) -> String {
    format!("6553f100{number:024x}")
}

fn xray_id(number: u64) -> String {
    format!("1-6553f100-{number:024x}")
}

fn span(trace_number: u64, id: u64, parent: u64, name: &str, service: &str) -> Span {
    Span {
        trace_id: trace(trace_number),
        span_id: format!("{id:016x}"),
        parent_span_id: (parent > 0).then(|| format!("{parent:016x}")),
        name: name.to_owned(),
        service: service.to_owned(),
        start_us: (1_700_000_000 + trace_number) * 1_000_000 + id * 100_000,
        duration_us: 50_000,
        ..Span::default()
    }
}

/// The spans of an upload by alice whose notification fails; each begins a second after the one before.
fn upload(number: u64) -> Vec<Span> {
    let image = json!({
        "aws.xray.annotations": [IMAGE_ID, "tries", "cold"], IMAGE_ID: format!("image-{number}"), "tries": number,
        "cold": number == 1, "enduser.id": "alice",
    });
    let mut issue = span(number, 1, 0, "issue_upload_url", "generate-upload-url");
    issue.kind = Kind::Server;
    let http = json!({
        "http.request.method": "POST", "http.response.status_code": 200, "url.full": "https://api.example.com/v2/url",
        "user_agent.original": "curl/8", "client.address": "192.0.2.7",
    });
    let mut process = span(number, 2, 1, "process_image", "image-processor-lambda");
    process.kind = Kind::Consumer;
    process.attributes.insert("aws.span.kind".to_owned(), "LOCAL_ROOT".into());
    process.resource.insert("cloud.platform".to_owned(), "aws_lambda".into());
    process.duration_us = 400_000;
    let mut notify = span(number, 3, 2, "SNS.Publish", "image-processor-lambda");
    notify.kind = Kind::Client;
    notify.status = Status::Error;
    notify.message = "no answer".to_owned();
    let call = json!({"rpc.system": "aws-api", "rpc.service": "SNS", "rpc.method": "Publish", "http.response.status_code": 503});
    for (span, attributes) in [(&mut issue, http), (&mut process, image), (&mut notify, call)] {
        span.attributes.extend(attributes.as_object().unwrap().clone());
    }
    vec![issue, process, notify]
}

fn uploads(count: u64) -> TraceStore {
    let mut store = TraceStore::default();
    (1..=count).flat_map(upload).for_each(|span| store.put(span));
    store
}

fn call(store: &mut TraceStore, path: &str, body: &Value) -> Result<Value, ApiError> {
    match Request::parse(path, body.to_string().as_bytes())? {
        Request::Put(put) => put.keep(store),
        Request::Query(query) => query.answer(store),
    }
}

fn summaries(store: &mut TraceStore, more: &Value) -> Result<Value, ApiError> {
    let mut body = json!({"StartTime": BEGIN, "EndTime": BEGIN + 3600.0});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    call(store, "/TraceSummaries", &body)
}

fn ids(answer: &Value) -> Vec<String> {
    let all = answer["TraceSummaries"].as_array().unwrap();
    all.iter().map(|summary| summary["Id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_summary_has_the_times_flags_annotations_and_services_that_xray_documents() {
    let answer = summaries(&mut uploads(1), &json!({})).unwrap();
    let summary = &answer["TraceSummaries"][0];
    assert_eq!(summary["Id"], xray_id(1));
    let about = |value: &Value, expected: f64| (value.as_f64().unwrap() - expected).abs() < 1e-5;
    assert!(about(&summary["StartTime"], BEGIN + 1.1) && about(&summary["Duration"], 0.5), "{summary}");
    assert!(about(&summary["ResponseTime"], 0.05), "the root segment's: {summary}");
    for flag in ["HasFault", "HasError", "HasThrottle", "IsPartial"] {
        assert_eq!(summary[flag], false, "{flag} is the root segment's");
    }
    assert_eq!(
        summary["Http"],
        json!({
            "HttpURL": "https://api.example.com/v2/url", "HttpStatus": 200, "HttpMethod": "POST",
            "UserAgent": "curl/8", "ClientIp": "192.0.2.7",
        })
    );
    let processor = json!({
        "Name": "image-processor-lambda", "Names": ["image-processor-lambda"], "Type": "AWS::Lambda::Function",
    });
    assert_eq!(
        summary["Annotations"][IMAGE_ID],
        json!([{"AnnotationValue": {"StringValue": "image-1"}, "ServiceIds": [processor]}])
    );
    assert_eq!(summary["Annotations"]["tries"][0]["AnnotationValue"], json!({"NumberValue": 1}));
    assert_eq!(summary["Annotations"]["cold"][0]["AnnotationValue"], json!({"BooleanValue": true}));
    assert_eq!(summary["Users"], json!([{"UserName": "alice", "ServiceIds": [processor]}]));
    assert_eq!(summary["EntryPoint"]["Name"], "generate-upload-url");
    let services = summary["ServiceIds"].as_array().unwrap();
    assert_eq!(services.len(), 3, "{services:?}");
    assert_eq!(services[2], json!({"Name": "SNS", "Names": ["SNS"], "Type": "AWS::SNS"}));
}

#[test]
fn summaries_are_those_of_the_range_and_a_wrong_range_is_refused() {
    let mut store = uploads(3);
    let mut between = |from: f64, to: f64| {
        let range = json!({"StartTime": BEGIN + from, "EndTime": BEGIN + to});
        summaries(&mut store, &range).map(|answer| ids(&answer))
    };
    assert_eq!(between(1.5, 2.9).unwrap(), [xray_id(2)]);
    assert_eq!(
        between(1.5, 2.0).unwrap(),
        [xray_id(2)],
        "it begins a tenth later, in the second that the range ends with"
    );
    assert_eq!(between(0.0, 86_400.0).unwrap(), [xray_id(3), xray_id(2), xray_id(1)]);
    for (from, to, why) in
        [(3.0, 2.0, "before EndTime"), (2.0, 2.0, "before EndTime"), (0.0, 86_401.0, "24 hours")]
    {
        let refused = between(from, to).unwrap_err();
        assert_eq!(refused.code(), (400, "InvalidRequestException"));
        assert!(refused.to_string().contains(why), "{refused}");
    }
    let ends = summaries(&mut store, &json!({"StartTime": BEGIN + 3.5, "TimeRangeType": "Service"})).unwrap();
    assert_eq!(ids(&ends), [xray_id(3)]);
}

#[test]
fn pages_hold_every_trace_once_also_when_others_come_meanwhile() {
    let mut store = uploads(250);
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    loop {
        let answer = summaries(&mut store, &json!({"NextToken": token})).unwrap();
        seen.extend(ids(&answer));
        for span in upload(300 + seen.len() as u64) {
            store.put(span);
        }
        token = answer["NextToken"].clone();
        if token.is_null() {
            break;
        }
    }
    assert_eq!(seen, (1..=250).rev().map(xray_id).collect::<Vec<_>>());
    for wrong in ["x", "!", "MTIz"] {
        let refused = summaries(&mut store, &json!({ "NextToken": wrong })).unwrap_err();
        assert_eq!(refused.code(), (400, "InvalidRequestException"), "{wrong}");
    }
}

#[test]
fn traces_come_with_nested_documents_and_unknown_ids_apart() {
    let mut store = uploads(2);
    let unknown = "1-6553f100-ffffffffffffffffffffffff";
    let answer = call(&mut store, "/Traces", &json!({"TraceIds": [xray_id(2), unknown]})).unwrap();
    assert_eq!(answer["UnprocessedTraceIds"], json!([unknown]));
    let trace = &answer["Traces"][0];
    assert_eq!((&trace["Id"], &trace["LimitExceeded"]), (&json!(xray_id(2)), &json!(false)));
    let segments = trace["Segments"].as_array().unwrap();
    let documents: Vec<Value> =
        segments.iter().map(|it| serde_json::from_str(it["Document"].as_str().unwrap()).unwrap()).collect();
    assert_eq!(documents.len(), 2, "{documents:?}");
    assert_eq!(segments[1]["Id"], documents[1]["id"]);
    assert_eq!(documents[1]["subsegments"][0]["aws"]["operation"], "Publish");
    assert_eq!(documents[1]["subsegments"][0]["fault"], true);
}

#[test]
fn more_than_five_ids_none_and_what_is_no_id_are_refused() {
    let mut store = uploads(6);
    let many: Vec<String> = (1..=6).map(xray_id).collect();
    for ids in [json!(many), json!([]), json!([trace(1)]), json!("1")] {
        let refused = call(&mut store, "/Traces", &json!({ "TraceIds": ids })).unwrap_err();
        assert_eq!(refused.code(), (400, "InvalidRequestException"), "{ids}");
    }
    assert_eq!(
        call(&mut store, "/Groups", &json!({})).unwrap_err().code(),
        (404, "UnknownOperationException")
    );
}

fn put(store: &mut TraceStore, documents: &[Value]) -> Value {
    let documents: Vec<String> = documents.iter().map(Value::to_string).collect();
    call(store, "/TraceSegments", &json!({ "TraceSegmentDocuments": documents })).unwrap()
}

/// A segment in the root of which something is still going on.
fn segment() -> Value {
    json!({
        "name": "shop", "id": "70de5b6f19ff9a0b", "start_time": BEGIN + 5.0, "trace_id": xray_id(9), "in_progress": true,
        "subsegments": [{
            "name": "api.example.com", "id": "53995c3f42cd8ad8", "start_time": BEGIN + 5.1, "end_time": BEGIN + 5.2,
            "namespace": "remote", "error": true,
        }],
    })
}

#[test]
fn documents_sent_are_answered_like_spans_and_the_complete_one_replaces_the_one_in_progress() {
    let mut store = TraceStore::default();
    let partial = |store: &mut TraceStore| {
        let answer = summaries(store, &json!({})).unwrap();
        assert_eq!(ids(&answer), [xray_id(9)]);
        answer["TraceSummaries"][0]["IsPartial"].clone()
    };
    assert_eq!(put(&mut store, &[segment()]), json!({"UnprocessedTraceSegments": []}));
    assert_eq!(partial(&mut store), true);
    let mut complete = segment();
    complete["end_time"] = json!(BEGIN + 6.0);
    complete.as_object_mut().unwrap().remove("in_progress");
    put(&mut store, &[complete]);
    assert_eq!(partial(&mut store), false);
    let answer = call(&mut store, "/Traces", &json!({"TraceIds": [xray_id(9)]})).unwrap();
    let document: Value =
        serde_json::from_str(answer["Traces"][0]["Segments"][0]["Document"].as_str().unwrap()).unwrap();
    assert_eq!(document["subsegments"][0]["name"], "api.example.com");
    assert_eq!(document["subsegments"].as_array().unwrap().len(), 1);
}

#[test]
fn a_document_that_is_invalid_is_unprocessed_by_its_reason_and_the_others_are_kept() {
    for (key, bad, code) in [
        ("id", json!("1"), "MissingId"),
        ("trace_id", Value::Null, "MissingTraceId"),
        ("trace_id", json!("1-2-3"), "InvalidTraceId"),
        ("name", json!(""), "MissingName"),
        ("start_time", json!("now"), "MissingStartTime"),
        ("in_progress", json!(false), "MissingEndTime"),
        ("type", json!("segment"), "InvalidType"),
        ("type", json!("subsegment"), "MissingParentId"),
        ("metadata", json!({"a": "x".repeat(65_536)}), "SegmentTooLarge"),
    ] {
        let mut store = TraceStore::default();
        let mut document = segment();
        document[key] = bad;
        let answer = put(&mut store, &[document, segment()]);
        let unprocessed = answer["UnprocessedTraceSegments"].as_array().unwrap();
        assert_eq!(unprocessed.len(), 1, "{key}");
        assert_eq!(unprocessed[0]["ErrorCode"], code, "{key}");
        assert!(store.stored(&trace(9)).is_some(), "{key}");
    }
    let none = json!({"TraceSegmentDocuments": ["{"]});
    let answer = call(&mut TraceStore::default(), "/TraceSegments", &none).unwrap();
    assert_eq!(answer["UnprocessedTraceSegments"][0]["ErrorCode"], "ParseError");
}
