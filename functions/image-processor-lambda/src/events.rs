//! The events of this function: for each its log line and its metrics, declared once.

use std::{
    error::Error as StdError,
    time::{Duration, SystemTime},
};

use contract::{
    image_id,
    item::Item,
    s3_event::{MalformedMessage, SkipReason},
};
use telemetry::{Counter, Dimension, Emf, Event, Size, Timer};
use tracing::{error, info, warn};

use crate::{
    error::{Fault, Permanent},
    stage::Timings,
};

/// An upload reached the processor.
#[derive(Debug)]
pub struct ImageReceived<'a> {
    /// The queue's id of the message.
    pub message_id: &'a str,
    /// How often the message was received, this time included.
    pub attempt: u32,
    /// Whether it is not only the message's first receive, but the upload's.
    pub first: bool,
    /// From the end of the upload to this receipt.
    pub queue_wait: Duration,
    /// Whether it was asked to be done again.
    pub reprocess: bool,
}

/// Thumbnails, item and notification exist.
#[derive(Debug)]
pub struct ImageProcessed<'a> {
    /// The item as recorded.
    pub item: &'a Item,
    /// From receipt to the end.
    pub elapsed: Duration,
    /// How long each step took.
    pub timings: &'a Timings,
}

/// An image was refused for good: the user's fault, which pages nobody.
#[derive(Debug)]
pub struct ImageRejected<'a> {
    /// The item as recorded.
    pub item: &'a Item,
    /// Why.
    pub error: &'a Permanent,
    /// From receipt to the end.
    pub elapsed: Duration,
}

/// Nothing was left to do.
#[derive(Debug)]
pub struct DuplicateSkipped;

/// Too little time is left to begin with a message, which comes again.
#[derive(Debug)]
pub struct UploadDeferred<'a> {
    /// The queue's id of the message.
    pub message_id: &'a str,
    /// Whether it reaches the processor for the first time: no later receive does.
    pub first: bool,
    /// From the end of the upload to this receive.
    pub queue_wait: Duration,
}

/// Another attempt is at work.
#[derive(Debug)]
pub struct ImageBusy {
    /// When this delivery comes again.
    pub wait: Duration,
}

/// A record of S3 is no upload of a user.
#[derive(Debug)]
pub struct RecordSkipped<'a> {
    /// The queue's id of the message.
    pub message_id: &'a str,
    /// Why not.
    pub reason: SkipReason,
}

/// An image was to be done again, and its object is gone.
#[derive(Debug)]
pub struct ReprocessSkipped;

/// An attempt failed and will be repeated, unless it was the last.
#[derive(Debug)]
pub struct AttemptFailed<'a> {
    /// Why.
    pub fault: &'a Fault,
    /// How often the message was received.
    pub attempt: u32,
    /// Whether the queue allows no further one: the message goes to the dead-letter queue.
    pub last: bool,
}

/// A message is no notification of S3: on its way to the dead-letter queue.
#[derive(Debug)]
pub struct MessageMalformed<'a> {
    /// The queue's id of the message.
    pub message_id: &'a str,
    /// How it differs.
    pub error: &'a MalformedMessage,
}

impl Event for ImageReceived<'_> {
    fn log(&self) {
        let queue_wait_ms = millis(self.queue_wait);
        let (message_id, attempt, reprocess) = (self.message_id, self.attempt, self.reprocess);
        info!(message_id, attempt, queue_wait_ms, reprocess, "Image received");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("message_id", self.message_id);
        emf.count(Counter::ImagesReceived, 1);
        if self.attempt > 1 {
            emf.count(Counter::Redeliveries, 1);
        }
        if self.first {
            seen(emf, self.queue_wait);
        }
    }
}

/// Counts an upload that reaches the processor for the first time.
fn seen(emf: &mut Emf, queue_wait: Duration) {
    emf.count(Counter::UploadsSeen, 1);
    emf.time(Timer::QueueWait, queue_wait);
}

