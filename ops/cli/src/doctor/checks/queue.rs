//! The queue, and the event source by which Lambda empties it.

use futures_util::FutureExt as _;
use serde_json::{Value, json};

use crate::cloudwatch::{list, text};
use crate::doctor::check::{Check, CheckError, Outcome, Proof};
use crate::doctor::context::Context;

pub(super) const SETTINGS: Check = Check {
    name: "queue",
    claim: "A visibility timeout of at least six times the function's lets Lambda retry a batch; a redrive policy keeps what fails.",
    doc: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    how: "SQS `GetQueueAttributes` of the processing queue, compared with the parameters and the dead-letter queue",
    proof: Proof::Read,
    run: |context| settings(context).boxed_local(),
};

async fn settings(context: &Context) -> Result<Outcome, CheckError> {
    let ask = json!({"QueueUrl": context.output("QueueUrl")?, "AttributeNames": ["All"]});
    let answer = context.aws().json("sqs", "AmazonSQS.GetQueueAttributes", ask).await?;
    let attributes = answer.get("Attributes").cloned().unwrap_or_default();
    let dead = context.output("DeadLetterQueueUrl")?.rsplit('/').next().unwrap_or_default();
    let number = |name: &str| context.parameter(name).parse::<u64>().unwrap_or(0);
    Ok(suited(&attributes, dead, number("ProcessorTimeoutSeconds"), number("MaxReceiveCount")))
}

fn suited(attributes: &Value, dead: &str, timeout: u64, receives: u64) -> Outcome {
    let mut wrong = Vec::new();
    let visibility: u64 = text(attributes, "VisibilityTimeout").parse().unwrap_or(0);
    if visibility < 6 * timeout {
        wrong.push(format!("messages are hidden for {visibility} s, less than six times {timeout} s"));
    }
    let redrive: Value = serde_json::from_str(text(attributes, "RedrivePolicy")).unwrap_or_default();
    if text(&redrive, "deadLetterTargetArn").rsplit(':').next() != Some(dead) {
        wrong.push(format!("what fails does not go to {dead}"));
    }
    // SQS answers with a number or a text, as it was set.
    let seen = redrive.get("maxReceiveCount").map(|it| it.to_string().trim_matches('"').to_owned());
    if seen.as_deref() != Some(&*receives.to_string()) {
        wrong.push(format!("messages are received {} times, not {receives}", seen.unwrap_or_default()));
    }
    let saw = format!("hidden for {visibility} s, given up after {receives} receives");
    Outcome::of(
        &wrong,
        saw,
        "deploy again with QueueVisibilityTimeoutSeconds at six times ProcessorTimeoutSeconds",
    )
}

pub(super) const EVENT_SOURCE: Check = Check {
    name: "event-source",
    claim: "Lambda polls the queue, returns only failed messages of a batch to it, and keeps to a maximum concurrency.",
    doc: "https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    how: "Lambda `ListEventSourceMappings` of the processor: enabled, `ReportBatchItemFailures`, concurrency and batch size",
    proof: Proof::Read,
    run: |context| event_source(context).boxed_local(),
};

async fn event_source(context: &Context) -> Result<Outcome, CheckError> {
    let function = context.output("ImageProcessorFunctionName")?;
    let answer =
        context.get("lambda", &format!("/2015-03-31/event-source-mappings/?FunctionName={function}")).await?;
    let Some(mapping) = list(&answer, "EventSourceMappings").first() else {
        let todo = "deploy again; the template's ImageProcessorFunction has the event Uploads";
        return Ok(Outcome::failed(format!("{function} has no event source"), todo));
    };
    Ok(polled(mapping, context.parameter("ProcessorMaxConcurrency"), context.parameter("ProcessorBatchSize")))
}

fn polled(mapping: &Value, concurrency: &str, batch: &str) -> Outcome {
    let mut wrong = Vec::new();
    if text(mapping, "State") != "Enabled" {
        wrong.push(format!("the event source is {}", text(mapping, "State")));
    }
    if !list(mapping, "FunctionResponseTypes").contains(&"ReportBatchItemFailures".into()) {
        wrong.push("a failed message returns its whole batch".to_owned());
    }
    let shown = |pointer: &str| mapping.pointer(pointer).map(Value::to_string).unwrap_or_default();
    for (what, pointer, wanted) in
        [("concurrency", "/ScalingConfig/MaximumConcurrency", concurrency), ("batch", "/BatchSize", batch)]
    {
        if shown(pointer) != wanted {
            wrong.push(format!("{what} {} and not {wanted}", shown(pointer)));
        }
    }
    let saw = format!("enabled, batches of {batch}, {concurrency} at once, failed messages alone return");
    Outcome::of(&wrong, saw, "enable it (`aws lambda update-event-source-mapping`), or deploy again")
}
