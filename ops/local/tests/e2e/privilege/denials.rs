//! Denials: calls that policies of buckets, queues and topics refuse, each false without one of their statements.

use std::time::{Duration, SystemTime};

use aws_client::http::Http;
use aws_client::{Aws, AwsError, Credentials};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::bench::{Bench, Function, Verdict, seen};
use super::credentials_of;
use super::proofs::{Proof, proofs};
use crate::presigned::{LIFE, Presigned};
use crate::queue::QUIET;
use crate::uploader::plain_url;

/// What a client states that came without TLS; the proxy is where TLS would end.
const PLAIN: (&str, &str) = ("x-forwarded-proto", "http");

proofs! {
    plain_http_reaches_no_upload => plain_upload;
    plain_http_reaches_no_thumbnail => plain_thumbnail;
    plain_http_reaches_no_message_of_the_queue => plain_queue;
    plain_http_reaches_no_dead_letter => plain_dead_letters;
    plain_http_publishes_no_result => plain_results;
    plain_http_publishes_no_page => plain_pages;
    plain_http_publishes_no_ticket => plain_tickets;
    a_url_of_more_than_five_minutes_stores_nothing => old_url;
    a_folder_without_a_name_takes_no_upload => nameless;
    an_alarm_pages_by_the_topics_policy => alarm_pages;
    an_alarm_opens_a_ticket_by_the_topics_policy => alarm_opens_ticket;
}

/// The claim that a call is refused by a policy and by nothing else.
fn refused<T>(what: &str, result: Result<T, AwsError>) -> Verdict {
    match result {
        Ok(_) => Err(format!("{what} passed")),
        Err(AwsError::Refused { status: 403, .. }) => Ok(()),
        Err(error) => Err(seen(&error)),
    }
}

fn client(bench: &Bench, credentials: Credentials) -> Aws {
    Aws::new(&bench.harness.info.endpoint, &bench.harness.info.region, credentials)
}

/// The client of the function that signs uploads; it runs once it was used.
async fn signer(bench: &Bench) -> Credentials {
    plain_url(bench.harness, &bench.tokens).await;
    credentials_of(bench.harness, Function::Signer.output()).await
}

async fn plain_upload(bench: &Bench) -> Verdict {
    let path = format!("/{}/{QUIET}/plain.raw", bench.harness.output("OriginalBucketName"));
    let signer = client(bench, signer(bench).await);
    // Over TLS it passes, so the refusal is the policy's.
    signer.rest("s3", Method::PUT, &path, b"x".to_vec(), &[]).await.map_err(|error| seen(&error))?;
    refused("an upload", signer.rest("s3", Method::PUT, &path, b"x".to_vec(), &[PLAIN]).await)
}

async fn plain_thumbnail(bench: &Bench) -> Verdict {
    bench.wake_processor().await?;
    let processor = client(bench, credentials_of(bench.harness, Function::Processor.output()).await);
    let path = format!("/{}/processed/plain.jpg", bench.harness.output("ProcessedBucketName"));
    processor.rest("s3", Method::PUT, &path, b"x".to_vec(), &[]).await.map_err(|error| seen(&error))?;
    refused("a thumbnail", processor.rest("s3", Method::PUT, &path, b"x".to_vec(), &[PLAIN]).await)
}

