//! A queue of SQS, looked at and worked on by an operator: receive, change visibility, send, delete, count. Why SQS's
//! own `StartMessageMoveTask` is not used stands in docs/decisions/dlq.md.

use std::time::Duration;

use aws_client::{Aws, AwsError};
use serde::Deserialize;
use serde_json::{Value, json};

mod message;
mod pass;

pub use message::Message;
pub use pass::Pass;

/// `ReceiveMessage` and `ChangeMessageVisibilityBatch` take at most this many messages.
const BATCH: usize = 10;
/// With a wait, SQS asks all its servers, so that an empty answer means an empty queue.
const WAIT_SECONDS: u32 = 1;

/// One queue.
#[derive(Clone, Copy, Debug)]
pub struct Queue<'a> {
    /// Signs requests.
    pub aws: &'a Aws,
    /// Its address.
    pub url: &'a str,
}

/// Approximate numbers of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Visible ones.
    pub waiting: u64,
    /// Received by a consumer, and neither deleted nor visible again.
    pub hidden: u64,
}

/// How a queue is set up, and how much it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// Those that are visible, and those that are received.
    pub counts: Counts,
    /// Messages in it, whether visible, received or delayed; approximate, as SQS counts.
    pub messages: u64,
    /// How long a received message stays invisible.
    pub visibility: Duration,
    /// How often a message is received before it goes to the dead-letter queue.
    pub max_receives: Option<u32>,
    /// How long a message is kept.
    pub retention: Duration,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Message>,
}

impl Queue<'_> {
    /// Up to ten messages, with a visibility timeout of `hold_seconds`; none when none is visible.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn receive(&self, hold_seconds: u32) -> Result<Vec<Message>, AwsError> {
        let ask = json!({
            "QueueUrl": self.url, "MaxNumberOfMessages": BATCH, "WaitTimeSeconds": WAIT_SECONDS,
            "VisibilityTimeout": hold_seconds,
            // The older name, which AWS and the engine both know.
            "AttributeNames": ["All"], "MessageAttributeNames": ["All"],
        });
        let answer = self.call("ReceiveMessage", ask).await?;
        let received: Received = serde_json::from_value(answer).map_err(|source| AwsError::Answer {
            call: "sqs ReceiveMessage".to_owned(),
            source: Box::new(source),
        })?;
        Ok(received.messages)
    }

    /// Makes messages visible again. Where that fails, they become visible when their timeout ends.
    pub async fn give_back(&self, receipts: &[String]) {
        for receipts in receipts.chunks(BATCH) {
            let entry = |(number, receipt): (usize, &String)| json!({"Id": number.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": 0});
            let entries: Vec<Value> = receipts.iter().enumerate().map(entry).collect();
            let ask = json!({"QueueUrl": self.url, "Entries": entries});
            self.call("ChangeMessageVisibilityBatch", ask).await.ok();
        }
    }

    /// Sends a message to this queue; the returned id confirms that SQS has stored it.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn send(&self, message: &Message) -> Result<String, AwsError> {
        self.send_request(message.resent(self.url)).await
    }

    /// Sends a message of this body and these attributes to this queue; the returned id confirms that SQS has stored it.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn send_new(&self, body: &str, attributes: Value) -> Result<String, AwsError> {
        let request = json!({"QueueUrl": self.url, "MessageBody": body, "MessageAttributes": attributes});
        self.send_request(request).await
    }

    async fn send_request(&self, request: Value) -> Result<String, AwsError> {
        let answer = self.call("SendMessage", request).await?;
        let id = answer.get("MessageId").and_then(Value::as_str).filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| AwsError::Answer {
            call: "sqs SendMessage".to_owned(),
            source: "it holds no message id".into(),
        })
    }

    /// Deletes a received message.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        let ask = json!({"QueueUrl": self.url, "ReceiptHandle": receipt});
        self.call("DeleteMessage", ask).await.map(drop)
    }

    /// How many messages there are.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn counts(&self) -> Result<Counts, AwsError> {
        const NAMES: [&str; 2] = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"];
        let ask = json!({"QueueUrl": self.url, "AttributeNames": NAMES});
        let answer = self.call("GetQueueAttributes", ask).await?;
        let count = |name: &str| {
            let text = answer.get("Attributes")?.get(name)?.as_str()?;
            text.parse().ok()
        };
        let [waiting, hidden] = NAMES.map(|name| count(name).unwrap_or_default());
        Ok(Counts { waiting, hidden })
    }

    /// How it is set up, and how much it holds.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn attributes(&self) -> Result<Attributes, AwsError> {
        let ask = json!({"QueueUrl": self.url, "AttributeNames": ["All"]});
        let answer = self.call("GetQueueAttributes", ask).await?;
        let text = |name: &str| answer.get("Attributes")?.get(name)?.as_str();
        let number = |name: &str| text(name).and_then(|text| text.parse::<u64>().ok()).unwrap_or_default();
        let policy: Value =
            text("RedrivePolicy").and_then(|it| serde_json::from_str(it).ok()).unwrap_or_default();
        let max_receives = match policy.get("maxReceiveCount") {
            // The console and some tools write it as text.
            Some(Value::String(text)) => text.parse().ok(),
            count => count.and_then(Value::as_u64).and_then(|count| u32::try_from(count).ok()),
        };
        let [waiting, hidden, delayed] =
            ["", "NotVisible", "Delayed"].map(|kind| number(&format!("ApproximateNumberOfMessages{kind}")));
        Ok(Attributes {
            counts: Counts { waiting, hidden },
            messages: waiting + hidden + delayed,
            visibility: Duration::from_secs(number("VisibilityTimeout")),
            max_receives,
            retention: Duration::from_secs(number("MessageRetentionPeriod")),
        })
    }

    async fn call(&self, operation: &str, ask: Value) -> Result<Value, AwsError> {
        self.aws.json("sqs", &format!("AmazonSQS.{operation}"), ask).await
    }
}
