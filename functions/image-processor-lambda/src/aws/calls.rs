//! Attributes that the spans of our calls have beyond those that all calls share.

use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput};
use aws_sdk_s3::operation::{
    get_object::{GetObjectError, GetObjectInput},
    put_object::{PutObjectError, PutObjectInput},
};
use aws_sdk_sns::operation::publish::{PublishError, PublishInput};
use aws_sdk_sqs::operation::{
    change_message_visibility::{ChangeMessageVisibilityError, ChangeMessageVisibilityInput},
    delete_message::{DeleteMessageError, DeleteMessageInput},
};
use telemetry_aws_sdk::{Attributes, CallSpans};

/// A refused condition and an object that is gone are answers that the protocol expects.
pub(super) fn spans() -> CallSpans {
    CallSpans::default()
        .answer("ConditionalCheckFailedException")
        .answer("NoSuchKey")
        .operation::<GetObjectInput, GetObjectError>(|input, call| {
            call.text("aws.s3.bucket", input.bucket());
            call.text("aws.s3.key", input.key());
        })
        .operation::<PutObjectInput, PutObjectError>(|input, call| {
            call.text("aws.s3.bucket", input.bucket());
            call.text("aws.s3.key", input.key());
        })
        .operation::<PutItemInput, PutItemError>(|input, call| {
            call.text("db.system.name", Some("aws.dynamodb"));
            call.text("db.operation.name", Some("PutItem"));
            call.list("aws.dynamodb.table_names", input.table_name());
        })
        .operation::<PublishInput, PublishError>(|input, call| {
            call.text("messaging.system", Some("aws.sns"));
            call.text("messaging.operation.name", Some("Publish"));
            call.text("messaging.operation.type", Some("send"));
            call.text("messaging.destination.name", input.topic_arn().and_then(last_part));
            call.text("aws.sns.topic.arn", input.topic_arn());
        })
        .operation::<ChangeMessageVisibilityInput, ChangeMessageVisibilityError>(|input, call| {
            settle(call, "ChangeMessageVisibility", input.queue_url());
        })
        .operation::<DeleteMessageInput, DeleteMessageError>(|input, call| {
            settle(call, "DeleteMessage", input.queue_url());
        })
}

/// The attributes of a call that decides what becomes of a received message.
fn settle(call: &Attributes<'_>, operation: &str, queue_url: Option<&str>) {
    call.text("messaging.system", Some("aws_sqs"));
    call.text("messaging.operation.name", Some(operation));
    call.text("messaging.operation.type", Some("settle"));
    call.text("messaging.destination.name", queue_url.and_then(last_part));
    call.text("aws.sqs.queue.url", queue_url);
}

/// The name at the end of a queue's URL or a topic's ARN.
fn last_part(address: &str) -> Option<&str> {
    address.rsplit([':', '/']).next()
}
