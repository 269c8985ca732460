//! The plan's simulation against the stack: percentiles from upload to DONE at three loads, and where attempts fail.
//!
//! How long attempts and executions take is measured in the same run, because this machine is not Lambda: what is held is the
//! prediction of queue, batches and executions, from these and an idle stack's way through the queue to the whole. S3 is as slow
//! as AWS's, so that uploads wait for executions and not for this machine's processors.

use std::collections::HashMap;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::StatusCode;
use local_stack::faults::{InjectedFault, Rule, Strike};
use local_stack::observe::{Seen, insights};
use pipeline_client::load::{self, Plan};
use plan::simulation::{self, Model, Outcome, Percentiles, Service, Spacing};

use crate::harness::Harness;

/// Few, so that uploads wait for each other.
const CONCURRENCY: usize = 2;
const BATCH_SIZE: usize = 2;
/// So few that hardly any waits for another.
const IDLE: f64 = 1.0;
/// Uploads a second.
const LOADS: [f64; 3] = [3.0, 6.0, 9.0];
const UPLOADS: usize = 400;
const UPLOADS_IDLE: usize = 100;
const ALLOWED: f64 = 0.2;
/// What the plan assumes of a call of S3.
const S3_TAKES: Duration = Duration::from_millis(100);
/// The share of attempts that fail: few of many uploads do so twice, many more than a hundredth once.
const FAULTS: f64 = 0.04;
/// The least load, so that those that are tried again do not make the others wait.
const LOAD_WITH_FAULTS: f64 = LOADS[0];

/// What a line of each image has: the attempt's span, its invocation, and milliseconds from upload to receipt or to DONE.
const WAITS: &str = "fields span_id, requestId, QueueWait | filter ispresent(QueueWait)";
const WHOLES: &str = "fields span_id, requestId, UploadToDoneLatency | filter ispresent(UploadToDoneLatency)";
/// How long each invocation took.
const INVOCATIONS: &str =
    "fields type, record.requestId, record.metrics.durationMs | filter type = 'platform.report'";

/// What was measured, in milliseconds.
#[derive(Debug, Default)]
struct Measured {
    /// From an upload to its receipt.
    waits: Vec<f64>,
    /// From a receipt to DONE.
    dones: Vec<f64>,
    /// From an upload to DONE.
    wholes: Vec<f64>,
    /// From the last DONE of an execution to its end.
    frees: Vec<f64>,
}

/// Of the processor's lines since `begin`, in milliseconds since 1970: two texts and a number of each.
fn rows(seen: &Seen, begin: u64, query: &str) -> Vec<(String, String, f64)> {
    let query = format!("SOURCE '/aws/lambda/image-processor-lambda' | {query} and @timestamp >= {begin}");
    let rows = insights::answer(&seen.logs, &query).unwrap().rows.into_iter();
    rows.map(|row| (row[0].clone(), row[1].clone(), row[2].parse().unwrap())).collect()
}

/// The images since `begin`, once all are done and the execution of each is free.
fn measurement(seen: &Seen, begin: u64, uploads: usize) -> Option<Measured> {
    let waits: HashMap<_, _> = rows(seen, begin, WAITS).into_iter().map(|(span, _, ms)| (span, ms)).collect();
    let mut measured = Measured::default();
    let mut lasts: HashMap<String, f64> = HashMap::new();
    for (span, invocation, whole) in rows(seen, begin, WHOLES) {
        measured.wholes.push(whole);
        // The wait is that of the first receipt: what was tried again has none beside its end.
        let Some(wait) = waits.get(&span) else { continue };
        measured.waits.push(*wait);
        measured.dones.push(whole - wait);
        let last = lasts.entry(invocation).or_default();
        *last = last.max(whole - wait);
    }
    let busy = rows(seen, begin, INVOCATIONS);
    let busy: HashMap<_, _> = busy.into_iter().map(|(_, invocation, ms)| (invocation, ms)).collect();
    for (invocation, last) in lasts {
        measured.frees.push((busy.get(&invocation)? - last).max(0.0));
    }
    (measured.wholes.len() == uploads).then_some(measured)
}

async fn measured(harness: &Harness, rate: f64, uploads: usize) -> Measured {
    let begin = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let begin = u64::try_from(begin.as_millis()).unwrap();
    let plan = Plan {
        rate,
        duration: Duration::MAX,
        most: uploads,
        mix: "photo=1".parse().unwrap(),
        ..Plan::default()
    };
    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();
    assert!(ledger.is_whole(), "{ledger:?}");
    let all = |seen: &Seen| measurement(seen, begin, uploads);
    harness.seen("the end of every upload and execution", "", all).await
}

