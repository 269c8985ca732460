//! The port's adapter to S3, DynamoDB, SNS and SQS.

mod calls;

use std::{
    collections::HashMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_config::BehaviorVersion;
use aws_sdk_dynamodb::{
    operation::put_item::PutItemError,
    types::{AttributeValue, ReturnValuesOnConditionCheckFailure},
};
use aws_sdk_s3::{operation::get_object::GetObjectError, primitives::ByteStream};
use aws_sdk_sns::types::MessageAttributeValue;
use telemetry::context;
use uuid::Uuid;

use crate::{
    config::Config,
    error::AwsError,
    events::rfc3339,
    item::{Guard, Item, SCHEMA_VERSION, Standing},
    store::{Note, Opened, Recorded, Store},
};

/// The longest wait that a queue takes, in seconds: twelve hours.
const LONGEST_WAIT_SECONDS: i32 = 43_200;

/// `Guard::Free` as the database reads it.
const FREE: &str = "attribute_not_exists(imageId) OR (originalS3Key = :key \
    AND (notified = :yes OR claimedUntil < :now) \
    AND (sequencer < :sequencer OR (sequencer = :sequencer AND notified = :no)))";
/// `Guard::Mine` as the database reads it.
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

    async fn record(&self, item: &Item, guard: Guard) -> Result<Recorded, AwsError> {
        let request = self
            .dynamodb
            .put_item()
            .table_name(&self.config.metadata_table)
            .set_item(Some(attributes(item)))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let request = match guard {
            Guard::Free(now) => request
                .condition_expression(FREE)
                .expression_attribute_values(":key", text(&item.original_key))
                .expression_attribute_values(":sequencer", text(&item.sequencer))
                .expression_attribute_values(":now", millis(now))
                .expression_attribute_values(":yes", AttributeValue::Bool(true))
                .expression_attribute_values(":no", AttributeValue::Bool(false)),
            Guard::Mine => request
                .condition_expression(MINE)
                .expression_attribute_values(":attempt", text(item.attempt.to_string())),
        };
        match request.send().await {
            Ok(_) => Ok(Recorded::Written),
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
            .message_attributes("status", attribute(note.status.name())?)
            .message_attributes("imageId", attribute(&note.image_id)?);
        if let Some(traceparent) = &note.traceparent {
            request = request.message_attributes(context::TRACEPARENT, attribute(traceparent)?);
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

fn attribute(value: &str) -> Result<MessageAttributeValue, AwsError> {
    Ok(MessageAttributeValue::builder().data_type("String").string_value(value).build()?)
}

/// The item as the table holds it; what is unknown is left out.
fn attributes(item: &Item) -> HashMap<String, AttributeValue> {
    let first = item.thumbnails.first();
    let rest = item.thumbnails.get(1..).unwrap_or_default();
    let rest = rest.iter().map(|it| text(&it.key)).collect::<Vec<_>>();
    let fields = [
        ("imageId", Some(text(item.image_id.to_string()))),
        ("originalS3Key", Some(text(&item.original_key))),
        ("processedS3Key", first.map(|it| text(&it.key))),
        ("status", Some(text(item.status.name()))),
        ("userId", item.user_id.as_ref().map(text)),
        ("reason", item.refused.as_ref().map(|it| text(it.reason))),
        ("message", item.refused.as_ref().map(|it| text(&it.message))),
        ("width", item.original.width.map(number)),
        ("height", item.original.height.map(number)),
        ("thumbnailWidth", first.map(|it| number(it.width))),
        ("thumbnailHeight", first.map(|it| number(it.height))),
        ("thumbnailBytes", first.map(|it| number(it.bytes))),
        ("otherThumbnails", (!rest.is_empty()).then_some(AttributeValue::L(rest))),
        ("bytes", item.original.bytes.map(number)),
        ("contentType", item.original.content_type.map(text)),
        ("eTag", item.original.e_tag.as_ref().map(text)),
        ("sequencer", Some(text(&item.sequencer))),
        ("uploadedAt", Some(text(rfc3339(item.uploaded_at)))),
        ("processedAt", item.processed_at.map(|at| text(rfc3339(at)))),
        ("traceId", item.trace_id.as_ref().map(text)),
        ("schemaVersion", Some(number(SCHEMA_VERSION))),
        ("attempt", Some(text(item.attempt.to_string()))),
        ("claimedUntil", Some(millis(item.claimed_until))),
        ("notified", Some(AttributeValue::Bool(item.notified))),
    ];
    fields.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// What the database says stands in the way; `None` when an attribute of the protocol is missing.
fn standing(item: &HashMap<String, AttributeValue>) -> Option<Standing> {
    let string = |name: &str| item.get(name)?.as_s().ok().cloned();
    let claimed_until: u64 = item.get("claimedUntil")?.as_n().ok()?.parse().ok()?;
    Some(Standing {
        original_key: string("originalS3Key")?,
        sequencer: string("sequencer")?,
        attempt: Uuid::parse_str(&string("attempt")?).ok()?,
        claimed_until: UNIX_EPOCH + Duration::from_millis(claimed_until),
        notified: *item.get("notified")?.as_bool().ok()?,
    })
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl Into<u128>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// Milliseconds since the epoch, so that the database can compare times.
fn millis(at: SystemTime) -> AttributeValue {
    number(at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use contract::s3_event::Upload;

    #[test]
    fn the_seeds_four_attributes_have_their_names_and_a_claim_reads_back() {
        let upload = Upload {
            bucket: "b".to_owned(),
            key: "user-uploads/u/x.jpg".to_owned(),
            at: UNIX_EPOCH,
            sequencer: "1".to_owned(),
        };
        let until = UNIX_EPOCH + Duration::from_millis(1_234);
        let item = Item::claim(Uuid::now_v7(), &upload, Uuid::now_v7(), until);

        let stored = attributes(&item);

        assert_eq!(stored["imageId"], text(item.image_id.to_string()));
        assert_eq!(stored["originalS3Key"], text("user-uploads/u/x.jpg"));
        assert_eq!(stored["status"], text("PROCESSING"));
        assert!(!stored.contains_key("processedS3Key"));
        assert_eq!(standing(&stored), Some(item.standing()));
    }
}
