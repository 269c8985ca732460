//! Traces: one connected trace per upload, whatever the client knows of traces.

use image::ImageFormat;
use local_stack::observe::Seen;
use serde_json::{Value, json};
use trace_model::{Kind, Span, Status, Trace};
use uuid::Uuid;

use crate::harness::Harness;
use crate::picture::picture;
use crate::queue::{attempt, enqueue, notification, quiet_key};
use crate::uploader::{anybody, upload};

/// The steps of one image, in order of their begin.
const STEPS: [&str; 9] =
    ["download", "claim", "decode", "resize", "encode", "upload", "persist", "notify", "settle"];

/// A made-up origin: trace id and span id.
fn origin() -> (String, String) {
    let (trace, span) = (Uuid::now_v7().simple().to_string(), Uuid::new_v4().simple().to_string());
    (trace, span[..16].to_owned())
}

fn traceparent((trace, span): &(String, String)) -> String {
    format!("00-{trace}-{span}-01")
}

fn xray((trace, span): &(String, String)) -> Value {
    let header = format!("Root=1-{}-{};Parent={span};Sampled=1", &trace[..8], &trace[8..]);
    json!({"DataType": "String", "StringValue": header})
}

/// An object that nobody announces, with these headers; answers its key and its image's id.
async fn silent_object(harness: &Harness, headers: &[(&str, &str)]) -> (String, String) {
    let (key, id) = quiet_key();
    let bucket = harness.output("OriginalBucketName");
    harness.put_object(bucket, &key, &picture(ImageFormat::Png), headers).await;
    (key, id)
}

fn has_all_steps(trace: &Trace) -> bool {
    STEPS.iter().chain(&["process_image"]).all(|step| trace.span(step).is_some())
}

#[tokio::test]
async fn client_that_knows_only_the_upload_url_gets_one_connected_trace() {
    let harness = Harness::shared().await;
    let issued = upload(harness, &anybody(harness).await, picture(ImageFormat::Jpeg)).await;
    let id = &issued.image_id;
    let whole = |seen: &Seen| seen.traces.of_image(id).filter(has_all_steps);
    let trace = harness.seen("the whole trace", id, whole).await;

    let roots: Vec<&str> = trace.roots().iter().map(|span| span.name.as_str()).collect();
    assert_eq!(roots, ["issue_upload_url"]);
    assert_eq!(trace.status, Status::Unset, "{trace:?}");
    let issued = trace.span("issue_upload_url").unwrap();
    let processed = trace.span("process_image").unwrap();
    assert_eq!((issued.kind, processed.kind), (Kind::Server, Kind::Consumer));
    assert_eq!(issued.service, "generate-upload-url");
    assert_eq!(processed.service, "image-processor-lambda");
    assert_eq!(processed.parent_span_id.as_ref(), Some(&issued.span_id));
    for step in STEPS {
        let span = trace.span(step).unwrap();
        assert_eq!(span.parent_span_id.as_ref(), Some(&processed.span_id), "parent of {step}");
    }
    let (calls, own): (Vec<_>, Vec<_>) = trace.spans.iter().partition(|span| span.kind == Kind::Client);
    assert_eq!(own.len(), STEPS.len() + 2, "nothing else is in it: {trace:?}");
    let below = |span: &Span| own.iter().find(|it| span.parent_span_id.as_ref() == Some(&it.span_id));
    let calls: Vec<(&str, &str)> =
        calls.iter().map(|call| (call.name.as_str(), below(call).map_or("", |step| &step.name))).collect();
    for call in [
        ("S3.GetObject", "download"),
        ("DynamoDB.PutItem", "claim"),
        ("S3.PutObject", "upload"),
        ("DynamoDB.PutItem", "persist"),
        ("SNS.Publish", "notify"),
        ("DynamoDB.PutItem", "settle"),
    ] {
        assert!(calls.contains(&call), "{call:?} is not among {calls:?}");
    }
    assert_eq!(calls.len(), 6, "{calls:?}");
    assert_eq!(harness.settled(id).await.text("traceId"), trace.trace_id);
}

#[tokio::test]
async fn xray_header_of_a_message_is_the_parent_when_nothing_better_is_known() {
    let harness = Harness::shared().await;
    let uploader = origin();
    let (key, id) = silent_object(harness, &[]).await;
    let extra = json!({"MessageSystemAttributes": {"AWSTraceHeader": xray(&uploader)}});
    let message = enqueue(harness, &notification(harness, &key, "1"), extra).await;

    let (span, _) = attempt(harness, &message).await;

    assert_eq!((span.trace_id, span.parent_span_id), (uploader.0.clone(), Some(uploader.1)));
    assert_eq!(harness.settled(&id).await.text("traceId"), uploader.0);
}

#[tokio::test]
async fn traceparent_attribute_of_a_message_is_the_parent() {
    let harness = Harness::shared().await;
    let tool = origin();
    let (key, id) = silent_object(harness, &[]).await;
    let value = json!({"DataType": "String", "StringValue": traceparent(&tool)});
    let extra = json!({"MessageAttributes": {"traceparent": value}});
    let message = enqueue(harness, &notification(harness, &key, "1"), extra).await;

    let (span, _) = attempt(harness, &message).await;

    assert_eq!((span.trace_id, span.parent_span_id), (tool.0.clone(), Some(tool.1)));
    assert_eq!(harness.settled(&id).await.text("traceId"), tool.0);
}

#[tokio::test]
async fn of_several_origins_the_message_attribute_wins_and_the_others_are_linked() {
    let harness = Harness::shared().await;
    let (tool, signed, uploader) = (origin(), origin(), origin());
    let (key, _) = silent_object(harness, &[("x-amz-meta-traceparent", &traceparent(&signed))]).await;
    let value = json!({"DataType": "String", "StringValue": traceparent(&tool)});
    let extra = json!({
        "MessageAttributes": {"traceparent": value},
        "MessageSystemAttributes": {"AWSTraceHeader": xray(&uploader)},
    });
    let message = enqueue(harness, &notification(harness, &key, "1"), extra).await;

    let (span, _) = attempt(harness, &message).await;

    assert_eq!((&span.trace_id, span.parent_span_id.as_ref()), (&tool.0, Some(&tool.1)));
    for (trace, id) in [signed, uploader] {
        let linked = span.links.iter().any(|link| link.trace_id == trace && link.span_id == id);
        assert!(linked, "{trace} is not among {:?}", span.links);
    }
}

#[tokio::test]
async fn signed_trace_context_of_the_object_wins_over_the_xray_header() {
    let harness = Harness::shared().await;
    let (signed, uploader) = (origin(), origin());
    let (key, _) = silent_object(harness, &[("x-amz-meta-traceparent", &traceparent(&signed))]).await;
    let extra = json!({"MessageSystemAttributes": {"AWSTraceHeader": xray(&uploader)}});
    let message = enqueue(harness, &notification(harness, &key, "1"), extra).await;

    let (span, _) = attempt(harness, &message).await;

    assert_eq!((span.trace_id, span.parent_span_id), (signed.0, Some(signed.1)));
}
