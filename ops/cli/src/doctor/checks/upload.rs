//! What an upload shows: the guide's steps, the metadata that the URL's query signs, and an object that is gone.

use contract::image_id::{self, Issued};
use contract::item::Record;
use futures_util::FutureExt as _;
use http::Method;
use pipeline_client::evidence::{AwsEvidence, item, read_item};
use pipeline_client::guest::Guest;
use serde_json::json;

use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

/// The metadata that the upload URL signs.
const TRACEPARENT: &str = "x-amz-meta-traceparent";

pub(super) const SEVEN_STEPS: Check = Check {
    name: "seven-steps",
    claim: "Sign-in, URL, PUT, message, thumbnail, record and notification follow upon each other within a minute.",
    doc: "https://docs.aws.amazon.com/AmazonS3/latest/userguide/PresignedUrlUploadObject.html",
    how: "a photo of a temporary user, as `ops verify --stack` sends it",
    proof: Proof::Upload,
    run: |context| seven_steps(context).boxed_local(),
};

async fn seven_steps(context: &Context) -> Result<Outcome, CheckError> {
    let Some(guest) = &context.guest else { return Ok(Outcome::NeedsUpload) };
    let verified = context.verified(guest).await;
    if verified.steps.is_empty() {
        let todo = "name the repository with --root";
        return Ok(Outcome::failed("no photo to send: ops/local/photos/raccoon.jpg is not there", todo));
    }
    let failed = verified.steps.iter().filter(|step| !step.ok);
    let wrong: Vec<String> = failed.map(|step| format!("{}: {}", step.name, step.saw)).collect();
    let slowest = verified.steps.iter().map(|step| step.ms).max().unwrap_or(0);
    let saw = format!("{} steps, the last after {slowest} ms", verified.steps.len());
    Ok(Outcome::of(
        &wrong,
        saw,
        "`ops verify --stack NAME` shows each step; the first that failed is the cause",
    ))
}

/// The item of the photo that was uploaded for all checks.
pub(super) async fn uploaded(context: &Context, guest: &Guest) -> Result<Option<Record>, CheckError> {
    match &context.verified(guest).await.image_id {
        Some(image_id) => Ok(read_item(&guest.client, image_id).await?),
        None => Ok(None),
    }
}

/// The end of a check whose upload did not come to its end.
pub(super) fn no_upload() -> Outcome {
    Outcome::failed("the photo was not processed", "mend what the check seven-steps reports first")
}

pub(super) const SIGNED_METADATA: Check = Check {
    name: "signed-metadata",
    claim: "S3 takes `x-amz-meta-…` from the signed query of a presigned PUT and stores it as the object's metadata.",
    doc: "https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html",
    how: "S3 `HeadObject` of the photo, whose client sent no header: `x-amz-meta-traceparent` is there",
    proof: Proof::Upload,
    run: |context| signed_metadata(context).boxed_local(),
};

async fn signed_metadata(context: &Context) -> Result<Outcome, CheckError> {
    let Some(guest) = &context.guest else { return Ok(Outcome::NeedsUpload) };
    let Some(item) = uploaded(context, guest).await? else { return Ok(no_upload()) };
    let path = format!("/{}/{}", context.output("OriginalBucketName")?, item.original_key);
    let answer = context.aws().rest("s3", Method::HEAD, &path, Vec::new(), &[]).await?;
    let stored = answer.headers().get(TRACEPARENT).and_then(|value| value.to_str().ok());
    let trace = item.trace_id.as_deref().unwrap_or_default();
    Ok(match stored {
        Some(stored) if !trace.is_empty() && stored.contains(trace) => {
            Outcome::Ok("the object has the traceparent of its processing".to_owned())
        }
        Some(stored) => Outcome::failed(
            format!("the object has {stored}, and it was processed in the trace {trace}"),
            "see that S3 hands the metadata to GetObject, and docs/decisions/trace-parents.md",
        ),
        None => Outcome::failed(
            format!("the object has no {TRACEPARENT}"),
            "uploads are traced in two parts until the URL's header is sent by clients: sign it as a header",
        ),
    })
}

pub(super) const MISSING_OBJECT: Check = Check {
    name: "missing-object",
    claim: "S3 answers 404 for an object that is gone to who may list the bucket, so that its message ends and is not retried.",
    doc: "https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html#API_GetObject_RequestSyntax",
    how: "SQS `SendMessage`: an event about an object that never was; its item ends FAILED with the reason ObjectGone",
    proof: Proof::Upload,
    run: |context| missing_object(context).boxed_local(),
};

async fn missing_object(context: &Context) -> Result<Outcome, CheckError> {
    let Some(guest) = &context.guest else { return Ok(Outcome::NeedsUpload) };
    let Issued { id, key } = image_id::issue(&guest.client.user.sub, "jpg");
    let image_id = id.to_string();
    context.invented(&image_id);
    let bucket = context.output("OriginalBucketName")?;
    let event = json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": context.aws().region(),
        "eventTime": contract::time::rfc3339(std::time::SystemTime::now()), "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "ops"}, "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": image_id},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "ops",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "ops"}, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": key, "size": 1, "eTag": "0", "sequencer": "01"},
        },
    }]});
    let ask = json!({"QueueUrl": context.output("QueueUrl")?, "MessageBody": event.to_string()});
    context.aws().json("sqs", "AmazonSQS.SendMessage", ask).await?;
    let evidence = AwsEvidence::of(&guest.client, &guest.inbox);
    let ended = item(&evidence, &image_id, |_| ()).await?;
    Ok(gone(&ended))
}

fn gone(item: &Record) -> Outcome {
    match item.reason.as_deref() {
        Some("ObjectGone") => Outcome::Ok("FAILED, reason ObjectGone".to_owned()),
        reason => Outcome::failed(
            format!("{}, reason {}", item.status, reason.unwrap_or("none")),
            "read the processor's log of this minute; 403 means that its role may not list the bucket",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_that_is_gone_must_end_by_that_reason() {
        let item = |reason: Option<&str>| Record { reason: reason.map(str::to_owned), ..Record::default() };
        assert_eq!(gone(&item(Some("ObjectGone"))).status(), "ok");
        assert_eq!(gone(&item(Some("IdTaken"))).status(), "failed");
        assert_eq!(gone(&item(None)).status(), "failed");
    }
}
