//! Evidence of the pipeline's work: waits for item, thumbnail, trace and mail.

use contract::item::Record;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::time::Instant;

use super::error::{FlowError, PATIENCE, reason};
use crate::observe::mail::Mail;
use crate::stack::StackInfo;
use aws_client::http::Http;
use aws_client::{Aws, AwsError};
use trace_model::Trace;

/// The console answers such a question when there is news, or after this time.
const NEWS_WAIT_MS: u32 = 500;

/// Looks for what the pipeline left behind of one stack.
#[derive(Clone, Debug)]
pub(super) struct Evidence<'a> {
    stack: &'a StackInfo,
    aws: Aws,
    http: Http,
}

#[derive(Deserialize)]
struct Revision {
    revision: u64,
}

#[derive(Deserialize)]
struct Traces {
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Mails {
    mail: Vec<Mail>,
}

impl<'a> Evidence<'a> {
    pub(super) fn of(stack: &'a StackInfo) -> Self {
        Self { stack, aws: stack.aws(), http: Http::new() }
    }

    /// The client of the stack's APIs.
    pub(super) fn aws(&self) -> &Aws {
        &self.aws
    }

    /// The item once it is `DONE` or `FAILED`; `saw` is called with each status on the way.
    pub(super) async fn item(&self, image_id: &str, saw: impl Fn(&str)) -> Result<Record, FlowError> {
        let look = async || {
            let item = self.read_item(image_id).await?;
            saw(item.as_ref().map_or("waiting in the queue", |item| item.status.as_str()));
            Ok(item.filter(Record::has_ended))
        };
        self.wait("the record of the image", look).await
    }

    /// The thumbnail's bytes once it exists.
    pub(super) async fn thumbnail(&self, key: &str) -> Result<Vec<u8>, FlowError> {
        let path = format!("/{}/{key}", self.stack.output("ProcessedBucketName")?);
        let look = async || match self.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await {
            Ok(answer) => Ok(Some(answer.into_body().to_vec())),
            Err(AwsError::Refused { status: 404, .. }) => Ok(None),
            Err(error) => Err(error.into()),
        };
        self.wait("the thumbnail", look).await
    }

    /// The trace of an image once its processing is in it.
    pub(super) async fn trace(&self, image_id: &str) -> Result<Trace, FlowError> {
        let wait_ms = PATIENCE.as_millis();
        let path =
            format!("/api/traces?image_id={image_id}&spans=issue_upload_url,process_image&wait_ms={wait_ms}");
        let found: Traces = self.ask(&path).await?;
        let whole = found.traces.into_iter().find(|trace| trace.span("process_image").is_some());
        whole.ok_or(FlowError::TooSlow { what: "the trace of the processing" })
    }

    /// The messages about an image once there is one.
    pub(super) async fn mail(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        let wait_ms = PATIENCE.as_millis();
        let found: Mails = self.ask(&format!("/api/mail?image_id={image_id}&wait_ms={wait_ms}")).await?;
        if found.mail.is_empty() {
            return Err(FlowError::TooSlow { what: "the notification" });
        }
        Ok(found.mail)
    }

    /// The messages about an image that are there now.
    pub(super) async fn mail_now(&self, image_id: &str) -> Result<Vec<Mail>, FlowError> {
        let found: Mails = self.ask(&format!("/api/mail?image_id={image_id}")).await?;
        Ok(found.mail)
    }

    /// Looks again whenever the console has news, and now and then without.
    async fn wait<T>(
        &self,
        what: &'static str,
        look: impl AsyncFn() -> Result<Option<T>, FlowError>,
    ) -> Result<T, FlowError> {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = 0;
        loop {
            if let Some(found) = look().await? {
                return Ok(found);
            }
            if Instant::now() > deadline {
                return Err(FlowError::TooSlow { what });
            }
            let path = format!("/api/revision?after={seen}&wait_ms={NEWS_WAIT_MS}");
            seen = self.ask::<Revision>(&path).await?.revision;
        }
    }

    async fn read_item(&self, image_id: &str) -> Result<Option<Record>, FlowError> {
        let table = self.stack.output("MetadataTableName")?;
        let key = json!({"TableName": table, "Key": {"imageId": {"S": image_id}}, "ConsistentRead": true});
        let answer = self.aws.json("dynamodb", "DynamoDB_20120810.GetItem", key).await?;
        Ok(answer.get("Item").map(Record::of_tagged))
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, FlowError> {
        let what = "the console";
        let url = format!("{}{path}", self.stack.console);
        let answer = self.http.send(Method::GET, &url, &[], "").await?;
        if answer.status() != StatusCode::OK {
            return Err(FlowError::Refused { what, status: answer.status(), reason: reason(&answer) });
        }
        serde_json::from_slice(answer.body()).map_err(|source| FlowError::Answer { what, source })
    }
}
