//! CORS: what a browser may do, seen as a browser sees it.

use std::collections::BTreeSet;

use aws_client::http::Http;
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use image::ImageFormat;
use roxmltree::Document;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::picture::picture;
use crate::uploader::{anybody, bearer};

/// A page's origin; the template's default allows every one.
const ORIGIN: &str = "https://photos.example.com";

/// The deployment guide's request headers, and ours for traces.
const API_HEADERS: [&str; 5] =
    ["content-type", "authorization", "x-amz-date", "traceparent", "x-amzn-trace-id"];

/// What a browser asks before a request that a page wants to make.
async fn preflight(url: &str, origin: &str, method: &str, headers: &str) -> Response<Bytes> {
    let asked = [
        ("origin", origin),
        ("access-control-request-method", method),
        ("access-control-request-headers", headers),
    ];
    Http::new().send(Method::OPTIONS, url, &asked, "").await.unwrap()
}

fn header<'a>(answer: &'a Response<Bytes>, name: &str) -> Option<&'a str> {
    answer.headers().get(name).map(|value| value.to_str().unwrap())
}

/// A list of an answer's header, in lower case.
fn listed(answer: &Response<Bytes>, name: &str) -> BTreeSet<String> {
    let list = header(answer, name).unwrap_or_default().to_lowercase();
    list.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|&name| name.to_owned()).collect()
}

/// Whether a page may read the answer, by the Fetch standard's CORS check.
fn readable(answer: &Response<Bytes>, origin: &str) -> bool {
    header(answer, "access-control-allow-origin").is_some_and(|allowed| allowed == "*" || allowed == origin)
}

/// Whether a browser sends the request after this preflight, by the Fetch standard; names in lower case.
fn permits(answer: &Response<Bytes>, origin: &str, method: &str, headers: &[&str]) -> bool {
    let (methods, allowed) =
        (listed(answer, "access-control-allow-methods"), listed(answer, "access-control-allow-headers"));
    let header_allowed =
        |&name: &&str| allowed.contains(name) || (allowed.contains("*") && name != "authorization");
    answer.status().is_success()
        && readable(answer, origin)
        && (method == "POST" || methods.contains("*") || methods.contains(&method.to_lowercase()))
        && headers.iter().all(header_allowed)
}

#[tokio::test]
async fn api_lets_pages_of_any_origin_send_exactly_the_guides_headers_and_those_of_traces() {
    let harness = Harness::shared().await;
    let url = harness.output("GenerateUploadUrlEndpoint");
    for origin in [ORIGIN, "http://localhost:3000", "null"] {
        let answer = preflight(url, origin, "POST", &API_HEADERS.join(",")).await;
        assert_eq!(answer.status(), StatusCode::NO_CONTENT, "{origin}");
        assert_eq!(header(&answer, "access-control-allow-origin"), Some("*"), "{origin}");
        assert_eq!(listed(&answer, "access-control-allow-methods"), set(&["options", "post"]));
        assert_eq!(listed(&answer, "access-control-allow-headers"), set(&API_HEADERS));
        assert_eq!(header(&answer, "access-control-allow-credentials"), None, "tokens are no cookies");
        assert!(permits(&answer, origin, "POST", &API_HEADERS), "{origin}");
        for (method, header) in
            [("DELETE", "authorization"), ("GET", "authorization"), ("POST", "x-user-id"), ("POST", "cookie")]
        {
            let answer = preflight(url, origin, method, header).await;
            assert!(!permits(&answer, origin, method, &[header]), "{method} with {header}");
        }
    }
}

#[tokio::test]
async fn pages_can_read_the_functions_answers_and_errors() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    let url = harness.output("GenerateUploadUrlEndpoint");
    let headers =
        [("origin", ORIGIN), ("authorization", token.as_str()), ("content-type", "application/json")];
    for (body, status) in [
        ("", 200),
        ("{", 400),
        ("{\"content_type\":\"text/html\"}", 415),
        ("{\"content_length\":52428801}", 413),
    ] {
        let answer = Http::new().send(Method::POST, url, &headers, body.to_owned()).await.unwrap();
        assert_eq!(answer.status().as_u16(), status);
        assert!(readable(&answer, ORIGIN), "{body}: {:?}", answer.headers());
    }
    // API Gateway's own answer; docs/api.md warns pages that they may not read it.
    let answer = Http::new().send(Method::POST, url, &headers[..1], "").await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), readable(&answer, ORIGIN)),
        (401, false),
        "docs/local-engine-gaps.md"
    );
}

