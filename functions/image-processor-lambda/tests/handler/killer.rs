//! An image that kills the function, again and again, and the messages that share its batches.

use std::time::{Duration, UNIX_EPOCH};

use contract::item::Status;
use serde_json::Value;

use crate::support::{self, Harness, batch, created};

const SEEDS: u64 = 100;
const MAX_RECEIVES: u32 = 5;
const NEIGHBOURS: usize = 4;

/// A message as the queue keeps it.
#[derive(Clone)]
struct Message {
    id: String,
    body: String,
    receives: u32,
}

/// A sequence of numbers, the same for each seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

/// Delivers one batch; the messages that the queue still has afterwards.
async fn deliver(harness: &Harness, mut messages: Vec<Message>) -> Vec<Message> {
    for message in &mut messages {
        message.receives += 1;
    }
    let bodies: Vec<&str> = messages.iter().map(|message| message.body.as_str()).collect();
    let mut event = serde_json::to_value(batch(&bodies)).unwrap();
    for (record, message) in event["Records"].as_array_mut().unwrap().iter_mut().zip(&messages) {
        record["messageId"] = message.id.as_str().into();
        record["receiptHandle"] = message.id.as_str().into();
        record["attributes"]["ApproximateReceiveCount"] = Value::from(message.receives.to_string());
    }
    let event = serde_json::from_value(event).unwrap();
    let killed = harness.world().killed.clone();
    let kept: Vec<String> = tokio::select! {
        failed = harness.invoke(Duration::from_secs(30), event) => failed,
        // A function that dies answers for none of its messages.
        () = killed.notified() => messages.iter().map(|message| message.id.clone()).collect(),
    };
    let deleted = std::mem::take(&mut harness.world().deleted);
    messages.retain(|message| kept.contains(&message.id) && !deleted.contains(&message.id));
    // All of them come again once the visibility timeout is over, and with it the claims of the dead.
    for item in harness.world().items.values_mut().filter(|item| !item.notified) {
        item.claimed_until = UNIX_EPOCH;
    }
    messages
}

#[tokio::test]
async fn the_batch_mates_of_an_image_that_kills_the_function_all_end_done() {
    for seed in 0..SEEDS {
        let mut random = Random(seed);
        let harness = Harness::new();
        let deadly = b"deadly".to_vec();
        harness.world().deadly = Some(deadly.clone());
        let mut queue = Vec::new();
        for number in 0..=NEIGHBOURS {
            let key = format!("user-uploads/u{number}/{seed}.jpg");
            let bytes = if number == 0 { deadly.clone() } else { support::photo() };
            harness.world().objects.insert(key.clone(), bytes);
            let message = Message {
                id: format!("{seed}-{number}"),
                body: created(&key, "01"),
                // Some were given back before, for a fault that is over.
                receives: random.below(2) as u32 * random.below(2) as u32,
            };
            queue.push(message);
        }
        let mut dead = Vec::new();
        while !queue.is_empty() {
            let (given_up, mut alive): (Vec<_>, Vec<_>) =
                queue.into_iter().partition(|message| message.receives >= MAX_RECEIVES);
            dead.extend(given_up);
            random.shuffle(&mut alive);
            queue = if alive.is_empty() { alive } else { deliver(&harness, alive).await };
        }
        let dead: Vec<&str> = dead.iter().map(|message| message.id.as_str()).collect();
        assert_eq!(dead, [format!("{seed}-0")], "seed {seed}");
        let done = harness.world().items.values().filter(|item| item.status == Status::Done).count();
        assert_eq!(done, NEIGHBOURS, "seed {seed}");
    }
}

#[tokio::test]
async fn a_batch_that_was_not_received_before_is_answered_for_as_a_whole() {
    let harness = Harness::new();
    let keys = ["user-uploads/u/a.jpg", "user-uploads/u/b.jpg"];
    for key in keys {
        harness.world().objects.insert(key.to_owned(), support::photo());
    }

    assert!(
        harness.deliver(&keys.map(|key| created(key, "01")).each_ref().map(String::as_str)).await.is_empty()
    );

    assert!(harness.world().deleted.is_empty());
}
