//! Follower of many images at once, by one `BatchGetItem` for all of them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contract::item::Record;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use aws_client::Aws;

use crate::error::{FlowError, PATIENCE};
use crate::stack::Pipeline;

/// The most keys that `BatchGetItem` takes.
const MOST_KEYS: usize = 100;
/// Between two questions: an image takes longer, and the engine has better things to do than to answer.
const GAP: Duration = Duration::from_millis(100);

/// Knows which images are waited for; asking for each apart would cost more than processing it.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    aws: Aws,
    table: &'a str,
    waiting: Mutex<HashMap<String, oneshot::Sender<Record>>>,
    news: Notify,
}

impl<'a> Follower<'a> {
    /// A follower of images of one stack.
    ///
    /// # Errors
    ///
    /// When the stack names no table.
    pub(super) fn of(stack: &'a dyn Pipeline) -> Result<Self, FlowError> {
        let table = stack.output("MetadataTableName")?;
        Ok(Self { aws: stack.aws(), table, waiting: Mutex::default(), news: Notify::new() })
    }

    /// The item once it is `DONE` or `FAILED`; [`Follower::run`] must run meanwhile.
    ///
    /// # Errors
    ///
    /// When the end does not come in time.
    pub(super) async fn item(&self, image_id: &str) -> Result<Record, FlowError> {
        let (sender, receiver) = oneshot::channel();
        self.with_waiting(|waiting| waiting.insert(image_id.to_owned(), sender));
        self.news.notify_one();
        let ended = timeout(PATIENCE, receiver).await;
        self.with_waiting(|waiting| waiting.remove(image_id));
        ended.ok().and_then(Result::ok).ok_or(FlowError::TooSlow { what: "the record of the image" })
    }

    /// Asks for as long as it is polled. A question that fails is asked again: who waits has a deadline.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            let images: Vec<String> = self.with_waiting(|waiting| waiting.keys().cloned().collect());
            if images.is_empty() {
                self.news.notified().await;
                continue;
            }
            for images in images.chunks(MOST_KEYS) {
                for (image_id, item) in self.ended(images).await.unwrap_or_default() {
                    if let Some(sender) = self.with_waiting(|waiting| waiting.remove(&image_id)) {
                        // Who does not wait any more needs no answer.
                        sender.send(item).ok();
                    }
                }
            }
            sleep(GAP).await;
        }
    }

    /// Those of the images that are `DONE` or `FAILED`.
    async fn ended(&self, images: &[String]) -> Result<Vec<(String, Record)>, FlowError> {
        let keys: Vec<Value> = images.iter().map(|id| json!({"imageId": {"S": id}})).collect();
        let ask = json!({"RequestItems": {self.table: {"Keys": keys, "ConsistentRead": true}}});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.BatchGetItem", ask).await?;
        let found =
            answer.get("Responses").and_then(|tables| tables.get(self.table)).and_then(Value::as_array);
        let found = found.into_iter().flatten().filter_map(|tagged| {
            let item = Record::of_tagged(tagged);
            item.has_ended().then(|| (item.image_id.clone(), item))
        });
        Ok(found.collect())
    }

    fn with_waiting<T>(&self, change: impl FnOnce(&mut HashMap<String, oneshot::Sender<Record>>) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
