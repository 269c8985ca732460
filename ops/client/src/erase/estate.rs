//! The port: what an erasure asks of a stack, and what it does to it.

use std::time::{Duration, SystemTime};

use aws_client::AwsError;
use contract::item::Record;
use uuid::Uuid;

use super::subject::Subject;
use crate::audit::source::{Bucket, Page};

/// A version of an object, or a delete marker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its key.
    pub key: String,
    /// Its id; `null` where the bucket keeps no versions.
    pub id: String,
    /// Whether it is what a reader gets.
    pub is_latest: bool,
    /// Its entity tag without quotes; empty for a delete marker.
    pub e_tag: String,
    /// When it was stored.
    pub modified: SystemTime,
}

/// A stack from which something is erased.
pub trait Estate: Sync {
    /// A page of all versions and delete markers below a prefix, the newest of a key first.
    fn versions(
        &self,
        bucket: Bucket,
        prefix: &str,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Version>, AwsError>>;

    /// Deletes a version for good.
    fn delete_version(&self, bucket: Bucket, version: &Version)
    -> impl Future<Output = Result<(), AwsError>>;

    /// A page of the subject's items.
    fn items(
        &self,
        subject: &Subject,
        from: Option<String>,
    ) -> impl Future<Output = Result<Page<Record>, AwsError>>;

    /// An image's item.
    fn item(&self, image_id: Uuid) -> impl Future<Output = Result<Option<Record>, AwsError>>;

    /// Deletes an item, if it still is of this original.
    fn delete_item(&self, image_id: &str, key: &str) -> impl Future<Output = Result<(), AwsError>>;

    /// How many messages of the dead-letter queue are about these keys alone; they are deleted where asked.
    fn dead_letters(
        &self,
        owns: &(dyn Fn(&str) -> bool + Sync),
        delete: bool,
    ) -> impl Future<Output = Result<u64, AwsError>>;

    /// How long the processing queue tries a message.
    fn tries_for(&self) -> impl Future<Output = Result<Duration, AwsError>>;

    /// How long an attempt of the processor lasts at most.
    fn attempt_time(&self) -> impl Future<Output = Result<Duration, AwsError>>;

    /// The id of the user who has this email address.
    fn sub_of(&self, email: &str) -> impl Future<Output = Result<Option<String>, AwsError>>;

    /// Whether the subject is a user of the pool.
    fn user(&self, subject: &Subject) -> impl Future<Output = Result<bool, AwsError>>;

    /// Keeps the user from signing in, and from getting new tokens or credentials.
    fn sign_out(&self, subject: &Subject) -> impl Future<Output = Result<(), AwsError>>;

    /// Deletes the user from the pool.
    fn delete_user(&self, subject: &Subject) -> impl Future<Output = Result<(), AwsError>>;
}
