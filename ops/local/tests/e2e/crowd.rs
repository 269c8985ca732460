//! Many uploads at once, and what the pipeline has left of each when it is through with all.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use image::{ImageFormat, Rgb, RgbImage};
use local_stack::flow::{self, TraceHeaders, UploadUrl};
use local_stack::observe::Seen;
use local_stack::user::Tokens;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::harness::Harness;
use crate::item::Item;
use crate::listing::list;

/// Longest wait for one more notification; a busy machine needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);

/// A small picture unlike any other of its number.
pub(crate) fn distinct_picture(number: usize) -> Vec<u8> {
    let [.., high, low] = number.to_be_bytes();
    let mut bytes = Cursor::new(Vec::new());
    let pixel = |x, _| if x < 32 { Rgb([high, low, 90]) } else { Rgb([low, 200, high]) };
    RgbImage::from_fn(64, 48, pixel).write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Asks for `count` URLs, `askers` at a time, as each that waits costs the engine a process of the function. Beyond the
/// API's rate they wait for their turn.
pub(crate) async fn ask_all(
    harness: &Harness,
    tokens: &Tokens,
    askers: usize,
    count: usize,
) -> Vec<UploadUrl> {
    let asked = Arc::new(Semaphore::new(askers));
    let mut issued = JoinSet::new();
    for _ in 0..count {
        let (asked, info, tokens) = (Arc::clone(&asked), harness.info.clone(), tokens.clone());
        issued.spawn(async move {
            let _turn = asked.acquire().await.unwrap();
            flow::request_url_patiently(&info, &tokens, &TraceHeaders::default()).await.unwrap()
        });
    }
    issued.join_all().await
}

/// Puts all files at once, each to its upload URL.
pub(crate) async fn put_all(issued: &[UploadUrl], files: Vec<Vec<u8>>) {
    let mut puts = JoinSet::new();
    for (issued, file) in issued.iter().cloned().zip(files) {
        puts.spawn(async move { flow::put(&issued, file, &TraceHeaders::default()).await.unwrap() });
    }
    puts.join_all().await;
}

/// Asks for a URL for each of `files`, then puts all at once. Answers the ids in the same order.
pub(crate) async fn push(
    harness: &Harness,
    tokens: &Tokens,
    askers: usize,
    files: Vec<Vec<u8>>,
) -> Vec<String> {
    let issued = ask_all(harness, tokens, askers, files.len()).await;
    put_all(&issued, files).await;
    issued.into_iter().map(|issued| issued.image_id).collect()
}

/// What is left of a crowd once each of its images has a notification and all queues are empty.
#[derive(Debug)]
pub(crate) struct Left {
    /// The table's items by image.
    pub(crate) items: BTreeMap<String, Item>,
    /// The status of each notification by image.
    pub(crate) notifications: BTreeMap<String, Vec<String>>,
    /// The images that have a thumbnail.
    pub(crate) thumbnails: BTreeSet<String>,
    /// Messages that the processing queue still holds, and the dead-letter queue.
    pub(crate) queued: [u64; 2],
}

/// Waits until each of `ids` has a notification, then looks at everything.
pub(crate) async fn left(harness: &Harness, ids: &[String]) -> Left {
    let mut notified = 0;
    while notified < ids.len() {
        let more = |seen: &Seen| Some(notified_among(seen, ids)).filter(|now| *now > notified);
        let more = harness.observer.wait_for(PATIENCE, more).await;
        notified = more.unwrap_or_else(|| {
            panic!("only {notified} of {} have a notification\n{}", ids.len(), harness.story(""))
        });
    }
    let still = async || (queued(harness, "QueueUrl").await == 0).then_some(());
    harness.until(still).await.expect("the processing queue should become empty");
    harness.fence("").await;
    let mut notifications = BTreeMap::<String, Vec<String>>::new();
    for mut mail in harness.observer.mail(None) {
        let Some(image_id) = mail.image_id else { continue };
        let status = mail.attributes.remove("status").unwrap_or_default();
        notifications.entry(image_id).or_default().push(status);
    }
    notifications.retain(|image_id, _| ids.contains(image_id));
    Left {
        items: items(harness).await,
        notifications,
        thumbnails: thumbnails(harness).await,
        queued: [queued(harness, "QueueUrl").await, queued(harness, "DeadLetterQueueUrl").await],
    }
}

fn notified_among(seen: &Seen, ids: &[String]) -> usize {
    let notified: BTreeSet<String> =
        seen.mail.find(None).into_iter().filter_map(|mail| mail.image_id).collect();
    ids.iter().filter(|id| notified.contains(*id)).count()
}

/// Messages that a queue holds, whoever has them in hand.
pub(crate) async fn queued(harness: &Harness, output: &'static str) -> u64 {
    let names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
    let body = json!({"QueueUrl": harness.output(output), "AttributeNames": names});
    let answer = harness.aws.json("sqs", "AmazonSQS.GetQueueAttributes", body).await.unwrap();
    let number = |name| answer["Attributes"][name].as_str().unwrap().parse::<u64>().unwrap();
    names.map(number).into_iter().sum()
}

/// The whole table.
pub(crate) async fn items(harness: &Harness) -> BTreeMap<String, Item> {
    let mut items = BTreeMap::new();
    let mut body = json!({"TableName": harness.output("MetadataTableName"), "ConsistentRead": true});
    loop {
        let mut page = harness.aws.json("dynamodb", "DynamoDB_20120810.Scan", body.clone()).await.unwrap();
        let found = page["Items"].as_array().cloned().unwrap_or_default().into_iter().map(Item);
        items.extend(found.map(|item| (item.text("imageId").to_owned(), item)));
        match page["LastEvaluatedKey"].take() {
            Value::Null => return items,
            last => body["ExclusiveStartKey"] = last,
        }
    }
}

/// The images whose thumbnail holds something.
async fn thumbnails(harness: &Harness) -> BTreeSet<String> {
    let objects = list(harness, harness.output("ProcessedBucketName"), "processed/").await;
    let whole = objects.iter().filter(|object| object.bytes > 0);
    let image = |key: &str| Some(key.strip_prefix("processed/")?.strip_suffix(".jpg")?.to_owned());
    whole.filter_map(|object| image(&object.key)).collect()
}
