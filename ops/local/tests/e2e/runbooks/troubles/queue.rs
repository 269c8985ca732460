//! Troubles of the queue: uploads that wait, and uploads that were given up.

use http::StatusCode;
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule};
use local_stack::flow::{TraceHeaders, put};
use serde_json::{Value, json};

use super::{done, purge, uploaded};
use crate::harness::Harness;
use crate::picture::picture;
use crate::queue::{dead_letters, enqueue};
use crate::runbooks::reader::Reader;
use crate::switches::{consume, throttle};
use crate::uploader::{plain_url, somebody};

const PROCESSOR: &str = "ImageProcessorFunctionName";

/// Nothing takes messages, and nothing could work on them; the runbook mends both.
pub(in crate::runbooks) async fn everything_is_off(reader: &mut Reader) {
    let harness = reader.harness;
    consume(harness, false).await;
    throttle(harness, PROCESSOR).await;
    let waiting = uploaded(harness).await;
    reader.until("Verify").await;
    done(harness, &waiting).await;
    crate::queue::drained(harness).await;
}

/// The same after images were done, as the runbook looks for what was logged.
pub(in crate::runbooks) async fn everything_is_off_while_uploads_come(reader: &mut Reader) {
    let before = uploaded(reader.harness).await;
    done(reader.harness, &before).await;
    everything_is_off(reader).await;
}

/// The processor may not run; the runbook lets it.
pub(in crate::runbooks) async fn processor_has_no_room(reader: &mut Reader) {
    let harness = reader.harness;
    throttle(harness, PROCESSOR).await;
    let waiting = uploaded(harness).await;
    reader.until("Verify").await;
    done(harness, &waiting).await;
}

/// An upload whose thumbnail cannot be stored, and a message that is none of ours, are given up.
pub(in crate::runbooks) async fn upload_and_poison_fail(reader: &mut Reader) {
    let harness = reader.harness;
    let user = somebody(harness).await;
    let issued = plain_url(harness, &user).await;
    let refused = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let thumbnail = format!("processed/{}", issued.image_id);
    let rule = Rule::next("s3", "PutObject", &thumbnail, refused);
    let strike = harness.faults.strike(Rule { times: usize::MAX, ..rule });
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    enqueue(harness, &json!("poison"), json!({})).await;
    given_up(harness, 2).await;

    let trace = harness.item(&issued.image_id).await.unwrap().text("traceId").to_owned();
    reader.set("XRAY_TRACE_ID", &format!("1-{}-{}", &trace[..8], &trace[8..])).await;
    reader.set("IMAGE_ID", &issued.image_id).await;
    reader.until("Mitigation").await;
    drop(strike);
    // The reader looked at them, which hides them for half a minute.
    given_up(harness, 2).await;
    reader.up_to("dlq drop").await;
    done(harness, &issued).await;
    // The move takes the poison along, as in the runbook, and it comes back.
    moved_once(harness).await;
    given_up(harness, 1).await;
    reader.up_to("dlq-evidence.json").await;
    // The command before has dropped the first; this one is for those who have no `ops`.
    enqueue(harness, &json!("more poison"), json!({})).await;
    given_up(harness, 1).await;
    reader.until("Rollback").await;
    // More than a second's work for the move that the runbook ends.
    for _ in 0..10 {
        enqueue(harness, &json!("much poison"), json!({})).await;
    }
    given_up(harness, 10).await;
    let slowly = json!({"SourceArn": dead_letter_arn(harness).await, "MaxNumberOfMessagesPerSecond": 1});
    harness.aws.json("sqs", "AmazonSQS.StartMessageMoveTask", slowly).await.unwrap();
}

/// An upload and a message that is none have been given up, and nobody has come.
pub(in crate::runbooks) async fn messages_lie_there(reader: &mut Reader) {
    let harness = reader.harness;
    let user = somebody(harness).await;
    let issued = plain_url(harness, &user).await;
    let refused = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let rule = Rule::next("s3", "PutObject", &format!("processed/{}", issued.image_id), refused);
    let strike = harness.faults.strike(Rule { times: usize::MAX, ..rule });
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    enqueue(harness, &json!("poison"), json!({})).await;
    given_up(harness, 2).await;
    drop(strike);
    for state in ["ALARM", "OK"] {
        let change =
            [("AlarmName", "dlq-not-empty"), ("StateValue", state), ("StateReason", "the test of a runbook")];
        harness.aws.query("monitoring", "2010-08-01", "SetAlarmState", &change).await.unwrap();
    }
    reader.up_to("dlq-evidence.json").await;
    // The look before hides them for half a minute.
    given_up(harness, 2).await;
    reader.until("Verify").await;
    // As in dlq-not-empty, which has a test of its own.
    purge(harness).await;
}

async fn dead_letter_arn(harness: &Harness) -> Value {
    let queue = json!({"QueueUrl": harness.output("DeadLetterQueueUrl"), "AttributeNames": ["QueueArn"]});
    let queue = harness.aws.json("sqs", "AmazonSQS.GetQueueAttributes", queue).await.unwrap();
    queue["Attributes"]["QueueArn"].clone()
}

/// Waits until SQS's own move has moved what it found, and ends it where poison that comes back at once keeps it going.
async fn moved_once(harness: &Harness) {
    let look = json!({"SourceArn": dead_letter_arn(harness).await});
    let task = async || {
        let tasks = harness.aws.json("sqs", "AmazonSQS.ListMessageMoveTasks", look.clone()).await.unwrap();
        tasks["Results"][0].clone()
    };
    let all = async || {
        let task = task().await;
        let number = |name: &str| task[name].as_u64().unwrap();
        let found = number("ApproximateNumberOfMessagesToMove");
        (number("ApproximateNumberOfMessagesMoved") >= found).then_some(task)
    };
    let Some(moved) = harness.until(all).await else { panic!("{}", harness.story("nothing")) };
    // Only what still runs has a handle; it may be over by now.
    if let Some(handle) = moved.get("TaskHandle") {
        let cancel = json!({"TaskHandle": handle});
        harness.aws.json("sqs", "AmazonSQS.CancelMessageMoveTask", cancel).await.ok();
    }
    let over = async || {
        let status = task().await["Status"].clone();
        (status == "COMPLETED" || status == "CANCELLED").then_some(())
    };
    assert!(harness.until(over).await.is_some(), "{}", harness.story("nothing"));
}

/// Waits until `count` messages lie in the dead-letter queue for all to see.
async fn given_up(harness: &Harness, count: usize) {
    let there = async || (dead_letters(harness).await.len() == count).then_some(());
    assert!(harness.until(there).await.is_some(), "{}", harness.story("nothing"));
}
