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
#[path = "handler/killer.rs"]
mod killer;
#[path = "handler/retries.rs"]
mod retries;
mod support;
#[path = "handler/telling.rs"]
mod telling;

use std::time::Duration;

use contract::image_id;
use contract::item::Status;
use support::{Call, ID, KEY, PUT, Stage, TRACEPARENT, created};

const KEYED: &str = include_str!("fixtures/key-with-space-and-plus.json");
const TEST_EVENT: &str = include_str!("fixtures/test-event.json");

#[tokio::test]
async fn an_upload_becomes_thumbnail_item_and_notification() {
    let stage = Stage::with_photo(KEY);

    assert!(stage.deliver(&[PUT]).await.is_empty());

    let item = stage.item(ID);
    assert_eq!((item.status, item.notified), (Status::Done, true));
    assert_eq!((item.original.width, item.original.height), (Some(400), Some(300)));
    assert_eq!((item.thumbnails[0].width, item.thumbnails[0].height), (256, 192));
    assert_eq!(item.thumbnails[0].key, format!("processed/{ID}.jpg"));
    assert_eq!(item.user_id.as_deref(), Some("alice"));
    let thumbnail = stage.world().thumbnails[&item.thumbnails[0].key].clone();
    assert_eq!(image::load_from_memory(&thumbnail).unwrap().width(), 256);
    let note = stage.world().notes[0].clone();
    assert_eq!(note.subject, format!("Image {ID} is ready"));
    assert_eq!((note.image_id.as_str(), note.status), (ID, Status::Done));
    assert_eq!(note.body["processedS3Key"], item.thumbnails[0].key);
    assert!(note.body.get("reason").is_none());
    assert_eq!(stage.sum("ImagesProcessed"), 1);
}

#[tokio::test]
async fn all_spans_of_an_upload_continue_the_trace_in_its_metadata() {
    let stage = Stage::with_photo(KEY);

    stage.deliver(&[PUT]).await;

    let spans = stage.captured.spans();
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
    assert_eq!(stage.world().notes[0].traceparent.as_ref().unwrap()[3..35], TRACEPARENT[3..35]);
    assert_eq!(stage.item(ID).trace_id.as_deref(), Some(&TRACEPARENT[3..35]));
}

#[tokio::test]
async fn a_corrupt_image_is_acknowledged_and_recorded_as_failed_with_its_reason() {
    let stage = Stage::new();
    stage.world().objects.insert(KEY.to_owned(), b"no image at all".to_vec());

    assert!(stage.deliver(&[PUT]).await.is_empty());

    let item = stage.item(ID);
    assert_eq!((item.status, item.notified), (Status::Failed, true));
    assert_eq!(item.refused.unwrap().reason, "NotAnImage");
    let note = stage.world().notes[0].clone();
    assert_eq!((note.status, &note.body["reason"]), (Status::Failed, &"NotAnImage".into()));
    assert!(note.subject.is_ascii() && note.subject.len() < 100);
    assert!(stage.world().thumbnails.is_empty());
    assert_eq!((stage.sum("ImagesRejected"), stage.sum("ProcessingFaults")), (1, 0));
}

