//! Clients of the SDK as the functions have them, and what is recorded while they call.

use std::{future::Future, time::Duration};

use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemInput};
use aws_sdk_s3::{
    config::{BehaviorVersion, Credentials, Region, retry::RetryConfig},
    operation::get_object::{GetObjectError, GetObjectInput},
    presigning::PresigningConfig,
};
use opentelemetry::Value;
use opentelemetry_sdk::trace::SpanData;
use telemetry::{
    Captured, Telemetry,
    context::{self, Origins},
};
use telemetry_aws_sdk::CallSpans;
use tracing::{Instrument, Span, info_span};

use crate::METADATA;

/// The spans that end while `work` runs in a step of an upload's trace, in the order of ends.
pub(crate) fn record(work: impl Future<Output = ()>) -> Vec<SpanData> {
    record_in(METADATA, work)
}

pub(crate) fn record_in(traceparent: &str, work: impl Future<Output = ()>) -> Vec<SpanData> {
    capture(traceparent, work).spans()
}

pub(crate) fn capture(traceparent: &str, work: impl Future<Output = ()>) -> Captured {
    let (telemetry, captured) = Telemetry::capture("t");
    run(telemetry.within(async {
        let step: Span = info_span!(parent: None, "step");
        telemetry.set_parent(&step, &Origins::default().with_metadata(Some(traceparent)));
        assert!(context::trace_id(&step).is_some());
        work.instrument(step).await;
    }));
    captured
}

pub(crate) fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

pub(crate) fn attribute(span: &SpanData, key: &str) -> Option<String> {
    let found = span.attributes.iter().find(|it| it.key.as_str() == key)?;
    Some(match &found.value {
        Value::String(text) => text.as_str().to_owned(),
        other => other.to_string(),
    })
}

pub(crate) fn spans() -> CallSpans {
    CallSpans::default()
        .operation::<GetObjectInput, GetObjectError>(|input, call| {
            call.text("aws.s3.bucket", input.bucket());
            call.text("aws.s3.key", input.key());
        })
        .operation::<PutItemInput, PutItemError>(|input, call| {
            call.list("aws.dynamodb.table_names", input.table_name());
        })
        .answer("ConditionalCheckFailedException")
}

pub(crate) fn retries() -> RetryConfig {
    RetryConfig::standard().with_initial_backoff(Duration::from_millis(1))
}

pub(crate) fn credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", "secret", None, None, "test")
}

pub(crate) fn s3(endpoint: &str) -> aws_sdk_s3::Client {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(retries())
        .interceptor(spans());
    aws_sdk_s3::Client::from_conf(config.build())
}

pub(crate) async fn get(
    endpoint: &str,
) -> Result<aws_sdk_s3::operation::get_object::GetObjectOutput, Box<aws_sdk_s3::Error>> {
    let request = s3(endpoint).get_object().bucket("originals").key("user-uploads/a/b.jpg");
    request.send().await.map_err(|error| Box::new(error.into()))
}

/// Sends a request to a service that never answers, and gives the call up.
pub(crate) async fn cancelled() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let call = get(&endpoint);
    let connected = async { tokio::task::spawn_blocking(move || silent.accept().map(drop)).await };
    tokio::select! {
        answer = call => drop(answer.unwrap()),
        connected = connected => connected.unwrap().unwrap(),
    }
}

pub(crate) async fn presign(client: &aws_sdk_s3::Client) -> aws_sdk_s3::presigning::PresignedRequest {
    let soon = PresigningConfig::expires_in(Duration::from_mins(5)).unwrap();
    client.put_object().bucket("b").key("k").presigned(soon).await.unwrap()
}

pub(crate) async fn put(endpoint: &str) -> Result<(), Box<aws_sdk_dynamodb::Error>> {
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .credentials_provider(credentials())
        .endpoint_url(endpoint)
        .retry_config(retries())
        .interceptor(spans());
    let client = aws_sdk_dynamodb::Client::from_conf(config.build());
    let request = client.put_item().table_name("ImageMetadata");
    request.send().await.map(drop).map_err(|error| Box::new(error.into()))
}
