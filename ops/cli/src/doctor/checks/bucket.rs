//! The bucket of uploads: what it reports to the queue.

use aws_client::xml;
use futures_util::FutureExt as _;
use http::Method;

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const NOTIFICATION: Check = Check {
    name: "bucket-notification",
    claim: "S3 sends a message to a standard queue for each object created below a prefix, once the queue's policy lets it.",
    doc: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html",
    how: "S3 `GetBucketNotificationConfiguration` of the upload bucket: queue, event and prefix",
    proof: Proof::Read,
    run: |context| notification(context).boxed_local(),
};

async fn notification(context: &Context) -> Result<Outcome, CheckError> {
    let bucket = context.output("OriginalBucketName")?;
    let queue = context.output("QueueUrl")?.rsplit('/').next().unwrap_or_default();
    let path = format!("/{bucket}?notification=");
    let answer = context.aws().rest("s3", Method::GET, &path, Vec::new(), &[]).await?;
    let leaves = xml::leaves(&String::from_utf8_lossy(answer.body()));
    Ok(configured(&leaves, queue))
}

fn configured(leaves: &[String], queue: &str) -> Outcome {
    let values = |member: &str| -> Vec<&str> {
        let leaves = leaves.iter().filter_map(|leaf| leaf.split_once('='));
        leaves.filter(|(path, _)| path.ends_with(member)).map(|(_, value)| value).collect()
    };
    let mut wrong = Vec::new();
    let queues = values("QueueConfiguration/Queue");
    if !queues.iter().any(|arn| arn.rsplit(':').next() == Some(queue)) {
        wrong.push(format!("uploads are reported to {queues:?} and not to {queue}"));
    }
    if !values("QueueConfiguration/Event").contains(&"s3:ObjectCreated:*") {
        wrong.push("no event s3:ObjectCreated:*".to_owned());
    }
    if !values("FilterRule/Value").contains(&"user-uploads/") {
        wrong.push("no prefix user-uploads/".to_owned());
    }
    let saw = format!("s3:ObjectCreated:* below user-uploads/ to {queue}");
    Outcome::of(&wrong, saw, "deploy again; the template's OriginalBucket has the configuration")
}
