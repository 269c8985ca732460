//! Traces: spans that leave by UDP, and the header that S3 hands on.

use std::time::{Duration, Instant};

use contract::image_id::{self, Issued};
use futures_util::FutureExt as _;
use http::Method;
use pipeline_client::evidence::{AwsEvidence, PROCESSED, item};
use pipeline_client::xray;
use trace_model::Trace;
use uuid::Uuid;

use super::upload::no_upload;
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;
use crate::photos;

/// The span of the request for a URL.
const ISSUED: &str = "issue_upload_url";
/// X-Ray takes seconds from a segment to the trace that holds it; an engine does not.
const PATIENCE: Duration = Duration::from_secs(45);
const PATIENCE_ELSEWHERE: Duration = Duration::from_secs(2);
const INTERVAL: Duration = Duration::from_millis(500);

fn patience(context: &Context) -> Duration {
    if context.is_aws() { PATIENCE } else { PATIENCE_ELSEWHERE }
}

pub(super) const UDP_SPANS: Check = Check {
    name: "udp-spans",
    claim: "Segments that a function sends to `AWS_XRAY_DAEMON_ADDRESS` by UDP are joined to the trace that Lambda opened.",
    doc: "https://docs.aws.amazon.com/xray/latest/devguide/xray-daemon.html",
    how: "X-Ray `GetTraceSummaries` by the annotation image.id and `BatchGetTraces`: both functions' spans in one trace",
    proof: Proof::Upload,
    run: |context| udp_spans(context).boxed_local(),
};

async fn udp_spans(context: &Context) -> Result<Outcome, CheckError> {
    let Some(guest) = &context.guest else { return Ok(Outcome::NeedsUpload) };
    let Some(image_id) = &context.verified(guest).await.image_id else { return Ok(no_upload()) };
    let (begun, patience) = (Instant::now(), patience(context));
    loop {
        let trace = xray::by_image(context.aws(), image_id).await?;
        let outcome = joined(trace.as_ref());
        if matches!(outcome, Outcome::Ok(_)) || begun.elapsed() > patience {
            return Ok(outcome);
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn joined(trace: Option<&Trace>) -> Outcome {
    let todo = "see the runbook traces-missing.md; a sampler other than always_on keeps only some traces";
    let Some(trace) = trace else { return Outcome::failed("no trace has the image's annotation", todo) };
    let missing: Vec<&str> =
        [ISSUED, PROCESSED].into_iter().filter(|name| trace.span(name).is_none()).collect();
    if missing.is_empty() {
        return Outcome::Ok(format!("{} spans of both functions in one trace", trace.spans.len()));
    }
    Outcome::failed(format!("the trace lacks {}", missing.join(" and ")), todo)
}

pub(super) const TRACE_HEADER: Check = Check {
    name: "trace-header",
    claim: "S3 hands the `X-Amzn-Trace-Id` of a PUT on to the queue as AWSTraceHeader, and the processor continues that trace.",
    doc: "https://docs.aws.amazon.com/xray/latest/devguide/xray-services-s3.html",
    how: "a photo PUT with such a header and without metadata; X-Ray `BatchGetTraces` of the header's trace has its processing",
    proof: Proof::Upload,
    run: |context| trace_header(context).boxed_local(),
};

async fn trace_header(context: &Context) -> Result<Outcome, CheckError> {
    let Some(guest) = &context.guest else { return Ok(Outcome::NeedsUpload) };
    let photo = photos::bundled(context.root()).first().map(|path| photos::read_one(path));
    let Some(Ok(photo)) = photo else { return Ok(no_upload()) };
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    let random = Uuid::new_v4().simple().to_string();
    // X-Ray takes no trace id whose time is long ago.
    let trace_id = format!("{:08x}{}", since.as_secs(), random.get(8..).unwrap_or_default());
    let parent = random.get(..16).unwrap_or_default();
    let header = format!("Root={};Parent={parent};Sampled=1", trace_model::xray::trace_id(&trace_id));
    let Issued { id, key } = image_id::issue(&guest.client.user.sub, "jpg");
    let image_id = id.to_string();
    let path = format!("/{}/{key}", context.output("OriginalBucketName")?);
    context.aws().rest("s3", Method::PUT, &path, photo.bytes, &[("x-amzn-trace-id", &header)]).await?;
    item(&AwsEvidence::of(&guest.client, &guest.inbox), &image_id, |_| ()).await?;
    let (begun, patience) = (Instant::now(), patience(context));
    loop {
        let trace = xray::by_id(context.aws(), &trace_id).await?;
        let found = trace.is_some_and(|trace| trace.span(PROCESSED).is_some());
        if found || begun.elapsed() > patience {
            return Ok(continued(found, context.is_aws()));
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

fn continued(found: bool, is_aws: bool) -> Outcome {
    match (found, is_aws) {
        (true, _) => Outcome::Ok("the header's trace has the processing".to_owned()),
        (false, false) => Outcome::NotHere("S3 here sends no AWSTraceHeader".to_owned()),
        (false, true) => Outcome::failed(
            "the header's trace has no processing",
            "look at a message's attributes; clients without the signed metadata are traced in two parts until then",
        ),
    }
}

#[cfg(test)]
mod tests {
    use trace_model::Span;

    use super::*;

    fn trace(names: &[&str]) -> Trace {
        let span = |name: &&str| -> Span {
            serde_json::from_value(serde_json::json!({
                "trace_id": "t", "span_id": "s", "parent_span_id": null, "name": name, "kind": "server", "service": "s",
                "start_us": 0, "duration_us": 1, "status": "ok", "message": "", "attributes": {}, "links": [],
            }))
            .unwrap()
        };
        Trace::of(names.iter().map(span).collect()).unwrap()
    }

    #[test]
    fn trace_without_the_processing_is_not_joined() {
        assert_eq!(joined(Some(&trace(&[ISSUED, PROCESSED]))).status(), "ok");
        assert_eq!(joined(Some(&trace(&[ISSUED]))).saw(), "the trace lacks process_image");
        assert_eq!(joined(None).status(), "failed");
    }

    #[test]
    fn header_that_is_lost_is_a_failure_on_aws_and_not_here_elsewhere() {
        assert_eq!(continued(true, true).status(), "ok");
        assert_eq!(continued(false, true).status(), "failed");
        assert_eq!(continued(false, false).status(), "not here");
    }
}
