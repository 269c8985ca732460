//! Least privilege, enforced: what each function and each user may do, and nothing besides.

mod bench;
mod calls;
mod decisions;
mod denials;
mod mutation;
mod places;
mod proofs;
mod statements;
mod table;

use aws_client::http::Http;
use aws_client::xml;
use aws_client::{Aws, Credentials};
use http::{Method, StatusCode};
use image::ImageFormat;
use serde_json::json;
use url::{Position, Url};

use self::calls::{Call, calls};
use crate::faults::role_of;
use crate::harness::Harness;
use crate::identity::{login, pool_credentials};
use crate::picture::picture;
use crate::presigned::Presigned;
use crate::processes::functions;
use crate::queue::QUIET;
use crate::status::ask;
use crate::uploader::{plain_url, somebody, upload};

/// Checks that `credentials` allow the calls named, and deny all others, which the account's own allow.
async fn assert_may_only(harness: &Harness, who: &str, credentials: Credentials, may: &[&str]) {
    let bearer = Aws::new(&harness.info.endpoint, &harness.info.region, credentials);
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    for (bucket, key) in [
        (original, "user-uploads/privilege.raw"),
        (original, "privilege"),
        (processed, "processed/privilege.jpg"),
        (processed, "privilege"),
    ] {
        harness.put_object(bucket, key, b"x", &[]).await;
    }
    let mut names = Vec::new();
    for (what, call) in calls(harness) {
        let allowed = call.is_allowed(what, &bearer).await;
        assert_eq!(allowed, may.contains(&what), "{who} tried to {what}");
        assert!(call.is_allowed(what, &harness.aws).await, "the account itself can {what}");
        names.push(what);
    }
    assert!(may.iter().all(|what| names.contains(what)), "{may:?} name calls");
}

/// The credentials that a function was started with, read from its process.
pub(crate) async fn credentials_of(harness: &Harness, function: &'static str) -> Credentials {
    let running = async || {
        functions(harness.group).into_iter().find(|process| process.function() == harness.output(function))
    };
    let process = harness.until(running).await.expect("the function should run, since it was just used");
    let variable = |name: &str| process.variable(name).unwrap().to_owned();
    Credentials {
        access_key_id: variable("AWS_ACCESS_KEY_ID"),
        secret_access_key: variable("AWS_SECRET_ACCESS_KEY"),
        session_token: Some(variable("AWS_SESSION_TOKEN")),
    }
}

#[tokio::test]
async fn url_signer_may_read_and_write_uploads_and_nothing_else() {
    let (harness, _alone) = Harness::calm().await;
    plain_url(harness, &somebody(harness).await).await;
    let credentials = credentials_of(harness, "GenerateUploadUrlFunctionName").await;
    assert_may_only(
        harness,
        "the signer",
        credentials,
        &["read an upload", "write an upload", "log as the signer"],
    )
    .await;
}

#[tokio::test]
async fn image_processor_may_do_its_steps_and_nothing_else() {
    let (harness, _alone) = Harness::calm().await;
    let id = upload(harness, &somebody(harness).await, picture(ImageFormat::Jpeg)).await.image_id;
    assert_eq!(harness.settled(&id).await.status(), "DONE");
    let steps = [
        "read an upload",
        "list uploads",
        "write a thumbnail",
        "put an item",
        "notify of an image",
        "receive uploads",
        "log as the processor",
    ];
    let credentials = credentials_of(harness, "ImageProcessorFunctionName").await;
    assert_may_only(harness, "the processor", credentials, &steps).await;
}

#[tokio::test]
async fn metrics_function_may_list_and_publish_totals_and_nothing_else() {
    let (harness, _alone) = Harness::calm().await;
    let path = format!("/2015-03-31/functions/{}/invocations", harness.output("S3MetricsFunctionName"));
    let answer = harness.aws.rest("lambda", Method::POST, &path, b"{}".to_vec(), &[]).await.unwrap();
    assert_eq!(answer.headers().get("x-amz-function-error"), None, "{answer:?}");
    let steps = [
        "list uploads",
        "list beside uploads",
        "list thumbnails",
        "publish totals",
        "open a ticket",
        "log as the metrics function",
    ];
    let credentials = credentials_of(harness, "S3MetricsFunctionName").await;
    assert_may_only(harness, "the metrics function", credentials, &steps).await;
}

#[tokio::test]
async fn status_function_may_read_items_and_thumbnails_and_nothing_else() {
    let (harness, _alone) = Harness::calm().await;
    let tokens = somebody(harness).await;
    let id = plain_url(harness, &tokens).await.image_id;
    assert_eq!(ask(harness, &id, Some(&tokens.id_token)).await.0, StatusCode::OK);
    let steps = ["read a thumbnail", "get an item", "log as the status function"];
    let credentials = credentials_of(harness, "ImageStatusFunctionName").await;
    assert_may_only(harness, "the status function", credentials, &steps).await;
}

