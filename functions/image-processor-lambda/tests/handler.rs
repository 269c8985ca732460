//! The handler against S3's own messages and a world in memory.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::panic,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

#[path = "handler/batch.rs"]
mod batch;
#[path = "handler/busy.rs"]
mod busy;
#[path = "handler/emitted.rs"]
mod emitted;
#[path = "handler/killer.rs"]
mod killer;
#[path = "handler/reprocess.rs"]
mod reprocess;
#[path = "handler/retries.rs"]
mod retries;
mod support;
#[path = "handler/upgrade.rs"]
mod upgrade;

use std::time::Duration;

use contract::image_id;
use contract::item::Status;
use support::{Call, Harness, ID, KEY, PUT, TRACEPARENT, created};

const KEYED: &str = include_str!("fixtures/key-with-space-and-plus.json");
const TEST_EVENT: &str = include_str!("fixtures/test-event.json");

#[tokio::test]
async fn an_upload_becomes_thumbnail_item_and_notification() {
    let harness = Harness::with_photo(KEY);

    assert!(harness.deliver(&[PUT]).await.is_empty());

    let item = harness.item(ID);
    assert_eq!((item.status, item.notified), (Status::Done, true));
    assert_eq!((item.original.width, item.original.height), (Some(400), Some(300)));
    assert_eq!((item.thumbnails[0].width, item.thumbnails[0].height), (256, 192));
    assert_eq!(item.thumbnails[0].key, format!("processed/{ID}.jpg"));
    assert_eq!(item.user_id.as_deref(), Some("alice"));
    let thumbnail = harness.world().thumbnails[&item.thumbnails[0].key].clone();
    assert_eq!(image::load_from_memory(&thumbnail).unwrap().width(), 256);
    let note = harness.world().notes[0].clone();
    assert_eq!(note.subject, format!("Image {ID} is ready"));
    assert_eq!((note.image_id.as_str(), note.status), (ID, Status::Done));
    assert_eq!(note.body["processedS3Key"], item.thumbnails[0].key);
    assert!(note.body.get("reason").is_none());
    assert_eq!(harness.sum("ImagesProcessed"), 1);
}

#[tokio::test]
async fn all_spans_of_an_upload_continue_the_trace_in_its_metadata() {
    let harness = Harness::with_photo(KEY);

    harness.deliver(&[PUT]).await;

    let spans = harness.captured.spans();
    let process = spans.iter().find(|it| it.name == "process_image").unwrap();
    assert_eq!(process.span_context.trace_id().to_string(), TRACEPARENT[3..35]);
    assert_eq!(process.parent_span_id.to_string(), TRACEPARENT[36..52]);
    let mut steps: Vec<&str> = spans
        .iter()
        .filter(|it| it.parent_span_id == process.span_context.span_id())
        .map(|it| it.name.as_ref())
        .collect();
    steps.sort_unstable();
    let expected =
        ["claim", "decode", "download", "encode", "notify", "persist", "resize", "settle", "upload"];
    assert_eq!(steps, expected);
    assert_eq!(harness.world().notes[0].traceparent.as_ref().unwrap()[3..35], TRACEPARENT[3..35]);
    assert_eq!(harness.item(ID).trace_id.as_deref(), Some(&TRACEPARENT[3..35]));
}

#[tokio::test]
async fn a_corrupt_image_is_acknowledged_and_recorded_as_failed_with_its_reason() {
    let harness = Harness::new();
    harness.world().objects.insert(KEY.to_owned(), b"no image at all".to_vec());

    assert!(harness.deliver(&[PUT]).await.is_empty());

    let item = harness.item(ID);
    assert_eq!((item.status, item.notified), (Status::Failed, true));
    assert_eq!(item.refused.unwrap().reason, "NotAnImage");
    let note = harness.world().notes[0].clone();
    assert_eq!((note.status, &note.body["reason"]), (Status::Failed, &"NotAnImage".into()));
    assert!(note.subject.is_ascii() && note.subject.len() < 100);
    assert!(harness.world().thumbnails.is_empty());
    assert_eq!((harness.sum("ImagesRejected"), harness.sum("ProcessingFaults")), (1, 0));
}

