//! The plan's simulation against the stack: percentiles from upload to DONE at three loads.
//!
//! How long attempts take is measured in the same run, because this machine is not Lambda: what is held is the prediction of
//! queue, batches and executions, from attempts and an idle stack's way through the queue to the whole.

use std::time::Duration;

use cloudwatch_model::{Dimensions, MetricId, Timestamp};
use local_stack::observe::Seen;
use pipeline_client::load::{self, Plan};
use plan::simulation::{self, Model, Outcome, Percentiles, Service, Spacing};

use crate::harness::Harness;
use crate::numbers::PROCESSOR;

/// Few, so that uploads wait for each other.
const CONCURRENCY: usize = 2;
const BATCH_SIZE: usize = 2;
/// So few that hardly any waits for another.
const IDLE: f64 = 1.0;
/// Uploads a second.
const LOADS: [f64; 3] = [3.0, 6.0, 12.0];
const UPLOADS: usize = 400;
const UPLOADS_IDLE: usize = 100;
const ALLOWED: f64 = 0.2;

/// What was measured, in milliseconds.
struct Measured {
    waits: Vec<f64>,
    attempts: Vec<f64>,
    wholes: Vec<f64>,
}

/// The values of a metric so far, sorted.
fn values(seen: &Seen, name: &str) -> Vec<f64> {
    let dimensions = Dimensions::new([("service", PROCESSOR)]).unwrap();
    let metric = MetricId::new("ImagePipeline", name, dimensions).unwrap();
    let values =
        seen.metrics.values(&metric, None, Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
    let mut values: Vec<f64> =
        values.iter().flat_map(|(value, count)| std::iter::repeat_n(value, count as usize)).collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// What of `all` is not in `former`, both sorted: values are kept by the minute, so two loads share some.
fn added(all: Vec<f64>, former: &[f64]) -> Vec<f64> {
    let mut former = former.iter().peekable();
    all.into_iter().filter(|value| former.next_if(|it| it.total_cmp(value).is_eq()).is_none()).collect()
}

async fn measured(harness: &Harness, rate: f64, uploads: usize) -> Measured {
    const METRICS: [&str; 3] = ["QueueWait", "ProcessingLatency", "UploadToDoneLatency"];
    let former = harness.observer.look(|seen| METRICS.map(|name| values(seen, name)));
    let plan = Plan {
        rate,
        duration: Duration::MAX,
        most: uploads,
        mix: "photo=1".parse().unwrap(),
        ..Plan::default()
    };
    let ledger = load::run(&harness.info, &plan, &()).await.unwrap();
    assert!(ledger.is_whole(), "{ledger:?}");
    let all = |seen: &Seen| {
        let of = |index: usize| added(values(seen, METRICS[index]), &former[index]);
        let measured = Measured { waits: of(0), attempts: of(1), wholes: of(2) };
        (measured.wholes.len() >= uploads).then_some(measured)
    };
    harness.seen("the latency of every upload", "", all).await
}

fn predicted(rate: f64, pickup_ms: &[f64], attempts: &[f64]) -> Outcome {
    simulation::run(&Model {
        rate,
        spacing: Spacing::Poisson,
        uploads: 100_000,
        pickup_ms: pickup_ms.to_vec(),
        concurrency: CONCURRENCY,
        batch_size: BATCH_SIZE,
        service: Service::Measured(attempts.to_vec()),
        faults: 0.0,
        max_receives: 5,
        retry_base_seconds: 2.0,
        seed: 0,
    })
}

#[tokio::test]
#[ignore = "timed: run it by hand on a machine that does nothing else"]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
async fn simulated_percentiles_are_within_a_fifth_of_the_measured_ones_at_three_loads() {
    const PARAMETERS: &[(&str, &str)] =
        &[("MetricsSchedule", "rate(1 hour)"), ("ProcessorMaxConcurrency", "2"), ("ProcessorBatchSize", "2")];
    let harness = Harness::up("e2e-plan", PARAMETERS).await;
    let idle = measured(&harness, IDLE, UPLOADS_IDLE).await;
    let mut wrong = Vec::new();
    println!("uploads a second: p50 and p99 from upload to DONE in ms, measured, simulated");
    for rate in LOADS {
        let Measured { attempts, wholes, .. } = measured(&harness, rate, UPLOADS).await;
        let seen = Percentiles::of(wholes.iter().map(|ms| ms / 1_000.0).collect());
        let said = predicted(rate, &idle.waits, &attempts).whole;
        println!(
            "{rate:>5}: p50 {:.0} {:.0}, p99 {:.0} {:.0}",
            seen.p50_ms, said.p50_ms, seen.p99_ms, said.p99_ms
        );
        for (name, seen, said) in [("p50", seen.p50_ms, said.p50_ms), ("p99", seen.p99_ms, said.p99_ms)] {
            if (said / seen - 1.0).abs() > ALLOWED {
                wrong.push(format!("{rate} a second, {name}: {said:.0} ms simulated, {seen:.0} ms measured"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