/// S3 as slow as AWS's, until both are dropped.
fn slow_s3(harness: &Harness) -> [Strike; 2] {
    [("GetObject", "/user-uploads/"), ("PutObject", "/processed/")].map(|(operation, subject)| {
        let rule = Rule::next("s3", operation, subject, InjectedFault::Delay(S3_TAKES));
        harness.faults.strike(Rule { times: usize::MAX, ..rule })
    })
}

fn predicted(rate: f64, pickup_ms: &[f64], loaded: &Measured, faults: f64) -> Outcome {
    simulation::run(&Model {
        rate,
        spacing: Spacing::Poisson,
        uploads: 100_000,
        pickup_ms: pickup_ms.to_vec(),
        concurrency: CONCURRENCY,
        batch_size: BATCH_SIZE,
        service: Service::Measured { done_ms: loaded.dones.clone(), free_ms: loaded.frees.clone() },
        faults,
        max_receives: 5,
        retry_base_seconds: 2.0,
        seed: 0,
    })
}

/// Prints a load's percentiles; those whose simulated value is too far from the measured one.
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
fn differences(load: &str, measured: &Measured, simulated: &Outcome) -> Vec<String> {
    let seen = Percentiles::of(measured.wholes.iter().map(|ms| ms / 1_000.0).collect());
    let predicted = simulated.whole;
    println!(
        "{load:>28} {:>15.0} {:>9.0} {:>9.0} {:>9.0}",
        seen.p50_ms, predicted.p50_ms, seen.p99_ms, predicted.p99_ms
    );
    [("p50", seen.p50_ms, predicted.p50_ms), ("p99", seen.p99_ms, predicted.p99_ms)]
        .into_iter()
        .filter(|(_, seen, predicted)| (predicted / seen - 1.0).abs() > ALLOWED)
        .map(|(name, seen, predicted)| {
            format!("{load}, {name}: {predicted:.0} ms simulated, {seen:.0} ms measured")
        })
        .collect()
}

#[tokio::test]
#[ignore = "timed, so nothing else may run: .ci/nightly has it"]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
async fn simulated_percentiles_are_within_a_fifth_of_the_measured_ones_at_three_loads_and_where_attempts_fail()
 {
    const PARAMETERS: &[(&str, &str)] =
        &[("MetricsSchedule", "rate(1 hour)"), ("ProcessorMaxConcurrency", "2"), ("ProcessorBatchSize", "2")];
    let harness = Harness::up("e2e-plan", PARAMETERS).await;
    let slow = slow_s3(&harness);
    let idle = measured(&harness, IDLE, UPLOADS_IDLE).await;
    let mut wrong = Vec::new();
    println!("from upload to DONE in ms                   p50 simulated       p99 simulated");
    for rate in LOADS {
        let loaded = measured(&harness, rate, UPLOADS).await;
        assert_eq!(loaded.dones.len(), UPLOADS, "attempts of which receipt and end are known");
        wrong.extend(differences(
            &format!("{rate} a second"),
            &loaded,
            &predicted(rate, &idle.waits, &loaded, 0.0),
        ));
    }
    // A refusal that the SDK does not ask again about, so that the message comes again. The oldest rule strikes.
    drop(slow);
    let denied = InjectedFault::Refuse { status: StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let rule = Rule::next("s3", "GetObject", "/user-uploads/", denied);
    let denied = harness.faults.strike(Rule { times: usize::MAX, probability: FAULTS, ..rule });
    let _slow = slow_s3(&harness);
    let loaded = measured(&harness, LOAD_WITH_FAULTS, UPLOADS).await;
    assert!(denied.count() > UPLOADS / 100, "{} attempts failed", denied.count());
    assert!(loaded.dones.len() >= UPLOADS - denied.count(), "attempts of which receipt and end are known");
    #[expect(clippy::cast_precision_loss, reason = "hundreds")]
    let share = denied.count() as f64 / (UPLOADS + denied.count()) as f64;
    let what = format!("{LOAD_WITH_FAULTS} a second, {:.1} % fail", 100.0 * share);
    wrong.extend(differences(&what, &loaded, &predicted(LOAD_WITH_FAULTS, &idle.waits, &loaded, share)));
    assert!(wrong.is_empty(), "{wrong:#?}");
}
