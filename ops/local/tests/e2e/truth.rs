//! Ground truth: of a thousand uploads at once, each is one connected trace, and each number is what was done.

mod numbers;
mod plan;
mod spans;

use serde_json::json;

use crate::crowd::{ask_all, left, put_all};
use crate::harness::Harness;
use crate::queue::{drained, enqueue, notification};
use crate::uploader::somebody;
use numbers::Numbers;
use plan::{Plan, Upload};

/// How many clients that know only their `upload_url` upload at the same time.
const UPLOADS: usize = 1_000;

/// Calls to the API at the same time.
const ASKERS: usize = 8;

/// Carries out the plan, and compares spans and numbers with it.
async fn assert_told_truly(plan: Plan) {
    let (harness, _alone) = Harness::counted().await;
    let before = Numbers::seen(harness);
    let tokens = somebody(harness).await;
    let issued = ask_all(harness, &tokens, ASKERS, UPLOADS).await;
    let uploads: Vec<Upload> = issued.iter().enumerate().map(|(n, issued)| plan.upload(n, issued)).collect();
    let strikes: Vec<_> = uploads.iter().filter_map(|upload| upload.strike(harness)).collect();

    put_all(&issued, uploads.iter().map(|upload| upload.bytes.clone()).collect()).await;
    let ids: Vec<String> = uploads.iter().map(|upload| upload.image_id.clone()).collect();
    let left = left(harness, &ids).await;
    for upload in uploads.iter().filter(|upload| upload.comes_twice) {
        let sequencer = left.items[&upload.image_id].text("sequencer");
        enqueue(harness, &notification(harness, &upload.key, sequencer), json!({})).await;
    }
    drained(harness).await;

    assert!(strikes.iter().all(|strike| strike.count() == 1), "each planned fault happened once");
    let wrong: Vec<&Upload> =
        uploads.iter().filter(|upload| left.items[&upload.image_id].status() != upload.status()).collect();
    assert!(wrong.is_empty(), "{} ended otherwise than planned: {:?}", wrong.len(), wrong.first());
    assert_eq!(left.queued, [0, 0]);
    spans::assert_connected(harness, &uploads).await;
    let expected = Numbers::of(&uploads, &left);
    expected.assert_grown_since(harness, before).await;
}

#[tokio::test]
#[ignore = "long: run by .ci/run"]
async fn thousand_uploads_are_thousand_connected_traces_and_exact_numbers() {
    assert_told_truly(Plan { faults: false, comes_twice: false }).await;
}

#[tokio::test]
#[ignore = "long: run by .ci/run"]
async fn thousand_uploads_with_faults_and_redeliveries_are_told_as_truly() {
    assert_told_truly(Plan { faults: true, comes_twice: true }).await;
}
