//! Whatever a request, a credential or an answer of AWS holds: no secret of it is emitted, at any log level.

use std::net::Ipv4Addr;

use aws_config::{BehaviorVersion, Region};
use aws_credential_types::provider::{error::CredentialsError, future};
use aws_sdk_s3::{
    config::{Credentials, ProvideCredentials},
    error::DisplayErrorContext,
};
use serde_json::{Value, json};
use telemetry::Telemetry;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{Harness, SECRET, event, with_body};

const TOKEN: &str = "eyJraWQiOiJtYXJrZXIifQ.eyJzdWIiOiJtYXJrZXIifQ.bWFya2Vy";
const URL: &str =
    "https://b.s3.amazonaws.com/k?X-Amz-Security-Token=markersession&X-Amz-Signature=markersignature";
const EMAIL: &str = "marker.person@example.com";
const BODY: &str = "marker of a body";
/// What must be found nowhere: a part of each of the above, and the function's own credentials.
const SECRETS: [&str; 7] = [
    "bWFya2Vy",
    "markersession",
    "markersignature",
    "marker.person",
    "marker of",
    SECRET,
    "own-session-token",
];

#[tokio::test]
async fn a_secret_anywhere_in_a_request_is_found_nowhere() {
    let planted = format!("{EMAIL} {TOKEN} {URL} {BODY}");
    let mut events: Vec<Value> =
        texts_in(&event(), "").iter().map(|at| with(event(), at, &planted)).collect();
    let mut extended = event();
    extended["queryStringParameters"] = json!({ "token": TOKEN, EMAIL: URL });
    extended["cookies"] = json!([planted]);
    extended["stageVariables"] = json!({ "note": planted });
    events.push(extended);
    events.push(json!(planted));

    for event in events {
        let harness = Harness::at_trace(own_credentials());
        let answer = harness.answer(event.clone()).await;
        assert_eq!(harness.captured.leaked(&SECRETS), [""; 0], "{event}");
        let found: Vec<_> = SECRETS.iter().filter(|it| answer.body.contains(**it)).collect();
        // The answer to the user alone holds the URL, and the URL holds the session's token.
        assert!(found.iter().all(|it| **it == "own-session-token" && answer.status_code == 200), "{found:?}");
    }
}

#[tokio::test]
async fn a_body_is_quoted_in_no_log_and_no_answer_however_it_is_wrong() {
    let long = BODY.repeat(300);
    for body in [
        BODY.to_owned(),
        json!(BODY).to_string(),
        json!([BODY]).to_string(),
        json!({ BODY: 1 }).to_string(),
        json!({ "content_type": BODY }).to_string(),
        json!({ "content_type": "image/png", "content_length": BODY }).to_string(),
        json!({ "checksum_sha256": BODY }).to_string(),
        json!({ "write_once": BODY }).to_string(),
        json!({ "write_once": { BODY: [BODY] } }).to_string(),
        format!(r#"{{"write_once":true,"{BODY}"#),
        long,
    ] {
        let mut encoded = with_body(&body);
        encoded["isBase64Encoded"] = true.into();
        for event in [with_body(&body), encoded] {
            let harness = Harness::at_trace(own_credentials());
            let answer = harness.answer(event).await;
            assert!((400..500).contains(&answer.status_code), "{body}");
            assert_eq!(harness.captured.leaked(&[BODY, "marker"]), [""; 0], "{body}");
            assert!(!answer.body.contains("marker"), "{}", answer.body);
        }
    }
}

#[tokio::test]
async fn an_error_of_the_sdk_that_quotes_secrets_is_found_without_them() {
    let harness = Harness::at_trace(Quoting);

    let answer = harness.answer(event()).await;

    assert_eq!(answer.status_code, 500);
    assert_eq!(harness.captured.leaked(&SECRETS), [""; 0]);
    assert!(SECRETS.iter().all(|it| !answer.body.contains(it)));
    let error = harness.captured.logs().remove(0)["error"].as_str().unwrap().to_owned();
    assert!(error.contains("could not assume the role of [email]"), "{error}");
}

/// The SDK logs requests with signed headers, and answers with their bodies, at DEBUG and TRACE.
#[tokio::test]
async fn the_sdks_own_logs_tell_nothing_even_at_trace() {
    let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let client = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("ap-northeast-1"))
            .credentials_provider(own_credentials())
            .endpoint_url(format!("http://{}", server.local_addr().unwrap()))
            .force_path_style(true)
            .build(),
    );
    let (telemetry, captured) = Telemetry::capture_with("svc", trace);

    let sent = telemetry.within(async {
        let request = client.put_object().bucket("b").key("k").body(BODY.as_bytes().to_vec().into());
        let (sent, ()) = tokio::join!(request.metadata("note", EMAIL).send(), refuse(&server));
        let error = DisplayErrorContext(sent.as_ref().unwrap_err()).to_string();
        tracing::warn!(error, "Not stored");
    });
    Box::pin(sent).await;

    assert_eq!(captured.leaked(&SECRETS), [""; 0]);
    let logs = captured.logs();
    assert_eq!(logs.len(), 1, "only our own line is written");
    assert!(logs[0]["error"].as_str().unwrap().contains("AccessDenied"), "{}", logs[0]);
}

/// Answers one request as S3 refuses it, quoting secrets.
async fn refuse(server: &TcpListener) {
    let (mut socket, _) = server.accept().await.unwrap();
    let mut seen = Vec::new();
    while !seen.windows(BODY.len()).any(|it| it == BODY.as_bytes()) {
        assert_ne!(socket.read_buf(&mut seen).await.unwrap(), 0);
    }
    let message = format!("{EMAIL} may not use {TOKEN} at {}", URL.replace('&', "&amp;"));
    let body = format!("<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>");
    let length = body.len();
    let head =
        format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {length}\r\nx-amz-meta-note: {TOKEN}\r\n\r\n");
    socket.write_all((head + &body).as_bytes()).await.unwrap();
}

pub(crate) fn trace(name: &str) -> Option<String> {
    (name == "RUST_LOG").then(|| "trace".to_owned())
}

fn own_credentials() -> Credentials {
    Credentials::new("AKIDEXAMPLE", SECRET, Some("own-session-token".to_owned()), None, "test")
}

/// The places of all texts in `value`, as JSON pointers.
fn texts_in(value: &Value, at: &str) -> Vec<String> {
    let escape = |name: &str| name.replace('~', "~0").replace('/', "~1");
    match value {
        Value::String(_) => vec![at.to_owned()],
        Value::Array(items) => {
            items.iter().enumerate().flat_map(|(n, item)| texts_in(item, &format!("{at}/{n}"))).collect()
        }
        Value::Object(members) => {
            members.iter().flat_map(|(name, it)| texts_in(it, &format!("{at}/{}", escape(name)))).collect()
        }
        _ => Vec::new(),
    }
}

fn with(mut event: Value, at: &str, text: &str) -> Value {
    *event.pointer_mut(at).unwrap() = text.into();
    event
}

/// Credentials that fail with an error full of secrets.
#[derive(Debug)]
struct Quoting;

impl ProvideCredentials for Quoting {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let text = format!("could not assume the role of {EMAIL} with {TOKEN} at {URL}");
        future::ProvideCredentials::ready(Err(CredentialsError::provider_error(text)))
    }
}
