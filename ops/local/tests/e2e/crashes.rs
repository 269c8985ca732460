//! Functions that die, hang or hear nothing at each step of an image: at rest nothing is lost or doubled.

use http::StatusCode;
use image::ImageFormat;
use local_stack::faults::{Fault, Rule, Strike};
use local_stack::flow::{Ticket, TraceHeaders, put};
use local_stack::observe::Seen;
use serde_json::json;

use crate::faults::items_of;
use crate::picture::{assert_thumbnail, picture};
use crate::queue::{QUIET, dead_letters, drained, enqueue, notification};
use crate::stage::Stage;
use crate::uploader::{plain_url, somebody};

/// A step of processing that reaches outside, as the call it makes.
#[derive(Clone, Copy, Debug)]
struct Step {
    name: &'static str,
    service: &'static str,
    operation: &'static str,
    /// How many calls of the same kind the image has before.
    after: usize,
}

/// Every call that one attempt makes about an image, in order.
const STEPS: [Step; 6] = [
    Step { name: "download", service: "s3", operation: "GetObject", after: 0 },
    Step { name: "claim", service: "dynamodb", operation: "PutItem", after: 0 },
    Step { name: "upload", service: "s3", operation: "PutObject", after: 0 },
    Step { name: "persist", service: "dynamodb", operation: "PutItem", after: 1 },
    Step { name: "notify", service: "sns", operation: "Publish", after: 0 },
    Step { name: "settle", service: "dynamodb", operation: "PutItem", after: 2 },
];

/// How often the SDK makes a call before it gives up.
const SDK_ATTEMPTS: usize = 3;

impl Step {
    /// Strikes this step of one image, `times` calls of it.
    fn strike(self, stage: &Stage, image_id: &str, times: usize, fault: Fault) -> Strike {
        // The user's own PUT is a call about the image too, so a thumbnail is told by its folder.
        let subject =
            if self.name == "upload" { format!("processed/{image_id}") } else { image_id.to_owned() };
        let rule = Rule::next(self.service, self.operation, &subject, fault);
        stage.faults.strike(Rule { after: self.after, times, ..rule })
    }
}

