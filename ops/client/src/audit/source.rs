//! The port: what an audit asks of a stack. Nothing of it writes.

use std::collections::{BTreeMap, HashSet};
use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use contract::item::Record;
use uuid::Uuid;

/// One of the two buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// Uploads.
    Originals,
    /// Thumbnails.
    Thumbnails,
}

/// The current version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its key, decoded.
    pub key: String,
    /// Its size.
    pub bytes: u64,
    /// Its entity tag, without quotes.
    pub e_tag: String,
    /// When it was stored.
    pub modified: SystemTime,
}

/// One page of a listing or of the table.
#[derive(Clone, Debug)]
pub struct Page<T> {
    /// What is on it.
    pub entries: Vec<T>,
    /// Where the next one starts; `None` on the last.
    pub next: Option<String>,
}

/// The processing queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueState {
    /// About how many messages it holds, whoever has them in hand.
    pub messages: u64,
    /// How long it tries a message that its consumer never answers for.
    pub tries_for: Duration,
    /// How long it keeps a message.
    pub keeps_for: Duration,
}

/// What the dead-letter queue holds.
#[derive(Clone, Debug, Default)]
pub struct DeadLetters {
    /// The images that its messages are about.
    pub images: HashSet<Uuid>,
    /// Whether all of it was read; not while others hold messages, nor past the limit.
    pub is_complete: bool,
}

/// After which ages S3 deletes objects of a bucket by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expiry {
    /// Every object.
    pub all: Option<Duration>,
    /// An object of more than this many bytes.
    pub larger_than: Option<(u64, Duration)>,
}

/// A stack that is audited; each method is one or more calls that read.
pub trait Source: Sync {
    /// A page of a bucket's listing: of `user-uploads/`, or of `processed/`.
    fn list(
        &self,
        bucket: Bucket,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Object>, AwsError>>;

    /// A page of the table.
    fn scan(&self, from: Option<String>) -> impl Future<Output = Result<Page<Record>, AwsError>>;

    /// An image's item as it is now.
    fn item(&self, image_id: Uuid) -> impl Future<Output = Result<Option<Record>, AwsError>>;

    /// An object as it is now.
    fn object(&self, bucket: Bucket, key: &str) -> impl Future<Output = Result<Option<Object>, AwsError>>;

    /// All thumbnails that are named after an image, as they are now.
    fn thumbnails(&self, image_id: Uuid) -> impl Future<Output = Result<Vec<Object>, AwsError>>;

    /// The bytes of a thumbnail.
    fn read(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, AwsError>>;

    /// The processing queue.
    fn queue(&self) -> impl Future<Output = Result<QueueState, AwsError>>;

    /// Reads the dead-letter queue; its messages are hidden from others meanwhile.
    fn dead_letters(&self) -> impl Future<Output = Result<DeadLetters, AwsError>>;

    /// When S3 deletes objects of a bucket.
    fn expiry(&self, bucket: Bucket) -> impl Future<Output = Result<Expiry, AwsError>>;

    /// How often each API operation was called so far.
    fn requests(&self) -> BTreeMap<&'static str, u64>;
}
