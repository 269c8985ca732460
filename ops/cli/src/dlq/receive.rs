//! A walk through the queue: every message once, each judged, none kept from others longer than needed.

use std::collections::{BTreeSet, HashSet};

use local_stack::aws::AwsError;

use super::cause::{Finding, judge};
use super::content::{Content, image_ids};
use super::items::{self, Items};
use super::message::Letter;
use super::queue::Queue;
use super::target::Place;

/// A message and what was found out about it.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(crate) letter: Letter,
    pub(crate) finding: Finding,
}

impl Judged {
    /// The trace that it belongs to: what it names itself, else that of its image's record.
    pub(crate) fn trace_id(&self) -> Option<String> {
        let of_item = || self.finding.image.as_ref()?.item.as_ref()?.trace_id.clone();
        self.letter.trace_id().or_else(of_item)
    }

    /// The image that it is about.
    pub(crate) fn image_id(&self) -> Option<&str> {
        self.finding.image.as_ref().map(|image| image.id.as_str())
    }
}

/// One walk. What it has received stays hidden from others until [`Walk::end`], but no longer than the hold.
#[derive(Debug)]
pub(crate) struct Walk<'a> {
    place: &'a Place,
    hold_seconds: u32,
    /// So many messages more.
    left: usize,
    seen: HashSet<String>,
    /// Receipts of what is not deleted.
    held: Vec<String>,
    /// Why the records could not be read, once that was tried in vain.
    unreadable: Option<String>,
    /// Receives in a row that brought nothing new.
    stale: usize,
    over: bool,
}

impl<'a> Walk<'a> {
    /// A walk through at most `limit` messages.
    pub(crate) fn new(place: &'a Place, hold_seconds: u32, limit: usize) -> Self {
        let unreadable = place.table.is_none().then(|| "the table is not known".to_owned());
        Self {
            place,
            hold_seconds,
            left: limit,
            seen: HashSet::new(),
            held: Vec::new(),
            unreadable,
            stale: 0,
            over: false,
        }
    }

    /// Some messages that were not seen before; `None` at the end.
    pub(crate) async fn next(&mut self) -> Result<Option<Vec<Judged>>, AwsError> {
        while !self.over && self.left > 0 {
            let received = self.queue().receive(self.hold_seconds).await?;
            if received.is_empty() {
                self.over = true;
                break;
            }
            let mut letters = self.sort_in(received);
            if letters.is_empty() {
                continue;
            }
            letters.truncate(self.left);
            self.left -= letters.len();
            return Ok(Some(self.judge(letters).await));
        }
        Ok(None)
    }

    /// Why records could not be read, if so.
    pub(crate) fn unreadable(&self) -> Option<&str> {
        self.unreadable.as_deref()
    }

    /// Whether nothing was left when the walk came to its end.
    pub(crate) fn is_complete(&self) -> bool {
        self.over
    }

    /// Deletes a message for good.
    pub(crate) async fn delete(&mut self, letter: &Letter) -> Result<(), AwsError> {
        self.queue().delete(&letter.receipt_handle).await?;
        self.held.retain(|receipt| *receipt != letter.receipt_handle);
        Ok(())
    }

    /// Gives everything back to the queue.
    pub(crate) async fn end(&mut self) {
        self.queue().give_back(&std::mem::take(&mut self.held)).await;
    }

    fn queue(&self) -> Queue<'a> {
        self.place.dead_letters()
    }

    /// Keeps the receipts and answers what is new.
    fn sort_in(&mut self, received: Vec<Letter>) -> Vec<Letter> {
        self.held.extend(received.iter().map(|letter| letter.receipt_handle.clone()));
        let mut new = received;
        new.retain(|letter| self.seen.insert(letter.message_id.clone()));
        self.stale = if new.is_empty() { self.stale + 1 } else { 0 };
        // What comes back once the hold is over is hidden again by its receive: after so many receives of known
        // messages every known one is hidden, and a queue that still gives none but those has no others.
        self.over = self.stale > self.seen.len() / 10 + 1;
        new
    }

    async fn judge(&mut self, letters: Vec<Letter>) -> Vec<Judged> {
        let read: Vec<(Letter, Content)> = letters
            .into_iter()
            .map(|letter| {
                let content = Content::read(&letter.body);
                (letter, content)
            })
            .collect();
        let items = self.items(read.iter().map(|(_, content)| content)).await;
        let bucket = self.place.bucket.as_deref();
        read.into_iter()
            .map(|(letter, content)| Judged { letter, finding: judge(&content, bucket, items.as_ref()) })
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
        let table = self.place.table.as_deref()?;
        match items::look_up(&self.place.aws, table, ids).await {
            Ok(items) => Some(items),
            Err(error) => {
                self.unreadable = Some(local_stack::observe::logs::chain(&error));
                None
            }
        }
    }
}
