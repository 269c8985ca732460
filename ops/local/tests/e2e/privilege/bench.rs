//! What a proof works with: a calm stack, somebody signed in, and the record of decisions.

use std::collections::BTreeSet;

use aws_client::{Aws, AwsError};
use http::Method;
use local_stack::flow::{self, TraceHeaders, UploadUrl};
use local_stack::observe::logs::LogFilter;
use local_stack::user::Tokens;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use super::decisions::{Decisions, Mark};
use crate::harness::Harness;
use crate::item::Item;
use crate::uploader::somebody;

/// Whether a claim holds; if not, what was seen in its place.
pub(crate) type Verdict = Result<(), String>;

/// A function of the template, as outputs and log groups name it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Function {
    Signer,
    Processor,
    Metrics,
    Status,
}

impl Function {
    pub(crate) fn output(self) -> &'static str {
        match self {
            Self::Signer => "GenerateUploadUrlFunctionName",
            Self::Processor => "ImageProcessorFunctionName",
            Self::Metrics => "S3MetricsFunctionName",
            Self::Status => "ImageStatusFunctionName",
        }
    }
}

/// The stack of a proof; nothing else happens on it meanwhile.
#[derive(Debug)]
pub(crate) struct Bench {
    pub(crate) harness: &'static Harness,
    pub(crate) tokens: Tokens,
    pub(crate) decisions: Decisions,
    _alone: MutexGuard<'static, ()>,
}

/// Turns the failure of a call into what was seen.
pub(crate) fn seen(error: &AwsError) -> String {
    let (code, text) = (error.code().unwrap_or("no answer").to_owned(), error.to_string());
    format!("{code}: {text}")
}

impl Bench {
    pub(crate) async fn new() -> Self {
        let (harness, alone) = Harness::calm().await;
        let tokens = somebody(harness).await;
        Self { harness, tokens, decisions: Decisions::of(harness), _alone: alone }
    }

    pub(crate) fn aws(&self) -> &Aws {
        &self.harness.aws
    }

    /// Waits for an outcome; a refusal since the mark says that it will not come.
    pub(crate) async fn until<T>(
        &self,
        since: Mark,
        what: &str,
        outcome: impl AsyncFn() -> Option<T>,
    ) -> Result<T, String> {
        let look = async || match outcome().await {
            Some(outcome) => Some(Ok(outcome)),
            None => self.decisions.refusal(since).map(Err),
        };
        self.harness.until(look).await.unwrap_or_else(|| Err(format!("{what} did not come")))
    }

    /// A URL, or why there is none.
    pub(crate) async fn url(&self) -> Result<UploadUrl, String> {
        let headers = TraceHeaders::default();
        let asked = flow::request_url(&self.harness.info, &self.tokens, &headers).await;
        asked.map_err(|error| error.to_string())
    }

    /// Uploads an image; answers its id.
    pub(crate) async fn upload(&self, bytes: Vec<u8>) -> Result<String, String> {
        let issued = self.url().await?;
        let put = flow::put(&issued, bytes, &TraceHeaders::default()).await;
        put.map(|_| issued.image_id).map_err(|error| error.to_string())
    }

    /// The item of an image once the pipeline is through with it.
    pub(crate) async fn settled(&self, since: Mark, image: &str) -> Result<Item, String> {
        let settled = async || self.harness.item(image).await.filter(Item::is_settled);
        self.until(since, "the image's result", settled).await
    }

    /// Runs a function and waits for its answer.
    pub(crate) async fn invoke(&self, function: Function) -> Verdict {
        let path = format!("/2015-03-31/functions/{}/invocations", self.harness.output(function.output()));
        let answer = self.aws().rest("lambda", Method::POST, &path, b"{}".to_vec(), &[]).await;
        let answer = answer.map_err(|error| seen(&error))?;
        match answer.headers().get("x-amz-function-error") {
            None => Ok(()),
            Some(_) => Err(format!("the run failed: {}", String::from_utf8_lossy(answer.body()))),
        }
    }

    /// Has the processor take a message that asks nothing of it.
    pub(crate) async fn wake_processor(&self) -> Verdict {
        let body = r#"{"Service":"Amazon S3","Event":"s3:TestEvent","Bucket":"b"}"#;
        let message = json!({"QueueUrl": self.harness.output("QueueUrl"), "MessageBody": body});
        let sent = self.aws().json("sqs", "AmazonSQS.SendMessage", message).await;
        sent.map(drop).map_err(|error| seen(&error))
    }

    /// The log streams of a function: one for each invocation whose lines were taken.
    pub(crate) async fn streams(&self, function: Function) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        let mut ask = json!({"logGroupName": self.log_group(function)});
        loop {
            let page =
                self.aws().json("logs", "Logs_20140328.DescribeLogStreams", ask.clone()).await.unwrap();
            let streams = page["logStreams"].as_array().unwrap().iter();
            names.extend(streams.map(|stream| stream["logStreamName"].as_str().unwrap().to_owned()));
            let Some(token) = page.get("nextToken").filter(|token| token.is_string()) else { return names };
            ask["nextToken"] = token.clone();
        }
    }

    /// Runs the metrics function; answers the lines of that run.
    pub(crate) async fn measure(&self) -> Result<Vec<Value>, String> {
        let before = self.streams(Function::Metrics).await;
        self.invoke(Function::Metrics).await?;
        let after = self.streams(Function::Metrics).await;
        let Some(stream) = after.difference(&before).next() else { return Ok(Vec::new()) };
        let ask = json!({"logGroupName": self.log_group(Function::Metrics), "logStreamName": stream});
        let page = self.aws().json("logs", "Logs_20140328.GetLogEvents", ask).await.unwrap();
        let events = page["events"].as_array().unwrap().iter();
        Ok(events.filter_map(|event| serde_json::from_str(event["message"].as_str()?).ok()).collect())
    }

    /// The first line of a function about an image.
    pub(crate) fn line_about(&self, function: Function, image: &str) -> Option<()> {
        let filter = LogFilter { image_id: Some(image.to_owned()), ..LogFilter::default() };
        let group = self.log_group(function);
        self.harness.observer.logs(&filter, usize::MAX).iter().find(|line| line.group == group).map(drop)
    }

    fn log_group(&self, function: Function) -> String {
        format!("/aws/lambda/{}", self.harness.output(function.output()))
    }

    /// A setting of a function that Lambda checks its role for.
    pub(crate) async fn trace_actively(&self, function: Function) -> Verdict {
        let path = format!("/2015-03-31/functions/{}/configuration", self.harness.output(function.output()));
        let body = json!({"TracingConfig": {"Mode": "Active"}}).to_string().into_bytes();
        let answer = self.aws().rest("lambda", Method::PUT, &path, body, &[]).await;
        answer.map(drop).map_err(|error| seen(&error))
    }

    /// The messages of the processing queue go; what an unfinished proof left there must not disturb the next.
    pub(crate) async fn purge(&self) {
        let queue = json!({"QueueUrl": self.harness.output("QueueUrl")});
        self.aws().json("sqs", "AmazonSQS.PurgeQueue", queue).await.unwrap();
    }

    pub(crate) async fn queue_counts(&self) -> Value {
        let look = json!({"QueueUrl": self.harness.output("QueueUrl"), "AttributeNames": ["All"]});
        self.aws().json("sqs", "AmazonSQS.GetQueueAttributes", look).await.unwrap()["Attributes"].take()
    }
}
