//! Updates of a stack that is in use.

use image::ImageFormat;
use local_stack::faults::{InjectedFault, Rule, Strike};
use serde_json::json;

use crate::crashes::struck;
use crate::harness::Harness;
use crate::item::Item;
use crate::picture::picture;
use crate::protocol::silent_object;
use crate::queue::{attempt, attempts, drained, enqueue, notification};
use crate::release::Release;
use crate::stacks::Parameters;

/// Time for an update while a function is held.
const PARAMETERS: Parameters = &[
    ("MetricsSchedule", "rate(1 hour)"),
    ("ProcessorBatchSize", "1"),
    ("ProcessorTimeoutSeconds", "60"),
    ("QueueVisibilityTimeoutSeconds", "60"),
    ("RetryBaseSeconds", "0"),
];

#[tokio::test]
async fn invocation_at_work_during_an_update_ends_as_it_began() {
    let harness = &Harness::up("e2e-update", PARAMETERS).await;
    let (key, id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    let hold = recording(harness, &id, InjectedFault::Hold);
    let message = enqueue(harness, &notification(harness, &key, "1"), json!({})).await;
    struck(&hold, 1).await;

    let small = &[PARAMETERS, &[("ThumbnailSides", "64")]].concat();
    harness.update(&Release::current().await, small).await;
    let (other, other_id) = silent_object(harness, &picture(ImageFormat::Jpeg)).await;
    enqueue(harness, &notification(harness, &other, "1"), json!({})).await;
    let after = harness.settled(&other_id).await;
    drop(hold);
    let before = harness.settled(&id).await;

    let width = |item: &Item| item.number("thumbnailWidth");
    assert_eq!((width(&before), width(&after)), (Some(256), Some(64)));
    drained(harness).await;
    attempt(harness, &message).await;
    assert_eq!(harness.observer.look(|seen| attempts(seen, &message).len()), 1, "{}", harness.story(&id));
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}

/// Has `fault` strike the attempt at an image as it records the result: claimed, and not finished.
fn recording(harness: &Harness, image_id: &str, fault: InjectedFault) -> Strike {
    let claim_passes = 1;
    harness.faults.strike(Rule { after: claim_passes, ..Rule::next("dynamodb", "PutItem", image_id, fault) })
}
