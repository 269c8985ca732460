//! One upload, one trace, whatever way its message takes.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]
#![expect(dead_code, reason = "the harness is shared with other tests")]

mod support;

use std::{
    collections::{BTreeSet, HashSet},
    time::Duration,
};

use aws_lambda_events::sqs::{SqsEvent, SqsMessageAttribute};
use opentelemetry::{
    Array, Value,
    trace::{SpanId, Status},
};
use opentelemetry_sdk::trace::SpanData;
use support::{Call, Harness, ID, KEY, PUT, TRACEPARENT, batch, created};

const HALF_A_MINUTE: Duration = Duration::from_secs(30);
const REDRIVE: &str = "00-6553f1001af7651916cd43dd8448eb22-c7ad6b7169203332-01";

#[tokio::test]
async fn ten_uploads_in_one_batch_are_ten_traces_linked_with_the_batch_both_ways() {
    let harness = Harness::new();
    let keys: Vec<String> = (0..10).map(|n| format!("user-uploads/u{n}/beach.jpg")).collect();
    for (n, key) in keys.iter().enumerate() {
        harness.world().objects.insert(key.clone(), support::photo());
        let signed = format!("00-6553f1000af7651916cd43dd8448e{n:03}-b7ad6b7169203{n:03}-01");
        harness.world().traceparents.insert(key.clone(), Some(signed));
    }
    let bodies: Vec<String> = keys.iter().map(|key| created(key, "01")).collect();

    let failed = harness.deliver(&bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;

    assert!(failed.is_empty());
    let spans = harness.captured.spans();
    let batch = named(&spans, "process_batch").remove(0);
    assert_eq!(attribute(&batch, "messaging.batch.message_count"), Some(Value::I64(10)));
    assert_eq!(attribute(&batch, "messaging.destination.name"), Some("image-processing-queue".into()));
    let images = named(&spans, "process_image");
    let traces: BTreeSet<String> = images.iter().map(trace).collect();
    assert_eq!(traces.len(), 10);
    for image in &images {
        let key = text(image, "aws.s3.key");
        let signed = harness.world().traceparents[&key].clone().unwrap();
        assert_eq!(
            (trace(image).as_str(), image.parent_span_id.to_string().as_str()),
            (&signed[3..35], &signed[36..52])
        );
        assert_eq!(linked(image), [batch.span_context.span_id()]);
        let steps = spans.iter().filter(|span| span.parent_span_id == image.span_context.span_id());
        assert_eq!(steps.filter(|span| trace(span) == trace(image)).count(), 9);
    }
    let of_images: HashSet<SpanId> = images.iter().map(|image| image.span_context.span_id()).collect();
    assert_eq!(linked(&batch).into_iter().collect::<HashSet<_>>(), of_images);
    assert_eq!(batch.links.len(), 10);
}

#[tokio::test]
async fn a_redelivery_is_in_the_uploads_trace_and_tells_its_number() {
    let harness = Harness::with_photo(KEY);
    harness.world().faults.push(Call::Notify);

    assert_eq!(harness.deliver(&[PUT]).await, ["m0"]);
    assert!(harness.invoke(HALF_A_MINUTE, redelivered(batch(&[PUT]))).await.is_empty());

    let images = named(&harness.captured.spans(), "process_image");
    let numbers: Vec<_> =
        images.iter().map(|image| attribute(image, "aws.sqs.receive_count").unwrap()).collect();
    assert_eq!(numbers, [Value::I64(1), Value::I64(2)]);
    for image in &images {
        assert_eq!(
            (trace(image).as_str(), image.parent_span_id.to_string().as_str()),
            (&TRACEPARENT[3..35], &TRACEPARENT[36..52])
        );
    }
    assert!(matches!(images[0].status, Status::Error { .. }));
    assert_eq!(images[1].status, Status::Unset);
}

#[tokio::test]
async fn a_message_that_our_tools_sent_again_continues_their_trace_and_links_the_uploads() {
    let harness = Harness::with_photo(KEY);
    let mut event = batch(&[PUT]);
    let mut value = SqsMessageAttribute::default();
    value.string_value = Some(REDRIVE.to_owned());
    event.records[0].message_attributes.insert("traceparent".to_owned(), value);

    harness.invoke(HALF_A_MINUTE, event).await;

    let image = named(&harness.captured.spans(), "process_image").remove(0);
    assert_eq!(
        (trace(&image).as_str(), image.parent_span_id.to_string().as_str()),
        (&REDRIVE[3..35], &REDRIVE[36..52])
    );
    assert_eq!(linked(&image)[0].to_string(), TRACEPARENT[36..52]);
    assert_eq!(harness.item(ID).trace_id.as_deref(), Some(&REDRIVE[3..35]));
}

#[tokio::test]
async fn a_duplicate_is_in_the_uploads_trace_as_well() {
    let harness = Harness::with_photo(KEY);

    harness.deliver(&[PUT, PUT]).await;

    let images = named(&harness.captured.spans(), "process_image");
    assert_eq!(images.len(), 2);
    assert!(images.iter().all(|image| trace(image) == TRACEPARENT[3..35]), "{images:?}");
    assert!(images.iter().all(|image| image.status == Status::Unset));
}

#[tokio::test]
async fn each_record_of_a_message_is_in_its_own_uploads_trace() {
    let harness = Harness::with_photo(KEY);
    let other = "user-uploads/bob/beach.jpg";
    harness.world().objects.insert(other.to_owned(), support::photo());
    harness.world().traceparents.insert(other.to_owned(), Some(REDRIVE.to_owned()));
    let mut body: serde_json::Value = serde_json::from_str(PUT).unwrap();
    let second: serde_json::Value = serde_json::from_str(&created(other, "01")).unwrap();
    body["Records"].as_array_mut().unwrap().push(second["Records"][0].clone());

    assert!(harness.deliver(&[&body.to_string()]).await.is_empty());

    let traces: Vec<String> = named(&harness.captured.spans(), "process_image").iter().map(trace).collect();
    assert_eq!(traces, [&TRACEPARENT[3..35], &REDRIVE[3..35]]);
}

#[tokio::test]
async fn an_upload_that_names_no_trace_has_one_of_its_own_at_each_delivery() {
    let harness = Harness::with_photo(KEY);
    harness.world().traceparents.insert(KEY.to_owned(), None);
    harness.world().faults.push(Call::Put);
    let mut event = batch(&[PUT]);
    event.records[0].message_id = Some("19dd0b57-b21e-4ac1-bd88-01bbb068cb78".to_owned());
    for header in ["AWSTraceHeader", "traceparent"] {
        event.records[0].attributes.insert(header.to_owned(), "Root=1-;Parent=\0;00-é".to_owned());
    }

    assert_eq!(harness.invoke(HALF_A_MINUTE, event.clone()).await.len(), 1);
    assert!(harness.invoke(HALF_A_MINUTE, redelivered(event)).await.is_empty());

    let images = named(&harness.captured.spans(), "process_image");
    // The time of sending, 2026-01-01, and the random part of the message's id.
    assert!(images.iter().all(|image| trace(image) == "6955b900b21e4ac1bd8801bbb068cb78"), "{images:?}");
    assert!(images.iter().all(|image| image.parent_span_id == SpanId::INVALID));
    assert_eq!(harness.item(ID).trace_id.as_deref(), Some("6955b900b21e4ac1bd8801bbb068cb78"));
}

#[tokio::test]
async fn an_attempt_that_cannot_learn_its_trace_is_told_in_the_batchs_and_found_by_its_image() {
    for panics in [false, true] {
        let harness = Harness::with_photo(KEY);
        if panics {
            harness.world().panics = true;
        } else {
            harness.world().faults.push(Call::Open);
        }

        assert_eq!(harness.deliver(&[PUT]).await, ["m0"]);
        assert!(harness.deliver(&[PUT]).await.is_empty());

        let spans = harness.captured.spans();
        let (images, batches) = (named(&spans, "process_image"), named(&spans, "process_batch"));
        assert_eq!(images[0].parent_span_id, batches[0].span_context.span_id());
        assert_eq!(trace(&images[0]), trace(&batches[0]));
        assert_eq!(trace(&images[1]), TRACEPARENT[3..35]);
        assert!(matches!(images[0].status, Status::Error { .. }));
        assert!(images.iter().all(|image| text(image, "image.id") == ID), "{images:?}");
        let download = &named(&spans, "download")[0];
        assert_eq!(download.parent_span_id, images[0].span_context.span_id());
        assert!(matches!(download.status, Status::Error { .. }));
    }
}

#[tokio::test]
async fn a_decision_not_to_keep_a_trace_holds_for_that_upload_alone() {
    let harness = Harness::with_photo(KEY);
    let other = "user-uploads/bob/beach.jpg";
    harness.world().objects.insert(other.to_owned(), support::photo());
    harness.world().traceparents.insert(KEY.to_owned(), Some(TRACEPARENT.replace("-01", "-00")));

    harness.deliver(&[PUT, &created(other, "01")]).await;

    let spans = harness.captured.spans();
    let images = named(&spans, "process_image");
    assert_eq!((images.len(), text(&images[0], "aws.s3.key").as_str()), (1, other));
    assert_eq!(spans.len(), 11, "batch, image and its nine steps: {spans:?}");
    let note = harness.world().notes.iter().find(|note| note.image_id == ID).unwrap().clone();
    assert!(note.traceparent.unwrap().ends_with("-00"));
}

#[tokio::test]
async fn an_image_that_was_refused_is_neither_error_nor_fault() {
    let harness = Harness::new();
    harness.world().objects.insert(KEY.to_owned(), b"no image at all".to_vec());

    harness.deliver(&[PUT]).await;

    for span in harness.captured.spans() {
        assert_eq!(span.status, Status::Unset, "{}", span.name);
        assert_eq!(attribute(&span, "http.response.status_code"), None, "{}", span.name);
    }
}

#[tokio::test]
async fn an_image_is_a_segment_of_its_own_that_is_found_by_image_and_user() {
    let harness = Harness::with_photo(KEY);
    let theft = format!("user-uploads/mallory/{ID}.jpg");
    harness.world().objects.insert(theft.clone(), support::photo());
    harness.deliver(&[PUT]).await;
    harness.deliver(&[&created(&theft, "FF")]).await;

    let spans = harness.captured.spans();
    let images = named(&spans, "process_image");
    for (image, user) in images.iter().zip(["alice", "mallory"]) {
        assert_eq!(text(image, "aws.span.kind"), "LOCAL_ROOT");
        assert_eq!(text(image, "aws.local.service"), "image-processor-lambda");
        assert_eq!(text(image, "user.id"), user);
        let keys = Value::Array(Array::String(vec!["image.id".into(), "user.id".into()]));
        assert_eq!(attribute(image, "aws.xray.annotations"), Some(keys));
    }
    assert_eq!(text(&images[0], "image.id"), ID);
    assert_ne!(text(&images[1], "image.id"), ID);
    for span in &spans {
        let keys: BTreeSet<&str> = span.attributes.iter().map(|it| it.key.as_str()).collect();
        assert_eq!(keys.len(), span.attributes.len(), "an attribute of {} is set twice", span.name);
    }
}

fn named(spans: &[SpanData], name: &str) -> Vec<SpanData> {
    spans.iter().filter(|span| span.name == name).cloned().collect()
}

fn trace(span: &SpanData) -> String {
    span.span_context.trace_id().to_string()
}

fn linked(span: &SpanData) -> Vec<SpanId> {
    span.links.iter().map(|link| link.span_context.span_id()).collect()
}

fn attribute(span: &SpanData, key: &str) -> Option<Value> {
    span.attributes.iter().find(|it| it.key.as_str() == key).map(|it| it.value.clone())
}

fn text(span: &SpanData, key: &str) -> String {
    attribute(span, key).unwrap().as_str().into_owned()
}

/// The same messages, received once more.
fn redelivered(mut event: SqsEvent) -> SqsEvent {
    for message in &mut event.records {
        message.attributes.insert("ApproximateReceiveCount".to_owned(), "2".to_owned());
    }
    event
}
