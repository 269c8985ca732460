//! Which requests the engine answers: to whose names, on which paths, with whose keys, and for which pages.

mod unsigned;

use std::collections::BTreeMap;

use aws_client::http::Http;
use aws_client::{Aws, AwsError};
use bytes::Bytes;
use http::{Method, Response, StatusCode};
use local_stack::faults::{Faults, Proxy};
use serde_json::json;
use tempfile::TempDir;

use crate::lab::{Lab, REGION, credentials, start};

async fn send(method: &str, url: &str, headers: &[(&str, &str)], body: impl Into<Bytes>) -> Response<Bytes> {
    Http::new().send(method.parse().unwrap(), url, headers, body).await.unwrap()
}

fn text(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).into_owned()
}

async fn bucket(aws: &Aws) {
    let here = format!(
        "<CreateBucketConfiguration><LocationConstraint>{REGION}</LocationConstraint></CreateBucketConfiguration>"
    );
    aws.rest("s3", Method::PUT, "/a-bucket", here.into_bytes(), &[]).await.unwrap();
}

#[tokio::test]
async fn a_request_that_names_another_host_is_not_answered_whatever_it_asks_for() {
    let lab = Lab::start().await;
    let endpoint = lab.aws().endpoint().to_owned();
    let port = endpoint.rsplit(':').next().unwrap();
    let ready = format!("{endpoint}/_ministack/ready");
    for name in ["127.0.0.1", "localhost", "LOCALHOST"] {
        let host = format!("{name}:{port}");
        assert_eq!(send("GET", &ready, &[("host", &host)], "").await.status(), StatusCode::OK, "{host}");
    }
    let others = [
        format!("evil.example:{port}"),
        format!("127.0.0.1.evil.example:{port}"),
        format!("a-bucket.localhost:{port}"),
        format!("abc.execute-api.localhost:{port}"),
        format!("127.0.0.1:{port}, evil.example:{port}"),
        "127.0.0.1:".to_owned(),
        "127.0.0.1:port".to_owned(),
        "127.0.0.1@evil.example".to_owned(),
        "s3.amazonaws.com".to_owned(),
    ];
    for host in &others {
        for (method, path) in [("GET", "/_ministack/ready"), ("GET", "/"), ("PUT", "/b"), ("OPTIONS", "/")] {
            let answer = send(method, &format!("{endpoint}{path}"), &[("host", host)], "").await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{method} {path} for {host}");
        }
    }
    lab.stop().await;
}

#[tokio::test]
async fn proxy_passes_on_what_names_it_and_nothing_that_names_another_host() {
    let directory = TempDir::new().unwrap();
    let proxy = Proxy::bind().await.unwrap();
    let address = proxy.address();
    let engine = start(directory.path(), 0).await.unwrap();
    let _proxying = proxy.serve(engine.endpoint(), engine.processes(), Faults::default());

    let root = engine.root_credentials().clone();
    Aws::new(&address, REGION, root).json("sqs", "AmazonSQS.ListQueues", json!({})).await.unwrap();
    let url = format!("{address}/_ministack/ready");
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(send("GET", &url, &[], "").await.status(), StatusCode::OK);
    for host in [format!("evil.example:{port}"), format!("localhost.evil.example:{port}")] {
        let answer = send("GET", &url, &[("host", &host)], "").await;
        assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{host}");
        assert!(text(&answer).contains("proxy"), "the proxy itself refuses it, before a rule strikes");
    }
    engine.stop().await.unwrap();
}

/// One call in each form that AWS's protocols have.
async fn calls(aws: &Aws) -> BTreeMap<&'static str, Option<AwsError>> {
    [
        ("s3", aws.rest("s3", Method::GET, "/", Vec::new(), &[]).await.err()),
        ("lambda", aws.rest("lambda", Method::GET, "/2015-03-31/functions/", Vec::new(), &[]).await.err()),
        ("sqs", aws.json("sqs", "AmazonSQS.ListQueues", json!({})).await.err()),
        ("dynamodb", aws.json("dynamodb", "DynamoDB_20120810.ListTables", json!({})).await.err()),
        ("sns", aws.query("sns", "2010-03-31", "ListTopics", &[]).await.err()),
        ("sts", aws.query("sts", "2011-06-15", "GetCallerIdentity", &[]).await.err()),
        ("iam", aws.query("iam", "2010-05-08", "ListUsers", &[]).await.err()),
    ]
    .into()
}

#[tokio::test]
async fn only_the_root_key_of_this_engine_opens_it_and_each_protocol_says_so_as_aws_does() {
    let (lab, other) = tokio::join!(Lab::start(), Lab::start());
    let aws = lab.aws();
    let with = |id: &str, secret: &str| Aws::new(aws.endpoint(), REGION, credentials(id, secret));
    for (service, error) in calls(&aws).await {
        assert!(error.is_none(), "{service}: {error:?}");
    }
    let identity = aws.identity().await.unwrap();
    assert!(identity.ends_with(":root"), "{identity}");

    let (own, foreign) = (lab.root_credentials(), other.root_credentials());
    assert_ne!(own.access_key_id, foreign.access_key_id);
    for (id, secret) in [
        ("test", "test"),
        ("000000000000", "test"),
        ("123456789012", "test"),
        ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        (&foreign.access_key_id, &foreign.secret_access_key),
    ] {
        for (service, error) in calls(&with(id, secret)).await {
            let code = error.as_ref().and_then(AwsError::code).unwrap_or_default().to_owned();
            let expected = match service {
                "s3" => "InvalidAccessKeyId",
                "lambda" | "dynamodb" => "UnrecognizedClientException",
                _ => "InvalidClientTokenId",
            };
            assert_eq!(code, expected, "{service} with {id}: {error:?}");
        }
    }
    for secret in ["test", &foreign.secret_access_key] {
        for (service, error) in calls(&with(&own.access_key_id, secret)).await {
            let code = error.as_ref().and_then(AwsError::code).unwrap_or_default().to_owned();
            let expected = match service {
                "lambda" | "dynamodb" => "InvalidSignatureException",
                _ => "SignatureDoesNotMatch",
            };
            assert_eq!(code, expected, "{service}: {error:?}");
        }
    }
    lab.stop().await;
    other.stop().await;
}

