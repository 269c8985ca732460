//! Poison message: one that nobody can read, among good ones.

use image::ImageFormat;
use serde_json::json;
use uuid::Uuid;

use local_stack::observe::Seen;
use local_stack::observe::logs::LogFilter;

use crate::faults::items_of;
use crate::harness::Harness;
use crate::picture::picture;
use crate::queue::{QUIET, attempts, dead_letters, enqueue, enqueue_together, notification, quiet_key};

/// The template parameter of the shared stack.
const MAX_RECEIVE_COUNT: usize = 3;

/// How often the processor complained about a message.
fn complaints(seen: &Seen, message_id: &str) -> usize {
    let filter = LogFilter { image_id: Some(message_id.to_owned()), ..LogFilter::default() };
    let lines = seen.logs.find(&filter, usize::MAX);
    lines.iter().filter(|line| line.message == "Message is no S3 notification").count()
}

#[tokio::test]
async fn unreadable_message_ends_in_the_dead_letter_queue_and_its_neighbours_do_not_notice() {
    let harness = Harness::shared().await;
    let mut images = Vec::new();
    let mut bodies = Vec::new();
    for _ in 0..3 {
        let (key, id) = quiet_key();
        harness
            .put_object(harness.output("OriginalBucketName"), &key, &picture(ImageFormat::Jpeg), &[])
            .await;
        bodies.push(notification(harness, &key, "1").to_string());
        images.push((key, id));
    }
    let poison = format!("poison {}", Uuid::new_v4());
    bodies.insert(1, poison.clone());

    let mut messages = enqueue_together(harness, &bodies).await;
    let poisonous = messages.remove(1);

    for (_, id) in &images {
        assert_eq!(harness.settled(id).await.status(), "DONE");
    }
    let dead = harness.until(async || dead_letters(harness).await.contains(&poison).then_some(())).await;
    assert!(dead.is_some(), "{}", harness.story(&poisonous));
    let all = |seen: &Seen| (complaints(seen, &poisonous) >= MAX_RECEIVE_COUNT).then_some(());
    harness.seen("a complaint for each receipt", &poisonous, all).await;
    assert_eq!(harness.observer.look(|seen| complaints(seen, &poisonous)), MAX_RECEIVE_COUNT);
    for ((key, id), message) in images.iter().zip(&messages) {
        assert_eq!(harness.notifications(id).await, ["DONE"]);
        assert_eq!(harness.observer.look(|seen| attempts(seen, message).len()), 1, "{}", harness.story(id));
        assert!(dead_letters(harness).await.iter().all(|body| !body.contains(key)));
    }
}

#[tokio::test]
async fn unreadable_message_is_in_the_dead_letter_queue_within_two_minutes_of_its_first_receive() {
    // As many receives as the template's default, and waits between them after a fault.
    let (harness, _alone) = Harness::breakable().await;
    let poison = json!(format!("poison {}", Uuid::new_v4()));

    let message = enqueue(harness, &poison, json!({})).await;

    let dead = async || dead_letters(harness).await.contains(&poison.to_string()).then_some(());
    assert!(harness.until(dead).await.is_some(), "{}", harness.story(&message));
    let purge = json!({"QueueUrl": harness.output("DeadLetterQueueUrl")});
    harness.aws.json("sqs", "AmazonSQS.PurgeQueue", purge).await.unwrap();
}

#[tokio::test]
async fn records_that_are_no_upload_leave_nothing_behind() {
    let harness = Harness::shared().await;
    let (key, id) = quiet_key();
    let mut removed = notification(harness, &key, "1");
    removed["Records"][0]["eventName"] = "ObjectRemoved:Delete".into();
    let nobody = format!("user-uploads//{id}/photo.raw");
    let folder = format!("{QUIET}/{id}/");
    for key in [&nobody, &folder] {
        harness.put_object(harness.output("OriginalBucketName"), key, &picture(ImageFormat::Jpeg), &[]).await;
    }
    let bodies = [
        removed.to_string(),
        notification(harness, &nobody, "1").to_string(),
        notification(harness, &folder, "1").to_string(),
    ];

    let messages = enqueue_together(harness, &bodies).await;

    for message in &messages {
        let skipped = |seen: &Seen| {
            let filter = LogFilter { image_id: Some(message.clone()), ..LogFilter::default() };
            let lines = seen.logs.find(&filter, usize::MAX);
            lines.iter().any(|line| line.message == "Record is no upload: skipped").then_some(())
        };
        harness.seen("the skipped record", message, skipped).await;
    }
    for key in [&nobody, &folder] {
        assert_eq!(items_of(harness, key).await, 0, "{key}");
    }
    assert_eq!(harness.item(&id).await, None);
    let dead = dead_letters(harness).await;
    assert!(dead.iter().all(|body| !body.contains(&key) && !body.contains(&id)));
}

#[tokio::test]
async fn notification_about_a_bucket_that_is_not_ours_ends_in_the_dead_letter_queue() {
    let harness = Harness::shared().await;
    let (key, id) = quiet_key();
    let mut body = notification(harness, &key, "1");
    body["Records"][0]["s3"]["bucket"]["name"] = "a-bucket-of-somebody-else".into();

    let message = enqueue(harness, &body, json!({})).await;

    let dead = async || dead_letters(harness).await.iter().any(|body| body.contains(&key)).then_some(());
    assert!(harness.until(dead).await.is_some(), "{}", harness.story(&message));
    assert_eq!(harness.item(&id).await, None);
}

#[tokio::test]
async fn test_event_of_s3_is_acknowledged() {
    let harness = Harness::shared().await;
    let (key, id) = quiet_key();
    let event = json!({
        "Service": "Amazon S3", "Event": "s3:TestEvent", "Time": "2026-01-01T00:00:00.000Z",
        "Bucket": harness.output("OriginalBucketName"), "RequestId": "test", "HostId": "test",
    });
    harness.put_object(harness.output("OriginalBucketName"), &key, &picture(ImageFormat::Jpeg), &[]).await;

    // In one batch with an upload: when that is settled, the event has been judged too.
    let bodies = [event.to_string(), notification(harness, &key, "1").to_string()];
    let messages = enqueue_together(harness, &bodies).await;

    assert_eq!(harness.settled(&id).await.status(), "DONE");
    harness.seen("the attempt", &id, |seen| attempts(seen, &messages[1]).pop()).await;
    assert_eq!(harness.observer.look(|seen| complaints(seen, &messages[0])), 0);
    assert!(!dead_letters(harness).await.contains(&bodies[0]));
}
