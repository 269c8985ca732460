//! Requests at the edges of the API's contract: each answered in the documented form, none by a fault of ours.

use aws_client::http::Http;
use aws_client::xml;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{Method, StatusCode};
use image::ImageFormat;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::Harness;
use crate::picture::picture;
use crate::tokens::with_claims;
use crate::uploader::{anybody, ask, bearer};
use crate::urls::stored;

/// PUTs bytes; answers the status and S3's code.
pub(crate) async fn put(url: &str, headers: &[(&str, &str)], bytes: &[u8]) -> (u16, String) {
    let answer = Http::new().send(Method::PUT, url, headers, bytes.to_vec()).await.unwrap();
    let code = xml::first(&String::from_utf8_lossy(answer.body()), "Code");
    (answer.status().as_u16(), code.unwrap_or_default())
}

#[tokio::test]
async fn detailed_url_refuses_each_breach_of_it_alone_and_takes_what_it_was_signed_for() {
    let harness = Harness::shared().await;
    let bytes = picture(ImageFormat::Png);
    let checksum = |bytes: &[u8]| STANDARD.encode(Sha256::digest(bytes));
    let sum = checksum(&bytes);
    let body = json!({
        "content_type": "image/png", "content_length": bytes.len(), "checksum_sha256": sum, "write_once": true,
    });
    let token = bearer(&anybody(harness).await.id_token);
    let (status, answer) = ask(harness, "", Some(&token), &[], &body.to_string()).await;
    assert_eq!(status, StatusCode::OK, "{}", answer["error"]);
    let (url, id) = (answer["upload_url"].as_str().unwrap(), answer["image_id"].as_str().unwrap());
    let given: Vec<(&str, &str)> = answer["headers"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str().unwrap()))
        .collect();
    let without = |name: &str| given.iter().copied().filter(|it| it.0 != name).collect::<Vec<_>>();
    let with = |name, value| [without(name), vec![(name, value)]].concat();

    let (shorter, longer) = (bytes[..bytes.len() - 1].to_vec(), [bytes.as_slice(), b"x"].concat());
    let mut other = bytes.clone();
    other[bytes.len() / 2] ^= 1;
    let other_sum = checksum(&other);
    let unsigned = (403, "SignatureDoesNotMatch".to_owned());
    for (what, headers, bytes, refusal) in [
        ("another type", with("content-type", "image/jpeg"), &bytes, &unsigned),
        ("no type", without("content-type"), &bytes, &unsigned),
        ("too short", given.clone(), &shorter, &unsigned),
        ("too long", given.clone(), &longer, &unsigned),
        ("empty", given.clone(), &Vec::new(), &unsigned),
        ("other bytes with their own checksum", with("x-amz-checksum-sha256", &other_sum), &other, &unsigned),
        ("no checksum", without("x-amz-checksum-sha256"), &bytes, &unsigned),
        // The signature covers the checksum, the checksum covers the bytes.
        ("other bytes of the same length", given.clone(), &other, &(400, "BadDigest".to_owned())),
        ("not only once", without("if-none-match"), &bytes, &unsigned),
        ("once for another version", with("if-none-match", "\"0\""), &bytes, &unsigned),
    ] {
        assert_eq!(&put(url, &headers, bytes).await, refusal, "{what}");
        assert!(!stored(harness, url).await, "{what}");
        assert_eq!(harness.item(id).await, None, "{what}");
    }

    assert_eq!(put(url, &given, &bytes).await.0, 200);
    assert_eq!(put(url, &given, &bytes).await, (412, "PreconditionFailed".to_owned()));
    assert_eq!(harness.settled(id).await.status(), "DONE");
    assert_eq!(harness.notifications(id).await, ["DONE"]);
}

/// The claims without their `sub`, followed by `more`.
fn instead_of_sub(mut claims: Value, more: &str) -> String {
    claims.as_object_mut().unwrap().remove("sub");
    let claims = claims.to_string();
    format!("{}{more}}}", claims.strip_suffix('}').unwrap())
}

