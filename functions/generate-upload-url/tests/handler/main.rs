//! The handler against API Gateway events, its signatures recomputed by hand.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

mod caller;
mod contract;
mod fields;
mod openapi;
mod random;
mod secrets;
mod signature;
mod spans;

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ::contract::http_api::Response;
use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{error::CredentialsError, future};
use aws_sdk_s3::config::{Credentials, ProvideCredentials};
use base64::{Engine, engine::general_purpose::STANDARD};
use generate_upload_url::{
    config::Config,
    handler::{App, handle},
    upload_url::Signer,
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use signature::signature;
use telemetry::{Captured, Telemetry};
use tracing::Instrument;
use url::Url;

const EVENT: &str = include_str!("../fixtures/api-v2-post.json");
const SUB: &str = "57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const CHECKSUM: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";

#[tokio::test]
async fn a_plain_request_gets_a_url_into_the_users_own_folder() {
    let harness = Harness::new();

    let body = harness.issue(event()).await;

    let id = body["image_id"].as_str().unwrap();
    assert_eq!(body["file_path"], format!("user-uploads/{SUB}/{id}.jpg"));
    assert_eq!(body["expires_in"], 300);
    assert_eq!(body["headers"], json!({}));
    let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();
    assert!(url.path().ends_with(body["file_path"].as_str().unwrap()));
    assert_eq!(query(&url)["X-Amz-Expires"], "300");
    assert_eq!(query(&url)["X-Amz-SignedHeaders"], "host");
}

#[tokio::test]
async fn the_signature_covers_the_trace_context_in_the_url() {
    let body = Harness::new().issue(event()).await;
    let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();

    let traceparent = query(&url)["x-amz-meta-traceparent"].clone();
    assert_eq!(traceparent.split('-').nth(1), body["trace_id"].as_str());
    assert_eq!(signature(&url, &BTreeMap::new()), query(&url)["X-Amz-Signature"]);

    let tampered =
        Url::parse(&url.as_str().replace(&traceparent, &traceparent.replace("-01", "-00"))).unwrap();
    assert_ne!(signature(&tampered, &BTreeMap::new()), query(&tampered)["X-Amz-Signature"]);
}

#[tokio::test]
async fn a_detailed_request_signs_type_length_checksum_and_write_once() {
    let request = json!({
        "content_type": "image/png", "content_length": 1234, "checksum_sha256": CHECKSUM, "write_once": true,
    });

    let body = Harness::new().issue(with_body(&request.to_string())).await;

    assert_eq!(extension(&body), "png");
    assert_eq!(
        body["headers"],
        json!({ "content-type": "image/png", "x-amz-checksum-sha256": CHECKSUM, "if-none-match": "*" })
    );
    let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();
    let signed = "content-length;content-type;host;if-none-match;x-amz-checksum-sha256";
    assert_eq!(query(&url)["X-Amz-SignedHeaders"], signed);
    let mut headers: BTreeMap<String, String> = serde_json::from_value(body["headers"].clone()).unwrap();
    headers.insert("content-length".to_owned(), "1234".to_owned());
    assert_eq!(signature(&url, &headers), query(&url)["X-Amz-Signature"]);
}

#[tokio::test]
async fn each_image_gets_an_id_of_its_own_that_certifies_its_key() {
    let harness = Harness::new();
    let (first, second) = (harness.issue(event()).await, harness.issue(event()).await);

    assert_ne!(first["image_id"], second["image_id"]);
    for issued in [first, second] {
        let id = ::contract::image_id::image_id(issued["file_path"].as_str().unwrap());
        assert_eq!(issued["image_id"], id.to_string());
        assert!(::contract::image_id::issued_before(id, std::time::SystemTime::now()).is_some());
    }
}

#[tokio::test]
async fn what_a_request_may_not_ask_for_is_refused_with_status_and_code() {
    let too_large = 50 * 1024 * 1024 + 1;
    for (body, status, code) in [
        ("{", 400, "MalformedBody"),
        ("null", 400, "MalformedBody"),
        ("[]", 400, "MalformedBody"),
        (r#"{"contenttype":"image/png"}"#, 400, "MalformedBody"),
        (r#"{"content_length":-1}"#, 400, "MalformedBody"),
        (r#"{"content_length":1,"content_length":2}"#, 400, "MalformedBody"),
        (r#"{"content_length":0}"#, 400, "UploadEmpty"),
        (r#"{"checksum_sha256":"AAAA"}"#, 400, "MalformedChecksum"),
        (r#"{"content_type":"image/svg+xml"}"#, 415, "UnsupportedType"),
        (r#"{"content_type":"image/jxl"}"#, 415, "UnsupportedType"),
        (r#"{"content_type":";charset=binary"}"#, 415, "UnsupportedType"),
        (r#"{"content_type":"image/png;\r\nx-amz-acl: public-read"}"#, 415, "UnsupportedType"),
        (r#"{"content_type":"image/png; name=é"}"#, 415, "UnsupportedType"),
        (&format!(r#"{{"content_length":{too_large}}}"#), 413, "UploadTooLarge"),
        (&format!(r#"{{"content_length":{}}}"#, u64::MAX), 413, "UploadTooLarge"),
        (&"[".repeat(4_097), 413, "BodyTooLarge"),
        (&" ".repeat(5_000), 413, "BodyTooLarge"),
    ] {
        assert_eq!(Harness::new().refuse(with_body(body)).await, (status, code.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_base64_body_is_read_like_a_plain_one() {
    let padded = |length: usize| format!(r#"{{"content_type":"image/gif"}}{:1$}"#, "", length - 28);
    for body in [padded(28), padded(4_096)] {
        assert_eq!(extension(&Harness::new().issue(with_encoded_body(&body)).await), "gif");
        assert_eq!(extension(&Harness::new().issue(with_body(&body)).await), "gif");
    }
    for (body, status) in [(padded(4_097), 413), ("[]".to_owned(), 400), ("\u{feff}{}".to_owned(), 400)] {
        assert_eq!(Harness::new().refuse(with_encoded_body(&body)).await.0, status, "{body}");
        assert_eq!(Harness::new().refuse(with_body(&body)).await.0, status, "{body}");
    }
    for blank in ["", " \r\n\t"] {
        assert_eq!(Harness::new().issue(with_encoded_body(blank)).await["headers"], json!({}));
        assert_eq!(Harness::new().issue(with_body(blank)).await["headers"], json!({}));
    }
    let mut event = with_body("no base64");
    event["isBase64Encoded"] = true.into();
    assert_eq!(Harness::new().refuse(event).await, (400, "MalformedBody".to_owned()));
}

#[tokio::test]
async fn a_body_that_is_no_text_is_refused_rather_than_ignored() {
    for body in [json!({"write_once": true}), json!([]), json!(7), json!(false)] {
        let mut event = event();
        event["body"] = body;
        assert_eq!(Harness::new().refuse(event).await, (400, "MalformedBody".to_owned()));
    }
}

#[tokio::test]
async fn missing_credentials_are_our_fault_and_tell_the_client_nothing() {
    let harness = Harness::with(NoCredentials);

    assert_eq!(harness.refuse(event()).await, (500, "InternalError".to_owned()));

    let log = harness.captured.logs().remove(0);
    assert_eq!(log["level"], "ERROR");
    assert!(log["error"].as_str().unwrap().starts_with("could not sign the upload URL: "));
}

#[tokio::test]
async fn every_metric_that_the_catalogue_promises_is_emitted_as_declared() {
    let harness = Harness::new();

    harness.issue(event()).await;
    harness.refuse(with_body("{")).await;

    assert_eq!(harness.captured.catalogue_gaps("generate-upload-url"), [""; 0]);
    assert!((harness.captured.sum("UploadUrlsIssued") - 1.0).abs() < f64::EPSILON);
    let refused = harness.captured.metrics().pop().unwrap();
    assert_eq!(
        (refused["Reason"].as_str(), refused["UploadUrlRejections"].as_f64()),
        (Some("MalformedBody"), Some(1.0))
    );
}

/// The harness of the handler: fixed credentials and time, captured telemetry.
struct Harness {
    app: App,
    captured: Captured,
}

impl Harness {
    fn new() -> Self {
        Self::with(Credentials::new("AKIDEXAMPLE", SECRET, None, None, "test"))
    }

    fn with(credentials: impl ProvideCredentials + 'static) -> Self {
        Self::built(credentials, Telemetry::capture("generate-upload-url"))
    }

    /// A harness that logs at the most verbose level.
    fn at_trace(credentials: impl ProvideCredentials + 'static) -> Self {
        Self::built(credentials, Telemetry::capture_with("generate-upload-url", secrets::trace))
    }

    /// A harness with a variable of the environment.
    fn set(variable: &str, value: &str) -> Self {
        let mut harness = Self::new();
        harness.app.config = config(|name| (name == variable).then(|| value.to_owned()));
        harness
    }

    fn built(
        credentials: impl ProvideCredentials + 'static,
        (telemetry, captured): (Telemetry, Captured),
    ) -> Self {
        let sdk = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(credentials)
            .interceptor(telemetry_aws_sdk::CallSpans::default());
        let client = aws_sdk_s3::Client::from_conf(sdk.build());
        let config = config(|_| None);
        let signer = Signer::new(client, &config.original_bucket, a_day);
        Self { app: App { config, signer, telemetry }, captured }
    }

    async fn answer(&self, event: Value) -> Response {
        let work = async {
            let span = tracing::info_span!(parent: None, "issue_upload_url");
            handle(&self.app, LambdaEvent::new(event, Context::default())).instrument(span).await
        };
        let response = self.app.telemetry.within(work).await;
        assert_eq!(response.headers["cache-control"], "no-store");
        response
    }

    async fn issue(&self, event: Value) -> Value {
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

/// The configuration with what else `lookup` finds.
fn config(lookup: impl Fn(&str) -> Option<String>) -> Config {
    Config::read(|name| if name == "ORIGINAL_BUCKET" { Some("originals".to_owned()) } else { lookup(name) })
        .unwrap()
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

/// A fixed time: twenty thousand days after the epoch.
fn a_day() -> SystemTime {
    UNIX_EPOCH + Duration::from_hours(20_000 * 24)
}

fn extension(body: &Value) -> &str {
    body["file_path"].as_str().unwrap().rsplit('.').next().unwrap()
}

fn event() -> Value {
    serde_json::from_str(EVENT).unwrap()
}

fn with_body(body: &str) -> Value {
    let mut event = event();
    event["body"] = body.into();
    event
}

fn with_encoded_body(body: &str) -> Value {
    let mut event = with_body(&STANDARD.encode(body));
    event["isBase64Encoded"] = true.into();
    event
}

fn query(url: &Url) -> BTreeMap<String, String> {
    url.query_pairs().into_owned().collect()
}
