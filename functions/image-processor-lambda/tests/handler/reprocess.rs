//! Images that are done again because an operator asks for it.

use std::time::Duration;

use contract::item::{Item, Status};
use image_processor_lambda::config::Config;

use crate::support::{Call, Harness, ID, KEY, PUT, again, created};

const TIME: Duration = Duration::from_secs(30);

/// A harness whose photo is DONE, or FAILED where its format was left out.
async fn processed(formats: &'static str) -> Harness {
    let mut harness = Harness::with_photo(KEY);
    set(&mut harness, "ACCEPTED_FORMATS", formats);
    harness.deliver(&[PUT]).await;
    set(&mut harness, "ACCEPTED_FORMATS", "all");
    harness.world().calls.clear();
    harness
}

fn set(harness: &mut Harness, variable: &'static str, value: &'static str) {
    let config = Config::read(|name| match name {
        _ if name == variable => Some(value.to_owned()),
        "ORIGINAL_BUCKET" => Some("originals".to_owned()),
        "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => Some(name.to_owned()),
        _ => None,
    });
    harness.app.config = config.unwrap();
}

async fn reprocess(harness: &Harness, at: u64) -> Vec<String> {
    harness.invoke(TIME, again(PUT, at)).await
}

fn statuses(harness: &Harness) -> Vec<Status> {
    harness.world().notes.iter().map(|note| note.status).collect()
}

#[tokio::test]
async fn a_failed_image_becomes_done_once_its_format_is_accepted_and_subscribers_are_notified() {
    let harness = processed("png").await;
    let failed = harness.item(ID);
    assert_eq!((failed.status, failed.reprocess), (Status::Failed, None));

    assert!(reprocess(&harness, 7).await.is_empty());

    let done = harness.item(ID);
    assert_eq!((done.status, done.notified, done.reprocess), (Status::Done, true, Some(7)));
    assert_eq!((&done.sequencer, done.uploaded_at), (&failed.sequencer, failed.uploaded_at));
    assert_eq!(statuses(&harness), [Status::Failed, Status::Done]);
    assert_eq!(harness.world().notes[1].body["reprocessedAt"], "1970-01-01T00:00:00.007Z");
}

#[tokio::test]
async fn the_same_message_again_does_nothing_and_a_later_one_does_the_work_again() {
    let harness = processed("png").await;
    reprocess(&harness, 7).await;
    harness.world().calls.clear();

    assert!(reprocess(&harness, 7).await.is_empty());
    assert_eq!(harness.world().calls, [Call::Open, Call::Record]);
    assert!(harness.deliver(&[PUT]).await.is_empty(), "S3's own message is older");
    assert_eq!((harness.sum("Duplicates"), harness.results()), (2, (1, 2)));

    assert!(reprocess(&harness, 8).await.is_empty());
    assert_eq!(harness.item(ID).reprocess, Some(8));
}

#[tokio::test]
async fn the_same_result_is_recorded_and_not_announced_again() {
    let harness = processed("all").await;
    let before = harness.item(ID);

    reprocess(&harness, 7).await;

    let Item { attempt, processed_at, claimed_until, .. } = harness.item(ID);
    let expected = Item { reprocess: Some(7), attempt, processed_at, claimed_until, ..before };
    assert_eq!((harness.item(ID), statuses(&harness)), (expected, vec![Status::Done]));
    assert!(!harness.world().calls.contains(&Call::Notify));
}

#[tokio::test]
async fn an_added_side_is_made_and_announced() {
    let mut harness = processed("all").await;
    set(&mut harness, "THUMBNAIL_SIDES", "256,64");

    reprocess(&harness, 7).await;

    let keys: Vec<String> = harness.item(ID).thumbnails.into_iter().map(|it| it.key).collect();
    assert_eq!(keys, [format!("processed/{ID}.jpg"), format!("processed/{ID}-64.jpg")]);
    assert_eq!(statuses(&harness), [Status::Done, Status::Done]);
}

#[tokio::test]
async fn a_result_that_nobody_was_notified_of_is_announced_although_it_is_the_same() {
    let harness = processed("all").await;
    harness.attempt_at_work(Duration::ZERO);

    reprocess(&harness, 7).await;

    assert_eq!(statuses(&harness), [Status::Done, Status::Done]);
}

#[tokio::test]
async fn an_image_whose_object_is_gone_is_left_as_it_was_and_counted() {
    let harness = processed("all").await;
    harness.world().objects.clear();
    let before = harness.item(ID);

    assert!(reprocess(&harness, 7).await.is_empty());

    assert_eq!((harness.item(ID), harness.results()), (before, (1, 1)));
    assert_eq!(harness.world().calls, [Call::Open, Call::Record], "the claim is refused");
    assert_eq!((harness.sum("RecordsSkipped"), harness.sum("ImagesRejected")), (1, 0));
}

#[tokio::test]
async fn an_image_whose_object_goes_after_a_first_attempt_died_does_not_say_processing_for_ever() {
    let harness = processed("all").await;
    harness.world().faults.push(Call::Put);
    assert_eq!(reprocess(&harness, 7).await, ["m0"]);
    assert_eq!(harness.item(ID).status, Status::Processing);
    harness.world().objects.clear();

    assert!(reprocess(&harness, 7).await.is_empty());

    assert_eq!((harness.item(ID).status, harness.item(ID).notified), (Status::Failed, true));
    assert_eq!(statuses(&harness), [Status::Done, Status::Failed]);
}

#[tokio::test]
async fn a_newer_upload_wins_whether_it_comes_before_or_after() {
    let harness = processed("all").await;
    harness.deliver(&[&created(KEY, "FF")]).await;
    let newer = harness.item(ID);
    assert!(reprocess(&harness, u64::MAX).await.is_empty());
    assert_eq!(harness.item(ID), newer);

    let harness = processed("all").await;
    reprocess(&harness, u64::MAX).await;
    harness.deliver(&[&created(KEY, "FF")]).await;
    let item = harness.item(ID);
    assert!(item.sequencer.starts_with("FF") && item.reprocess.is_none(), "{item:?}");
}

#[tokio::test]
async fn an_attempt_that_is_at_work_is_waited_for_in_the_queue() {
    let harness = processed("all").await;
    harness.attempt_at_work(Duration::from_secs(20));

    assert_eq!(reprocess(&harness, 7).await, ["m0"]);

    assert!(harness.world().pauses.is_empty());
    assert!(harness.world().postponed[0].1 > Duration::from_secs(15));
}

#[tokio::test]
async fn old_times_make_no_latency_and_no_upload_is_seen_twice() {
    let harness = processed("png").await;
    let before = harness.captured.sum("QueueWait");

    reprocess(&harness, 7).await;

    assert_eq!((harness.sum("UploadsSeen"), harness.sum("ImagesReceived")), (1, 2));
    assert_eq!(harness.sum("ImagesProcessed"), 1);
    for latency in ["UploadToDoneLatency", "UrlToUploadLatency"] {
        assert!(harness.captured.sum(latency) < f64::EPSILON, "{latency}");
    }
    assert!((harness.captured.sum("QueueWait") - before).abs() < f64::EPSILON);
}
