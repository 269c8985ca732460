//! Troubles that runbooks are about, by the part that has them.

pub(super) mod api;
pub(super) mod metrics;
pub(super) mod processor;
pub(super) mod queue;
pub(super) mod releases;
pub(super) mod services;

use image::ImageFormat;
use local_stack::flow::UploadUrl;
use serde_json::json;

use crate::harness::Harness;
use crate::picture::picture;
use crate::queue::drained;
use crate::switches::{change_consumer, release, schedule};
use crate::uploader::{somebody, upload};

/// Ends what the test of another runbook may have left when it failed.
pub(super) async fn calm(harness: &Harness) {
    for function in ["ImageProcessorFunctionName", "GenerateUploadUrlFunctionName", "S3MetricsFunctionName"] {
        release(harness, function).await;
    }
    change_consumer(harness, json!({"Enabled": true, "BatchSize": 5})).await;
    schedule(harness, "EnableRule").await;
    drained(harness).await;
    purge(harness).await;
}

/// Empties the dead-letter queue.
async fn purge(harness: &Harness) {
    let queue = json!({"QueueUrl": harness.output("DeadLetterQueueUrl")});
    harness.aws.json("sqs", "AmazonSQS.PurgeQueue", queue).await.unwrap();
}

/// An upload of somebody new.
async fn uploaded(harness: &Harness) -> UploadUrl {
    let user = somebody(harness).await;
    upload(harness, &user, picture(ImageFormat::Jpeg)).await
}

/// Waits until an image has come to its good end.
async fn done(harness: &Harness, issued: &UploadUrl) {
    let item = harness.settled(&issued.image_id).await;
    assert_eq!(item.status(), "DONE", "{}", harness.story(&issued.image_id));
}