#[tokio::test]
async fn a_gif_without_a_screen_ends_at_once_and_is_never_retried() {
    let stage = Stage::new();
    // One pixel on a screen of nothing, by which the size of the thumbnail was once divided.
    let mut gif = b"GIF89a\0\0\0\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
    gif.extend(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0\x3b");
    stage.world().objects.insert(KEY.to_owned(), gif);

    assert!(stage.deliver(&[PUT]).await.is_empty());

    let item = stage.item(ID);
    assert_eq!((item.status, item.notified), (Status::Done, true));
    assert_eq!((item.thumbnails[0].width, item.thumbnails[0].height), (1, 1));
    assert_eq!(stage.sum("ProcessingFaults"), 0);
}

#[tokio::test]
async fn an_upload_over_the_limit_is_refused_before_its_body_is_read() {
    let mut stage = Stage::with_photo(KEY);
    stage.app.config.limits.max_bytes = 10;

    stage.deliver(&[PUT]).await;

    assert_eq!(stage.item(ID).refused.unwrap().reason, "TooManyBytes");
    assert!(!stage.world().calls.contains(&Call::Read));
}

#[tokio::test]
async fn an_object_deleted_meanwhile_is_recorded_as_failed() {
    let stage = Stage::new();

    assert!(stage.deliver(&[PUT]).await.is_empty());

    assert_eq!(stage.item(ID).refused.unwrap().reason, "ObjectGone");
}

#[tokio::test]
async fn any_fault_gives_back_that_message_alone_and_the_next_delivery_completes_it() {
    for fault in [Call::Open, Call::Read, Call::Put, Call::Record, Call::Notify] {
        let other = "user-uploads/bob/0198c0de-0000-7000-8000-00000000000b.jpg";
        let stage = Stage::with_photo(KEY);
        stage.world().objects.insert(other.to_owned(), support::photo());
        stage.world().faults.push(fault);

        let failed = stage.deliver(&[PUT, &created(other, "01")]).await;

        assert_eq!(failed.len(), 1, "{fault:?}");
        assert_eq!(stage.world().postponed.len(), 1, "{fault:?}");
        assert_eq!(stage.sum("ProcessingFaults"), 1, "{fault:?}");
        assert!(stage.deliver(&[PUT, &created(other, "01")]).await.is_empty(), "{fault:?}");
        assert_eq!(stage.item(ID).status, Status::Done, "{fault:?}");
        assert_eq!(stage.results(), (2, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_panic_gives_back_that_message_alone() {
    let stage = Stage::with_photo(KEY);
    stage.world().panics = true;

    assert_eq!(stage.deliver(&[PUT]).await, ["m0"]);
    assert!(stage.deliver(&[PUT]).await.is_empty());
}

#[tokio::test]
async fn what_s3_did_not_write_goes_back_to_the_queue_and_its_neighbours_do_not() {
    let stage = Stage::with_photo(KEY);
    let foreign = PUT.replace("originals", "somebody-elses");

    let failed = stage.deliver(&["{ body-marker", PUT, &foreign]).await;

    assert_eq!(failed, ["m0", "m2"]);
    assert_eq!(stage.sum("MalformedMessages"), 2);
    assert!(!stage.captured.text().contains("body-marker"));
}

#[tokio::test]
async fn the_test_event_of_s3_is_acknowledged_and_not_counted() {
    let stage = Stage::new();

    assert!(stage.deliver(&[TEST_EVENT]).await.is_empty());

    assert_eq!((stage.sum("ImagesReceived"), stage.sum("MalformedMessages")), (0, 0));
}

#[tokio::test]
async fn keys_are_decoded_and_names_of_the_users_own_get_an_id_of_the_key() {
    let key = "user-uploads/alice/my holiday + 猫.jpg";
    let stage = Stage::with_photo(key);

    assert!(stage.deliver(&[KEYED]).await.is_empty());

    let item = stage.item(&image_id::derived_id(key).to_string());
    assert_eq!((item.status, item.original_key.as_str()), (Status::Done, key));
}

#[tokio::test]
async fn every_record_of_a_message_is_processed() {
    let stage = Stage::with_photo(KEY);
    let other = "user-uploads/bob/0198c0de-0000-7000-8000-00000000000b.jpg";
    stage.world().objects.insert(other.to_owned(), support::photo());
    let mut body: serde_json::Value = serde_json::from_str(PUT).unwrap();
    let second: serde_json::Value = serde_json::from_str(&created(other, "01")).unwrap();
    body["Records"].as_array_mut().unwrap().push(second["Records"][0].clone());

    assert!(stage.deliver(&[&body.to_string()]).await.is_empty());

    assert_eq!(stage.world().notes.len(), 2);
}

#[tokio::test]
async fn the_same_event_twice_makes_one_item_and_one_notification() {
    let stage = Stage::with_photo(KEY);

    stage.deliver(&[PUT]).await;
    assert!(stage.deliver(&[PUT]).await.is_empty());

    assert_eq!(stage.results(), (1, 1));
    assert_eq!(stage.sum("Duplicates"), 1);
}

#[tokio::test]
async fn an_older_version_that_comes_late_changes_nothing() {
    let stage = Stage::with_photo(KEY);
    stage.deliver(&[&created(KEY, "02")]).await;
    let before = stage.item(ID);

    assert!(stage.deliver(&[&created(KEY, "01")]).await.is_empty());

    assert_eq!(stage.item(ID), before);
    assert_eq!(stage.world().notes.len(), 1);
}

#[tokio::test]
async fn a_newer_version_replaces_the_result() {
    let stage = Stage::with_photo(KEY);
    stage.deliver(&[&created(KEY, "01")]).await;
    stage.world().objects.insert(KEY.to_owned(), b"broken now".to_vec());

    assert!(stage.deliver(&[&created(KEY, "02")]).await.is_empty());

    assert_eq!(stage.item(ID).status, Status::Failed);
    assert_eq!(stage.results(), (1, 2));
}

#[tokio::test]
async fn nobody_takes_anothers_image_by_its_name() {
    let stage = Stage::with_photo(KEY);
    stage.deliver(&[PUT]).await;
    let (owned, thumbnail) = (stage.item(ID), stage.world().thumbnails.clone());
    let theft = format!("user-uploads/mallory/{ID}.jpg");
    stage.world().objects.insert(theft.clone(), support::photo());

    assert!(stage.deliver(&[&created(&theft, "FF")]).await.is_empty());

    assert_eq!(stage.item(ID), owned);
    assert_eq!(stage.world().thumbnails, thumbnail);
    let own = stage.item(&image_id::derived_id(&theft).to_string());
    assert_eq!((own.status, own.refused.unwrap().reason), (Status::Failed, "IdTaken"));
}

#[tokio::test]
async fn with_too_little_time_left_messages_go_back_untouched() {
    let stage = Stage::with_photo(KEY);

    assert_eq!(stage.deliver_within(Duration::from_secs(1), &[PUT]).await, ["m0"]);

    assert!(stage.world().calls.is_empty());
}
