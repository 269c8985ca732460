//! Uploads that wait, and uploads that were given up.

use http::StatusCode;
use image::ImageFormat;
use local_stack::faults::{Fault, Rule};
use local_stack::flow::{TraceHeaders, put};
use serde_json::{Value, json};

use super::{done, purge, uploaded};
use crate::picture::picture;
use crate::queue::{dead_letters, enqueue};
use crate::runbooks::rehearsal::Rehearsal;
use crate::stage::Stage;
use crate::switches::{consume, throttle};
use crate::uploader::{plain_url, somebody};

const PROCESSOR: &str = "ImageProcessorFunctionName";

/// Nothing takes messages, and nothing could work on them; the runbook mends both.
pub(in crate::runbooks) async fn everything_is_off(book: &mut Rehearsal) {
    let stage = book.stage;
    consume(stage, false).await;
    throttle(stage, PROCESSOR).await;
    let waiting = uploaded(stage).await;
    book.until("Verify").await;
    done(stage, &waiting).await;
    crate::queue::drained(stage).await;
}

/// The same after images were done, as the runbook looks for what was logged.
pub(in crate::runbooks) async fn everything_is_off_while_uploads_come(book: &mut Rehearsal) {
    let before = uploaded(book.stage).await;
    done(book.stage, &before).await;
    everything_is_off(book).await;
}

/// The processor may not run; the runbook lets it.
pub(in crate::runbooks) async fn processor_has_no_room(book: &mut Rehearsal) {
    let stage = book.stage;
    throttle(stage, PROCESSOR).await;
    let waiting = uploaded(stage).await;
    book.until("Verify").await;
    done(stage, &waiting).await;
}

/// An upload whose thumbnail cannot be stored, and a message that is none of ours, are given up.
pub(in crate::runbooks) async fn upload_and_poison_fail(book: &mut Rehearsal) {
    let stage = book.stage;
    let user = somebody(stage).await;
    let issued = plain_url(stage, &user).await;
    let refused = Fault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied" };
    let thumbnail = format!("processed/{}", issued.image_id);
    let rule = Rule::next("s3", "PutObject", &thumbnail, refused);
    let strike = stage.faults.strike(Rule { times: usize::MAX, ..rule });
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    enqueue(stage, &json!("poison"), json!({})).await;
    given_up(stage, 2).await;

    let trace = stage.item(&issued.image_id).await.unwrap().text("traceId").to_owned();
    book.set("XRAY_TRACE_ID", &format!("1-{}-{}", &trace[..8], &trace[8..])).await;
    book.set("IMAGE_ID", &issued.image_id).await;
    book.until("Mitigation").await;
    drop(strike);
    // The reader looked at them, which hides them for half a minute.
    given_up(stage, 2).await;
    book.up_to("dlq drop").await;
    done(stage, &issued).await;
    // The move takes the poison along, as the runbook says, and it comes back.
    moved(stage).await;
    given_up(stage, 1).await;
    book.up_to("dlq-evidence.json").await;
    // The command before has dropped the first; this one is for those who have no `ops`.
    enqueue(stage, &json!("more poison"), json!({})).await;
    given_up(stage, 1).await;
    book.until("Rollback").await;
    // More than a second's work for the move that the runbook ends.
    for _ in 0..10 {
        enqueue(stage, &json!("much poison"), json!({})).await;
    }
    given_up(stage, 10).await;
    let slowly = json!({"SourceArn": dead_letter_arn(stage).await, "MaxNumberOfMessagesPerSecond": 1});
    stage.aws.json("sqs", "AmazonSQS.StartMessageMoveTask", slowly).await.unwrap();
}

/// An upload and a message that is none have been given up, and nobody has come.
pub(in crate::runbooks) async fn letters_lie_there(book: &mut Rehearsal) {
    let stage = book.stage;
    let user = somebody(stage).await;
    let issued = plain_url(stage, &user).await;
    let refused = Fault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied" };
    let rule = Rule::next("s3", "PutObject", &format!("processed/{}", issued.image_id), refused);
    let strike = stage.faults.strike(Rule { times: usize::MAX, ..rule });
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    enqueue(stage, &json!("poison"), json!({})).await;
    given_up(stage, 2).await;
    drop(strike);
    for state in ["ALARM", "OK"] {
        let change = [("AlarmName", "dlq-not-empty"), ("StateValue", state), ("StateReason", "a rehearsal")];
        stage.aws.query("monitoring", "2010-08-01", "SetAlarmState", &change).await.unwrap();
    }
    book.up_to("dlq-evidence.json").await;
    // The look before hides them for half a minute.
    given_up(stage, 2).await;
    book.until("Verify").await;
    // As dlq-not-empty says, which has a rehearsal of its own.
    purge(stage).await;
}

async fn dead_letter_arn(stage: &Stage) -> Value {
    let queue = json!({"QueueUrl": stage.output("DeadLetterQueueUrl"), "AttributeNames": ["QueueArn"]});
    let queue = stage.aws.json("sqs", "AmazonSQS.GetQueueAttributes", queue).await.unwrap();
    queue["Attributes"]["QueueArn"].clone()
}

/// Waits until SQS's own move has moved everything.
async fn moved(stage: &Stage) {
    let look = json!({"SourceArn": dead_letter_arn(stage).await});
    let ended = async || {
        let tasks = stage.aws.json("sqs", "AmazonSQS.ListMessageMoveTasks", look.clone()).await.unwrap();
        (tasks["Results"][0]["Status"] == "COMPLETED").then_some(())
    };
    assert!(stage.until(ended).await.is_some(), "{}", stage.story("nothing"));
}

/// Waits until so many messages lie in the dead-letter queue for all to see.
async fn given_up(stage: &Stage, count: usize) {
    let there = async || (dead_letters(stage).await.len() == count).then_some(());
    assert!(stage.until(there).await.is_some(), "{}", stage.story("nothing"));
}
