//! At-least-once delivery, exactly-once effect: what the table's own conditions let through.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use contract::item::Item as Claim;
use contract::s3_event::Upload;
use image::ImageFormat;
use image_processor_lambda::condition::{Condition, Standing};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Harness;
use crate::item::Item;
use crate::picture::picture;
use crate::queue::{attempt, enqueue, enqueue_together, notification, quiet_key, steps};

/// The steps of an attempt that finds nothing left to do.
pub(crate) const LOOKED_ONLY: [&str; 2] = ["download", "claim"];

const HOUR: Duration = Duration::from_hours(1);

/// An object that nobody announces; answers its key and its image's id.
pub(crate) async fn silent_object(harness: &Harness, bytes: &[u8]) -> (String, String) {
    let (key, id) = quiet_key();
    harness.put_object(harness.output("OriginalBucketName"), &key, bytes, &[]).await;
    (key, id)
}

/// Delivers a version of `key`; answers the steps of the attempt.
async fn deliver(harness: &Harness, key: &str, sequencer: &str) -> Vec<String> {
    deliver_again(harness, key, sequencer, None).await
}

/// The same, asked for by `ops reprocess` at that time.
async fn deliver_again(harness: &Harness, key: &str, sequencer: &str, reprocess: Option<u64>) -> Vec<String> {
    let extra = reprocess.map_or_else(|| json!({}), |at| {
        json!({"MessageAttributes": {"reprocess": {"DataType": "Number", "StringValue": at.to_string()}}})
    });
    let message = enqueue(harness, &notification(harness, key, sequencer), extra).await;
    let (span, trace) = attempt(harness, &message).await;
    steps(&span, &trace)
}

#[tokio::test]
async fn same_event_delivered_again_changes_nothing_and_tells_nobody() {
    let harness = Harness::shared().await;
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    assert!(deliver(harness, &key, "0A").await.contains(&"notify".to_owned()));
    let first = harness.settled(&id).await;

    for _ in 0..2 {
        assert_eq!(deliver(harness, &key, "0A").await, LOOKED_ONLY);
    }

    assert_eq!(harness.item(&id).await, Some(first));
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}

#[tokio::test]
async fn same_event_delivered_ten_times_at_once_has_one_effect() {
    let harness = Harness::shared().await;
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    let body = notification(harness, &key, "0A").to_string();

    let messages = enqueue_together(harness, &vec![body; 10]).await;

    assert_eq!(harness.settled(&id).await.status(), "DONE");
    let mut notified = 0;
    for message in &messages {
        let (span, trace) = attempt(harness, message).await;
        notified += steps(&span, &trace).iter().filter(|step| *step == "notify").count();
    }
    assert_eq!(notified, 1, "{}", harness.story(&id));
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}

#[tokio::test]
async fn older_version_that_comes_late_changes_nothing() {
    let harness = Harness::shared().await;
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    deliver(harness, &key, "0055AED6DCD90281E6").await;
    let newest = harness.settled(&id).await;

    // Shorter, yet not older for its length: sequencers are padded on the right.
    for older in ["0055AED6DCD90281E5", "0055AED6", "0"] {
        assert_eq!(deliver(harness, &key, older).await, LOOKED_ONLY, "{older}");
    }

    assert_eq!(harness.item(&id).await, Some(newest));
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}

#[tokio::test]
async fn newer_version_replaces_item_and_thumbnail_and_is_told() {
    let harness = Harness::shared().await;
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    deliver(harness, &key, "0055AED6DCD90281E5").await;
    let before = (harness.settled(&id).await, harness.thumbnail(&id).await);
    let newer = picture(ImageFormat::Bmp);
    harness.put_object(harness.output("OriginalBucketName"), &key, &newer, &[]).await;

    // Longer, and newer for its first digit that differs.
    deliver(harness, &key, "0055AED6DD").await;

    let is_newer = |item: &Item| item.is_settled() && item.text("sequencer").starts_with("0055AED6DD");
    let item = harness.item_when(&id, is_newer).await;
    assert_eq!((item.status(), item.number("bytes")), ("DONE", Some(newer.len() as u64)));
    assert_ne!(item.text("eTag"), before.0.text("eTag"));
    assert_ne!(harness.thumbnail(&id).await, before.1);
    assert_eq!(harness.notifications(&id).await, ["DONE", "DONE"]);
}

#[tokio::test]
async fn object_that_is_gone_is_recorded_as_failed() {
    let harness = Harness::shared().await;
    let (key, id) = quiet_key();
    let steps = deliver(harness, &key, "1").await;
    assert!(!steps.contains(&"decode".to_owned()), "{steps:?}");
    let item = harness.settled(&id).await;
    assert_eq!((item.status(), item.text("reason")), ("FAILED", "ObjectGone"));
    assert_eq!(harness.notifications(&id).await, ["FAILED"]);
}