#[tokio::test]
async fn a_gif_without_a_screen_ends_at_once_and_is_never_retried() {
    let harness = Harness::new();
    // One pixel on a screen of nothing, by which the size of the thumbnail was once divided.
    let mut gif = b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    gif.extend(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b");
    harness.world().objects.insert(KEY.to_owned(), gif);

    assert!(harness.deliver(&[PUT]).await.is_empty());

    let item = harness.item(ID);
    assert_eq!((item.status, item.notified), (Status::Done, true));
    assert_eq!((item.thumbnails[0].width, item.thumbnails[0].height), (1, 1));
    assert_eq!(harness.sum("ProcessingFaults"), 0);
}

#[tokio::test]
async fn an_upload_over_the_limit_is_refused_before_its_body_is_read() {
    let mut harness = Harness::with_photo(KEY);
    harness.app.config.limits.max_bytes = 10;

    harness.deliver(&[PUT]).await;

    let refused = harness.item(ID).refused.unwrap();
    assert_eq!(refused.reason, "TooManyBytes");
    assert!(refused.message.ends_with("; this one is deleted after a day"), "{}", refused.message);
    assert!(!harness.world().calls.contains(&Call::Read));
}

#[tokio::test]
async fn an_object_deleted_meanwhile_is_recorded_as_failed() {
    let harness = Harness::new();

    assert!(harness.deliver(&[PUT]).await.is_empty());

    assert_eq!(harness.item(ID).refused.unwrap().reason, "ObjectGone");
}

#[tokio::test]
async fn any_fault_gives_back_that_message_alone_and_the_next_delivery_completes_it() {
    for fault in [Call::Open, Call::Read, Call::Put, Call::Record, Call::Notify] {
        let other = "user-uploads/bob/beach.jpg";
        let harness = Harness::with_photo(KEY);
        harness.world().objects.insert(other.to_owned(), support::photo());
        harness.world().faults.push(fault);

        let failed = harness.deliver(&[PUT, &created(other, "01")]).await;

        assert_eq!(failed.len(), 1, "{fault:?}");
        assert_eq!(harness.world().postponed.len(), 1, "{fault:?}");
        assert_eq!(harness.sum("ProcessingFaults"), 1, "{fault:?}");
        assert!(harness.deliver(&[PUT, &created(other, "01")]).await.is_empty(), "{fault:?}");
        assert_eq!(harness.item(ID).status, Status::Done, "{fault:?}");
        assert_eq!(harness.results(), (2, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_panic_gives_back_that_message_alone() {
    let harness = Harness::with_photo(KEY);
    harness.world().panics = true;

    assert_eq!(harness.deliver(&[PUT]).await, ["m0"]);
    assert!(harness.deliver(&[PUT]).await.is_empty());
}

#[tokio::test]
async fn what_s3_did_not_write_goes_back_to_the_queue_and_its_neighbours_do_not() {
    let harness = Harness::with_photo(KEY);
    let foreign = PUT.replace("originals", "somebody-elses");

    let failed = harness.deliver(&["{ body-marker", PUT, &foreign]).await;

    assert_eq!(failed, ["m0", "m2"]);
    assert_eq!(harness.sum("MalformedMessages"), 2);
    assert!(!harness.captured.text().contains("body-marker"));
}

#[tokio::test]
async fn the_test_event_of_s3_is_acknowledged_and_not_counted() {
    let harness = Harness::new();

    assert!(harness.deliver(&[TEST_EVENT]).await.is_empty());

    assert_eq!((harness.sum("ImagesReceived"), harness.sum("MalformedMessages")), (0, 0));
}

#[tokio::test]
async fn keys_are_decoded_and_names_of_the_users_own_get_an_id_of_the_key() {
    let key = "user-uploads/alice/my holiday + 猫.jpg";
    let harness = Harness::with_photo(key);

    assert!(harness.deliver(&[KEYED]).await.is_empty());

    let item = harness.item(&image_id::derived_id(key).to_string());
    assert_eq!((item.status, item.original_key.as_str()), (Status::Done, key));
}

#[tokio::test]
async fn every_record_of_a_message_is_processed() {
    let harness = Harness::with_photo(KEY);
    let other = "user-uploads/bob/beach.jpg";
    harness.world().objects.insert(other.to_owned(), support::photo());
    let mut body: serde_json::Value = serde_json::from_str(PUT).unwrap();
    let second: serde_json::Value = serde_json::from_str(&created(other, "01")).unwrap();
    body["Records"].as_array_mut().unwrap().push(second["Records"][0].clone());

    assert!(harness.deliver(&[&body.to_string()]).await.is_empty());

    assert_eq!(harness.world().notes.len(), 2);
}

#[tokio::test]
async fn the_same_event_twice_makes_one_item_and_one_notification() {
    let harness = Harness::with_photo(KEY);

    harness.deliver(&[PUT]).await;
    assert!(harness.deliver(&[PUT]).await.is_empty());

    assert_eq!(harness.results(), (1, 1));
    assert_eq!(harness.sum("Duplicates"), 1);
}

#[tokio::test]
async fn an_older_version_that_comes_late_changes_nothing() {
    let harness = Harness::with_photo(KEY);
    harness.deliver(&[&created(KEY, "02")]).await;
    let before = harness.item(ID);

    assert!(harness.deliver(&[&created(KEY, "01")]).await.is_empty());

    assert_eq!(harness.item(ID), before);
    assert_eq!(harness.world().notes.len(), 1);
}

#[tokio::test]
async fn a_newer_version_replaces_the_result() {
    let harness = Harness::with_photo(KEY);
    harness.deliver(&[&created(KEY, "01")]).await;
    harness.world().objects.insert(KEY.to_owned(), b"broken now".to_vec());

    assert!(harness.deliver(&[&created(KEY, "02")]).await.is_empty());

    assert_eq!(harness.item(ID).status, Status::Failed);
    assert_eq!(harness.results(), (1, 2));
}

#[tokio::test]
async fn nobody_takes_anothers_image_by_its_name() {
    let harness = Harness::with_photo(KEY);
    harness.deliver(&[PUT]).await;
    let (owned, thumbnail) = (harness.item(ID), harness.world().thumbnails.clone());
    let theft = format!("user-uploads/mallory/{ID}.jpg");
    harness.world().objects.insert(theft.clone(), support::photo());

    assert!(harness.deliver(&[&created(&theft, "FF")]).await.is_empty());

    assert_eq!(harness.item(ID), owned);
    assert!(thumbnail.iter().all(|(key, bytes)| harness.world().thumbnails.get(key) == Some(bytes)));
    let own = harness.item(&image_id::derived_id(&theft).to_string());
    assert_eq!((own.status, own.user_id.as_deref()), (Status::Done, Some("mallory")));
}

#[tokio::test]
async fn with_too_little_time_left_messages_go_back_untouched() {
    let harness = Harness::with_photo(KEY);

    assert_eq!(harness.deliver_within(Duration::from_secs(1), &[PUT]).await, ["m0"]);

    assert!(harness.world().calls.is_empty());
}
