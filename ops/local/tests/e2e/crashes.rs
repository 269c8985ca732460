//! Functions that die, hang or hear nothing at each step of an image: at rest nothing is lost or doubled.

use std::time::Duration;

use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule, Strike};
use local_stack::flow::{TraceHeaders, UploadUrl, put};
use local_stack::observe::Seen;
use serde_json::json;

use crate::faults::items_of;
use crate::harness::Harness;
use crate::item::Item;
use crate::picture::{assert_thumbnail, picture};
use crate::protocol::{LOOKED_ONLY, silent_object};
use crate::queue::{
    attempt, attempts, dead_letters, drained, enqueue, enqueue_together, notification, steps,
};
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

/// Longest wait for a call; a busy machine needs part of it.
const PATIENCE: Duration = Duration::from_mins(2);

/// How often the SDK makes a call before it gives up.
const SDK_ATTEMPTS: usize = 3;

impl Step {
    /// Strikes this step of one image, `times` calls of it.
    fn strike(self, harness: &Harness, image_id: &str, times: usize, fault: InjectedFault) -> Strike {
        // The user's own PUT is a call about the image too, so a thumbnail is recognised by its folder.
        let subject =
            if self.name == "upload" { format!("processed/{image_id}") } else { image_id.to_owned() };
        let rule = Rule::next(self.service, self.operation, &subject, fault);
        harness.faults.strike(Rule { after: self.after, times, ..rule })
    }
}

/// Waits until calls were struck, though not for ever: a rule may be about a call that is never made.
pub(crate) async fn struck(strike: &Strike, times: usize) {
    let struck = tokio::time::timeout(PATIENCE, strike.struck(times)).await;
    struck.expect("the call should be made").expect("the call should be struck");
}

/// Uploads an image for each step, has `fault` strike that step of it, and checks what is left at rest.
///
/// `notified` is how many messages the topic sends about each image: two only where a message was sent before the table
/// could record it.
async fn every_step_survives(fault: InjectedFault, times: usize, notified: [usize; STEPS.len()]) {
    let harness = Harness::mortal().await;
    let tokens = somebody(harness).await;
    let mut images = Vec::new();
    for (step, notified) in STEPS.into_iter().zip(notified) {
        let issued = plain_url(harness, &tokens).await;
        let strike = step.strike(harness, &issued.image_id, times, fault.clone());
        put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
        images.push((step, issued, strike, notified));
    }
    for (_, issued, strike, _) in &images {
        struck(strike, times).await;
        harness.settled(&issued.image_id).await;
    }
    drained(harness).await;
    for (step, issued, strike, notified) in images {
        assert_eq!(strike.count(), times, "{step:?}\n{}", harness.story(&issued.image_id));
        assert_at_rest(harness, &issued, step.name, notified).await;
    }
    assert_eq!(dead_letters(harness).await, [""; 0]);
}

/// One item that is DONE, its thumbnail, as many messages as expected, one trace from the URL on.
async fn assert_at_rest(harness: &Harness, issued: &UploadUrl, step: &str, notified: usize) {
    let id = issued.image_id.as_str();
    let item = harness.item(id).await.unwrap();
    assert_eq!((item.status(), item.is_settled()), ("DONE", true), "{step}\n{}", harness.story(id));
    assert_eq!(items_of(harness, &issued.file_path).await, 1, "{step}");
    assert_thumbnail(&harness.thumbnail(id).await.unwrap());
    assert_eq!(harness.notifications(id).await, vec!["DONE"; notified], "{step}\n{}", harness.story(id));
    let whole = |seen: &Seen| {
        let trace = seen.traces.get(item.text("traceId"))?;
        let named = |name: &str| trace.spans.iter().any(|span| span.name == name);
        (named("issue_upload_url") && named("process_image")).then_some(())
    };
    harness.seen("the trace from URL to result", id, whole).await;
    let traces = harness.observer.look(|seen| traces_of(seen, &issued.file_path));
    assert!(traces.contains(&item.text("traceId").to_owned()), "{step}: {traces:?}");
    assert!(traces.iter().all(|trace| trace == item.text("traceId")), "{step}: {traces:?}");
}

/// The trace of each attempt at an object that came to its claim: one that ended before it heard of the object, because
/// it was struck or its time was over, cannot know the upload's trace.
fn traces_of(seen: &Seen, key: &str) -> Vec<String> {
    let mut found = Vec::new();
    for trace in seen.traces.newest(usize::MAX) {
        let has_claimed = |attempt: &str| {
            let mut steps = trace.spans.iter().filter(|span| span.parent_span_id.as_deref() == Some(attempt));
            steps.any(|span| span.name == "claim")
        };
        let attempts = trace.spans.iter().filter(|span| {
            span.name == "process_image"
                && span.attribute("aws.s3.key") == Some(key)
                && has_claimed(&span.span_id)
        });
        found.extend(attempts.map(|span| span.trace_id.clone()));
    }
    found
}

#[tokio::test]
async fn function_killed_before_any_call_loses_and_doubles_nothing() {
    every_step_survives(InjectedFault::KillBefore, 1, [1, 1, 1, 1, 1, 2]).await;
}

#[tokio::test]
async fn function_killed_after_any_call_loses_and_doubles_nothing() {
    every_step_survives(InjectedFault::KillAfter, 1, [1, 1, 1, 1, 2, 1]).await;
}

