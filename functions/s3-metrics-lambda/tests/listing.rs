//! What the AWS adapter asks S3 for, on the wire.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
use s3_metrics_lambda::{
    store::{AwsBuckets, Buckets},
    usage::Page,
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
    <Contents><Key>%01</Key><Size>7</Size></Contents><Contents><Key>a+b</Key><Size>5</Size></Contents>\
    </ListBucketResult>";

#[tokio::test]
async fn listing_asks_for_encoded_keys_and_gives_the_continuation_token_back_as_it_came() {
    let server = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let buckets = buckets(&format!("http://{}", server.local_addr().unwrap()));

    let (page, asked) = tokio::join!(buckets.list_page("b", None), answer(&server));

    assert!(asked.contains("encoding-type=url"), "{asked}");
    let page = page.unwrap();
    let next = Some("opaque+%01".to_owned());
    assert_eq!(page, Page { objects: 2, bytes: 12, next: next.clone() });
    let (page, asked) = tokio::join!(buckets.list_page("b", next), answer(&server));
    page.unwrap();
    assert!(asked.contains("encoding-type=url"), "{asked}");
    assert!(asked.contains("continuation-token=opaque%2B%2501"), "{asked}");
}

fn buckets(endpoint: &str) -> AwsBuckets {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let s3 = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("ap-northeast-1"))
        .endpoint_url(endpoint)
        .force_path_style(true)
        .credentials_provider(credentials)
        .build();
    let cloudwatch =
        aws_sdk_cloudwatch::Config::builder().behavior_version(BehaviorVersion::latest()).build();
    AwsBuckets::new(aws_sdk_s3::Client::from_conf(s3), aws_sdk_cloudwatch::Client::from_conf(cloudwatch))
}

/// Answers the next request with the page; gives back its first line.
async fn answer(server: &TcpListener) -> String {
    let (mut connection, _) = server.accept().await.unwrap();
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(connection.read_u8().await.unwrap());
    }
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-type: application/xml\r\ncontent-length:";
    connection.write_all(format!("{head} {}\r\n\r\n{PAGE}", PAGE.len()).as_bytes()).await.unwrap();
    String::from_utf8(request).unwrap().lines().next().unwrap().to_owned()
}
