//! Receive loop: reads every message of the dead-letter queue once, classifies it, and makes it visible again.

use std::collections::{BTreeSet, HashSet};

use aws_client::AwsError;

use super::cause::{Finding, classify};
use super::content::{Content, image_ids};
use super::items::{self, Items};
use super::message::Message;
use super::queue::Queue;
use super::target::Target;

/// A message with its cause.
#[derive(Clone, Debug)]
pub(crate) struct Classified {
    pub(crate) message: Message,
    pub(crate) finding: Finding,
}

impl Classified {
    /// Its trace id: the message's own, else that of its image's item.
    pub(crate) fn trace_id(&self) -> Option<String> {
        let of_item = || self.finding.image.as_ref()?.item.as_ref()?.trace_id.clone();
        self.message.trace_id().or_else(of_item)
    }

    /// The image that it is about.
    pub(crate) fn image_id(&self) -> Option<&str> {
        self.finding.image.as_ref().map(|image| image.id.as_str())
    }
}

/// One pass over the queue. Received messages stay invisible to other consumers until [`ReceiveLoop::end`], but no
/// longer than the visibility timeout `hold_seconds`.
#[derive(Debug)]
pub(crate) struct ReceiveLoop<'a> {
    target: &'a Target,
    hold_seconds: u32,
    /// How many more messages may be returned.
    left: usize,
    seen: HashSet<String>,
    /// Receipt handles of messages that were received and not deleted.
    held: Vec<String>,
    /// Why the images' items could not be read, after the first failure.
    unreadable: Option<String>,
    /// How many receives in a row returned no new message.
    stale: usize,
    over: bool,
}

impl<'a> ReceiveLoop<'a> {
    /// A pass over at most `limit` messages.
    pub(crate) fn new(target: &'a Target, hold_seconds: u32, limit: usize) -> Self {
        let unreadable = target.table.is_none().then(|| "the table is not known".to_owned());
        Self {
            target,
            hold_seconds,
            left: limit,
            seen: HashSet::new(),
            held: Vec::new(),
            unreadable,
            stale: 0,
            over: false,
        }
    }

    /// The next messages that were not returned before; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Classified>>, AwsError> {
        while !self.over && self.left > 0 {
            let received = self.queue().receive(self.hold_seconds).await?;
            if received.is_empty() {
                self.over = true;
                break;
            }
            let mut messages = self.keep_unseen(received);
            if messages.is_empty() {
                continue;
            }
            messages.truncate(self.left);
            self.left -= messages.len();
            return Ok(Some(self.classify(messages).await));
        }
        Ok(None)
    }

    /// Why the images' items could not be read, if so.
    pub(crate) fn unreadable(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// Whether the whole queue was read, so that the limit did not end the pass.
    pub(crate) fn is_complete(&self) -> bool {
        self.over
    }

    /// Deletes a message from the queue.
    pub(crate) async fn delete(&mut self, message: &Message) -> Result<(), AwsError> {
        self.queue().delete(&message.receipt_handle).await?;
        self.held.retain(|receipt| *receipt != message.receipt_handle);
        Ok(())
    }

    /// Makes all messages that are still held visible to others again.
    pub(crate) async fn end(&mut self) {
        self.queue().give_back(&std::mem::take(&mut self.held)).await;
    }

    fn queue(&self) -> Queue<'a> {
        self.target.dead_letters()
    }

    /// Keeps the receipt handles and returns the messages that are new.
    fn keep_unseen(&mut self, received: Vec<Message>) -> Vec<Message> {
        self.held.extend(received.iter().map(|message| message.receipt_handle.clone()));
        let mut new = received;
        new.retain(|message| self.seen.insert(message.id.clone()));
        self.stale = if new.is_empty() { self.stale + 1 } else { 0 };
        // A message whose visibility timeout has ended may be received again, which hides it again. After this many
        // receives every known message is hidden, so a queue that still returns only known ones holds no others.
        self.over = self.stale > self.seen.len() / 10 + 1;
        new
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
        let bucket = self.target.bucket.as_deref();
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
        let table = self.target.table.as_deref()?;
        match items::look_up(&self.target.aws, table, ids).await {
            Ok(items) => Some(items),
            Err(error) => {
                self.unreadable = Some(aws_client::chain(&error));
                None
            }
        }
    }
}
