//! What the AWS adapter asks S3 for, on the wire.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region, retry::RetryConfig};
use s3_metrics_lambda::{
    store::{AwsBuckets, Buckets, ListError},
    usage::{Cursor, Object, Page},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// A page as S3 writes it when it was asked to encode keys: there is one named U+0001.
const PAGE: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
    <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Name>b</Name><KeyCount>2</KeyCount>\
    <EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>\
    <NextContinuationToken>opaque+%01</NextContinuationToken>\
    <Contents><Key>%01</Key><Size>7</Size></Contents><Contents><Key>a+%C3%A9%2B</Key><Size>5</Size></Contents>\
    </ListBucketResult>";

#[tokio::test]
async fn listing_asks_for_encoded_keys_and_gives_the_continuation_token_back_as_it_came() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let buckets = buckets(&format!("http://{}", server.local_addr().unwrap()));

    let (page, asked) = tokio::join!(buckets.list_page("b", &Cursor::Start), answer(&server));

    assert!(asked.contains("encoding-type=url"), "{asked}");
    let page = page.unwrap();
    let token = "opaque+%01".to_owned();
    let object = |key: &str, bytes| Object { key: key.to_owned(), bytes };
    let objects = vec![object("\u{1}", 7), object("a é+", 5)];
    assert_eq!(page, Page { objects, next: Some(token.clone()) });
    let next = Cursor::Token(token);
    let (page, asked) = tokio::join!(buckets.list_page("b", &next), answer(&server));
    page.unwrap();
    assert!(asked.contains("encoding-type=url"), "{asked}");
    assert!(asked.contains("continuation-token=opaque%2B%2501"), "{asked}");
}

#[tokio::test]
async fn a_range_starts_after_a_key_that_is_encoded_once() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let buckets = buckets(&format!("http://{}", server.local_addr().unwrap()));

    let start = Cursor::After("a é+\u{1}".to_owned());
    let (page, asked) = tokio::join!(buckets.list_page("b", &start), answer(&server));

    page.unwrap();
    assert!(asked.contains("start-after=a%20%C3%A9%2B%01"), "{asked}");
    assert!(!asked.contains("continuation-token"), "{asked}");
}

#[tokio::test]
async fn slow_down_is_known_from_other_errors() {
    let slow = "<Error><Code>SlowDown</Code></Error>";
    let denied = "<Error><Code>AccessDenied</Code></Error>";
    for (head, body, is_throttled) in [
        ("503 Slow Down", slow, true),
        ("429 Too Many Requests", slow, true),
        ("403 Forbidden", denied, false),
    ] {
        let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let buckets = buckets(&format!("http://{}", server.local_addr().unwrap()));

        let listing = buckets.list_page("b", &Cursor::Start);
        let (page, _) = tokio::join!(listing, answer_with(&server, head, body));

        let error = page.unwrap_err();
        assert_eq!(matches!(error, ListError::Throttled(_)), is_throttled, "{error:?}");
    }
}

fn buckets(endpoint: &str) -> AwsBuckets {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let s3 = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .retry_config(RetryConfig::disabled())
        .credentials_provider(credentials)
        .build();
    let cloudwatch =
        aws_sdk_cloudwatch::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    AwsBuckets::new(aws_sdk_s3::Client::from_conf(s3), aws_sdk_cloudwatch::Client::from_conf(cloudwatch))
}

/// Answers the next request with the page; gives back its first line.
async fn answer(server: &TcpListener) -> String {
    answer_with(server, "200 OK", PAGE).await
}

async fn answer_with(server: &TcpListener, status: &str, body: &str) -> String {
    let (mut connection, _) = server.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(connection.read_u8().await.unwrap());
    }
    let head = "connection: close\r\ncontent-type: application/xml\r\ncontent-length:";
    let answer = format!("HTTP/1.1 {status}\r\n{head} {}\r\n\r\n{body}", body.len());
    connection.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap().lines().next().unwrap().to_owned()
}
