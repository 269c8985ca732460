//! The port's adapter to S3, DynamoDB and SQS.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};
use std::time::SystemTime;

use aws_client::{Aws, AwsError};
use contract::image_id::image_id;
use contract::item::Record;
use contract::s3_event;
use contract::thumbnail_key::THUMBNAILS;
use http::Method;
use serde_json::{Value, json};
use url::form_urlencoded;
use uuid::Uuid;

use super::lifecycle;
use super::listing::{self, path_of, unexpected};
use super::source::{Bucket, DeadLetters, Expiry, Object, Page, QueueState, Source};
use crate::queue::{Attributes, Pass, Queue};
use crate::retry::while_busy;
use crate::stack::MissingOutput;

/// The folder of uploads.
const UPLOADS: &str = "user-uploads/";
/// For so long a message of the dead-letter queue is hidden from others, as `ops dlq` hides it.
const HOLD_SECONDS: u32 = 60;
/// A message without a redrive policy is tried as often as the template's default has it.
const MAX_RECEIVES: u32 = 5;

/// A stack's buckets, table and queues.
#[derive(Debug)]
pub struct AwsSource {
    aws: Aws,
    originals: String,
    thumbnails: String,
    table: String,
    queue: String,
    dead_letters: String,
    /// Messages of the dead-letter queue that are read at most.
    dead_letter_limit: usize,
    requests: Mutex<BTreeMap<&'static str, u64>>,
}

impl AwsSource {
    /// The stack whose outputs `output` finds.
    ///
    /// # Errors
    ///
    /// When it lacks one.
    pub fn new<'a>(
        aws: Aws,
        output: impl Fn(&'static str) -> Result<&'a str, MissingOutput>,
        dead_letter_limit: usize,
    ) -> Result<Self, MissingOutput> {
        let named = |name| output(name).map(str::to_owned);
        Ok(Self {
            aws,
            originals: named("OriginalBucketName")?,
            thumbnails: named("ProcessedBucketName")?,
            table: named("MetadataTableName")?,
            queue: named("QueueUrl")?,
            dead_letters: named("DeadLetterQueueUrl")?,
            dead_letter_limit,
            requests: Mutex::default(),
        })
    }

    fn bucket(&self, bucket: Bucket) -> &str {
        match bucket {
            Bucket::Originals => &self.originals,
            Bucket::Thumbnails => &self.thumbnails,
        }
    }

    /// Makes a call, again after growing waits while the service is busy.
    async fn call<T>(
        &self,
        operation: &'static str,
        ask: impl AsyncFn() -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        while_busy(async || {
            *self.requests.lock().unwrap_or_else(PoisonError::into_inner).entry(operation).or_default() += 1;
            ask().await
        })
        .await
    }

    async fn dynamodb(&self, operation: &'static str, ask: &Value) -> Result<Value, AwsError> {
        let target = format!("DynamoDB_20120810.{operation}");
        self.call(operation, async || self.aws.json("dynamodb", &target, ask.clone()).await).await
    }

