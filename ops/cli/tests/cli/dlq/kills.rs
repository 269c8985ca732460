//! `ops dlq redrive` killed at every kind of call that it makes, before and after SQS received it.

use std::collections::BTreeMap;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::time::{Duration, Instant};

use local_stack::faults::{Faults, InjectedFault, Processes, Proxy, Rule};
use serde_json::json;

use super::harness::{QueueHarness, Queues};
use crate::text;

const BODIES: [&str; 4] = ["one", "two", "three", "four"];
/// How long killed commands hide messages.
const HOLD: &str = "1";

/// Begins a redrive and kills it at the call number `after` of an operation.
async fn killed(
    harness: &QueueHarness,
    queues: &Queues,
    operation: &'static str,
    after: usize,
    fault: InjectedFault,
) {
    let proxy = Proxy::bind().await.unwrap();
    let faults = Faults::default();
    let strike = faults.strike(Rule { after, ..Rule::next("sqs", operation, "", fault) });
    let words = ["redrive", "--cause", "malformed", "--execute", "--rate", "100", "--hold", HOLD];
    let mut command = harness.command(queues, &words);
    let child = command.env("AWS_ENDPOINT_URL", proxy.address()).process_group(0).spawn().unwrap();
    let _proxying =
        proxy.serve(harness.endpoint(), Processes::led_by(child.id().try_into().unwrap()), faults);
    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();
    strike.struck(1).await.unwrap();
    assert_eq!(output.status.signal(), Some(9), "{operation}: {}", text(&output.stderr));
}

/// Goes on until the dead-letter queue is empty; the bodies that are in the processing queue then.
async fn finished(harness: &QueueHarness, queues: &Queues) -> BTreeMap<String, usize> {
    let deadline = Instant::now() + Duration::from_mins(1);
    while harness.counts(&queues.dead).await != (0, 0) {
        assert!(Instant::now() < deadline, "the dead-letter queue does not become empty");
        tokio::time::sleep(Duration::from_millis(200)).await;
        let output = harness.ops(queues, &["redrive", "--cause", "malformed", "--execute", "--rate", "100"]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
    let mut bodies = BTreeMap::new();
    for message in harness.receive_all(&queues.source).await {
        *bodies.entry(message["Body"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    bodies
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_redrive_loses_nothing_and_sends_one_message_twice_at_worst() {
    let harness = QueueHarness::start().await;
    for (operation, after, fault, doubled) in [
        ("ReceiveMessage", 0, InjectedFault::KillBefore, 0),
        ("ReceiveMessage", 0, InjectedFault::KillAfter, 0),
        ("SendMessage", 1, InjectedFault::KillBefore, 0),
        ("SendMessage", 1, InjectedFault::KillAfter, 1),
        ("DeleteMessage", 0, InjectedFault::KillBefore, 1),
        ("DeleteMessage", 2, InjectedFault::KillBefore, 1),
        ("DeleteMessage", 2, InjectedFault::KillAfter, 0),
    ] {
        let what = format!("{fault:?} of {operation} {after}");
        let queues = harness.queues().await;
        for body in BODIES {
            harness.send(&queues.dead, body, json!({})).await;
        }

        killed(&harness, &queues, operation, after, fault).await;

        let bodies = finished(&harness, &queues).await;
        assert_eq!(bodies.keys().count(), BODIES.len(), "{what}: {bodies:?}");
        let total: usize = bodies.values().sum();
        assert_eq!(total - BODIES.len(), doubled, "{what}: {bodies:?}");
    }
    // What was accepted before the kill stands in the log, but for the one whose answer never came.
    let audit = harness.lines("ops-dlq-audit.jsonl");
    assert!(audit.iter().all(|line| line["outcome"] == "enqueued"), "{audit:?}");
    assert_eq!(audit.len(), 7 * BODIES.len() + 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn message_whose_deletion_fails_is_told_as_sent_and_kept() {
    let harness = QueueHarness::start().await;
    let queues = harness.queues().await;
    harness.send(&queues.dead, BODIES[0], json!({})).await;
    let proxy = Proxy::bind().await.unwrap();
    let faults = Faults::default();
    let refusal = InjectedFault::Refuse { status: http::StatusCode::FORBIDDEN, code: "AccessDenied".into() };
    let _strike = faults.strike(Rule::next("sqs", "DeleteMessage", "", refusal));
    let mut command = harness.command(&queues, &["redrive", "--cause", "malformed", "--execute", "--json"]);
    let child = command.env("AWS_ENDPOINT_URL", proxy.address()).spawn().unwrap();
    let _proxying = proxy.serve(harness.endpoint(), Processes::led_by(0), faults);

    let output = tokio::task::spawn_blocking(|| child.wait_with_output().unwrap()).await.unwrap();

    assert_eq!(output.status.code(), Some(1), "{}", text(&output.stderr));
    let report = crate::document(&output);
    assert_eq!((&report["done"], &report["messages"][0]["outcome"]), (&json!(0), &json!("kept")));
    let outcomes: Vec<_> =
        harness.lines("ops-dlq-audit.jsonl").iter().map(|line| line["outcome"].clone()).collect();
    assert_eq!(outcomes, ["enqueued", "kept"]);
    assert_eq!((harness.counts(&queues.dead).await, harness.counts(&queues.source).await), ((1, 0), (1, 0)));
}
