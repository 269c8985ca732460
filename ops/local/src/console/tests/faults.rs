//! Tests of the door for faults.

use std::time::Duration;

use ::http::Method;
use serde_json::json;

use super::Harness;
use crate::faults::leases::{Action, Order};
use crate::faults::{HeldLease, InjectedFault, LeaseError, Rule};
use crate::observe::Seen;

impl Harness {
    async fn until_rules(&self, count: usize) {
        let reached = async {
            while self.faults.lock().len() != count {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), reached).await.unwrap();
    }
}

fn order() -> Order {
    Order { rules: vec![Rule::next("s3", "PutObject", "", InjectedFault::Drop)], undo: Vec::new() }
}

#[tokio::test]
async fn rules_of_another_process_are_in_force_until_its_connection_ends() {
    let harness = Harness::new(Seen::default()).await;
    let held = HeldLease::open(&harness.info(), &order()).await.unwrap();
    assert_eq!(held.standing().struck, [0]);
    harness.until_rules(1).await;

    drop(held);

    harness.until_rules(0).await;
}

#[tokio::test]
async fn lease_that_is_ended_reports_what_was_struck_and_what_could_not_be_undone() {
    let harness = Harness::new(Seen::default()).await;
    // Nobody listens where this stack's APIs would be.
    let body = json!({"Name": "schedule"});
    let undo = Action::Json { service: "events".into(), target: "AWSEvents.EnableRule".into(), body };
    let order = Order { undo: vec![undo], ..order() };
    let held = HeldLease::open(&harness.info(), &order).await.unwrap();
    let call = crate::faults::ApiCall {
        service: "s3".into(),
        operation: "PutObject".into(),
        subject: "/b/k".into(),
    };
    harness.faults.hit(&call).unwrap().happened();
    held.until(|standing| standing.struck == [1]).await.unwrap();

    let ended = held.end(true).await.unwrap();

    assert_eq!(ended.struck, [1]);
    assert!(ended.problems[0].starts_with("AWSEvents.EnableRule: "), "{:?}", ended.problems);
    assert!(harness.faults.hit(&call).is_none());
}

#[tokio::test]
async fn undoing_that_was_done_already_is_not_done_again() {
    let harness = Harness::new(Seen::default()).await;
    let undo =
        Action::Rest { service: "lambda".into(), method: "PUT".into(), path: "/".into(), body: json!({}) };
    let order = Order { undo: vec![undo], ..order() };
    let held = HeldLease::open(&harness.info(), &order).await.unwrap();
    assert_eq!(held.end(false).await.unwrap().problems, Vec::<String>::new());
}

#[tokio::test]
async fn door_for_faults_is_closed_to_whoever_lacks_the_stacks_key() {
    let harness = Harness::new(Seen::default()).await;
    let mut stranger = harness.info();
    stranger.credentials.secret_access_key = "guessed".into();
    let refused = HeldLease::open(&stranger, &order()).await.unwrap_err();
    assert!(matches!(refused, LeaseError::Refused { status, .. } if status == 401), "{refused:?}");

    let http = aws_client::http::Http::new();
    let order = json!(order()).to_string();
    let key = format!("Bearer {}", harness.info().console_key());
    let page = [("authorization", key.as_str()), ("host", "evil.example")];
    for (headers, status) in [(&[][..], 401), (&page[..], 421)] {
        let url = format!("{}/api/faults", harness.address);
        let answer = http.send(Method::POST, &url, headers, order.clone()).await.unwrap();
        assert_eq!(answer.status(), status);
        let answer = http.send(Method::DELETE, &format!("{url}/1"), headers, "").await.unwrap();
        assert_eq!(answer.status(), status);
    }
    assert!(harness.faults.lock().is_empty());
}

#[tokio::test]
async fn order_that_is_not_understood_is_refused_with_the_reason() {
    let harness = Harness::new(Seen::default()).await;
    let key = format!("Bearer {}", harness.info().console_key());
    let url = format!("{}/api/faults", harness.address);
    let wrong = json!({"rules": [{"service": "s3", "fault": "explode"}]}).to_string();
    let http = aws_client::http::Http::new();
    let answer = http.send(Method::POST, &url, &[("authorization", &key)], wrong).await.unwrap();
    assert_eq!(answer.status(), 400);
    assert!(String::from_utf8_lossy(answer.body()).contains("explode"), "{answer:?}");
}