/// Uploads an image for each step, has `fault` strike that step of it, and checks what is left at rest.
///
/// `told` says how many messages the topic sends about each image: two only where a message was out
/// before the table could say so.
async fn every_step_survives(fault: Fault, times: usize, told: [usize; STEPS.len()]) {
    let stage = Stage::mortal().await;
    let tokens = somebody(stage).await;
    let mut images = Vec::new();
    for (step, told) in STEPS.into_iter().zip(told) {
        let ticket = plain_url(stage, &tokens).await;
        let strike = step.strike(stage, &ticket.image_id, times, fault.clone());
        put(&ticket, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
        images.push((step, ticket, strike, told));
    }
    for (_, ticket, strike, _) in &images {
        strike.struck(times).await;
        stage.settled(&ticket.image_id).await;
    }
    drained(stage).await;
    for (step, ticket, strike, told) in images {
        assert_eq!(strike.count(), times, "{step:?}\n{}", stage.story(&ticket.image_id));
        assert_at_rest(stage, &ticket, step.name, told).await;
    }
    assert_eq!(dead_letters(stage).await, [""; 0]);
}

/// One item that says DONE, its thumbnail, as many messages as expected, one trace from the URL on.
async fn assert_at_rest(stage: &Stage, ticket: &Ticket, step: &str, told: usize) {
    let id = ticket.image_id.as_str();
    let item = stage.item(id).await.unwrap();
    assert_eq!((item.status(), item.is_settled()), ("DONE", true), "{step}\n{}", stage.story(id));
    assert_eq!(items_of(stage, &ticket.file_path).await, 1, "{step}");
    assert_thumbnail(&stage.thumbnail(id).await.unwrap());
    assert_eq!(stage.notifications(id).await, vec!["DONE"; told], "{step}\n{}", stage.story(id));
    let whole = |seen: &Seen| {
        let trace = seen.traces.get(item.text("traceId"))?;
        let named = |name: &str| trace.spans.iter().any(|span| span.name == name);
        (named("issue_upload_url") && named("process_image")).then_some(())
    };
    stage.seen("the trace from URL to result", id, whole).await;
}

#[tokio::test]
async fn function_killed_before_any_call_loses_and_doubles_nothing() {
    every_step_survives(Fault::KillBefore, 1, [1, 1, 1, 1, 1, 2]).await;
}

#[tokio::test]
async fn function_killed_after_any_call_loses_and_doubles_nothing() {
    every_step_survives(Fault::KillAfter, 1, [1, 1, 1, 1, 2, 1]).await;
}

#[tokio::test]
async fn lost_answer_of_any_call_loses_and_doubles_nothing() {
    every_step_survives(Fault::Lose, 1, [1, 1, 1, 1, 2, 1]).await;
}

#[tokio::test]
async fn connection_lost_before_any_call_loses_and_doubles_nothing() {
    every_step_survives(Fault::Drop, 1, [1; 6]).await;
}

#[tokio::test]
async fn service_that_refuses_any_call_delays_the_image_only() {
    let fault = Fault::Refuse { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable" };
    every_step_survives(fault, SDK_ATTEMPTS, [1, 1, 1, 1, 1, 2]).await;
}

#[tokio::test]
async fn call_that_hangs_costs_the_attempt_and_no_image() {
    every_step_survives(Fault::Hold, 1, [1, 1, 1, 1, 1, 2]).await;
}

/// A version of an object that is held in work before its thumbnail is stored; answers key, id and hold.
async fn held_in_work(stage: &Stage, sequencer: &str) -> (String, String, Strike) {
    let id = uuid::Uuid::now_v7().to_string();
    let key = format!("{QUIET}/{id}.raw");
    stage.put_object(stage.output("OriginalBucketName"), &key, &picture(ImageFormat::Jpeg), &[]).await;
    let [_, _, upload, ..] = STEPS;
    let hold = upload.strike(stage, &id, 1, Fault::Hold);
    enqueue(stage, &notification(stage, &key, sequencer), json!({})).await;
    hold.struck(1).await;
    (key, id, hold)
}

#[tokio::test]
async fn newer_version_that_comes_while_the_older_is_in_work_wins() {
    let stage = Stage::mortal().await;
    let (key, id, hold) = held_in_work(stage, "0A").await;
    let newer = picture(ImageFormat::Bmp);
    stage.put_object(stage.output("OriginalBucketName"), &key, &newer, &[]).await;
    enqueue(stage, &notification(stage, &key, "0B"), json!({})).await;
    drop(hold);

    drained(stage).await;

    let item = stage.item(&id).await.unwrap();
    assert!(item.is_settled() && item.text("sequencer").starts_with("0B0"), "{}", stage.story(&id));
    assert_eq!((item.status(), item.number("bytes")), ("DONE", Some(newer.len() as u64)));
    assert_thumbnail(&stage.thumbnail(&id).await.unwrap());
    assert_eq!(stage.notifications(&id).await, ["DONE", "DONE"]);
}

#[tokio::test]
async fn older_version_that_comes_while_the_newer_is_in_work_changes_nothing() {
    let stage = Stage::mortal().await;
    let (key, id, hold) = held_in_work(stage, "0B").await;
    enqueue(stage, &notification(stage, &key, "0A"), json!({})).await;
    drop(hold);

    drained(stage).await;

    let item = stage.item(&id).await.unwrap();
    assert!(item.is_settled() && item.text("sequencer").starts_with("0B0"), "{}", stage.story(&id));
    assert_eq!(stage.notifications(&id).await, ["DONE"]);
}

#[tokio::test]
async fn object_deleted_while_it_is_in_work_ends_done() {
    let stage = Stage::mortal().await;
    let (key, id, hold) = held_in_work(stage, "0A").await;
    let path = format!("/{}/{key}", stage.output("OriginalBucketName"));
    stage.aws.rest("s3", http::Method::DELETE, &path, Vec::new(), &[]).await.unwrap();
    drop(hold);

    assert_eq!(stage.settled(&id).await.status(), "DONE");
    assert_thumbnail(&stage.thumbnail(&id).await.unwrap());
    assert_eq!(stage.notifications(&id).await, ["DONE"]);
}
