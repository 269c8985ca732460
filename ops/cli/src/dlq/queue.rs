//! Calls to SQS: receive, change visibility, send, delete, count. Why SQS's own
//! `StartMessageMoveTask` is not used stands in docs/decisions/dlq.md.

use aws_client::{Aws, AwsError};
use serde::Deserialize;
use serde_json::{Value, json};

use super::message::Message;

/// `ReceiveMessage` and `ChangeMessageVisibilityBatch` take at most this many messages.
const BATCH: usize = 10;
/// With a wait, SQS asks all its servers, so that an empty answer means an empty queue.
const WAIT_SECONDS: u32 = 1;

/// One queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue<'a> {
    pub(crate) aws: &'a Aws,
    pub(crate) url: &'a str,
}

/// Approximate numbers of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Visible ones.
    pub(crate) waiting: u64,
    /// Received by a consumer, and neither deleted nor visible again.
    pub(crate) hidden: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Received {
    #[serde(default)]
    messages: Vec<Message>,
}

impl Queue<'_> {
    /// Up to ten messages, with a visibility timeout of `hold_seconds`; none when none is visible.
    pub(crate) async fn receive(&self, hold_seconds: u32) -> Result<Vec<Message>, AwsError> {
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
    pub(crate) async fn give_back(&self, receipts: &[String]) {
        for receipts in receipts.chunks(BATCH) {
            let entry = |(number, receipt): (usize, &String)| json!({"Id": number.to_string(), "ReceiptHandle": receipt, "VisibilityTimeout": 0});
            let entries: Vec<Value> = receipts.iter().enumerate().map(entry).collect();
            let ask = json!({"QueueUrl": self.url, "Entries": entries});
            self.call("ChangeMessageVisibilityBatch", ask).await.ok();
        }
    }

    /// Sends a message to this queue; the returned id confirms that SQS has stored it.
    pub(crate) async fn send(&self, message: &Message) -> Result<String, AwsError> {
        let answer = self.call("SendMessage", message.resent(self.url)).await?;
        let id = answer.get("MessageId").and_then(Value::as_str).filter(|id| !id.is_empty());
        id.map(str::to_owned).ok_or_else(|| AwsError::Answer {
            call: "sqs SendMessage".to_owned(),
            source: "it holds no message id".into(),
        })
    }

    /// Deletes a received message.
    pub(crate) async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        let ask = json!({"QueueUrl": self.url, "ReceiptHandle": receipt});
        self.call("DeleteMessage", ask).await.map(drop)
    }

    /// How many messages there are.
    pub(crate) async fn counts(&self) -> Result<Counts, AwsError> {
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

    async fn call(&self, operation: &str, ask: Value) -> Result<Value, AwsError> {
        self.aws.json("sqs", &format!("AmazonSQS.{operation}"), ask).await
    }
}
