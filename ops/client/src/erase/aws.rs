//! The port's adapter to S3, DynamoDB, SQS, Lambda and Cognito.

use std::time::{Duration, SystemTime};

use aws_client::{Aws, AwsError};
use contract::item::Record;
use contract::s3_event;
use http::Method;
use serde_json::{Value, json};
use uuid::Uuid;

use super::estate::{Estate, Version};
use super::subject::Subject;
use super::versions;
use crate::audit::listing::unexpected;
use crate::audit::source::{Bucket, Page};
use crate::queue::{Attributes, Pass, Queue};
use crate::retry::while_busy;
use crate::stack::MissingOutput;

/// For so long a message of the dead-letter queue is hidden from others, as `ops dlq` hides it.
const HOLD_SECONDS: u32 = 60;
/// A queue without a redrive policy tries a message as often as the template's default has it.
const MAX_RECEIVES: u32 = 5;
/// What is read of an item.
const ATTRIBUTES: [&str; 6] = ["imageId", "originalS3Key", "status", "eTag", "notified", "claimedUntil"];

/// A stack of the template.
#[derive(Debug)]
pub struct AwsEstate {
    aws: Aws,
    originals: String,
    thumbnails: String,
    table: String,
    queue: String,
    dead_letters: String,
    pool: String,
    processor: String,
}

impl AwsEstate {
    /// The stack whose outputs `output` finds.
    ///
    /// # Errors
    ///
    /// When it lacks one.
    pub fn new<'a>(
        aws: Aws,
        output: impl Fn(&'static str) -> Result<&'a str, MissingOutput>,
    ) -> Result<Self, MissingOutput> {
        let named = |name| output(name).map(str::to_owned);
        Ok(Self {
            aws,
            originals: named("OriginalBucketName")?,
            thumbnails: named("ProcessedBucketName")?,
            table: named("MetadataTableName")?,
            queue: named("QueueUrl")?,
            dead_letters: named("DeadLetterQueueUrl")?,
            pool: named("UserPoolId")?,
            processor: named("ImageProcessorFunctionName")?,
        })
    }

    fn bucket(&self, bucket: Bucket) -> &str {
        match bucket {
            Bucket::Originals => &self.originals,
            Bucket::Thumbnails => &self.thumbnails,
        }
    }

    async fn dynamodb(&self, operation: &str, ask: Value) -> Result<Value, AwsError> {
        let target = format!("DynamoDB_20120810.{operation}");
        while_busy(async || self.aws.json("dynamodb", &target, ask.clone()).await).await
    }

