//! The handler against API Gateway events and items of a table.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

mod documents;
mod owners;
mod secrets;
mod spans;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::contract::{http_api::Response, item::Record};
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{error::CredentialsError, future};
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use image_status_lambda::{
    error::AwsError,
    handler::{App, handle},
    store::Items,
    thumbnail_url::Signer,
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use telemetry::{Captured, Telemetry};
use tracing::Instrument;
use url::Url;
use uuid::Uuid;

const EVENT: &str = include_str!("../fixtures/api-v2-get.json");
const SUB: &str = "57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

#[tokio::test]
async fn an_image_that_is_done_is_answered_with_urls_of_its_thumbnails_for_five_minutes() {
    let item = done();
    let harness = Harness::holding(item.clone());

    let body = harness.read(event_for(&item.image_id)).await;

    assert_eq!((&body["image_id"], &body["status"]), (&json!(item.image_id), &json!("DONE")));
    assert_eq!((body.get("reason"), body.get("message")), (None, None));
    assert_eq!(body["expires_in"], 300);
    let [first, second] = body["thumbnails"].as_array().unwrap().as_slice() else { panic!("{body}") };
    assert_eq!(
        (&first["width"], &first["height"], &first["bytes"]),
        (&json!(256), &json!(192), &json!(9_000))
    );
    assert_eq!((first.get("side"), &second["side"]), (None, &json!(512)));
    let keys = [item.processed_key.as_ref().unwrap(), &item.other_thumbnails[0]];
    for (thumbnail, key) in [first, second].into_iter().zip(keys) {
        let url = Url::parse(thumbnail["url"].as_str().unwrap()).unwrap();
        assert!(url.host_str().unwrap().starts_with("thumbnails.s3."), "{url}");
        assert_eq!(url.path(), format!("/{key}"));
        let query: BTreeMap<_, _> = url.query_pairs().collect();
        assert_eq!((query["X-Amz-Expires"].as_ref(), query["X-Amz-SignedHeaders"].as_ref()), ("300", "host"));
    }
}

#[tokio::test]
async fn an_image_that_failed_is_answered_with_reason_and_message() {
    let item = Record {
        status: "FAILED".to_owned(),
        reason: Some("NotAnImage".to_owned()),
        message: Some("This is no image.".to_owned()),
        ..item("FAILED")
    };

    let body = Harness::holding(item.clone()).read(event_for(&item.image_id)).await;

    let expected = json!({
        "image_id": item.image_id, "status": "FAILED", "reason": "NotAnImage", "message": "This is no image.",
        "thumbnails": [],
    });
    assert_eq!(body, expected);
}

#[tokio::test]
async fn an_image_that_is_in_work_or_not_there_yet_is_answered_as_such() {
    let item = item("PROCESSING");
    let body = Harness::holding(item.clone()).read(event_for(&item.image_id)).await;
    assert_eq!(body, json!({"image_id": item.image_id, "status": "PROCESSING", "thumbnails": []}));

    let id = ::contract::image_id::issue(SUB, "heic").id.to_string();
    let body = Harness::empty().read(event_for(&id)).await;
    assert_eq!(body, json!({"image_id": id, "status": "PENDING", "thumbnails": []}));
}

#[tokio::test]
async fn what_is_no_id_is_refused_and_the_table_is_not_asked() {
    let id = ::contract::image_id::issue(SUB, "jpg").id.to_string();
    for text in ["", "x", "..", "null", &id.to_uppercase(), &id.replace('-', ""), &format!("{id}.jpg"), "é"]
    {
        let harness = Harness::unreachable();
        assert_eq!(harness.refuse(event_for(text)).await, (400, "MalformedId".to_owned()), "{text}");
    }
    for parameters in [json!(null), json!({}), json!({"imageId": null}), json!({"imageId": 7}), json!([id])] {
        let mut event = event();
        event["pathParameters"] = parameters;
        assert_eq!(Harness::unreachable().refuse(event).await, (400, "MalformedId".to_owned()));
    }
}

#[tokio::test]
async fn what_is_our_fault_tells_the_client_nothing_and_is_an_error_in_the_log() {
    let item = done();
    let unknown = Record { status: "done".to_owned(), ..item.clone() };
    for (harness, text) in [
        (Harness::unreachable(), "could not read the item: the table is out of reach"),
        (Harness::holding(unknown), "the item has a status that is none"),
        (Harness::with(Table::of(item.clone()), NoCredentials), "could not sign the URL of a thumbnail: "),
    ] {
        let refused = harness.refuse(event_for(&item.image_id)).await;
        assert_eq!(refused, (500, "InternalError".to_owned()));

        let log = harness.captured.logs().remove(0);
        assert_eq!(log["level"], "ERROR");
        assert!(log["error"].as_str().unwrap().starts_with(text), "{log}");
    }
}

#[tokio::test]
async fn every_metric_that_the_catalogue_promises_is_emitted_as_declared() {
    let item = done();
    let harness = Harness::holding(item.clone());

    harness.read(event_for(&item.image_id)).await;
    harness.refuse(event_for("x")).await;

    assert_eq!(harness.captured.catalogue_gaps("image-status-lambda"), [""; 0]);
    assert!((harness.captured.sum("ImageStatusesRead") - 1.0).abs() < f64::EPSILON);
    let refused = harness.captured.metrics().pop().unwrap();
    assert_eq!(
        (refused["Reason"].as_str(), refused["ImageStatusRejections"].as_f64()),
        (Some("MalformedId"), Some(1.0))
    );
}

/// A table as the function sees it: with one item, with none, or out of reach.
#[derive(Debug)]
struct Table(Result<Option<Record>, &'static str>);

impl Table {
    fn of(item: Record) -> Self {
        Self(Ok(Some(item)))
    }
}

impl Items for Table {
    async fn get(&self, id: Uuid) -> Result<Option<Record>, AwsError> {
        let item = self.0.clone()?;
        Ok(item.filter(|item| item.image_id == id.to_string()))
    }
}

/// The harness of the handler: a table, fixed credentials and time, captured telemetry.
struct Harness {
    app: App<Table>,
    captured: Captured,
}

impl Harness {
    fn empty() -> Self {
        Self::with(Table(Ok(None)), own_credentials())
    }

    fn holding(item: Record) -> Self {
        Self::with(Table::of(item), own_credentials())
    }

    fn unreachable() -> Self {
        Self::with(Table(Err("the table is out of reach")), own_credentials())
    }

    fn with(items: Table, credentials: impl ProvideCredentials + 'static) -> Self {
        Self::built(items, credentials, Telemetry::capture("image-status-lambda"))
    }

    fn built(
        items: Table,
        credentials: impl ProvideCredentials + 'static,
        (telemetry, captured): (Telemetry, Captured),
    ) -> Self {
        let sdk = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(credentials)
            .interceptor(telemetry_aws_sdk::CallSpans::default());
        let signer = Signer::new(aws_sdk_s3::Client::from_conf(sdk.build()), "thumbnails", a_day);
        Self { app: App { items, signer, telemetry }, captured }
    }

    async fn answer(&self, event: Value) -> Response {
        let work = async {
            let span = tracing::info_span!(parent: None, "read_image_status");
            handle(&self.app, LambdaEvent::new(event, Context::default())).instrument(span).await
        };
        let response = self.app.telemetry.within(work).await;
        assert_eq!(response.headers["cache-control"], "no-store");
        response
    }

    async fn read(&self, event: Value) -> Value {
        let response = self.answer(event).await;
        assert_eq!(response.status_code, 200, "{}", response.body);
        serde_json::from_str(&response.body).unwrap()
    }

    async fn refuse(&self, event: Value) -> (u16, String) {
        let response = self.answer(event).await;
        let body: Value = serde_json::from_str(&response.body).unwrap();
        assert!(!body["error"]["message"].as_str().unwrap().is_empty());
        (response.status_code, body["error"]["code"].as_str().unwrap().to_owned())
    }
}

/// An environment whose credentials are gone.
#[derive(Debug)]
struct NoCredentials;

impl ProvideCredentials for NoCredentials {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::ready(Err(CredentialsError::not_loaded_no_source()))
    }
}

fn own_credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", SECRET, Some("own-session-token".to_owned()), None, "test")
}

/// A fixed time: twenty thousand days after the epoch.
fn a_day() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(20_000 * 24)
}

/// An item of the user's, of this status.
fn item(status: &str) -> Record {
    let issued = ::contract::image_id::issue(SUB, "jpg");
    Record {
        image_id: issued.id.to_string(),
        original_key: issued.key,
        status: status.to_owned(),
        ..Record::default()
    }
}

/// An item of the user's with two thumbnails.
fn done() -> Record {
    let item = item("DONE");
    Record {
        processed_key: Some(format!("processed/{}.jpg", item.image_id)),
        thumbnail_width: Some(256),
        thumbnail_height: Some(192),
        thumbnail_bytes: Some(9_000),
        other_thumbnails: vec![format!("processed/{}-512.jpg", item.image_id)],
        ..item
    }
}

fn event() -> Value {
    serde_json::from_str(EVENT).unwrap()
}

fn event_for(id: &str) -> Value {
    let mut event = event();
    event["pathParameters"]["imageId"] = id.into();
    event
}
