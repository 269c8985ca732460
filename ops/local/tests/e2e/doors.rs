//! Keys and tokens of a running stack: who has them, and what a forged one opens.

use std::fs;
use std::path::Path;

use aws_client::http::Http;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::stack::StackInfo;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{Harness, root};
use crate::picture::picture;
use crate::processes::{self, functions};
use crate::uploader::{anybody, plain_url, somebody, upload};

/// The files below a directory that hold a text.
fn files_with(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files_with(&path, text));
        } else if fs::read(&path)
            .is_ok_and(|bytes| bytes.windows(text.len()).any(|part| part == text.as_bytes()))
        {
            found.push(entry.file_name().into_string().unwrap());
        }
    }
    found
}

#[tokio::test]
async fn roots_key_is_in_no_environment_in_one_file_and_not_in_the_console() {
    let harness = Harness::shared().await;
    upload(harness, &anybody(harness).await, picture(ImageFormat::Jpeg)).await;
    let key = &harness.info.credentials;
    let environments = processes::environments(harness.group);
    assert!(environments.len() > 1, "the engine and a function");
    for environment in environments {
        for secret in [&key.access_key_id, &key.secret_access_key] {
            assert!(!environment.contains(secret.as_str()), "a process has root's key in its environment");
        }
    }
    let directory = StackInfo::directory(&root(), &harness.info.name);
    assert_eq!(files_with(&directory, &key.secret_access_key), ["stack.json"]);
    for page in ["api/stack", "api/problems", "api/uploads", "api/logs?limit=1000"] {
        let url = format!("{}/{page}", harness.info.console);
        let answer = Http::new().send(Method::GET, &url, &[], "").await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{page}");
        let shown = String::from_utf8_lossy(answer.body()).into_owned();
        for secret in [&key.access_key_id, &key.secret_access_key, &harness.info.user.password] {
            assert!(!shown.contains(secret.as_str()), "{page} shows a secret");
        }
    }
}

#[tokio::test]
async fn key_of_a_function_follows_from_nothing_that_others_know() {
    let harness = Harness::shared().await;
    plain_url(harness, &anybody(harness).await).await;
    let running = functions(harness.group);
    assert!(!running.is_empty());
    for process in running {
        let id = process.variable("AWS_ACCESS_KEY_ID").unwrap();
        let function = format!("/2015-03-31/functions/{}", process.function());
        let answer = harness.aws.rest("lambda", Method::GET, &function, Vec::new(), &[]).await.unwrap();
        let answer: Value = serde_json::from_slice(answer.body()).unwrap();
        let text = |name: &str| answer["Configuration"][name].as_str().unwrap().to_owned();
        // How the engine makes it.
        let digest: [u8; 32] = Sha256::digest(format!("{}:{}", text("FunctionArn"), text("Role"))).into();
        let guess = u64::from_be_bytes(digest[..8].try_into().unwrap());
        assert_ne!(id, format!("ASIA{guess:016X}"), "{}", process.function());
        assert_ne!(id, harness.info.credentials.access_key_id);
    }
}

#[tokio::test]
async fn page_takes_no_event_from_a_function() {
    let harness = Harness::shared().await;
    let user = somebody(harness).await;
    plain_url(harness, &user).await;
    let running = functions(harness.group);
    assert!(!running.is_empty());
    for process in running {
        let api = process.variable("AWS_LAMBDA_RUNTIME_API").unwrap();
        let next = format!("http://{api}/2018-06-01/runtime/invocation/next");
        let port = api.rsplit(':').next().unwrap();
        let rebound = format!("evil.example:{port}");
        for header in [
            ("host", rebound.as_str()),
            ("origin", "http://127.0.0.1:1"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", "none"),
        ] {
            let answer = Http::new().send(Method::GET, &next, &[header], "").await.unwrap();
            assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{header:?}");
        }
    }
    plain_url(harness, &user).await;
}

#[tokio::test]
async fn role_of_users_is_assumed_with_a_token_of_the_identity_pool_and_with_no_forged_one() {
    let harness = Harness::shared().await;
    let user = anybody(harness).await;
    let pool = harness.output("IdentityPoolId");
    let provider =
        format!("cognito-idp.{}.amazonaws.com/{}", harness.info.region, harness.output("UserPoolId"));
    let logins = json!({provider: user.id_token});
    let identity = async |operation: &str, body: Value| {
        let target = format!("AWSCognitoIdentityService.{operation}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.1")];
        let answer = Http::new().send(Method::POST, &harness.info.endpoint, &headers, body.to_string()).await;
        let answer = answer.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{operation} needs no signature");
        serde_json::from_slice::<Value>(answer.body()).unwrap()
    };
    let id = identity("GetId", json!({"IdentityPoolId": pool, "Logins": logins})).await;
    let asked = json!({"IdentityId": id["IdentityId"], "Logins": logins});
    let token = identity("GetOpenIdToken", asked).await["Token"].as_str().unwrap().to_owned();

    let role = harness.aws.json(
        "cognito-identity",
        "AWSCognitoIdentityService.GetIdentityPoolRoles",
        json!({"IdentityPoolId": pool}),
    );
    let role = role.await.unwrap()["Roles"]["authenticated"].as_str().unwrap().to_owned();
    let assume = async |token: &str| {
        let form = [
            ("Action", "AssumeRoleWithWebIdentity"),
            ("Version", "2011-06-15"),
            ("RoleArn", &role),
            ("RoleSessionName", "page"),
            ("WebIdentityToken", token),
        ];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [("content-type", "application/x-www-form-urlencoded")];
        let answer = Http::new().send(Method::POST, &harness.info.endpoint, &headers, body).await.unwrap();
        (answer.status(), String::from_utf8_lossy(answer.body()).into_owned())
    };
    let (status, body) = assume(&token).await;
    assert_eq!(status, StatusCode::OK, "{body}");

    let claims = token.split('.').nth(1).unwrap();
    let mut late: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap();
    late["exp"] = json!(9_999_999_999_u64);
    let late = URL_SAFE_NO_PAD.encode(late.to_string());
    let signature = token.rsplit('.').next().unwrap();
    let none = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    for forged in [
        format!("{none}.{claims}."),
        format!("{none}.{claims}.{signature}"),
        token.replacen(claims, &late, 1),
        user.id_token.clone(),
        "a.b.c".to_owned(),
    ] {
        let (status, body) = assume(&forged).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
        assert!(body.contains("AccessDenied") && !body.contains("AccessKeyId"), "{body}");
    }
}
