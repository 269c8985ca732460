//! Slow clients: those who dribble hold up nobody, and those who fall silent are given up.

use std::time::Duration;

use http::StatusCode;
use image::ImageFormat;
use local_stack::flow::{TraceHeaders, UploadUrl, put, request_url_patiently};
use local_stack::user::Tokens;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;
use url::Url;

use crate::crowd::distinct_picture;
use crate::harness::Harness;
use crate::picture::picture;
use crate::uploader::{bearer, somebody};

/// Connections that say nothing, of each kind.
const SILENT: usize = 200;

/// After the time that S3 waits for the next byte, and the time that the server waits for a header.
const GIVEN_UP: Duration = Duration::from_mins(3);

/// Sends the first bytes of a request, and keeps the connection.
async fn begin(url: &str, head: &str) -> TcpStream {
    let url = Url::parse(url).unwrap();
    let address = (url.host_str().unwrap(), url.port().unwrap());
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// The line and the headers of a request, without the empty line that ends them.
fn head(method: &str, url: &str, headers: &[(&str, &str)]) -> String {
    let url = Url::parse(url).unwrap();
    let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
    let host = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap());
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let headers = headers.concat();
    format!("{method} {}{query} HTTP/1.1\r\nHost: {host}\r\n{headers}", url.path())
}

/// A URL, though this stack's API takes few requests.
async fn url_of(harness: &Harness, tokens: &Tokens) -> UploadUrl {
    request_url_patiently(&harness.info, tokens, &TraceHeaders::default()).await.unwrap()
}

/// Reads until the other side ends the connection.
async fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    // A connection that is reset has ended as well.
    timeout(GIVEN_UP, stream.read_to_end(&mut answer)).await.expect("the connection should end").ok();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn clients_that_dribble_hold_up_nobody_and_their_uploads_succeed_in_the_end() {
    const SLOW_UPLOADS: usize = 8;
    let (harness, _alone) = Harness::abused().await;
    let tokens = somebody(harness).await;
    let api = harness.output("GenerateUploadUrlEndpoint");
    let mut silent = Vec::new();
    for number in 0..SILENT {
        silent.push(begin(api, &format!("POST /{number} HTTP/1.1\r\nHost: 127.0")).await);
        let body =
            head("POST", api, &[("Content-Length", "1000"), ("Authorization", &bearer(&tokens.id_token))]);
        silent.push(begin(api, &(body + "\r\n{")).await);
    }
    let mut slow = Vec::new();
    for number in 0..SLOW_UPLOADS {
        let (issued, bytes) = (url_of(harness, &tokens).await, distinct_picture(number));
        let length = bytes.len().to_string();
        let head = head("PUT", &issued.upload_url, &[("Content-Length", &length), ("Connection", "close")]);
        let mut stream = begin(&issued.upload_url, &(head + "\r\n")).await;
        stream.write_all(&bytes[..1]).await.unwrap();
        slow.push((stream, issued, bytes));
    }

    // Whoever does not dribble is served meanwhile.
    let issued = url_of(harness, &tokens).await;
    put(&issued, picture(ImageFormat::Jpeg), &TraceHeaders::default()).await.unwrap();
    assert_eq!(harness.settled(&issued.image_id).await.status(), "DONE");

    for at in 1..4 {
        for (stream, _, bytes) in &mut slow {
            stream.write_all(&bytes[at..=at]).await.unwrap();
        }
    }
    for (mut stream, issued, bytes) in slow {
        stream.write_all(&bytes[4..]).await.unwrap();
        let answer = answer(stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        assert_eq!(harness.settled(&issued.image_id).await.status(), "DONE");
    }
}

#[tokio::test]
#[ignore = "long: run by .ci/run"]
async fn clients_that_fall_silent_are_given_up_and_leave_nothing() {
    let (harness, _alone) = Harness::abused().await;
    let tokens = somebody(harness).await;
    let api = harness.output("GenerateUploadUrlEndpoint");
    let (issued, bytes) = (url_of(harness, &tokens).await, picture(ImageFormat::Jpeg));
    let length = bytes.len().to_string();
    let half = head("PUT", &issued.upload_url, &[("Content-Length", &length)]);
    let mut half = begin(&issued.upload_url, &(half + "\r\n")).await;
    half.write_all(&bytes[..bytes.len() / 2]).await.unwrap();
    let post = head("POST", api, &[("Content-Length", "100"), ("Authorization", &bearer(&tokens.id_token))]);
    let post = begin(api, &(post + "\r\n{")).await;
    let header = begin(api, "POST / HTTP/1.1\r\nHost: 127.0").await;

    let (half, post, header) = tokio::join!(answer(half), answer(post), answer(header));

    assert!(half.starts_with("HTTP/1.1 400") && half.contains("<Code>RequestTimeout</Code>"), "{half}");
    let timed_out = format!("HTTP/1.1 {}", StatusCode::REQUEST_TIMEOUT.as_u16());
    assert!(post.starts_with(&timed_out), "{post}");
    assert_eq!(header, "", "a header that does not end is answered by the end of the connection");
    let object = harness.object(harness.output("OriginalBucketName"), &issued.file_path).await;
    assert_eq!(object, None, "half of an upload is none");
    assert_eq!(harness.item(&issued.image_id).await, None);
}
