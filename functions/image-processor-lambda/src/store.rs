//! The port: what the processor asks of the world outside.

use std::{future::Future, time::Duration};

use contract::item::{Item, Status};
use serde_json::Value;

use crate::{
    condition::{Announced, Condition, Standing},
    error::AwsError,
};

/// An original whose headers have come and whose body has not.
#[derive(Debug)]
pub struct Opened<B> {
    /// Size of the body.
    pub bytes: u64,
    /// Entity tag, without quotes.
    pub e_tag: Option<String>,
    /// The trace context that we signed into the upload URL.
    pub traceparent: Option<String>,
    /// The body.
    pub body: B,
}

/// How a conditional write ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// The item stands; before it stood what subscribers know this of, where the condition was a claim's.
    Written(Option<Announced>),
    /// What stood there did not allow it; `None` where the database does not return it.
    Refused(Option<Standing>),
}

/// One message for the topic.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Subject of the email, ASCII and below 100 characters.
    pub subject: String,
    /// The body.
    pub body: Value,
    /// Attribute `status`.
    pub status: Status,
    /// Attribute `imageId`.
    pub image_id: String,
    /// Attribute `traceparent`.
    pub traceparent: Option<String>,
}

/// Everything outside; methods fail only for our or AWS's reasons.
pub trait Store: Sync {
    /// A body that has not been read.
    type Body: Send;

    /// Asks for an original; `None` when there is no such object.
    fn open(&self, key: &str) -> impl Future<Output = Result<Option<Opened<Self::Body>>, AwsError>> + Send;

    /// Reads a whole body.
    fn read(&self, body: Self::Body) -> impl Future<Output = Result<Vec<u8>, AwsError>> + Send;

    /// Writes a thumbnail, replacing what was there.
    fn put(&self, key: &str, jpeg: Vec<u8>) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// Writes `item` if `condition` allows it.
    fn record(
        &self,
        item: &Item,
        condition: Condition,
    ) -> impl Future<Output = Result<Recorded, AwsError>> + Send;

    /// Publishes a notification to the topic.
    fn notify(&self, note: &Note) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// Lets time pass; part of the outside so that tests need not wait for it.
    fn pause(&self, wait: Duration) -> impl Future<Output = ()> + Send;

    /// Deletes a message from the queue.
    fn delete(&self, receipt: &str) -> impl Future<Output = Result<(), AwsError>> + Send;

    /// Has the queue deliver a message again after `wait`.
    fn postpone(&self, receipt: &str, wait: Duration) -> impl Future<Output = Result<(), AwsError>> + Send;
}
