//! One pass over a queue: each message once.

use std::collections::HashSet;

use aws_client::AwsError;

use super::{Message, Queue};

/// A pass over a queue. Received messages stay invisible to other consumers until [`Pass::end`], but no longer than the
/// visibility timeout `hold_seconds`.
#[derive(Debug)]
pub struct Pass<'a> {
    queue: Queue<'a>,
    hold_seconds: u32,
    /// How many more messages may be returned.
    left: usize,
    seen: HashSet<String>,
    /// Receipt handles of messages that were received and not deleted.
    held: Vec<String>,
    /// How many receives in a row returned no new message.
    stale: usize,
    over: bool,
}

impl<'a> Pass<'a> {
    /// A pass over at most `limit` messages.
    #[must_use]
    pub fn new(queue: Queue<'a>, hold_seconds: u32, limit: usize) -> Self {
        Self {
            queue,
            hold_seconds,
            left: limit,
            seen: HashSet::new(),
            held: Vec::new(),
            stale: 0,
            over: false,
        }
    }

    /// The next messages that were not returned before; `None` at the end.
    ///
    /// # Errors
    ///
    /// When the queue cannot be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Message>>, AwsError> {
        while !self.over && self.left > 0 {
            let received = self.queue.receive(self.hold_seconds).await?;
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
            return Ok(Some(messages));
        }
        Ok(None)
    }

    /// Whether the whole queue was read, so that the limit did not end the pass.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.over
    }

    /// Deletes a message from the queue.
    ///
    /// # Errors
    ///
    /// When SQS refuses, or does not answer.
    pub async fn delete(&mut self, message: &Message) -> Result<(), AwsError> {
        self.queue.delete(&message.receipt_handle).await?;
        self.held.retain(|receipt| *receipt != message.receipt_handle);
        Ok(())
    }

    /// Makes all messages that are still held visible to others again.
    pub async fn end(&mut self) {
        self.queue.give_back(&std::mem::take(&mut self.held)).await;
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
}
