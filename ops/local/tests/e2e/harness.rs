//! A running stack, and what can be seen of it.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use aws_client::{Aws, AwsError};
use local_stack::faults::Faults;
use local_stack::observe::logs::{LogFilter, LogLine};
use local_stack::observe::{Observer, Seen};
use local_stack::stack::StackInfo;
use serde_json::json;
use tokio::sync::Mutex;
use uuid::Uuid;

use crate::item::Item;

/// Longest wait for anything; a machine whose processors are busy with something else needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often a table is looked at when the observer has no news.
const GLANCE: Duration = Duration::from_millis(500);

/// A running stack; it goes down with the test process, since the engine follows its parent.
#[derive(Debug)]
pub(crate) struct Harness {
    pub(crate) info: StackInfo,
    pub(crate) observer: Observer,
    pub(crate) faults: Faults,
    pub(crate) aws: Aws,
    /// The process group of the engine and the functions.
    pub(crate) group: i32,
    /// Held by tests that bend the stack or count everything on it.
    pub(crate) alone: Mutex<()>,
}

impl Harness {
    /// An output of the template.
    pub(crate) fn output(&self, name: &'static str) -> &str {
        self.info.output(name).unwrap()
    }

    /// The item of an image in the table.
    pub(crate) async fn item(&self, image_id: &str) -> Option<Item> {
        let table = self.output("MetadataTableName");
        let key = json!({"TableName": table, "Key": {"imageId": {"S": image_id}}, "ConsistentRead": true});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.GetItem", key).await.unwrap();
        answer.get("Item").cloned().map(Item)
    }

    /// The item once `condition` holds for it.
    pub(crate) async fn item_when(&self, image_id: &str, condition: impl Fn(&Item) -> bool) -> Item {
        let last = async || self.item(image_id).await;
        let found = self.until(async || last().await.filter(&condition)).await;
        match found {
            Some(item) => item,
            None => panic!("item of {image_id} is {:?}\n{}", last().await, self.story(image_id)),
        }
    }

    /// The item once the pipeline is through with the image: result recorded, notification published.
    pub(crate) async fn settled(&self, image_id: &str) -> Item {
        self.item_when(image_id, Item::is_settled).await
    }

    /// What `look` finds, looking again whenever there is news.
    pub(crate) async fn until<T>(&self, look: impl AsyncFn() -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        while Instant::now() < deadline {
            if let Some(found) = look().await {
                return Some(found);
            }
            seen = self.observer.revision_after(seen, GLANCE).await;
        }
        None
    }

    /// What the observer sees once `condition` finds it; `what` and the story of `about` go into the failure.
    pub(crate) async fn seen<T>(
        &self,
        what: &str,
        about: &str,
        condition: impl FnMut(&Seen) -> Option<T>,
    ) -> T {
        let found = self.observer.wait_for(PATIENCE, condition).await;
        found.unwrap_or_else(|| panic!("{what} did not come\n{}", self.story(about)))
    }

    /// How many messages the topic sent about an image, counted when one sent later has come.
    pub(crate) async fn notifications(&self, image_id: &str) -> Vec<String> {
        self.fence(image_id).await;
        let mail = self.observer.mail(Some(image_id)).into_iter();
        mail.map(|mut mail| mail.attributes.remove("status").unwrap_or_default()).collect()
    }

    /// Has the topic send a message and waits for it: all that was sent before has come then.
    pub(crate) async fn fence(&self, about: &str) {
        let fence = Uuid::new_v4().to_string();
        let params = [
            ("TopicArn", self.output("TopicArn")),
            ("Message", "{}"),
            ("MessageAttributes.entry.1.Name", "imageId"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", &fence),
        ];
        self.aws.query("sns", "2010-03-31", "Publish", &params).await.unwrap();
        let passed = |seen: &Seen| (!seen.mail.find(Some(&fence)).is_empty()).then_some(());
        self.seen("the message that follows the notifications", about, passed).await;
    }

    /// An object's content, if it exists.
    pub(crate) async fn object(&self, bucket: &str, key: &str) -> Option<Vec<u8>> {
        match self.aws.rest("s3", http::Method::GET, &format!("/{bucket}/{key}"), Vec::new(), &[]).await {
            Ok(answer) => Some(answer.into_body().to_vec()),
            Err(AwsError::Refused { status: 404, .. }) => None,
            Err(error) => panic!("{error}"),
        }
    }

    /// Stores an object with the account's own credentials.
    pub(crate) async fn put_object(&self, bucket: &str, key: &str, bytes: &[u8], headers: &[(&str, &str)]) {
        let path = format!("/{bucket}/{key}");
        self.aws.rest("s3", http::Method::PUT, &path, bytes.to_vec(), headers).await.unwrap();
    }

    /// The thumbnail of an image, if it exists.
    pub(crate) async fn thumbnail(&self, image_id: &str) -> Option<Vec<u8>> {
        self.object(self.output("ProcessedBucketName"), &format!("processed/{image_id}.jpg")).await
    }

    /// What the functions logged about an image, for people who read a failure.
    pub(crate) fn story(&self, image_id: &str) -> String {
        let filter = LogFilter { image_id: Some(image_id.to_owned()), ..LogFilter::default() };
        let about = self.observer.logs(&filter, 20);
        let last = self.observer.logs(&LogFilter::default(), 20);
        let problems = self.observer.look(|seen| seen.problems.clone());
        let text = |lines: Vec<LogLine>| {
            let lines: Vec<String> = lines.iter().map(|line| json!(line.fields).to_string()).collect();
            lines.join("\n  ")
        };
        format!("about {image_id}:\n  {}\nlast:\n  {}\nproblems: {problems:?}", text(about), text(last))
    }
}

/// The repository.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}
