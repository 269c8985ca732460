//! The API's rate: who goes beyond it is refused, and whoever waits is served.

use std::time::{Duration, Instant};

use http::StatusCode;
use local_stack::observe::logs::LogFilter;
use pipeline_client::load::{self, Plan, Spacing};
use serde_json::json;

use crate::harness::Harness;
use crate::uploader::{ask, bearer, somebody};

/// `ApiThrottleRate` and `ApiThrottleBurst` of the abused stack.
const RATE: f64 = 5.0;
const BURST: usize = 10;

#[tokio::test]
async fn valid_token_beyond_the_rate_gets_429_in_the_form_of_api_gateway() {
    const CALLS: usize = 40;
    let (harness, _alone) = Harness::abused().await;
    let token = bearer(&somebody(harness).await.id_token);
    let begun = Instant::now();
    let calls = (0..CALLS).map(|_| ask(harness, "", Some(&token), &[], ""));

    let answers = futures_util::future::join_all(calls).await;

    let refilled = begun.elapsed().mul_f64(RATE).as_secs();
    let (good, refused): (Vec<_>, Vec<_>) =
        answers.into_iter().partition(|answer| answer.0 == StatusCode::OK);
    let most = BURST + usize::try_from(refilled).unwrap() + 1;
    assert!((1..=most).contains(&good.len()), "{} were served, of at most {most}", good.len());
    let refusal = (StatusCode::TOO_MANY_REQUESTS, json!({"message": "Too Many Requests"}));
    assert!(refused.iter().all(|answer| *answer == refusal), "{refused:?}");
    let logged = harness.seen("a line of the access log", "", |seen| {
        let lines = seen.logs.find(&LogFilter::default(), usize::MAX);
        lines.into_iter().find(|line| line.fields.get("status").is_some_and(|status| status == "429"))
    });
    assert_eq!(logged.await.fields["error"], "Too Many Requests");
}

#[tokio::test]
async fn clients_beyond_the_rate_wait_for_their_turn_and_lose_no_upload() {
    let (harness, _alone) = Harness::abused().await;
    let mix = "photo=1".parse().unwrap();
    let duration = Duration::from_secs(1);
    let plan = Plan { rate: 60.0, duration, spacing: Spacing::Uniform, mix, ..Plan::default() };

    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();

    assert!(ledger.is_whole(), "{ledger:?}");
    assert_eq!((ledger.sent, ledger.done), (60, 60));
    assert!(ledger.throttled > 0, "the rate is a twelfth of what was asked for");
    // The waits count: of 60 at once, the last is served after ten seconds.
    let [api, ..] = ledger.latencies.percentiles();
    assert!(api.max_ms > 5_000.0, "{api:?}");
}