/// What may stand in the table when a version comes: one of each kind that matters.
fn standings(key: &str) -> Vec<Standing> {
    let now = SystemTime::now();
    let mut all = Vec::new();
    for original_key in [key, "another/key.jpg"] {
        for sequencer in ["1", "2", "3"].map(padded) {
            for claimed_until in [now - HOUR, now + HOUR] {
                for notified in [false, true] {
                    let original_key = original_key.to_owned();
                    let (sequencer, attempt) = (sequencer.clone(), Uuid::now_v7());
                    let (reprocess, announced) = (None, None);
                    let standing = Standing {
                        original_key,
                        sequencer,
                        attempt,
                        claimed_until,
                        notified,
                        reprocess,
                        announced,
                    };
                    all.push(standing);
                }
            }
        }
    }
    all
}

/// What may stand there when one is asked to be done again; nobody is at work.
fn standings_again(key: &str) -> Vec<Standing> {
    let idle =
        |standing: &Standing| standing.original_key == key && standing.claimed_until < SystemTime::now();
    let standings = standings(key).into_iter().filter(idle);
    let again = standings.flat_map(|standing| {
        [None, Some(4), Some(5), Some(6)].map(|reprocess| Standing { reprocess, ..standing.clone() })
    });
    again.collect()
}

fn padded(sequencer: &str) -> String {
    format!("{sequencer:0<32}")
}

/// Writes what stands; answers it as the table gives it back.
async fn place(harness: &Harness, id: &str, standing: &Standing) -> Item {
    let until = standing.claimed_until.duration_since(UNIX_EPOCH).unwrap().as_millis();
    let mut item = json!({
        "imageId": {"S": id}, "originalS3Key": {"S": standing.original_key}, "status": {"S": "PROCESSING"},
        "sequencer": {"S": standing.sequencer}, "attempt": {"S": standing.attempt.to_string()},
        "claimedUntil": {"N": until.to_string()}, "notified": {"BOOL": standing.notified},
    });
    if let Some(at) = standing.reprocess {
        item["reprocess"] = json!({"N": at.to_string()});
    }
    let put = json!({"TableName": harness.output("MetadataTableName"), "Item": item});
    let _: Value = harness.aws.json("dynamodb", "DynamoDB_20120810.PutItem", put).await.unwrap();
    harness.item(id).await.unwrap()
}

#[tokio::test]
async fn conditions_of_the_table_allow_exactly_what_the_guard_allows() {
    assert_eq!(held_to_the_guard(standings, None, true).await, (4, 20), "both happen");
}

#[tokio::test]
async fn conditions_of_the_table_order_reprocesses_as_the_guard_does() {
    // Older versions always, the same one unless it was done for this or for a later request.
    assert_eq!(held_to_the_guard(standings_again, Some(5), true).await, (8 + 5, 24 - 13), "both happen");
    assert_eq!(held_to_the_guard(standings_again, None, true).await, (8 + 1, 24 - 9), "both happen");
    // Of an object that is gone, only what an attempt at the same request has begun.
    assert_eq!(held_to_the_guard(standings_again, Some(5), false).await, (1, 23), "both happen");
}

/// Delivers a message to each of the standings; how many were allowed, and how many refused.
async fn held_to_the_guard(
    standings: fn(&str) -> Vec<Standing>,
    reprocess: Option<u64>,
    has_object: bool,
) -> (usize, usize) {
    let harness = Harness::shared().await;
    let bytes = picture(ImageFormat::Gif);
    let (mut allowed, mut refused) = (0, 0);
    for kind in 0..standings("").len() {
        let (key, id) = if has_object { silent_object(harness, &bytes).await } else { quiet_key() };
        let standing = standings(&key).swap_remove(kind);
        let placed = place(harness, &id, &standing).await;
        let bucket = harness.output("OriginalBucketName").to_owned();
        let upload =
            Upload { bucket, key: key.clone(), at: SystemTime::now(), sequencer: padded("2"), reprocess };
        let claim = Claim::claim(id.parse().unwrap(), &upload, Uuid::now_v7(), SystemTime::now() + HOUR);
        let now = SystemTime::now();
        let condition = if has_object { Condition::Free(now) } else { Condition::Begun(now) };
        let allows = condition.allows(&claim, Some(&standing));

        deliver_again(harness, &key, "2", reprocess).await;

        if allows {
            let item = harness.item_when(&id, |item| item.is_settled() && item.0 != placed.0).await;
            let expected = if has_object { "DONE" } else { "FAILED" };
            assert_eq!(item.status(), expected, "{standing:?}\n{item:?}");
            assert_ne!(item.text("attempt"), standing.attempt.to_string(), "{standing:?}");
            allowed += 1;
        } else {
            assert_eq!(harness.item(&id).await, Some(placed), "{standing:?}\n{}", harness.story(&id));
            refused += 1;
        }
    }
    (allowed, refused)
}
