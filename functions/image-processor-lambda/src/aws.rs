//! The port's adapter to S3, DynamoDB, SNS and SQS.

mod calls;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime},
};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    operation::put_item::{PutItemError, builders::PutItemFluentBuilder},
    types::{AttributeValue, ReturnValue, ReturnValuesOnConditionCheckFailure},
};
use aws_sdk_s3::{operation::get_object::GetObjectError, primitives::ByteStream};
use aws_sdk_sns::types::MessageAttributeValue;
use contract::{
    completion,
    item::{Attribute, Item, Record},
};
use telemetry::context;

use crate::{
    condition::{Condition, Standing},
    config::Config,
    error::AwsError,
    store::{Note, Opened, Recorded, Store},
};

/// The longest wait that a queue takes, in seconds: twelve hours.
const LONGEST_WAIT_SECONDS: i32 = 43_200;

/// `Condition::Known` as the database reads it, for a message of S3; without an item no comparison holds.
const KNOWN: &str = "(originalS3Key = :key AND (notified = :yes OR claimedUntil < :now) \
    AND (sequencer < :sequencer OR (sequencer = :sequencer \
    AND attribute_not_exists(reprocess) AND notified = :no)))";
/// The same for what is to be done again. An attribute that is missing is less than nothing to the database.
const KNOWN_AGAIN: &str = "(originalS3Key = :key AND (notified = :yes OR claimedUntil < :now) \
    AND (sequencer < :sequencer OR (sequencer = :sequencer \
    AND (attribute_not_exists(reprocess) OR reprocess < :reprocess OR (reprocess = :reprocess AND notified = :no)))))";
/// What `Condition::Free` allows beyond that.
const OR_UNKNOWN: &str = " OR attribute_not_exists(imageId)";
/// `Condition::Begun` as the database reads it.
const BEGUN: &str = "originalS3Key = :key AND sequencer = :sequencer AND reprocess = :reprocess \
    AND notified = :no AND claimedUntil < :now";
/// `Condition::Mine` as the database reads it.
const MINE: &str = "attempt = :attempt";

/// The services of the account that the environment's credentials belong to.
#[derive(Clone, Debug)]
pub struct AwsStore {
    s3: aws_sdk_s3::Client,
    dynamodb: aws_sdk_dynamodb::Client,
    sns: aws_sdk_sns::Client,
    sqs: aws_sdk_sqs::Client,
    config: Config,
}

impl AwsStore {
    /// Clients with the credentials of the environment.
    pub async fn load(config: &Config) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        let spans = calls::spans();
        let s3 = aws_sdk_s3::config::Builder::from(&sdk).interceptor(spans.clone());
        let dynamodb = aws_sdk_dynamodb::config::Builder::from(&sdk).interceptor(spans.clone());
        let sns = aws_sdk_sns::config::Builder::from(&sdk).interceptor(spans.clone());
        let sqs = aws_sdk_sqs::config::Builder::from(&sdk).interceptor(spans);
        Self {
            s3: aws_sdk_s3::Client::from_conf(s3.build()),
            dynamodb: aws_sdk_dynamodb::Client::from_conf(dynamodb.build()),
            sns: aws_sdk_sns::Client::from_conf(sns.build()),
            sqs: aws_sdk_sqs::Client::from_conf(sqs.build()),
            config: config.clone(),
        }
    }
}

impl Store for AwsStore {
    type Body = ByteStream;

    async fn open(&self, key: &str) -> Result<Option<Opened<ByteStream>>, AwsError> {
        let asked = self.s3.get_object().bucket(&self.config.original_bucket).key(key).send().await;
        let object = match asked {
            Ok(object) => object,
            Err(error) if matches!(error.as_service_error(), Some(GetObjectError::NoSuchKey(_))) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let bytes = object.content_length().unwrap_or_default();
        Ok(Some(Opened {
            bytes: u64::try_from(bytes).unwrap_or_default(),
            e_tag: object.e_tag().map(|tag| tag.trim_matches('"').to_owned()),
            traceparent: object.metadata().and_then(|it| it.get(context::TRACEPARENT)).cloned(),
            body: object.body,
        }))
    }

    async fn read(&self, body: ByteStream) -> Result<Vec<u8>, AwsError> {
        Ok(body.collect().await?.to_vec())
    }

    async fn put(&self, key: &str, jpeg: Vec<u8>) -> Result<(), AwsError> {
        let request = self.s3.put_object().bucket(&self.config.processed_bucket).key(key);
        request.content_type("image/jpeg").body(jpeg.into()).send().await?;
        Ok(())
    }

    async fn record(&self, item: &Item, condition: Condition) -> Result<Recorded, AwsError> {
        let request = self
            .dynamodb
            .put_item()
            .table_name(&self.config.metadata_table)
            .set_item(Some(item.attributes().map(|(name, it)| (name.to_owned(), value(it))).collect()))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match condition {
            Condition::Free(now) => claim(request, item, now, OR_UNKNOWN),
            Condition::Known(now) => claim(request, item, now, ""),
            Condition::Begun(now) => request
                .condition_expression(BEGUN)
                .expression_attribute_values(":key", text(&item.original_key))
                .expression_attribute_values(":sequencer", text(&item.sequencer))
                .expression_attribute_values(":reprocess", number(item.reprocess.unwrap_or_default()))
                .expression_attribute_values(":no", AttributeValue::Bool(false))
                .expression_attribute_values(":now", value(Attribute::millis(now))),
            Condition::Mine => request
                .condition_expression(MINE)
                .expression_attribute_values(":attempt", text(&item.attempt.to_string())),
        };
        match request.send().await {
            Ok(written) => {
                let before = written.attributes().and_then(standing);
                Ok(Recorded::Written(before.and_then(|standing| standing.announced)))
            }
            Err(error) => match error.as_service_error() {
                Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                    Ok(Recorded::Refused(refused.item().and_then(standing)))
                }
                _ => Err(error.into()),
            },
        }
    }