async fn receive(bench: &Bench, queue: &'static str) -> Verdict {
    let body = json!({"QueueUrl": bench.harness.output(queue), "VisibilityTimeout": 0}).to_string();
    let headers =
        [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", "AmazonSQS.ReceiveMessage"), PLAIN];
    refused(queue, bench.aws().rest("sqs", Method::POST, "/", body.into_bytes(), &headers).await)
}

async fn plain_queue(bench: &Bench) -> Verdict {
    receive(bench, "QueueUrl").await
}

async fn plain_dead_letters(bench: &Bench) -> Verdict {
    receive(bench, "DeadLetterQueueUrl").await
}

async fn publish(bench: &Bench, topic: &'static str) -> Verdict {
    let params = [
        ("Action", "Publish"),
        ("Version", "2010-03-31"),
        ("TopicArn", bench.harness.output(topic)),
        ("Message", "{}"),
    ];
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
    let headers = [("content-type", "application/x-www-form-urlencoded"), PLAIN];
    refused(topic, bench.aws().rest("sns", Method::POST, "/", body.into_bytes(), &headers).await)
}

async fn plain_results(bench: &Bench) -> Verdict {
    publish(bench, "TopicArn").await
}

async fn plain_pages(bench: &Bench) -> Verdict {
    publish(bench, "PageTopicArn").await
}

async fn plain_tickets(bench: &Bench) -> Verdict {
    publish(bench, "TicketTopicArn").await
}

/// PUTs to a URL that the signer's credentials sign.
async fn put_signed(bench: &Bench, key: &str, age: Duration) -> StatusCode {
    let by = signer(bench).await;
    let now = Presigned::now(bench.harness, Method::PUT, key);
    let url = Presigned { at: SystemTime::now() - age, life: Duration::from_hours(1), ..now }.url(&by);
    Http::new().send(Method::PUT, &url, &[], "x").await.unwrap().status()
}

async fn old_url(bench: &Bench) -> Verdict {
    let key = format!("{QUIET}/old.raw");
    match (
        put_signed(bench, &key, LIFE / 2).await,
        put_signed(bench, &key, LIFE + Duration::from_secs(1)).await,
    ) {
        (StatusCode::OK, StatusCode::FORBIDDEN) => Ok(()),
        (fresh, old) => Err(format!("a fresh URL got {fresh}, an old one {old}")),
    }
}

async fn nameless(bench: &Bench) -> Verdict {
    match put_signed(bench, "user-uploads//x.raw", Duration::ZERO).await {
        StatusCode::FORBIDDEN => Ok(()),
        status => Err(format!("S3 answered {status}")),
    }
}

/// Publishes as CloudWatch does for an alarm of this account, and of another.
async fn alarm(bench: &Bench, topic: &'static str) -> Verdict {
    let topic = bench.harness.output(topic);
    let account = topic.split(':').nth(4).unwrap_or_default();
    let publish = async |account: &str| {
        let source = format!("arn:aws:cloudwatch:{}:{account}:alarm:proof", bench.harness.info.region);
        let params = [
            ("TopicArn", topic),
            ("Message", "{}"),
            ("Local.Service", "cloudwatch.amazonaws.com"),
            ("Local.SourceArn", &source),
        ];
        bench.aws().query("sns", "2010-03-31", "Publish", &params).await
    };
    publish(account).await.map_err(|error| seen(&error))?;
    refused("another account's alarm", publish("999999999999").await)
}

async fn alarm_pages(bench: &Bench) -> Verdict {
    alarm(bench, "PageTopicArn").await
}

async fn alarm_opens_ticket(bench: &Bench) -> Verdict {
    alarm(bench, "TicketTopicArn").await
}

/// A call that nobody signed.
async fn anonymous(bench: &Bench, method: Method, path: &str, headers: &[(&str, &str)]) -> StatusCode {
    let url = format!("{}{path}", bench.harness.info.endpoint);
    Http::new().send(method, &url, headers, "x").await.unwrap().status()
}

#[tokio::test]
async fn nobody_reads_writes_lists_or_deletes_without_a_signature() {
    let bench = Bench::new().await;
    for (bucket, key) in [
        ("OriginalBucketName", format!("{QUIET}/public.raw")),
        ("ProcessedBucketName", "processed/public.jpg".into()),
    ] {
        let bucket = bench.harness.output(bucket);
        bench.harness.put_object(bucket, &key, b"x", &[]).await;
        for (method, path) in [
            (Method::GET, format!("/{bucket}/{key}")),
            (Method::HEAD, format!("/{bucket}/{key}")),
            (Method::PUT, format!("/{bucket}/{key}")),
            (Method::DELETE, format!("/{bucket}/{key}")),
            (Method::GET, format!("/{bucket}?list-type=2")),
            (Method::GET, format!("/{bucket}?versions")),
            (Method::GET, format!("/{bucket}?policy")),
            (Method::GET, format!("/{bucket}?acl")),
            (Method::GET, format!("/{bucket}/{key}?acl")),
            (Method::PUT, format!("/{bucket}?policy")),
        ] {
            let status = anonymous(&bench, method.clone(), &path, &[]).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{method} {path}");
        }
        assert_eq!(bench.harness.object(bucket, &key).await.as_deref(), Some(&b"x"[..]), "{bucket}");
    }
}

#[tokio::test]
async fn bucket_cannot_be_made_public_by_a_policy_or_an_acl_not_even_by_its_owner() {
    let bench = Bench::new().await;
    for bucket in ["OriginalBucketName", "ProcessedBucketName"] {
        let bucket = bench.harness.output(bucket);
        let key = format!("/{bucket}/{QUIET}/public.raw");
        bench.harness.put_object(bucket, &format!("{QUIET}/public.raw"), b"x", &[]).await;
        let statement = json!({
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": format!("arn:aws:s3:::{bucket}/*"),
        });
        let policy = json!({"Version": "2012-10-17", "Statement": [statement]}).to_string();
        let acl = [("x-amz-acl", "public-read")];
        for (what, path, body, headers) in [
            ("policy", format!("/{bucket}?policy"), policy.into_bytes(), &[][..]),
            ("ACL of the bucket", format!("/{bucket}?acl"), Vec::new(), &acl[..]),
            ("ACL of an object", format!("{key}?acl"), Vec::new(), &acl[..]),
            ("ACL of a new object", key.clone(), b"x".to_vec(), &acl[..]),
        ] {
            let put = bench.aws().rest("s3", Method::PUT, &path, body, headers).await;
            let error = put.expect_err(what);
            let codes = ["AccessDenied", "AccessControlListNotSupported"];
            assert!(error.code().is_some_and(|code| codes.contains(&code)), "{what}: {error}");
        }
        assert_eq!(anonymous(&bench, Method::GET, &key, &[]).await, StatusCode::FORBIDDEN, "{key}");
    }
}

#[tokio::test]
async fn topics_and_queues_take_nothing_without_a_signature() {
    let bench = Bench::new().await;
    for topic in ["TopicArn", "PageTopicArn", "TicketTopicArn"] {
        let params = [("Action", "Publish"), ("TopicArn", bench.harness.output(topic)), ("Message", "{}")];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(params).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer =
            Http::new().send(Method::POST, &bench.harness.info.endpoint, &headers, body).await.unwrap();
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{topic}: {:?}", answer.body());
    }
    for queue in ["QueueUrl", "DeadLetterQueueUrl"] {
        for (operation, more) in [("ReceiveMessage", json!({})), ("SendMessage", json!({"MessageBody": "x"}))]
        {
            let mut body = json!({"QueueUrl": bench.harness.output(queue)});
            body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let target = format!("AmazonSQS.{operation}");
            let headers = [("content-type", "application/x-amz-json-1.0"), ("x-amz-target", target.as_str())];
            let (url, body) = (&bench.harness.info.endpoint, body.to_string());
            let answer = Http::new().send(Method::POST, url, &headers, body).await.unwrap();
            let error: Value = serde_json::from_slice(answer.body()).unwrap();
            let name = error["__type"].as_str().unwrap_or_default();
            assert!([400, 403].contains(&answer.status().as_u16()), "{operation} {queue}: {error}");
            assert!(name.contains("AccessDenied") || name.contains("MissingAuthenticationToken"), "{error}");
        }
    }
}