#[tokio::test]
async fn configured_origins_are_the_only_ones() {
    let (harness, _alone) = Harness::breakable().await;
    let url = harness.output("GenerateUploadUrlEndpoint");
    let token = bearer(&crate::uploader::somebody(harness).await.id_token);
    for (origin, allowed) in [
        (ORIGIN, true),
        ("https://admin.example.com", true),
        ("https://photos.example.com.evil.example", false),
        ("http://photos.example.com", false),
        ("https://example.com", false),
        ("null", false),
    ] {
        let answer = preflight(url, origin, "POST", "authorization").await;
        assert_eq!(permits(&answer, origin, "POST", &["authorization"]), allowed, "{origin}");
        if allowed {
            assert_eq!(header(&answer, "access-control-allow-origin"), Some(origin));
        }
        for body in ["", "{"] {
            let headers = [("origin", origin), ("authorization", token.as_str())];
            let answer = Http::new().send(Method::POST, url, &headers, body).await.unwrap();
            assert_eq!(readable(&answer, origin), allowed, "{origin} {body}");
        }
        for bucket in ["OriginalBucketName", "ProcessedBucketName"] {
            let found = rule(&rules(harness, bucket).await, origin, "PUT", &["content-type"]).is_some();
            assert_eq!(found, allowed, "{bucket} {origin}");
        }
    }
}

/// One rule of a bucket's CORS configuration.
#[derive(Debug, Default)]
struct Rule {
    origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    exposed: Vec<String>,
}

/// The rules that S3 gives back for a bucket.
async fn rules(harness: &Harness, bucket: &'static str) -> Vec<Rule> {
    let path = format!("/{}?cors=", harness.output(bucket));
    let answer = harness.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await.unwrap();
    let text = std::str::from_utf8(answer.body()).unwrap();
    let document = Document::parse(text).unwrap();
    let found = document.descendants().filter(|node| node.has_tag_name_of("CORSRule"));
    let texts = |node: roxmltree::Node<'_, '_>, tag: &str| {
        let children = node.children().filter(|child| child.has_tag_name_of(tag));
        children.filter_map(|child| child.text().map(str::to_owned)).collect()
    };
    let rule = |node| Rule {
        origins: texts(node, "AllowedOrigin"),
        methods: texts(node, "AllowedMethod"),
        headers: texts(node, "AllowedHeader"),
        exposed: texts(node, "ExposeHeader"),
    };
    found.map(rule).collect()
}

/// Names without their namespace.
trait Named {
    fn has_tag_name_of(&self, name: &str) -> bool;
}

impl Named for roxmltree::Node<'_, '_> {
    fn has_tag_name_of(&self, name: &str) -> bool {
        self.tag_name().name() == name
    }
}

/// The first rule that S3 applies, as in its user guide ("How does Amazon S3 evaluate the CORS configuration
/// on a bucket?"): origin, method and every requested header must match an entry.
fn rule<'a>(rules: &'a [Rule], origin: &str, method: &str, headers: &[&str]) -> Option<&'a Rule> {
    rules.iter().find(|rule| {
        rule.origins.iter().any(|pattern| matches(pattern, origin))
            && rule.methods.iter().any(|allowed| allowed == method)
            && headers.iter().all(|name| {
                rule.headers.iter().any(|pattern| matches(&pattern.to_lowercase(), &name.to_lowercase()))
            })
    })
}

/// Whether `text` is of a pattern with at most one `*`.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, end)) => {
            text.len() >= start.len() + end.len() && text.starts_with(start) && text.ends_with(end)
        }
    }
}

#[test]
fn patterns_match_as_s3_says() {
    for (pattern, text, matched) in [
        ("*", "anything", true),
        ("https://*.example.com", "https://a.example.com", true),
        ("https://*.example.com", "https://example.com", false),
        ("aba*ba", "aba", false),
        ("a", "A", false),
    ] {
        assert_eq!(matches(pattern, text), matched, "{pattern} {text}");
    }
}

