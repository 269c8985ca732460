//! Switches of an operator: event source mapping and schedules, off and on again.

use aws_client::AwsError;
use http::Method;
use serde_json::{Value, json};

use crate::harness::Harness;

/// Has the processor take messages from its queue, or not.
pub(crate) async fn consume(harness: &Harness, enabled: bool) {
    change_consumer(harness, json!({"Enabled": enabled})).await;
}

/// Changes what the processor's queue is mapped with.
pub(crate) async fn change_consumer(harness: &Harness, change: Value) {
    let list = "/2015-03-31/event-source-mappings/";
    let answer = harness.aws.rest("lambda", Method::GET, list, Vec::new(), &[]).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let id = answer["EventSourceMappings"][0]["UUID"].as_str().unwrap();
    let change = change.to_string().into_bytes();
    harness.aws.rest("lambda", Method::PUT, &format!("{list}{id}"), change, &[]).await.unwrap();
}

/// Switches the schedules by `EnableRule` or `DisableRule`.
pub(crate) async fn schedule(harness: &Harness, action: &str) {
    let list = harness.aws.json("events", "AWSEvents.ListRules", json!({})).await.unwrap();
    for rule in list["Rules"].as_array().unwrap() {
        let name = json!({"Name": rule["Name"]});
        harness.aws.json("events", &format!("AWSEvents.{action}"), name).await.unwrap();
    }
}

/// Lets nothing of a function run at once.
pub(crate) async fn throttle(harness: &Harness, function: &'static str) {
    let path = format!("/2017-10-31/functions/{}/concurrency", harness.output(function));
    let none = json!({"ReservedConcurrentExecutions": 0}).to_string().into_bytes();
    harness.aws.rest("lambda", Method::PUT, &path, none, &[]).await.unwrap();
}

/// Lets a function run again, if somebody had it stopped.
pub(crate) async fn release(harness: &Harness, function: &'static str) {
    let path = format!("/2017-10-31/functions/{}/concurrency", harness.output(function));
    match harness.aws.rest("lambda", Method::DELETE, &path, Vec::new(), &[]).await {
        Ok(_) | Err(AwsError::Refused { status: 404, .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

/// Runs a function by hand.
pub(crate) async fn invoke(harness: &Harness, function: &'static str) {
    let path = format!("/2015-03-31/functions/{}/invocations", harness.output(function));
    harness.aws.rest("lambda", Method::POST, &path, b"{}".to_vec(), &[]).await.unwrap();
}