    async fn get(&self, operation: &'static str, method: Method, path: &str) -> Result<Answer, AwsError> {
        let asked = self
            .call(operation, async || self.aws.rest("s3", method.clone(), path, Vec::new(), &[]).await)
            .await;
        match asked {
            Ok(answer) => Ok(Some(answer)),
            Err(AwsError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn page(
        &self,
        bucket: Bucket,
        prefix: &str,
        from: Option<String>,
    ) -> Result<Page<Object>, AwsError> {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("list-type", "2").append_pair("encoding-type", "url").append_pair("prefix", prefix);
        query.extend_pairs(from.iter().map(|token| ("continuation-token", token)));
        // S3 signs `%20`, and no plus.
        let path = format!("/{}?{}", self.bucket(bucket), query.finish().replace('+', "%20"));
        let answer = self.get("ListObjectsV2", Method::GET, &path).await?;
        let Some(answer) = answer else {
            return Err(unexpected("s3 ListObjectsV2", "there is no such bucket"));
        };
        listing::read(&String::from_utf8_lossy(answer.body()))
    }
}

/// An answer, unless there is no such object.
type Answer = Option<http::Response<bytes::Bytes>>;

impl Source for AwsSource {
    async fn list(&self, bucket: Bucket, from: Option<String>) -> Result<Page<Object>, AwsError> {
        self.page(bucket, folder(bucket), from).await
    }

    async fn scan(&self, from: Option<String>) -> Result<Page<Record>, AwsError> {
        // Some names are reserved words, so that all are given as placeholders.
        let names: Vec<String> = (0..ATTRIBUTES.len()).map(|number| format!("#{number}")).collect();
        let placeholders: BTreeMap<&String, &str> = names.iter().zip(ATTRIBUTES).collect();
        let mut ask = json!({
            "TableName": self.table, "ProjectionExpression": names.join(","),
            "ExpressionAttributeNames": placeholders,
        });
        if let (Some(from), Some(ask)) = (from, ask.as_object_mut()) {
            let from = serde_json::from_str(&from);
            let from = from.map_err(|source| AwsError::Answer {
                call: "dynamodb Scan".to_owned(),
                source: Box::new(source),
            })?;
            ask.insert("ExclusiveStartKey".to_owned(), from);
        }
        let answer = self.dynamodb("Scan", &ask).await?;
        let Some(items) = answer.get("Items").and_then(Value::as_array) else {
            return Err(unexpected("dynamodb Scan", "it has no items"));
        };
        let next = answer.get("LastEvaluatedKey").filter(|key| !key.is_null()).map(Value::to_string);
        Ok(Page { entries: items.iter().map(Record::of_tagged).collect(), next })
    }

    async fn item(&self, image_id: Uuid) -> Result<Option<Record>, AwsError> {
        let key = json!({"imageId": {"S": image_id.to_string()}});
        let ask = json!({"TableName": self.table, "Key": key, "ConsistentRead": true});
        Ok(self.dynamodb("GetItem", &ask).await?.get("Item").map(Record::of_tagged))
    }

    async fn object(&self, bucket: Bucket, key: &str) -> Result<Option<Object>, AwsError> {
        let path = format!("/{}/{}", self.bucket(bucket), path_of(key));
        let Some(answer) = self.get("HeadObject", Method::HEAD, &path).await? else { return Ok(None) };
        let field = |name: &str| answer.headers().get(name)?.to_str().ok();
        let modified = field("last-modified").and_then(|text| httpdate::parse_http_date(text).ok());
        let bytes = field("content-length").and_then(|text| text.parse().ok());
        let e_tag = field("etag").map(|tag| tag.trim_matches('"').to_owned());
        match (bytes, e_tag, modified) {
            (Some(bytes), Some(e_tag), Some(modified)) => {
                Ok(Some(Object { key: key.to_owned(), bytes, e_tag, modified }))
            }
            _ => Err(unexpected("s3 HeadObject", "it lacks the object's size, entity tag or time")),
        }
    }

    async fn thumbnails(&self, image_id: Uuid) -> Result<Vec<Object>, AwsError> {
        Ok(self.page(Bucket::Thumbnails, &format!("{THUMBNAILS}{image_id}"), None).await?.entries)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, AwsError> {
        let path = format!("/{}/{}", self.thumbnails, path_of(key));
        let answer = self.get("GetObject", Method::GET, &path).await?;
        Ok(answer.map(|answer| answer.into_body().to_vec()))
    }

    async fn queue(&self) -> Result<QueueState, AwsError> {
        let queue = Queue { aws: &self.aws, url: &self.queue };
        let Attributes { messages, visibility, max_receives, retention, .. } =
            self.call("GetQueueAttributes", async || queue.attributes().await).await?;
        let tries_for = visibility.saturating_mul(max_receives.unwrap_or(MAX_RECEIVES));
        Ok(QueueState { messages, tries_for, keeps_for: retention })
    }

    async fn dead_letters(&self) -> Result<DeadLetters, AwsError> {
        let queue = Queue { aws: &self.aws, url: &self.dead_letters };
        let hidden = self.call("GetQueueAttributes", async || queue.counts().await).await?.hidden;
        let mut pass = Pass::new(queue, HOLD_SECONDS, self.dead_letter_limit);
        let mut images = HashSet::new();
        let read = loop {
            match pass.next().await {
                Ok(Some(messages)) => {
                    let bodies = messages.iter().map(|message| message.body.as_str());
                    images.extend(bodies.flat_map(images_of));
                }
                end => break end,
            }
        };
        pass.end().await;
        read?;
        Ok(DeadLetters { images, is_complete: pass.is_complete() && hidden == 0 })
    }

    async fn expiry(&self, bucket: Bucket) -> Result<Expiry, AwsError> {
        let path = format!("/{}?lifecycle=", self.bucket(bucket));
        let answer = self.get("GetBucketLifecycleConfiguration", Method::GET, &path).await?;
        Ok(answer
            .map(|answer| lifecycle::expiry(&String::from_utf8_lossy(answer.body()), folder(bucket)))
            .unwrap_or_default())
    }

    fn requests(&self) -> BTreeMap<&'static str, u64> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The attributes of an item that are read.
const ATTRIBUTES: [&str; 18] = [
    "imageId",
    "originalS3Key",
    "processedS3Key",
    "status",
    "reason",
    "eTag",
    "thumbnailBytes",
    "thumbnailWidth",
    "thumbnailHeight",
    "otherThumbnails",
    "notified",
    "claimedUntil",
    "uploadedAt",
    "processedAt",
    "sequencer",
    "width",
    "height",
    "reprocess",
];

/// The images that a message is about.
fn images_of(body: &str) -> Vec<Uuid> {
    let uploads = s3_event::read(body, SystemTime::now()).map(s3_event::Notification::uploads);
    uploads.unwrap_or_default().iter().map(|upload| image_id(&upload.key)).collect()
}

/// What is looked at of a bucket.
fn folder(bucket: Bucket) -> &'static str {
    match bucket {
        Bucket::Originals => UPLOADS,
        Bucket::Thumbnails => THUMBNAILS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_that_is_no_notification_is_about_no_image() {
        assert!(images_of("poison").is_empty());
    }
}