#[tokio::test]
async fn upload_bucket_lets_pages_send_what_a_ticket_asks_for_and_nothing_else() {
    let harness = Harness::shared().await;
    let rules = rules(harness, "OriginalBucketName").await;
    let token = bearer(&anybody(harness).await.id_token);
    let bytes = picture(ImageFormat::Png);
    let request = json!({
        "content_type": "image/png", "content_length": bytes.len(), "write_once": true,
        "checksum_sha256": "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    });
    let (status, issued) = crate::uploader::ask(harness, "", Some(&token), &[], &request.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{}", issued["error"]);
    let names = |member: &str| issued[member].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let asked = [names("headers"), names("optional_headers")].concat();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    assert_eq!(asked.len(), 4, "{asked:?}");

    let found = rule(&rules, ORIGIN, "PUT", &asked).unwrap();
    assert!(found.exposed.iter().any(|name| name == "ETag"), "{found:?}");
    assert!(rule(&rules, ORIGIN, "GET", &[]).is_some());
    for method in ["POST", "DELETE", "HEAD"] {
        assert!(rule(&rules, ORIGIN, method, &[]).is_none(), "{method}");
    }
    for name in ["x-amz-acl", "x-amz-meta-owner", "x-amz-tagging", "cookie"] {
        assert!(rule(&rules, ORIGIN, "PUT", &[name]).is_none(), "{name}");
    }

    let url = issued["upload_url"].as_str().unwrap();
    let answer = preflight(url, ORIGIN, "PUT", &asked.join(",").to_lowercase()).await;
    let asked: Vec<String> = asked.iter().map(|name| name.to_lowercase()).collect();
    let asked: Vec<&str> = asked.iter().map(String::as_str).collect();
    assert!(permits(&answer, ORIGIN, "PUT", &asked));
    for (method, header) in [("DELETE", "content-type"), ("PUT", "x-amz-acl")] {
        let answer = preflight(url, ORIGIN, method, header).await;
        assert!(!permits(&answer, ORIGIN, method, &[header]), "{method} {header}: {answer:?}");
    }
}

/// What AWS's SDK for JavaScript sends by default when a page uploads with an identity pool's credentials, as its
/// version 3.1175 does with a byte array; browsers add no other header that CORS asks about.
const SDK_PUT: &str = "amz-sdk-invocation-id,amz-sdk-request,authorization,content-type,x-amz-checksum-crc32,\
    x-amz-content-sha256,x-amz-date,x-amz-sdk-checksum-algorithm,x-amz-security-token,x-amz-user-agent";

#[tokio::test]
async fn upload_bucket_lets_pages_send_what_awss_browser_sdk_sends_by_default() {
    let harness = Harness::shared().await;
    let rules = rules(harness, "OriginalBucketName").await;
    let url =
        format!("{}/{}/user-uploads/x/y.jpg", harness.info.endpoint, harness.output("OriginalBucketName"));
    // A download asks for the checksum instead of sending one.
    for (method, headers) in [("PUT", SDK_PUT), ("GET", &SDK_PUT.replace("-crc32", "-mode"))] {
        let headers: Vec<&str> = headers.split(',').collect();
        assert!(rule(&rules, ORIGIN, method, &headers).is_some(), "{method}");
        let answer = preflight(&url, ORIGIN, method, &headers.join(",")).await;
        assert!(permits(&answer, ORIGIN, method, &headers), "{method}: {answer:?}");
    }
}

#[tokio::test]
async fn whole_upload_of_a_page_is_allowed_at_every_step_and_ends_done() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    let endpoint = harness.output("GenerateUploadUrlEndpoint");
    let answer = preflight(endpoint, ORIGIN, "POST", "authorization").await;
    assert!(permits(&answer, ORIGIN, "POST", &["authorization"]));
    let headers = [("origin", ORIGIN), ("authorization", token.as_str())];
    let answer = Http::new().send(Method::POST, endpoint, &headers, "").await.unwrap();
    assert!(readable(&answer, ORIGIN));
    let issued: Value = serde_json::from_slice(answer.body()).unwrap();

    let trace = issued["optional_headers"]["X-Amzn-Trace-Id"].as_str().unwrap();
    let headers = [("origin", ORIGIN), ("x-amzn-trace-id", trace)];
    let url = issued["upload_url"].as_str().unwrap();
    let answer = Http::new().send(Method::PUT, url, &headers, picture(ImageFormat::Jpeg)).await.unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert!(readable(&answer, ORIGIN));
    assert_eq!(harness.settled(issued["image_id"].as_str().unwrap()).await.status(), "DONE");
}
