//! When a message comes again, what is skipped, and what counts as seen for the first time.

use std::time::Duration;

use contract::item::Status;
use serde_json::{Value, json};

use crate::support::{Call, Harness, ID, KEY, PUT, batch, created, photo};

/// Delivers `body` for the `receives`th time, with more of its members set.
async fn receive(harness: &Harness, body: &str, receives: u32, more: &[(&str, Value)]) -> Vec<String> {
    let mut event = serde_json::to_value(batch(&[body])).unwrap();
    event["Records"][0]["attributes"]["ApproximateReceiveCount"] = receives.to_string().into();
    for (pointer, value) in more {
        *event["Records"][0].pointer_mut(pointer).unwrap() = value.clone();
    }
    harness.invoke(Duration::from_secs(30), serde_json::from_value(event).unwrap()).await
}

#[tokio::test]
async fn a_fault_waits_longer_each_time_and_not_at_all_after_the_last_receive() {
    let harness = Harness::with_photo(KEY);
    let mut waits = Vec::new();
    for receives in 1..=5 {
        harness.world().faults.push(Call::Open);
        assert_eq!(receive(&harness, PUT, receives, &[]).await, ["m0"]);
        waits.push(harness.world().postponed.pop().unwrap().1);
    }

    assert_eq!(waits.pop(), Some(Duration::ZERO));
    assert!(waits.is_sorted() && waits[0] >= Duration::from_secs(1), "{waits:?}");
    assert!(waits.iter().sum::<Duration>() < Duration::from_mins(6), "{waits:?}");
}

#[tokio::test]
async fn a_malformed_message_comes_again_at_once_because_waiting_mends_nothing() {
    let harness = Harness::new();
    for receives in 1..=5 {
        assert_eq!(receive(&harness, "poison", receives, &[]).await, ["m0"]);
        assert_eq!(harness.world().postponed.pop().unwrap().1, Duration::ZERO);
    }
}

#[tokio::test]
async fn records_that_are_no_upload_are_skipped_and_counted() {
    let harness = Harness::new();
    let removed = PUT.replace("ObjectCreated:Put", "ObjectRemoved:Delete");
    let bodies =
        [removed, created("user-uploads//alice/x.jpg", "01"), created("user-uploads/alice/holiday/", "01")];

    assert!(harness.deliver(&bodies.each_ref().map(String::as_str)).await.is_empty());

    assert_eq!(harness.results(), (0, 0));
    assert!(harness.world().calls.is_empty());
    assert_eq!((harness.sum("RecordsSkipped"), harness.sum("ImagesReceived")), (3, 0));
}

#[tokio::test]
async fn a_skipped_record_does_not_keep_its_message_from_the_uploads_beside_it() {
    let harness = Harness::with_photo(KEY);
    let mut body: Value = serde_json::from_str(&created("user-uploads/alice/holiday/", "01")).unwrap();
    let upload: Value = serde_json::from_str(PUT).unwrap();
    body["Records"].as_array_mut().unwrap().push(upload["Records"][0].clone());

    assert!(harness.deliver(&[&body.to_string()]).await.is_empty());

    assert_eq!((harness.item(ID).status, harness.sum("RecordsSkipped")), (Status::Done, 1));
}

#[tokio::test]
async fn an_event_time_that_cannot_be_is_malformed_and_makes_no_latency() {
    for at in ["+12000-01-01T00:00:00Z", "1900-01-01T00:00:00Z"] {
        let harness = Harness::with_photo(KEY);
        let body = PUT.replace("2026-01-01T00:00:00.123Z", at);

        assert_eq!(harness.deliver(&[&body]).await, ["m0"], "{at}");

        assert_eq!((harness.sum("MalformedMessages"), harness.sum("ProcessingFaults")), (1, 0), "{at}");
        assert_eq!((harness.sum("QueueWait"), harness.sum("UploadToDoneLatency")), (0, 0), "{at}");
    }
}

#[tokio::test]
async fn an_upload_that_comes_too_late_to_begin_with_is_seen_once_all_the_same() {
    let harness = Harness::with_photo(KEY);

    assert_eq!(harness.invoke(Duration::from_secs(1), batch(&[PUT])).await, ["m0"]);
    assert_eq!((harness.sum("UploadsSeen"), harness.sum("ImagesReceived")), (1, 0));

    assert!(receive(&harness, PUT, 2, &[]).await.is_empty());
    assert_eq!((harness.sum("UploadsSeen"), harness.sum("ImagesProcessed")), (1, 1));
}

#[tokio::test]
async fn a_redriven_upload_is_not_seen_a_second_time() {
    let redriven = json!({"redriven": {"dataType": "Number", "stringValue": "1", "stringListValues": [], "binaryListValues": []}});
    // By our tool, which sets an attribute; by SQS's own redrive, which only gives the message a new time.
    let marked = [("/messageAttributes", redriven)];
    let moved = [("/attributes/SentTimestamp", json!("1767225901000"))];
    let fresh: [(&str, Value); 0] = [];
    for (more, seen) in [(&fresh[..], 1), (&marked[..], 0), (&moved[..], 0)] {
        let harness = Harness::new();
        harness.world().objects.insert(KEY.to_owned(), photo());

        assert!(receive(&harness, PUT, 1, more).await.is_empty());

        assert_eq!((harness.sum("UploadsSeen"), harness.sum("ImagesReceived")), (seen, 1), "{more:?}");
        assert_eq!(harness.sum("ImagesProcessed"), 1);
    }
}