    /// Calls the user pool's API about one user; `None` if there is no such user.
    async fn cognito(&self, operation: &str, user: &str) -> Result<Option<Value>, AwsError> {
        let target = format!("AWSCognitoIdentityProviderService.{operation}");
        let ask = json!({"UserPoolId": self.pool, "Username": user});
        let answer = while_busy(async || self.aws.json("cognito-idp", &target, ask.clone()).await).await;
        match answer {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("UserNotFoundException") => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The same for a subject, which may be an image.
    async fn about(&self, operation: &str, subject: &Subject) -> Result<Option<Value>, AwsError> {
        match subject {
            Subject::User { sub, .. } => self.cognito(operation, sub).await,
            Subject::Image { .. } => Ok(None),
        }
    }
}

impl Estate for AwsEstate {
    async fn versions(
        &self,
        bucket: Bucket,
        prefix: &str,
        from: Option<String>,
    ) -> Result<Page<Version>, AwsError> {
        let name = self.bucket(bucket);
        while_busy(async || versions::list(&self.aws, name, prefix, from.as_deref()).await).await
    }

    async fn delete_version(&self, bucket: Bucket, version: &Version) -> Result<(), AwsError> {
        while_busy(async || versions::delete(&self.aws, self.bucket(bucket), version).await).await
    }

    async fn items(&self, subject: &Subject, from: Option<String>) -> Result<Page<Record>, AwsError> {
        if let Subject::Image { id, .. } = subject {
            let item = self.item(*id).await?;
            return Ok(Page { entries: item.into_iter().collect(), next: None });
        }
        // `status` is a reserved word, so that all names are given as placeholders.
        let names: serde_json::Map<String, Value> =
            (0..).zip(ATTRIBUTES).map(|(number, name)| (format!("#{number}"), name.into())).collect();
        let mut ask = json!({
            "TableName": self.table, "ConsistentRead": true,
            "ProjectionExpression": names.keys().cloned().collect::<Vec<_>>().join(","),
            "FilterExpression": "begins_with(#1, :folder)",
            "ExpressionAttributeNames": names,
            "ExpressionAttributeValues": {":folder": {"S": subject.prefix()}},
        });
        if let (Some(from), Some(ask)) = (from, ask.as_object_mut()) {
            let from =
                serde_json::from_str(&from).map_err(|_| unexpected("dynamodb Scan", "its key is no JSON"))?;
            ask.insert("ExclusiveStartKey".to_owned(), from);
        }
        let answer = self.dynamodb("Scan", ask).await?;
        let Some(items) = answer.get("Items").and_then(Value::as_array) else {
            return Err(unexpected("dynamodb Scan", "it has no items"));
        };
        let next = answer.get("LastEvaluatedKey").filter(|key| !key.is_null()).map(Value::to_string);
        Ok(Page { entries: items.iter().map(Record::of_tagged).collect(), next })
    }

    async fn item(&self, image_id: Uuid) -> Result<Option<Record>, AwsError> {
        let key = json!({"imageId": {"S": image_id.to_string()}});
        let ask = json!({"TableName": self.table, "Key": key, "ConsistentRead": true});
        Ok(self.dynamodb("GetItem", ask).await?.get("Item").map(Record::of_tagged))
    }

    async fn delete_item(&self, image_id: &str, key: &str) -> Result<(), AwsError> {
        let ask = json!({
            "TableName": self.table, "Key": {"imageId": {"S": image_id}},
            "ConditionExpression": "originalS3Key = :key",
            "ExpressionAttributeValues": {":key": {"S": key}},
        });
        match self.dynamodb("DeleteItem", ask).await {
            // Gone already.
            Err(error) if error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            done => done.map(drop),
        }
    }

    async fn dead_letters(
        &self,
        owns: &(dyn Fn(&str) -> bool + Sync),
        delete: bool,
    ) -> Result<u64, AwsError> {
        let queue = Queue { aws: &self.aws, url: &self.dead_letters };
        let mut pass = Pass::new(queue, HOLD_SECONDS, usize::MAX);
        let mut count = 0;
        let read = loop {
            let messages = match pass.next().await {
                Ok(Some(messages)) => messages,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            };
            let mut deleted = Ok(());
            for message in messages.iter().filter(|message| is_about(&message.body, owns)) {
                count += 1;
                if delete && deleted.is_ok() {
                    deleted = pass.delete(message).await;
                }
            }
            if deleted.is_err() {
                break deleted;
            }
        };
        pass.end().await;
        read.map(|()| count)
    }

    async fn tries_for(&self) -> Result<Duration, AwsError> {
        let queue = Queue { aws: &self.aws, url: &self.queue };
        let Attributes { visibility, max_receives, .. } =
            while_busy(async || queue.attributes().await).await?;
        Ok(visibility.saturating_mul(max_receives.unwrap_or(MAX_RECEIVES)))
    }

    async fn attempt_time(&self) -> Result<Duration, AwsError> {
        let path = format!("/2015-03-31/functions/{}/configuration", self.processor);
        let answer =
            while_busy(async || self.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await).await?;
        let configuration: Option<Value> = serde_json::from_slice(answer.body()).ok();
        let timeout = configuration.as_ref().and_then(|it| it.get("Timeout")?.as_u64());
        let lacks = || unexpected("lambda GetFunctionConfiguration", "it has no timeout");
        timeout.map(Duration::from_secs).ok_or_else(lacks)
    }

    async fn sub_of(&self, email: &str) -> Result<Option<String>, AwsError> {
        let user = self.cognito("AdminGetUser", email).await?;
        let attributes = user.as_ref().and_then(|user| user.get("UserAttributes")?.as_array());
        let sub =
            attributes.into_iter().flatten().find(|it| it.get("Name").is_some_and(|name| name == "sub"));
        Ok(sub.and_then(|sub| sub.get("Value")?.as_str()).map(str::to_owned))
    }

    async fn user(&self, subject: &Subject) -> Result<bool, AwsError> {
        Ok(self.about("AdminGetUser", subject).await?.is_some())
    }

    async fn sign_out(&self, subject: &Subject) -> Result<(), AwsError> {
        self.about("AdminDisableUser", subject).await?;
        self.about("AdminUserGlobalSignOut", subject).await.map(drop)
    }

    async fn delete_user(&self, subject: &Subject) -> Result<(), AwsError> {
        self.about("AdminDeleteUser", subject).await.map(drop)
    }
}

/// Whether a message is about these keys and no others.
fn is_about(body: &str, owns: &(dyn Fn(&str) -> bool + Sync)) -> bool {
    let uploads = s3_event::read(body, SystemTime::now()).map(s3_event::Notification::uploads);
    let uploads = uploads.unwrap_or_default();
    !uploads.is_empty() && uploads.iter().all(|upload| owns(&upload.key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_about_a_user_if_all_its_uploads_are_theirs() {
        let upload = |key: &str| s3_event::Upload {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            at: SystemTime::now(),
            sequencer: "1".to_owned(),
            reprocess: None,
        };
        let owns = |key: &str| key.starts_with("user-uploads/a/");
        assert!(is_about(&s3_event::write(&upload("user-uploads/a/x.jpg")), &owns));
        assert!(!is_about(&s3_event::write(&upload("user-uploads/b/x.jpg")), &owns));
        assert!(!is_about("poison", &owns) && !is_about(r#"{"Records":[]}"#, &owns));
    }
}
