//! Upload URLs that were changed, are too old, or are used otherwise than they were signed for.

use std::time::{Duration, SystemTime};

use aws_client::http::Http;
use http::{Method, StatusCode};
use image::ImageFormat;
use serde_json::{Value, json};
use url::Url;
use uuid::Uuid;

use crate::harness::Harness;
use crate::picture::picture;
use crate::presigned::{LIFE, Presigned};
use crate::queue::QUIET;
use crate::uploader::{anybody, ask, bearer, plain_url};

/// A URL as the account's own credentials sign it at `at`.
fn signed_at(harness: &Harness, key: &str, at: SystemTime) -> String {
    Presigned { at, ..Presigned::now(harness, Method::PUT, key) }.url(&harness.info.credentials)
}

/// PUTs some bytes; answers the status.
async fn put(url: &str, headers: &[(&str, &str)], bytes: &[u8]) -> StatusCode {
    Http::new().send(Method::PUT, url, headers, bytes.to_vec()).await.unwrap().status()
}

/// Whether the upload bucket has an object under the path of `url`.
pub(crate) async fn stored(harness: &Harness, url: &str) -> bool {
    let path = Url::parse(url).unwrap().path().to_owned();
    let (bucket, key) = path.trim_start_matches('/').split_once('/').unwrap();
    harness.object(bucket, key).await.is_some()
}

/// The URL with one of its query parameters changed, or without it.
fn with_param(url: &str, name: &str, change: impl Fn(&str) -> Option<String>) -> String {
    let mut changed = Url::parse(url).unwrap();
    let pairs = changed.query_pairs().into_owned().filter_map(|(key, value)| {
        let value = if key == name { change(&value) } else { Some(value) };
        value.map(|value| (key, value))
    });
    let pairs: Vec<(String, String)> = pairs.collect();
    changed.query_pairs_mut().clear().extend_pairs(pairs);
    assert_ne!(changed.as_str(), url, "{name} is in the URL");
    changed.into()
}

/// The last character replaced by another hexadecimal digit.
fn other_digit(value: &str) -> Option<String> {
    let (index, last) = value.char_indices().next_back()?;
    Some(format!("{}{}", &value[..index], if last == '0' { '1' } else { '0' }))
}

/// The minute of a time like `20260101T120000Z` replaced by another one of the same hour.
fn later_minute(date: &str) -> Option<String> {
    let (until_hour, minute) = (date.get(..11)?, date.get(11..13)?);
    Some(format!("{until_hour}{}{}", if minute == "59" { "58" } else { "59" }, date.get(13..)?))
}

#[tokio::test]
async fn url_older_than_its_life_is_refused_and_a_younger_one_is_not() {
    let harness = Harness::shared().await;
    let key = |name: &str| format!("{QUIET}/{}-{name}.raw", Uuid::new_v4());
    let second = Duration::from_secs(1);
    let expired = signed_at(harness, &key("expired"), SystemTime::now() - LIFE - second);
    assert_eq!(put(&expired, &[], b"x").await, StatusCode::FORBIDDEN);
    assert!(!stored(harness, &expired).await);

    let young = signed_at(harness, &key("young"), SystemTime::now() - LIFE / 2);
    assert_eq!(put(&young, &[], b"x").await, StatusCode::OK);
    assert!(stored(harness, &young).await);
}

#[tokio::test]
async fn url_lives_as_long_as_the_answer_says() {
    let harness = Harness::shared().await;
    let (_, answer) = ask(harness, "", Some(&bearer(&anybody(harness).await.id_token)), &[], "").await;
    let url = Url::parse(answer["upload_url"].as_str().unwrap()).unwrap();
    let signed = url.query_pairs().find(|(name, _)| name == "X-Amz-Expires").unwrap().1.into_owned();
    assert_eq!((signed.as_str(), answer["expires_in"].as_u64()), ("300", Some(300)));
}

