//! The troubles that runbooks are about, by what they concern.

pub(super) mod api;
pub(super) mod metrics;
pub(super) mod processor;
pub(super) mod queue;
pub(super) mod releases;
pub(super) mod services;

use image::ImageFormat;
use local_stack::flow::UploadUrl;
use serde_json::json;

use crate::picture::picture;
use crate::queue::drained;
use crate::stage::Stage;
use crate::switches::{change_consumer, release, schedule};
use crate::uploader::{somebody, upload};

/// Ends what an earlier rehearsal may have left when it failed.
pub(super) async fn calm(stage: &Stage) {
    for function in ["ImageProcessorFunctionName", "GenerateUploadUrlFunctionName", "S3MetricsFunctionName"] {
        release(stage, function).await;
    }
    change_consumer(stage, json!({"Enabled": true, "BatchSize": 5})).await;
    schedule(stage, "EnableRule").await;
    drained(stage).await;
    purge(stage).await;
}

/// Empties the dead-letter queue.
async fn purge(stage: &Stage) {
    let queue = json!({"QueueUrl": stage.output("DeadLetterQueueUrl")});
    stage.aws.json("sqs", "AmazonSQS.PurgeQueue", queue).await.unwrap();
}

/// An upload of somebody new.
async fn uploaded(stage: &Stage) -> UploadUrl {
    let user = somebody(stage).await;
    upload(stage, &user, picture(ImageFormat::Jpeg)).await
}

/// Waits until an image has come to its good end.
async fn done(stage: &Stage, issued: &UploadUrl) {
    let item = stage.settled(&issued.image_id).await;
    assert_eq!(item.status(), "DONE", "{}", stage.story(&issued.image_id));
}
