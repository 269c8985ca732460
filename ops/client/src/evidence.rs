//! Evidence of the pipeline's work: waits for item, thumbnail, trace and notification.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use contract::item::Record;
use http::Method;
use serde_json::json;
use tokio::time::{Instant, sleep};
use trace_model::Trace;

use aws_client::{Aws, AwsError};

use crate::error::{FlowError, PATIENCE};
use crate::inbox::{Inbox, Mail, drain};
use crate::stack::Pipeline;
use crate::xray;

/// Between two looks, where nothing reports news.
const INTERVAL: Duration = Duration::from_millis(250);
/// The last segment of an upload.
pub const PROCESSED: &str = "process_image";

/// Where evidence is looked for; how news are waited for differs between AWS and the local stack.
pub trait Evidence: Sync {
    /// The pipeline.
    fn pipeline(&self) -> &dyn Pipeline;

    /// Waits until something may have changed.
    fn news(&self) -> impl Future<Output = Result<(), FlowError>> + Send;

    /// The trace of an image once its processing is in it.
    fn trace(&self, image_id: &str) -> impl Future<Output = Result<Trace, FlowError>> + Send;

    /// The messages about an image once there is one.
    fn mail(&self, image_id: &str) -> impl Future<Output = Result<Vec<Mail>, FlowError>> + Send;

    /// The messages about an image that are there now.
    fn mail_now(&self, image_id: &str) -> impl Future<Output = Result<Vec<Mail>, FlowError>> + Send;
}

/// The item once it is `DONE` or `FAILED`; `saw` is called with each status on the way.
///
/// # Errors
///
/// When it does not come in time, or the table cannot be read.
pub async fn item(evidence: &impl Evidence, image_id: &str, saw: impl Fn(&str)) -> Result<Record, FlowError> {
    let look = async || {
        let item = read_item(evidence.pipeline(), image_id).await?;
        saw(item.as_ref().map_or("waiting in the queue", |item| item.status.as_str()));
        Ok(item.filter(Record::has_ended))
    };
    wait(evidence, "the record of the image", look).await
}

/// The thumbnail's bytes once it exists.
///
/// # Errors
///
/// When it does not come in time, or the bucket cannot be read.
pub async fn thumbnail(evidence: &impl Evidence, key: &str) -> Result<Vec<u8>, FlowError> {
    let (aws, bucket) = (evidence.pipeline().aws(), evidence.pipeline().output("ProcessedBucketName")?);
    let path = format!("/{bucket}/{key}");
    let look = async || match aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await {
        Ok(answer) => Ok(Some(answer.into_body().to_vec())),
        Err(AwsError::Refused { status: 404, .. }) => Ok(None),
        Err(error) => Err(error.into()),
    };
    wait(evidence, "the thumbnail", look).await
}

/// Looks again whenever there may be news.
async fn wait<T>(
    evidence: &impl Evidence,
    what: &'static str,
    look: impl AsyncFn() -> Result<Option<T>, FlowError>,
) -> Result<T, FlowError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if Instant::now() > deadline {
            return Err(FlowError::TooSlow { what });
        }
        evidence.news().await?;
    }
}

/// The item of an image as it is now.
///
/// # Errors
///
/// When the table cannot be read.
pub async fn read_item(pipeline: &dyn Pipeline, image_id: &str) -> Result<Option<Record>, FlowError> {
    let table = pipeline.output("MetadataTableName")?;
    let key = json!({"TableName": table, "Key": {"imageId": {"S": image_id}}, "ConsistentRead": true});
    let answer = pipeline.aws().json("dynamodb", "DynamoDB_20120810.GetItem", key).await?;
    Ok(answer.get("Item").map(Record::of_tagged))
}

/// Evidence by the APIs of AWS alone: X-Ray for traces, an inbox for notifications.
#[derive(Debug)]
pub struct AwsEvidence<'a> {
    pipeline: &'a dyn Pipeline,
    aws: Aws,
    inbox: &'a Inbox,
    received: Mutex<Vec<Mail>>,
}

impl<'a> AwsEvidence<'a> {
    /// Looks at `pipeline`, whose topic the inbox is subscribed to.
    #[must_use]
    pub fn of(pipeline: &'a dyn Pipeline, inbox: &'a Inbox) -> Self {
        Self { pipeline, aws: pipeline.aws(), inbox, received: Mutex::default() }
    }

    /// Takes what waits in the inbox, waiting for it at most so long; answers what is about the image.
    async fn received(&self, image_id: &str, wait_seconds: u32) -> Result<Vec<Mail>, FlowError> {
        let keep = |mail: Vec<Mail>| {
            let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
            // SQS may deliver a message twice.
            let is_new = |mail: &Mail| received.iter().all(|known| known.message_id != mail.message_id);
            let new: Vec<Mail> = mail.into_iter().filter(is_new).collect();
            received.extend(new);
        };
        drain(&self.aws, &self.inbox.url, wait_seconds, keep).await?;
        let received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(received.iter().filter(|mail| mail.image_id.as_deref() == Some(image_id)).cloned().collect())
    }
}

impl Evidence for AwsEvidence<'_> {
    fn pipeline(&self) -> &dyn Pipeline {
        self.pipeline
    }

    async fn news(&self) -> Result<(), FlowError> {
        sleep(INTERVAL).await;
        Ok(())
    }

    async fn trace(&self, image_id: &str) -> Result<Trace, FlowError> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let found = xray::by_image(&self.aws, image_id).await?;
            if let Some(whole) = found.filter(|trace| trace.span(PROCESSED).is_some()) {
                return Ok(whole);
            }
            sleep(INTERVAL).await;
        }
        Err(FlowError::TooSlow { what: "the trace of the processing" })
    }

    async fn mail(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            let mail = self.received(image_id, 1).await?;
            if !mail.is_empty() {
                return Ok(mail);
            }
        }
        Err(FlowError::TooSlow { what: "the notification" })
    }

    async fn mail_now(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        self.received(image_id, 0).await
    }
}
