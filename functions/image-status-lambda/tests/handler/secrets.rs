//! Whatever a request or an item holds: no key, bucket, URL or credential of it is emitted, at any log level.

use contract::item::Record;
use serde_json::json;
use telemetry::Telemetry;

use crate::{Harness, SECRET, SUB, Table, done, event_for, own_credentials};

const EMAIL: &str = "marker.person@example.com";
const TOKEN: &str = "eyJraWQiOiJtYXJrZXIifQ.eyJzdWIiOiJtYXJrZXIifQ.bWFya2Vy";

fn at_trace(items: Table) -> Harness {
    let trace = |name: &str| (name == "RUST_LOG").then(|| "trace".to_owned());
    Harness::built(items, own_credentials(), Telemetry::capture_with("image-status-lambda", trace))
}

#[tokio::test]
async fn no_key_bucket_url_or_credential_is_emitted_whatever_is_answered() {
    let item = Record { message: Some(format!("marker of a message {EMAIL}")), ..done() };
    let secrets = [
        "processed/",
        "user-uploads",
        "X-Amz-",
        "https://",
        "thumbnails.s3",
        "marker",
        SECRET,
        "own-session-token",
    ];
    let harness = at_trace(Table::of(item.clone()));
    let body = harness.read(event_for(&item.image_id)).await;
    // The answer to the user alone holds the URLs.
    assert!(body["thumbnails"][0]["url"].as_str().unwrap().contains("own-session-token"), "{body}");
    assert_eq!(harness.captured.leaked(&secrets), [""; 0]);

    for (items, asked) in [
        (Table::of(item.clone()), format!("user-uploads/{SUB}/marker.jpg")),
        (Table::of(item.clone()), format!("{TOKEN}{EMAIL}marker")),
        (Table(Ok(None)), "00000000-0000-0000-0000-000000000000".to_owned()),
    ] {
        let harness = at_trace(items);
        let mut event = event_for(&asked);
        event["queryStringParameters"] = json!({ "token": format!("marker {TOKEN}") });
        event["headers"]["authorization"] = format!("Bearer {TOKEN} marker").into();
        let answer = harness.answer(event).await;
        assert!((400..500).contains(&answer.status_code));
        assert_eq!(harness.captured.leaked(&secrets), [""; 0], "{asked}");
        assert!(!answer.body.contains("marker"), "{}", answer.body);
    }
}