#[tokio::test]
async fn lost_answer_of_any_call_loses_and_doubles_nothing() {
    every_step_survives(InjectedFault::Lose, 1, [1, 1, 1, 1, 2, 1]).await;
}

#[tokio::test]
async fn connection_lost_before_any_call_loses_and_doubles_nothing() {
    every_step_survives(InjectedFault::Drop, 1, [1; 6]).await;
}

#[tokio::test]
async fn service_that_refuses_any_call_delays_the_image_only() {
    let fault =
        InjectedFault::Refuse { status: StatusCode::SERVICE_UNAVAILABLE, code: "ServiceUnavailable".into() };
    every_step_survives(fault, SDK_ATTEMPTS, [1, 1, 1, 1, 1, 2]).await;
}

#[tokio::test]
async fn call_that_hangs_costs_the_attempt_and_no_image() {
    every_step_survives(InjectedFault::Hold, 1, [1, 1, 1, 1, 1, 2]).await;
}

#[tokio::test]
#[ignore = "an image must kill its function five times, some 20 s apart"]
async fn batch_mates_of_an_image_that_kills_its_function_end_done() {
    let (harness, _alone) = Harness::crowded().await;
    let mut images = Vec::new();
    for _ in 0..5 {
        images.push(silent_object(harness, &picture(ImageFormat::Jpeg)).await);
    }
    let [_, (killer, _), mates @ ..] = images.as_slice() else { unreachable!("five were made") };
    let kill = Rule::next("s3", "GetObject", killer, InjectedFault::KillBefore);
    let kills = harness.faults.strike(Rule { times: usize::MAX, ..kill });
    let bodies: Vec<String> =
        images.iter().map(|(key, _)| notification(harness, key, "1").to_string()).collect();

    enqueue_together(harness, &bodies).await;
    struck(&kills, 5).await;
    let dead = async || dead_letters(harness).await.contains(&bodies[1]).then_some(());
    assert!(harness.until(dead).await.is_some(), "{}", harness.story(killer));

    for (_, id) in mates.iter().chain(&images[..1]) {
        assert_eq!(harness.settled(id).await.status(), "DONE", "{}", harness.story(id));
    }
    drained(harness).await;
    assert_eq!(dead_letters(harness).await, [bodies[1].clone()]);
}

/// A version of an object that is held in work before its thumbnail is stored; answers key, id and hold.
async fn held_in_work(harness: &Harness, sequencer: &str) -> (String, String, Strike) {
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    let [_, _, upload, ..] = STEPS;
    let hold = upload.strike(harness, &id, 1, InjectedFault::Hold);
    enqueue(harness, &notification(harness, &key, sequencer), json!({})).await;
    struck(&hold, 1).await;
    (key, id, hold)
}

#[tokio::test]
async fn newer_version_that_comes_while_the_older_is_in_work_wins() {
    let harness = Harness::mortal().await;
    let (key, id, hold) = held_in_work(harness, "0A").await;
    let newer = picture(ImageFormat::Bmp);
    harness.put_object(harness.output("OriginalBucketName"), &key, &newer, &[]).await;
    // Each look of the newer version at the claim, which is late only so that it can be seen.
    let look = Rule::next("dynamodb", "PutItem", &id, InjectedFault::Delay(Duration::from_millis(1)));
    let looks = harness.faults.strike(Rule { times: usize::MAX, ..look });
    let message = enqueue(harness, &notification(harness, &key, "0B"), json!({})).await;
    struck(&looks, 3).await;
    drop(hold);

    let is_newer = |item: &Item| item.is_settled() && item.text("sequencer").starts_with("0B0");
    let item = harness.item_when(&id, is_newer).await;

    assert_eq!((item.status(), item.number("bytes")), ("DONE", Some(newer.len() as u64)));
    assert_thumbnail(&harness.thumbnail(&id).await.unwrap());
    // The older one ended DONE too, and the newer one waited for it within its first receive.
    assert_eq!(harness.notifications(&id).await, ["DONE", "DONE"]);
    let (span, trace) = attempt(harness, &message).await;
    assert!(steps(&span, &trace).contains(&"wait".to_owned()));
    assert_eq!(harness.observer.look(|seen| attempts(seen, &message).len()), 1);
}

#[tokio::test]
async fn older_version_that_comes_while_the_newer_is_in_work_changes_nothing() {
    let harness = Harness::mortal().await;
    let (key, id, hold) = held_in_work(harness, "0B").await;
    // There is nothing to come back for: a newer version is in work.
    let message = enqueue(harness, &notification(harness, &key, "0A"), json!({})).await;
    let (span, trace) = attempt(harness, &message).await;
    assert_eq!(steps(&span, &trace), LOOKED_ONLY);
    drop(hold);
    let newest = harness.settled(&id).await;

    assert!(newest.text("sequencer").starts_with("0B0"), "{newest:?}");
    assert_eq!(harness.item(&id).await, Some(newest));
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}

#[tokio::test]
async fn object_deleted_while_it_is_in_work_ends_done() {
    let harness = Harness::mortal().await;
    let (key, id, hold) = held_in_work(harness, "0A").await;
    let path = format!("/{}/{key}", harness.output("OriginalBucketName"));
    harness.aws.rest("s3", Method::DELETE, &path, Vec::new(), &[]).await.unwrap();
    drop(hold);

    assert_eq!(harness.settled(&id).await.status(), "DONE");
    assert_thumbnail(&harness.thumbnail(&id).await.unwrap());
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}
