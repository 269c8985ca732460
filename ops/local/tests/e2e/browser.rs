//! Pages in a real Chromium that try the ports of a running stack: what an app's page needs works, all else does not.

pub(crate) mod site;

use std::net::SocketAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use url::Url;

use site::Site;

use crate::harness::Harness;
use crate::processes::functions;
use crate::uploader::{plain_url, somebody};

/// A zip without files; what it would run is never asked.
const ZIP: &[u8] = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// What an object holds that nobody without a key may read.
const SECRET: &str = "nobody but its owner reads this";

/// The address of the attacking page at `host`, aimed at `target`.
async fn attack(harness: &Harness, host: SocketAddr, name: &str, target: &str) -> String {
    let function = harness.output("S3MetricsFunctionName");
    let path = format!("/2015-03-31/functions/{function}");
    let answer = harness.aws.rest("lambda", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let answer: Value = serde_json::from_slice(answer.body()).unwrap();
    let mut url = Url::parse(&format!("http://{name}:{}/attack", host.port())).unwrap();
    url.query_pairs_mut().extend_pairs([
        ("target", target),
        ("bucket", harness.output("OriginalBucketName")),
        ("function", function),
        ("role", answer["Configuration"]["Role"].as_str().unwrap()),
        ("zip", &STANDARD.encode(ZIP)),
    ]);
    url.into()
}

/// The names of everything that a page tries to make: functions, buckets, objects, queues, users.
async fn everything(harness: &Harness) -> String {
    let bucket = harness.output("OriginalBucketName");
    let mut all = String::new();
    for (service, path) in [
        ("s3", "/".to_owned()),
        ("s3", format!("/{bucket}?list-type=2")),
        ("lambda", "/2015-03-31/functions/".to_owned()),
    ] {
        let answer = harness.aws.rest(service, Method::GET, &path, Vec::new(), &[]).await.unwrap();
        all += &String::from_utf8_lossy(answer.body());
    }
    all += &harness.aws.json("sqs", "AmazonSQS.ListQueues", json!({})).await.unwrap().to_string();
    all + &harness.aws.query("iam", "2010-05-08", "ListUsers", &[]).await.unwrap()
}

/// How much the function that the page tries to run has logged.
async fn lines_of_metrics(harness: &Harness) -> usize {
    let group = format!("/aws/lambda/{}", harness.output("S3MetricsFunctionName"));
    let ask = json!({"logGroupName": group});
    let answer = harness.aws.json("logs", "Logs_20140328.FilterLogEvents", ask).await.unwrap();
    answer["events"].as_array().unwrap().len()
}

/// Checks what a page has seen: each attempt by its name, with what could be read of the answer.
fn assert_nothing_was_read(seen: &Value, what: &str) {
    let seen = seen.as_object().unwrap();
    assert!(seen.len() > 30, "{what}: {seen:?}");
    for (name, outcome) in seen {
        let outcome = outcome.as_str().unwrap();
        let is_harmless = match outcome.split_once(' ') {
            Some((status, _)) if status.bytes().all(|byte| byte.is_ascii_digit()) => status >= "400",
            _ => ["blind", "sent", "refused by the browser"].contains(&outcome),
        };
        assert!(is_harmless && !outcome.contains(SECRET), "{what}: {name}: {outcome}");
    }
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn page_of_another_origin_reads_makes_and_runs_nothing_and_neither_does_a_rebound_name() {
    let (harness, _alone) = Harness::calm().await;
    plain_url(harness, &somebody(harness).await).await;
    let bucket = harness.output("OriginalBucketName");
    harness.put_object(bucket, "user-uploads/secret.raw", SECRET.as_bytes(), &[]).await;
    let running = functions(harness.group);
    let proxy = running.first().unwrap().variable("AWS_ENDPOINT_URL").unwrap().to_owned();
    let before = lines_of_metrics(harness).await;

    for target in [&harness.info.endpoint, &proxy] {
        let mut site = Site::new().await;
        let url = attack(harness, site.address, "127.0.0.1", target).await;
        let seen = site.visit(&url, "").await;
        assert_nothing_was_read(&seen, &format!("another origin, {target}"));

        let mut site = Site::rebinding(target).await;
        // The page's own origin: its requests are no others' business, and nothing but the name of the host gives it away.
        let url = attack(harness, site.address, "evil.example", "").await;
        let seen = site.visit(&url, "MAP evil.example 127.0.0.2").await;
        for (name, outcome) in seen.as_object().unwrap() {
            let outcome = outcome.as_str().unwrap();
            // A form gives a page nothing to read, and without CORS a browser sends no PUT.
            let is_unseen =
                outcome == "sent" || outcome == "refused by the browser" && name.ends_with("(no-cors)");
            assert!(outcome.starts_with("421 ") || is_unseen, "rebound, {target}: {name}: {outcome}");
        }
    }
    let all = everything(harness).await;
    assert!(!all.contains("evil") && all.contains("user-uploads/secret.raw"), "{all}");
    assert_eq!(lines_of_metrics(harness).await, before, "the function was run");
}

#[tokio::test]
#[ignore = "needs Chromium"]
async fn page_of_an_allowed_origin_asks_for_a_url_and_uploads_and_one_of_another_does_not() {
    let (mut site, mut other) = (Site::new().await, Site::new().await);
    let origin = format!("http://localhost:{}", site.address.port());
    let parameters = Box::leak(Box::new([("CorsAllowedOrigins", &*origin.clone().leak())]));
    let harness = Harness::up("e2e-browser", parameters).await;
    let tokens = somebody(&harness).await;
    let page = |origin: &str| {
        let mut url = Url::parse(&format!("{origin}/upload")).unwrap();
        url.query_pairs_mut()
            .append_pair("api", harness.output("GenerateUploadUrlEndpoint"))
            .append_pair("token", &tokens.id_token);
        url.to_string()
    };
    let seen = site.visit(&page(&origin), "").await;
    assert_eq!((seen["asked"].as_u64(), seen["put"].as_u64()), (Some(200), Some(200)), "{seen}");
    assert_eq!(harness.settled(seen["image_id"].as_str().unwrap()).await.status(), "DONE");

    let elsewhere = format!("http://localhost:{}", other.address.port());
    let seen = other.visit(&page(&elsewhere), "").await;
    assert!(seen["error"].as_str().is_some_and(|error| error.contains("Failed to fetch")), "{seen}");
}