    async fn notify(&self, note: &Note) -> Result<(), AwsError> {
        let mut request = self
            .sns
            .publish()
            .topic_arn(&self.config.topic_arn)
            .subject(&note.subject)
            .message(note.body.to_string())
            .message_attributes(completion::STATUS, message_attribute(note.status.name())?)
            .message_attributes(completion::IMAGE_ID, message_attribute(&note.image_id)?);
        if let Some(traceparent) = &note.traceparent {
            request = request.message_attributes(context::TRACEPARENT, message_attribute(traceparent)?);
        }
        request.send().await?;
        Ok(())
    }

    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        self.sqs.delete_message().queue_url(&self.config.queue_url).receipt_handle(receipt).send().await?;
        Ok(())
    }

    async fn postpone(&self, receipt: &str, wait: Duration) -> Result<(), AwsError> {
        // Whole seconds are all that the queue takes; rounded up, so that no wait becomes none.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        let seconds = i32::try_from(seconds).unwrap_or(LONGEST_WAIT_SECONDS).min(LONGEST_WAIT_SECONDS);
        let request = self.sqs.change_message_visibility().queue_url(&self.config.queue_url);
        request.receipt_handle(receipt).visibility_timeout(seconds).send().await?;
        Ok(())
    }
}

/// A put that claims: its condition with the values, and the item before as the answer.
fn claim(request: PutItemFluentBuilder, item: &Item, now: SystemTime, beyond: &str) -> PutItemFluentBuilder {
    let known = if item.reprocess.is_some() { KNOWN_AGAIN } else { KNOWN };
    let reprocess = item.reprocess.map(|at| HashMap::from([(":reprocess".to_owned(), number(at))]));
    request
        .return_values(ReturnValue::AllOld)
        .condition_expression(format!("{known}{beyond}"))
        .set_expression_attribute_values(reprocess)
        .expression_attribute_values(":key", text(&item.original_key))
        .expression_attribute_values(":sequencer", text(&item.sequencer))
        .expression_attribute_values(":now", value(Attribute::millis(now)))
        .expression_attribute_values(":yes", AttributeValue::Bool(true))
        .expression_attribute_values(":no", AttributeValue::Bool(false))
}

fn message_attribute(value: &str) -> Result<MessageAttributeValue, AwsError> {
    Ok(MessageAttributeValue::builder().data_type("String").string_value(value).build()?)
}

/// An attribute as the SDK has it.
fn value(attribute: Attribute) -> AttributeValue {
    match attribute {
        Attribute::S(text) => AttributeValue::S(text),
        Attribute::N(number) => AttributeValue::N(number),
        Attribute::Bool(yes) => AttributeValue::Bool(yes),
        Attribute::L(texts) => AttributeValue::L(texts.into_iter().map(AttributeValue::S).collect()),
    }
}

/// An attribute of a kind that an item has.
fn attribute(value: &AttributeValue) -> Option<Attribute> {
    Some(match value {
        AttributeValue::S(text) => Attribute::S(text.clone()),
        AttributeValue::N(number) => Attribute::N(number.clone()),
        AttributeValue::Bool(yes) => Attribute::Bool(*yes),
        AttributeValue::L(texts) => {
            Attribute::L(texts.iter().filter_map(|text| text.as_s().ok()).cloned().collect())
        }
        _ => return None,
    })
}

fn standing(item: &HashMap<String, AttributeValue>) -> Option<Standing> {
    Standing::read(Record::read(|name| attribute(item.get(name)?)))
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

#[cfg(test)]
mod tests {
    use contract::item::{Status, Stored};
    use contract::s3_event::Upload;
    use std::time::UNIX_EPOCH;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_claim_that_the_database_returns_reads_back_as_what_stands() {
        let upload = Upload {
            bucket: "b".to_owned(),
            key: "user-uploads/u/x.jpg".to_owned(),
            at: UNIX_EPOCH,
            sequencer: "1".to_owned(),
            reprocess: Some(7),
        };
        let until = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234);
        let item = Item::claim(Uuid::now_v7(), &upload, Uuid::now_v7(), until);

        let stored = item.attributes().map(|(name, it)| (name.to_owned(), value(it))).collect();

        assert_eq!(standing(&stored), Some(Standing::of(&item)));
        assert_eq!(standing(&HashMap::new()), None);
    }

    #[test]
    fn what_subscribers_know_reads_back_whole() {
        let upload = Upload {
            bucket: "b".to_owned(),
            key: "user-uploads/u/x.jpg".to_owned(),
            at: UNIX_EPOCH,
            sequencer: "1".to_owned(),
            reprocess: None,
        };
        let claim = Item::claim(Uuid::now_v7(), &upload, Uuid::now_v7(), UNIX_EPOCH);
        let thumbnails =
            ["a.jpg", "a-64.jpg"].map(|key| Stored { key: key.to_owned(), width: 4, height: 3, bytes: 9 });
        let item = Item { status: Status::Done, notified: true, thumbnails: thumbnails.into(), ..claim };

        let stored = item.attributes().map(|(name, it)| (name.to_owned(), value(it))).collect();

        assert_eq!(standing(&stored), Some(Standing::of(&item)));
        assert!(Standing::of(&item).announced.is_some());
    }
}
