//! Tests of the door for the clock's rate.

use ::http::Method;
use serde_json::json;

use super::Harness;
use crate::console::ClockReading;
use crate::faults::HeldLease;
use crate::faults::leases::Order;
use crate::observe::Seen;

impl Harness {
    /// Asks for a rate with a key; the status.
    async fn ask(&self, key: &str, body: &str) -> u16 {
        let (url, key) = (format!("{}/api/clock", self.address), format!("Bearer {key}"));
        let headers = [("authorization", key.as_str())];
        let http = aws_client::http::Http::new();
        http.send(Method::PUT, &url, &headers, body.to_owned()).await.unwrap().status().as_u16()
    }

    async fn reading(&self) -> ClockReading {
        serde_json::from_value(self.json("/api/clock").await).unwrap()
    }
}

#[tokio::test]
async fn clock_goes_as_whoever_has_the_stacks_key_says_and_nobody_else() {
    let harness = Harness::new(Seen::default()).await;
    let key = harness.info().console_key();
    assert_eq!(harness.ask("guessed", r#"{"rate":60}"#).await, 401);
    assert_eq!(harness.reading().await.rate, 1);
    assert_eq!(harness.ask(&key, r#"{"rate":60}"#).await, 200);
    assert_eq!((harness.reading().await.rate, harness.observer.clock().rate()), (60, 60));
    for nonsense in ["", "{}", r#"{"rate":0}"#, r#"{"rate":601}"#, r#"{"rate":-1}"#, r#"{"rate":1,"now":2}"#]
    {
        assert_eq!(harness.ask(&key, nonsense).await, 400, "{nonsense}");
    }
    assert_eq!(harness.reading().await.rate, 60);
}

#[tokio::test]
async fn rate_stays_while_somebody_counts_its_minutes() {
    let harness = Harness::new(Seen::default()).await;
    let (info, body) = (harness.info(), json!({"rate": 60}).to_string());
    let held = HeldLease::open(&info, &Order { rules: Vec::new(), undo: Vec::new() }).await.unwrap();
    assert_eq!((harness.ask(&info.console_key(), &body).await, harness.reading().await.rate), (409, 1));
    held.end(true).await.unwrap();
    assert_eq!((harness.ask(&info.console_key(), &body).await, harness.reading().await.rate), (200, 60));
}
