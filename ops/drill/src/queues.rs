//! The processing queue and its dead-letter queue: how many messages they hold, and what runbooks do with those.

use std::time::Duration;

use aws_client::Aws;
use local_stack::stack::StackInfo;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::error::DrillError;

/// Between two looks.
const GLANCE: Duration = Duration::from_millis(250);
/// Longest wait for messages to go where they must: retries are minutes apart at worst.
pub(crate) const PATIENCE: Duration = Duration::from_mins(6);

const COUNTS: [&str; 3] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

/// Both queues of a stack.
#[derive(Debug)]
pub(crate) struct Queues<'a> {
    aws: Aws,
    main: &'a str,
    dead: &'a str,
}

impl<'a> Queues<'a> {
    pub(crate) fn of(info: &'a StackInfo) -> Result<Self, DrillError> {
        Ok(Self { aws: info.aws(), main: info.output("QueueUrl")?, dead: info.output("DeadLetterQueueUrl")? })
    }

    async fn attributes(&self, url: &str, names: &[&str]) -> Result<Value, DrillError> {
        let look = json!({"QueueUrl": url, "AttributeNames": names});
        let mut answer = self.aws.json("sqs", "AmazonSQS.GetQueueAttributes", look).await?;
        Ok(answer.get_mut("Attributes").map(Value::take).unwrap_or_default())
    }

    async fn count(&self, url: &str) -> Result<usize, DrillError> {
        let attributes = self.attributes(url, &COUNTS).await?;
        let number = |name: &&str| attributes.get(*name)?.as_str()?.parse::<usize>().ok();
        Ok(COUNTS.iter().filter_map(number).sum())
    }

    /// Messages that nobody has finished.
    pub(crate) async fn waiting(&self) -> Result<usize, DrillError> {
        self.count(self.main).await
    }

    /// Messages that were given up.
    pub(crate) async fn dead(&self) -> Result<usize, DrillError> {
        self.count(self.dead).await
    }

    /// Waits until `count` messages were given up.
    pub(crate) async fn given_up(&self, count: usize) -> Result<(), DrillError> {
        let deadline = Instant::now() + PATIENCE;
        while self.dead().await? != count {
            if Instant::now() > deadline {
                return Err(DrillError::TooSlow(format!("{count} messages in the dead-letter queue")));
            }
            sleep(GLANCE).await;
        }
        Ok(())
    }

    /// Has SQS move all that was given up back into the processing queue.
    pub(crate) async fn redrive(&self) -> Result<(), DrillError> {
        let attributes = self.attributes(self.dead, &["QueueArn"]).await?;
        let source = json!({"SourceArn": attributes.get("QueueArn")});
        self.aws.json("sqs", "AmazonSQS.StartMessageMoveTask", source.clone()).await?;
        let deadline = Instant::now() + PATIENCE;
        loop {
            let tasks = self.aws.json("sqs", "AmazonSQS.ListMessageMoveTasks", source.clone()).await?;
            if tasks.pointer("/Results/0/Status").is_some_and(|status| status == "COMPLETED") {
                return Ok(());
            }
            if Instant::now() > deadline {
                return Err(DrillError::TooSlow("the end of the redrive".to_owned()));
            }
            sleep(GLANCE).await;
        }
    }

    /// Drops all that was given up; the drill began with none, so all of it is the drill's.
    pub(crate) async fn drop_dead(&self) -> Result<(), DrillError> {
        self.aws.json("sqs", "AmazonSQS.PurgeQueue", json!({"QueueUrl": self.dead})).await?;
        self.given_up(0).await
    }

    /// Sends a message that is no notification of S3, or one that S3 would send again.
    pub(crate) async fn send(&self, body: &str) -> Result<(), DrillError> {
        let message = json!({"QueueUrl": self.main, "MessageBody": body});
        self.aws.json("sqs", "AmazonSQS.SendMessage", message).await?;
        Ok(())
    }
}