#[tokio::test]
async fn signed_in_user_reaches_the_own_folder_and_nothing_else() {
    let (harness, _alone) = Harness::calm().await;
    let (a, b) = (somebody(harness).await, somebody(harness).await);
    let credentials = pool_credentials(harness, &login(harness, &a.id_token)).await;
    let user = Aws::new(&harness.info.endpoint, &harness.info.region, credentials.clone());
    let bucket = harness.output("OriginalBucketName");
    for (sub, own) in [(&a.sub, true), (&b.sub, false)] {
        let path = format!("/{bucket}/user-uploads/{sub}/direct.raw");
        harness.put_object(bucket, &format!("user-uploads/{sub}/direct.raw"), b"x", &[]).await;
        for method in [Method::GET, Method::PUT] {
            let call = Call::Rest(method, path.clone());
            assert_eq!(call.is_allowed("direct", &user).await, own, "own folder: {own}");
        }
        let listing = Call::Rest(Method::GET, format!("/{bucket}?list-type=2&prefix=user-uploads/{sub}/"));
        assert!(!listing.is_allowed("listing", &user).await, "no folder can be listed, not even the own one");
        assert!(!Call::Rest(Method::DELETE, path).is_allowed("deletion", &user).await);
    }
    assert_may_only(harness, "the user", credentials, &[]).await;
}

/// Everything that `FunctionBoundary` lets any function do.
const WITHIN_THE_BOUNDARY: [&str; 14] = [
    "read an upload",
    "write an upload",
    "list uploads",
    "list beside uploads",
    "list thumbnails",
    "write a thumbnail",
    "put an item",
    "notify of an image",
    "open a ticket",
    "publish totals",
    "receive uploads",
    "log as the signer",
    "log as the processor",
    "log as the metrics function",
];

#[tokio::test]
async fn role_that_is_widened_reaches_no_further_than_its_boundary() {
    let (harness, _alone) = Harness::calm().await;
    let tokens = somebody(harness).await;
    plain_url(harness, &tokens).await;
    let function = "GenerateUploadUrlFunctionName";
    let user = harness.output("AuthenticatedRoleArn").rsplit('/').next().unwrap().to_owned();
    let everything = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    let policy = json!({"Version": "2012-10-17", "Statement": [everything]}).to_string();
    for (who, role, credentials, may) in [
        (
            "a widened function",
            role_of(harness, function).await,
            credentials_of(harness, function).await,
            &WITHIN_THE_BOUNDARY[..],
        ),
        ("a widened user", user, pool_credentials(harness, &login(harness, &tokens.id_token)).await, &[]),
    ] {
        let named = [("RoleName", role.as_str()), ("PolicyName", "everything")];
        let params = [&named[..], &[("PolicyDocument", policy.as_str())]].concat();
        harness.aws.query("iam", "2010-05-08", "PutRolePolicy", &params).await.unwrap();
        assert_may_only(harness, who, credentials, may).await;
        harness.aws.query("iam", "2010-05-08", "DeleteRolePolicy", &named).await.unwrap();
    }
}

#[tokio::test]
async fn folder_without_a_name_is_nobodys_not_even_the_signers() {
    let (harness, _alone) = Harness::calm().await;
    let bucket = harness.output("OriginalBucketName");
    let tokens = somebody(harness).await;
    plain_url(harness, &tokens).await;
    let signer = credentials_of(harness, "GenerateUploadUrlFunctionName").await;
    let user = pool_credentials(harness, &login(harness, &tokens.id_token)).await;
    for key in ["user-uploads//x.raw", &format!("user-uploads//{}/x.raw", tokens.sub)] {
        for (who, credentials) in [("the signer", &signer), ("the user", &user)] {
            let bearer = Aws::new(&harness.info.endpoint, &harness.info.region, credentials.clone());
            let call = Call::Rest(Method::PUT, format!("/{bucket}/{key}"));
            assert!(!call.is_allowed(who, &bearer).await, "{who} {key}");
        }
        let url = Presigned::now(harness, Method::PUT, key).url(&signer);
        let answer = Http::new().send(Method::PUT, &url, &[], "x").await.unwrap();
        let body = String::from_utf8_lossy(answer.body()).into_owned();
        assert_eq!(
            (answer.status(), xml::first(&body, "Code").as_deref()),
            (StatusCode::FORBIDDEN, Some("AccessDenied"))
        );
        assert_eq!(harness.object(bucket, key).await, None, "{key}");
    }
    // The same URL one folder deeper is good, so the refusals are the policy's.
    let url = Presigned::now(harness, Method::PUT, &format!("{QUIET}/{}.raw", tokens.sub)).url(&signer);
    assert_eq!(Http::new().send(Method::PUT, &url, &[], "x").await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn upload_that_does_not_come_by_tls_is_refused_by_policy() {
    let (harness, _alone) = Harness::calm().await;
    let issued = plain_url(harness, &somebody(harness).await).await;
    let url = Url::parse(&issued.upload_url).unwrap();
    let host = url[Position::BeforeHost..Position::AfterPort].to_owned();
    // The proxy is where TLS would end. Past it one can say that a client came without.
    let past_it = format!("{}{}", harness.info.endpoint, &url[Position::BeforePath..]);
    let put = async |url: &str, proto: &str| {
        let headers = [("host", host.as_str()), ("x-forwarded-proto", proto)];
        Http::new().send(Method::PUT, url, &headers, "x").await.unwrap()
    };

    let refused = put(&past_it, "http").await;

    let body = String::from_utf8_lossy(refused.body());
    assert_eq!(refused.status(), StatusCode::FORBIDDEN, "{body}");
    assert!(body.contains("<Code>AccessDenied</Code>"), "{body}");
    assert_eq!(put(&issued.upload_url, "https").await.status(), StatusCode::OK);
}