#[tokio::test]
async fn paths_of_the_engines_own_are_closed_but_for_its_health() {
    let lab = Lab::start().await;
    let aws = lab.aws();
    bucket(&aws).await;
    for path in ["ready", "health"] {
        let answer = send("GET", &format!("{}/_ministack/{path}", aws.endpoint()), &[], "").await;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    let closed = [
        "_ministack/reset",
        "_ministack/config",
        "_ministack/ses/messages",
        "_ministack/sqs/messages",
        "_ministack/sns/sms-messages",
        "_ministack/lambda-code/f",
        "_ministack/lambda-layers/l/1/content",
        "_ministack/cfn-response/x",
        "_ministack/cfn-signal/x",
        "_ministack/eks-auth/x",
        "_ministack/rds/ca.pem",
        "_ministack/rds/iam-auth",
        "_ministack/iot/ca.pem",
        "_ministack/transfer/sftp-ports",
        "_ministack/what-comes-with-the-next-version",
        "_localstack/health",
        "_localstack/state/reset",
        "_aws/lambda-url/abc/",
        "_aws/ses",
        "_alb/lb/",
        "%5Fministack/reset",
    ];
    for path in closed {
        for method in [Method::GET, Method::POST, Method::PUT, Method::OPTIONS] {
            let plain = send(method.as_str(), &format!("{}/{path}", aws.endpoint()), &[], "{}").await;
            assert_eq!(plain.status(), StatusCode::FORBIDDEN, "{method} {path}");
            // Not even for root: nobody needs them.
            let signed = aws.rest("s3", method.clone(), &format!("/{path}"), b"{}".to_vec(), &[]).await;
            assert!(matches!(signed, Err(AwsError::Refused { status: 403, .. })), "{method} {path}");
        }
    }
    aws.rest("s3", Method::GET, "/a-bucket?list-type=2", Vec::new(), &[]).await.unwrap();
    lab.stop().await;
}

#[tokio::test]
async fn only_a_buckets_own_rules_and_what_cognito_answers_unsigned_let_a_page_read() {
    const RULE: &str = "<CORSConfiguration><CORSRule><AllowedOrigin>https://photos.example</AllowedOrigin>\
                        <AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
    let lab = Lab::start().await;
    let aws = lab.aws();
    bucket(&aws).await;
    aws.rest("s3", Method::PUT, "/a-bucket?cors=", RULE.as_bytes().to_vec(), &[]).await.unwrap();
    let asked = ("access-control-request-method", "GET");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let json = ("x-amz-target", "AWSCognitoIdentityProviderService.InitiateAuth");
    let post = ("access-control-request-method", "POST");
    // A page that has a key may not use it: all services are at this address.
    let signed = ("access-control-request-headers", "authorization,content-type,x-amz-target");
    let unsigned = ("x-amz-target", "AWSCognitoIdentityProviderService.ListUsers");
    for (method, path, more, body) in [
        ("GET", "/", vec![], ""),
        ("OPTIONS", "/", vec![asked], ""),
        ("OPTIONS", "/a-bucket/key", vec![asked], ""),
        ("GET", "/a-bucket/key", vec![], ""),
        ("GET", "/another-bucket", vec![], ""),
        ("OPTIONS", "/another-bucket/key", vec![asked], ""),
        ("GET", "/_ministack/health", vec![], ""),
        ("OPTIONS", "/_ministack/health", vec![asked], ""),
        ("GET", "/oauth2/authorize", vec![], ""),
        ("OPTIONS", "/oauth2/token", vec![asked], ""),
        ("GET", "/2015-03-31/functions/", vec![], ""),
        ("POST", "/", vec![form], "Action=ListTopics&Version=2010-03-31"),
        ("OPTIONS", "/", vec![asked, json], ""),
        ("OPTIONS", "/", vec![post, signed], ""),
        ("POST", "/", vec![unsigned], "{}"),
        ("GET", "/_aws/execute-api/abc/x", vec![], ""),
    ] {
        let headers = [vec![("origin", "https://evil.example")], more].concat();
        let answer = send(method, &format!("{}{path}", aws.endpoint()), &headers, body).await;
        let cors = answer.headers().keys().filter(|name| name.as_str().starts_with("access-control-"));
        assert_eq!(cors.count(), 0, "{method} {path}: {answer:?}");
    }
    let sdk =
        ("access-control-request-headers", "amz-sdk-request,content-type,x-amz-target,x-amz-user-agent");
    for (method, header) in [("OPTIONS", sdk), ("POST", json)] {
        let headers = [("origin", "https://any.example"), post, header];
        let answer = send(method, &format!("{}/", aws.endpoint()), &headers, "{}").await;
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "Cognito, {method}");
    }
    // A page exchanges the code that the sign-in gave it.
    let token = format!("{}/oauth2/token", aws.endpoint());
    let answer = send("POST", &token, &[("origin", "https://any.example"), form], "grant_type=x").await;
    assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{answer:?}");
    for method in ["OPTIONS", "GET"] {
        let headers = [("origin", "https://photos.example"), asked];
        let answer = send(method, &format!("{}/a-bucket/key", aws.endpoint()), &headers, "").await;
        assert_eq!(answer.headers()["access-control-allow-origin"], "https://photos.example", "{method}");
    }
    lab.stop().await;
}
