//! Follower of many images at once, by one `BatchGetItem` for a hundred of them.

use std::collections::{BTreeMap, HashMap};
use std::convert::Infallible;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use contract::item::Record;
use serde_json::{Value, json};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use aws_client::Aws;

use crate::error::{FlowError, PATIENCE};
use crate::stack::Pipeline;

/// The most keys that `BatchGetItem` takes.
const MOST_KEYS: usize = 100;
/// The most images that a round asks for; of more, each round asks for the next ones in turn.
const ROUND: usize = 5 * MOST_KEYS;
/// Between two rounds: an image takes longer, and the engine has better things to do than to answer.
const GAP: Duration = Duration::from_millis(100);

/// Knows which images are waited for; asking for each apart would cost more than processing it.
#[derive(Debug)]
pub(super) struct Follower<'a> {
    aws: Aws,
    table: &'a str,
    waiting: Mutex<Waiting>,
    news: Notify,
}

/// Who waits for which image, in the order of arrival.
#[derive(Debug, Default)]
struct Waiting {
    images: BTreeMap<u64, Wait>,
    /// The number of the next arrival.
    next: u64,
    /// Where the next round begins.
    round: u64,
}

#[derive(Debug)]
struct Wait {
    image_id: String,
    sender: oneshot::Sender<Record>,
}

/// A place among those who wait, for as long as somebody does.
struct Place<'a, 'b> {
    follower: &'a Follower<'b>,
    number: u64,
}

impl Drop for Place<'_, '_> {
    fn drop(&mut self) {
        self.follower.with_waiting(|waiting| waiting.images.remove(&self.number));
    }
}

impl Waiting {
    /// The images of the next round, by their numbers.
    fn round(&mut self) -> Vec<(u64, String)> {
        let later = self.images.range(self.round..);
        let in_turn = later.chain(self.images.range(..self.round)).take(ROUND);
        let asked: Vec<_> = in_turn.map(|(number, wait)| (*number, wait.image_id.clone())).collect();
        self.round = asked.last().map_or(0, |(last, _)| last + 1);
        asked
    }
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
        let ended = timeout(PATIENCE, self.ending(image_id)).await;
        ended.map_err(|_| FlowError::TooSlow { what: "the record of the image" })
    }

    /// The item once it is `DONE` or `FAILED`, however long that takes.
    pub(super) async fn ending(&self, image_id: &str) -> Record {
        let (sender, receiver) = oneshot::channel();
        let wait = Wait { image_id: image_id.to_owned(), sender };
        let number = self.with_waiting(|waiting| {
            let number = waiting.next;
            waiting.next += 1;
            waiting.images.insert(number, wait);
            number
        });
        let _place = Place { follower: self, number };
        self.news.notify_one();
        match receiver.await {
            Ok(item) => item,
            // The sender goes with the place only, which is held here.
            Err(_) => std::future::pending().await,
        }
    }

    /// Asks for as long as it is polled. A question that fails is asked again: who waits has a deadline.
    pub(super) async fn run(&self) -> Infallible {
        loop {
            let round = self.with_waiting(Waiting::round);
            if round.is_empty() {
                self.news.notified().await;
                continue;
            }
            let begun = Instant::now();
            for images in round.chunks(MOST_KEYS) {
                for (number, item) in self.ended(images).await.unwrap_or_default() {
                    if let Some(wait) = self.with_waiting(|waiting| waiting.images.remove(&number)) {
                        // Who does not wait any more needs no answer.
                        wait.sender.send(item).ok();
                    }
                }
            }
            // Of thousands that wait, questions take a third of the time at most, and the pipeline has the rest.
            sleep(GAP.max(begun.elapsed() * 2)).await;
        }
    }

    /// Those of the images that are `DONE` or `FAILED`.
    async fn ended(&self, images: &[(u64, String)]) -> Result<Vec<(u64, Record)>, FlowError> {
        let numbers: HashMap<&str, u64> = images.iter().map(|(number, id)| (id.as_str(), *number)).collect();
        let keys: Vec<Value> = numbers.keys().map(|id| json!({"imageId": {"S": id}})).collect();
        let ask = json!({"RequestItems": {self.table: {"Keys": keys, "ConsistentRead": true}}});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.BatchGetItem", ask).await?;
        let found =
            answer.get("Responses").and_then(|tables| tables.get(self.table)).and_then(Value::as_array);
        let found = found.into_iter().flatten().filter_map(|tagged| {
            let item = Record::of_tagged(tagged);
            let number = *numbers.get(item.image_id.as_str())?;
            item.has_ended().then_some((number, item))
        });
        Ok(found.collect())
    }

    fn with_waiting<T>(&self, change: impl FnOnce(&mut Waiting) -> T) -> T {
        change(&mut self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_more_images_than_a_round_asks_for_each_has_its_turn() {
        let mut waiting = Waiting::default();
        let count = u64::try_from(2 * ROUND + 1).unwrap();
        for number in 0..count {
            let (sender, _) = oneshot::channel();
            waiting.images.insert(number, Wait { image_id: number.to_string(), sender });
        }

        let rounds: Vec<Vec<u64>> =
            (0..3).map(|_| waiting.round().into_iter().map(|(number, _)| number).collect()).collect();

        assert!(rounds.iter().all(|round| round.len() == ROUND));
        let asked: std::collections::BTreeSet<u64> = rounds.concat().into_iter().collect();
        assert_eq!(asked.into_iter().collect::<Vec<_>>(), (0..count).collect::<Vec<_>>());
    }
}