#[tokio::test]
async fn strange_sub_gets_no_url_even_from_the_pool_itself() {
    let harness = Harness::shared().await;
    let long = json!("x".repeat(129)).to_string();
    for sub in [
        "",
        r#""""#,
        r#"" ""#,
        r#"".""#,
        r#""..""#,
        r#""../x""#,
        r#""a/b""#,
        r#""a\\b""#,
        r#""%2e%2e""#,
        r#""%2Fx""#,
        r#""a\u0000b""#,
        r#""a\r\nb""#,
        r#""é""#,
        r#""用户""#,
        r#""\u202ex""#,
        r#""a b""#,
        r#""a?b""#,
        r#""a#b""#,
        r#""${x}""#,
        "[\"a\",\"b\"]",
        "{\"a\":\"b\"}",
        "1.5",
        &long,
    ] {
        let claim = if sub.is_empty() { String::new() } else { format!(",\"sub\":{sub}") };
        let token = with_claims(harness, |claims| instead_of_sub(claims, &claim)).await;
        let (status, answer) = ask(harness, "", Some(&bearer(&token)), &[], "").await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (401, &json!("Unauthorized")), "{sub}");
    }
}

#[tokio::test]
async fn url_lies_in_the_folder_of_the_sub_whatever_else_is_claimed() {
    let harness = Harness::shared().await;
    let many: Vec<String> = (0..1_000).map(|number| format!("\"c{number}\":{number}")).collect();
    let longest = "x".repeat(128);
    for (what, more, folder) in [
        ("unicode", r#""sub":"u-1","имя":"用户 \u202e 🦝","email":"é@例え.jp""#.to_owned(), "u-1"),
        ("duplicates", r#""sub":"u-2","email":"a","email":"b","sub":"u-2""#.to_owned(), "u-2"),
        (
            "nested",
            r#""sub":"u-3","a":{"sub":"x","b":[[{"c":null}]]},"cognito:groups":["a","b"]"#.to_owned(),
            "u-3",
        ),
        ("a huge value", format!(r#""sub":"u-4","a":"{}""#, "y".repeat(4_000)), "u-4"),
        (
            "a huge number",
            r#""sub":"u-5","a":123456789012345678901234567890,"b":-0.5e-300"#.to_owned(),
            "u-5",
        ),
        ("other users", r#""sub":"u-6","Sub":"x","user_id":"x","cognito:username":"../x""#.to_owned(), "u-6"),
        ("a thousand claims", format!(r#""sub":"u-7",{}"#, many.join(",")), "u-7"),
        ("the longest sub", format!(r#""sub":"{longest}""#), &longest),
        ("a number, which API Gateway makes text", r#""sub":7"#.to_owned(), "7"),
    ] {
        let token = with_claims(harness, |claims| instead_of_sub(claims, &format!(",{more}"))).await;
        let (status, answer) = ask(harness, "", Some(&bearer(&token)), &[], "").await;
        assert_eq!(status, StatusCode::OK, "{what}: {}", answer["error"]);
        let path = format!("user-uploads/{folder}/{}.jpg", answer["image_id"].as_str().unwrap());
        assert_eq!(answer["file_path"], json!(path), "{what}");
    }
}

#[tokio::test]
async fn body_that_is_not_of_the_documented_form_is_the_clients_fault_and_told_so() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    let member = |name: &str, value: &str| format!("{{\"{name}\":{value}}}");
    let megabytes = |count: usize| member("content_type", &json!("x".repeat(count << 20)).to_string());
    let malformed = (400, "MalformedBody");
    let mut cases = vec![
        (megabytes(1), (413, "BodyTooLarge")),
        (megabytes(5), (413, "BodyTooLarge")),
        ("[".repeat(100_000), (413, "BodyTooLarge")),
        (member("content_length", "0"), (400, "UploadEmpty")),
        (member("content_length", "52428801"), (413, "UploadTooLarge")),
        (member("content_length", "9223372036854775808"), (413, "UploadTooLarge")),
        (member("content_length", "18446744073709551615"), (413, "UploadTooLarge")),
        (member("content_type", "\"image/svg+xml\""), (415, "UnsupportedType")),
        (member("content_type", "\"; charset=utf-8\""), (415, "UnsupportedType")),
        (" ".repeat(5_000), (413, "BodyTooLarge")),
        (member("checksum_sha256", "\"\""), (400, "MalformedChecksum")),
        (member("checksum_sha256", &json!("0".repeat(64)).to_string()), (400, "MalformedChecksum")),
    ];
    for body in [
        "{",
        "}",
        "{}{}",
        "{\"content_type\":",
        "null",
        "true",
        "7",
        "\"image/png\"",
        "[]",
        "[{}]",
        "'{}'",
        "\u{feff}{}",
        "{\"a\u{0}\":1}",
        "content_type=image%2Fpng",
        "<xml/>",
        "e30=",
    ] {
        cases.push((body.to_owned(), malformed));
    }
    for deep in
        ["[".repeat(2_000), "{\"a\":".repeat(600), format!("{}1{}", "[".repeat(1_000), "]".repeat(1_000))]
    {
        cases.push((deep.clone(), malformed));
        cases.push((member("content_type", &deep), malformed));
    }
    for number in
        ["-1", "1.0", "1e3", "18446744073709551616", "1e999", "NaN", "\"1\"", "true", "[1]", "{}", "01"]
    {
        cases.push((member("content_length", number), malformed));
    }
    for (name, value) in
        [("content_type", "7"), ("checksum_sha256", "{}"), ("write_once", "\"true\""), ("write_once", "0")]
    {
        cases.push((member(name, value), malformed));
    }
    cases.push(("{\"write_once\":true,\"write_once\":false}".to_owned(), malformed));
    cases.push(("{\"Content_Type\":\"image/png\"}".to_owned(), malformed));
    cases.push(("{\"key\":\"user-uploads/x/y.jpg\"}".to_owned(), malformed));

    for (body, (status, code)) in cases {
        let about: String = body.chars().take(80).collect();
        // API Gateway hands text over as it is, everything else in base64.
        for content_type in ["application/json", "application/octet-stream"] {
            let (got, answer) =
                ask(harness, "", Some(&token), &[("content-type", content_type)], &body).await;
            assert_eq!(
                (got.as_u16(), answer["error"]["code"].as_str()),
                (status, Some(code)),
                "{content_type}: {about}"
            );
            assert!(answer["error"]["message"].as_str().is_some_and(|message| message.len() > 20), "{about}");
        }
    }
}

#[tokio::test]
async fn body_is_read_under_any_content_type_and_blank_ones_are_the_plain_request() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    for content_type in [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "image/png",
        "nonsense",
        "application/x-www-form-urlencoded",
    ] {
        for (body, extension) in
            [("{\"content_type\":\"image/gif\"}", "gif"), ("", "jpg"), (" \r\n", "jpg"), ("{}", "jpg")]
        {
            let (status, answer) =
                ask(harness, "", Some(&token), &[("content-type", content_type)], body).await;
            assert_eq!(status, StatusCode::OK, "{content_type} {body}: {}", answer["error"]);
            assert!(answer["file_path"].as_str().unwrap().ends_with(extension), "{content_type} {body}");
        }
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_are_refused() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    let url = harness.output("GenerateUploadUrlEndpoint");
    for body in [
        vec![0xff; 100],
        b"{\"content_type\":\"\xc3\x28\"}".to_vec(),
        picture(ImageFormat::Png),
        vec![0; 10 << 20],
    ] {
        for content_type in ["application/json", "image/png"] {
            let headers = [("authorization", token.as_str()), ("content-type", content_type)];
            let answer = Http::new().send(Method::POST, url, &headers, body.clone()).await.unwrap();
            let answered: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
            let client = answer.status().is_client_error() && answered["error"]["code"].is_string();
            assert!(client, "{} bytes as {content_type}: {} {answered}", body.len(), answer.status());
        }
    }
}

#[tokio::test]
async fn another_method_or_path_is_not_found_even_with_a_good_token() {
    let harness = Harness::shared().await;
    let token = bearer(&anybody(harness).await.id_token);
    let (endpoint, api) = (harness.output("GenerateUploadUrlEndpoint"), harness.output("ApiUrl"));
    let methods = [Method::GET, Method::HEAD, Method::PUT, Method::PATCH, Method::DELETE];
    let mut cases: Vec<(Method, String)> = methods.map(|method| (method, endpoint.to_owned())).into();
    for path in [
        "",
        "/",
        "/generate-upload-url/",
        "/generate-upload-url/x",
        "/Generate-Upload-Url",
        "/generate-upload-urls",
        "/x/../generate-upload-url",
        "/generate%2Dupload-url/%2e%2e",
        "/$default/generate-upload-url",
    ] {
        cases.push((Method::POST, format!("{api}{path}")));
    }
    for (method, url) in cases {
        let answer = Http::new().send(method.clone(), &url, &[("authorization", &token)], "").await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{method} {url}");
        let answered: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        if method != Method::HEAD {
            assert_eq!(answered, json!({"message": "Not Found"}), "API Gateway's own form: {method} {url}");
        }
    }
}