#[tokio::test]
async fn changed_url_is_refused_wherever_it_was_changed() {
    let harness = Harness::shared().await;
    let issued = plain_url(harness, &anybody(harness).await).await;
    let url = issued.upload_url.as_str();
    let changes = [
        ("the trace context", with_param(url, "x-amz-meta-traceparent", other_digit)),
        ("no trace context", with_param(url, "x-amz-meta-traceparent", |_| None)),
        ("the expiry", with_param(url, "X-Amz-Expires", |_| Some("604800".to_owned()))),
        ("no expiry", with_param(url, "X-Amz-Expires", |_| None)),
        ("the time of signing", with_param(url, "X-Amz-Date", later_minute)),
        ("the signature", with_param(url, "X-Amz-Signature", other_digit)),
        ("the key", url.replacen(&issued.image_id, &Uuid::now_v7().to_string(), 1)),
        ("more metadata", format!("{url}&x-amz-meta-owner=me")),
    ];
    for (what, changed) in &changes {
        assert_ne!(changed, url, "{what}");
        // S3 calls a presigned URL without its expiry malformed, every other change a wrong signature.
        let refused = if *what == "no expiry" { StatusCode::BAD_REQUEST } else { StatusCode::FORBIDDEN };
        assert_eq!(put(changed, &[], b"x").await, refused, "{what}");
        assert!(!stored(harness, changed).await, "{what}");
    }
    assert_eq!(put(url, &[], &picture(ImageFormat::Gif)).await, StatusCode::OK, "unchanged");
    assert!(stored(harness, url).await);
}

/// A URL for a PNG of this length, and with the members of `more`.
async fn detailed_url(harness: &Harness, bytes: &[u8], more: &Value) -> (String, String) {
    let mut body = json!({"content_type": "image/png", "content_length": bytes.len()});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let token = bearer(&anybody(harness).await.id_token);
    let (status, answer) = ask(harness, "", Some(&token), &[], &body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    assert_eq!(answer["headers"]["content-type"], "image/png");
    (text("upload_url"), text("image_id"))
}

#[tokio::test]
async fn detailed_url_takes_only_the_type_and_length_it_was_signed_for() {
    let harness = Harness::shared().await;
    let bytes = picture(ImageFormat::Png);
    let (url, id) = detailed_url(harness, &bytes, &json!({})).await;
    let png = ("content-type", "image/png");
    let longer = [bytes.as_slice(), b"x"].concat();
    for (headers, body, what) in [
        (vec![("content-type", "text/html")], &bytes, "another type"),
        (vec![("content-type", "image/jpeg")], &bytes, "another image type"),
        (vec![], &bytes, "no type"),
        (vec![png], &longer, "another length"),
    ] {
        assert_eq!(put(&url, &headers, body).await, StatusCode::FORBIDDEN, "{what}");
        assert!(!stored(harness, &url).await, "{what}");
    }
    assert_eq!(put(&url, &[png], &bytes).await, StatusCode::OK);
    let item = harness.settled(&id).await;
    assert_eq!((item.status(), item.text("contentType")), ("DONE", "image/png"));
}

#[tokio::test]
async fn url_takes_the_name_of_the_type_that_it_was_asked_with_and_no_other() {
    let harness = Harness::shared().await;
    let bytes = picture(ImageFormat::Jpeg);
    let asked =
        ["image/jpg", "image/pjpeg", "IMAGE/JPEG", "image/jpeg; charset=binary", "image/jpeg;a=\"b;  c\""];
    for content_type in asked {
        let body = json!({"content_type": content_type, "write_once": null});
        let token = bearer(&anybody(harness).await.id_token);
        let (status, answer) = ask(harness, "", Some(&token), &[], &body.to_string()).await;
        assert_eq!(status, StatusCode::OK, "{}", answer["error"]);
        let url = answer["upload_url"].as_str().unwrap();
        let other = [("content-type", "image/jpeg")];
        assert_eq!(put(url, &other, &bytes).await, StatusCode::FORBIDDEN, "{content_type}");
        assert_eq!(
            put(url, &[("content-type", content_type)], &bytes).await,
            StatusCode::OK,
            "{content_type}"
        );
        let item = harness.settled(answer["image_id"].as_str().unwrap()).await;
        assert_eq!((item.status(), item.text("contentType")), ("DONE", "image/jpeg"));
    }
}

#[tokio::test]
async fn url_for_writing_once_writes_once() {
    let harness = Harness::shared().await;
    let bytes = picture(ImageFormat::Png);
    let (url, id) = detailed_url(harness, &bytes, &json!({"write_once": true})).await;
    let headers = [("content-type", "image/png"), ("if-none-match", "*")];
    assert_eq!(put(&url, &headers[..1], &bytes).await, StatusCode::FORBIDDEN, "without the signed header");
    assert_eq!(put(&url, &headers, &bytes).await, StatusCode::OK);
    assert_eq!(put(&url, &headers, &bytes).await, StatusCode::PRECONDITION_FAILED);
    assert_eq!(harness.settled(&id).await.status(), "DONE");
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}