impl Event for UploadDeferred<'_> {
    fn log(&self) {
        info!(message_id = self.message_id, "Too little time left to begin; the message comes again");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("message_id", self.message_id);
        if self.first {
            seen(emf, self.queue_wait);
        }
    }
}

impl Event for ImageProcessed<'_> {
    fn log(&self) {
        let elapsed_ms = millis(self.elapsed);
        info!(image_id = %self.item.image_id, elapsed_ms, "Image processed");
    }

    fn measure(&self, emf: &mut Emf) {
        let item = self.item;
        emf.property("image_id", item.image_id.to_string());
        emf.count(Counter::ImagesProcessed, 1);
        emf.time(Timer::ProcessingLatency, self.elapsed);
        // What is done again was uploaded long ago.
        if item.reprocess.is_none() {
            emf.time(Timer::UploadToDoneLatency, since(item.uploaded_at, item.processed_at));
        }
        if item.reprocess.is_none()
            && let Some(elapsed) = image_id::issued_before(item.image_id, item.uploaded_at)
        {
            emf.time(Timer::UrlToUploadLatency, elapsed);
        }
        if let Some(bytes) = item.original.bytes {
            emf.size(Size::OriginalBytes, bytes);
        }
        if let (Some(width), Some(height)) = (item.original.width, item.original.height) {
            emf.count(Counter::DecodedPixels, u64::from(width) * u64::from(height));
        }
        for thumbnail in &item.thumbnails {
            emf.size(Size::ThumbnailBytes, thumbnail.bytes);
        }
        for (stage, elapsed) in self.timings.iter() {
            emf.time_by(Timer::StageLatency, elapsed, Dimension::Stage, stage.name());
        }
    }
}

impl Event for ImageRejected<'_> {
    fn log(&self) {
        let (reason, error) = (self.error.reason(), self.error as &dyn StdError);
        info!(image_id = %self.item.image_id, reason, error, "Image rejected");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("image_id", self.item.image_id.to_string());
        emf.time(Timer::ProcessingLatency, self.elapsed);
        emf.count_by(Counter::ImagesRejected, 1, Dimension::Reason, self.error.reason());
    }
}

impl Event for DuplicateSkipped {
    fn log(&self) {
        info!("Nothing left to do for this upload");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count(Counter::Duplicates, 1);
    }
}

impl Event for ImageBusy {
    fn log(&self) {
        info!(wait_ms = millis(self.wait), "Another attempt is at work; this one comes again");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count(Counter::ImagesBusy, 1);
    }
}

impl Event for RecordSkipped<'_> {
    fn log(&self) {
        info!(message_id = self.message_id, reason = self.reason.name(), "Record is no upload: skipped");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("message_id", self.message_id);
        emf.count_by(Counter::RecordsSkipped, 1, Dimension::Reason, self.reason.name());
    }
}

impl Event for ReprocessSkipped {
    fn log(&self) {
        info!("The object is gone: the image is not done again, and its record is left as it was");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count_by(Counter::RecordsSkipped, 1, Dimension::Reason, "ObjectGone");
    }
}

impl Event for AttemptFailed<'_> {
    fn log(&self) {
        let (stage, error) = (self.fault.stage.name(), self.fault as &dyn StdError);
        warn!(stage, attempt = self.attempt, last = self.last, error, "Image left to the queue");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.count_by(Counter::ProcessingFaults, 1, Dimension::Stage, self.fault.stage.name());
    }
}

impl Event for MessageMalformed<'_> {
    fn log(&self) {
        let error = self.error as &dyn StdError;
        error!(message_id = self.message_id, error, "Message is no S3 notification");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("message_id", self.message_id);
        emf.count(Counter::MalformedMessages, 1);
    }
}

/// From `start` to `end`; nothing when clocks of different machines disagree about the order.
fn since(start: SystemTime, end: Option<SystemTime>) -> Duration {
    end.and_then(|end| end.duration_since(start).ok()).unwrap_or_default()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
