//! Receive loop: reads every message of the dead-letter queue once, classifies it, and makes it visible again.

use std::collections::BTreeSet;

use aws_client::AwsError;

use super::DeadLetters;
use super::cause::{Finding, classify};
use super::content::{Content, image_ids};
use super::items::{self, Items};
use crate::queue::{Message, Pass};

/// A message with its cause.
#[derive(Clone, Debug)]
pub struct Classified {
    /// The message.
    pub message: Message,
    /// Why it is here.
    pub finding: Finding,
}

impl Classified {
    /// Its trace id: the message's own, else that of its image's item.
    #[must_use]
    pub fn trace_id(&self) -> Option<String> {
        let of_item = || self.finding.image.as_ref()?.item.as_ref()?.trace_id.clone();
        self.message.trace_id().or_else(of_item)
    }

    /// The image that it is about.
    #[must_use]
    pub fn image_id(&self) -> Option<&str> {
        self.finding.image.as_ref().map(|image| image.id.as_str())
    }
}

/// A pass over the queue that classifies what it reads.
#[derive(Debug)]
pub struct ReceiveLoop<'a> {
    from: DeadLetters<'a>,
    pass: Pass<'a>,
    /// Why the images' items could not be read, after the first failure.
    unreadable: Option<String>,
}

impl<'a> ReceiveLoop<'a> {
    /// A pass over at most `limit` messages.
    #[must_use]
    pub fn new(from: DeadLetters<'a>, hold_seconds: u32, limit: usize) -> Self {
        let unreadable = from.table.is_none().then(|| "the table is not known".to_owned());
        Self { from, pass: Pass::new(from.queue, hold_seconds, limit), unreadable }
    }

    /// The next messages that were not returned before; `None` at the end.
    ///
    /// # Errors
    /// When the queue cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Classified>>, AwsError> {
        match self.pass.next().await? {
            Some(messages) => Ok(Some(self.classify(messages).await)),
            None => Ok(None),
        }
    }

    /// Why the images' items could not be read, if so.
    #[must_use]
    pub fn unreadable(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// Whether the whole queue was read, so that the limit did not end the pass.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.pass.is_complete()
    }

    /// Deletes a message from the queue.
    ///
    /// # Errors
    /// When SQS refuses, or does not answer.
    pub async fn delete(&mut self, message: &Message) -> Result<(), AwsError> {
        self.pass.delete(message).await
    }

    /// Makes all messages that are still held visible to others again.
    pub async fn end(&mut self) {
        self.pass.end().await;
    }

    async fn classify(&mut self, messages: Vec<Message>) -> Vec<Classified> {
        let read: Vec<(Message, Content)> = messages
            .into_iter()
            .map(|message| {
                let content = Content::read(&message.body);
                (message, content)
            })
            .collect();
        let items = self.items(read.iter().map(|(_, content)| content)).await;
        let bucket = self.from.bucket;
        read.into_iter()
            .map(|(message, content)| Classified {
                message,
                finding: classify(&content, bucket, items.as_ref()),
            })
            .collect()
    }

    async fn items<'b>(&mut self, contents: impl Iterator<Item = &'b Content>) -> Option<Items> {
        if self.unreadable.is_some() {
            return None;
        }
        let uploads = contents.filter_map(|content| match content {
            Content::Uploads(uploads) => Some(uploads),
            _ => None,
        });
        let ids: BTreeSet<String> = uploads.flatten().flat_map(image_ids).collect();
        let table = self.from.table?;
        match items::look_up(self.from.queue.aws, table, ids).await {
            Ok(items) => Some(items),
            Err(error) => {
                self.unreadable = Some(aws_client::chain(&error));
                None
            }
        }
    }
}
