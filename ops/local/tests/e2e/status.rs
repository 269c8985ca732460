//! `GET /images/{imageId}`: how an upload ended, for its owner alone.

use aws_client::http::Http;
use contract::image_id;
use http::{Method, StatusCode};
use image::ImageFormat;
use local_stack::observe::logs::LogFilter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Harness;
use crate::picture::{assert_thumbnail, picture};
use crate::uploader::{bearer, plain_url, somebody, upload};

/// Asks for the status of an image, with a token or without one; answers the status and the body.
pub(crate) async fn ask(harness: &Harness, image: &str, token: Option<&str>) -> (StatusCode, Value) {
    let url = format!("{}/images/{image}", harness.output("ApiUrl"));
    let authorization = token.map(bearer);
    let headers: Vec<_> = authorization.iter().map(|value| ("authorization", value.as_str())).collect();
    let answer = Http::new().send(Method::GET, &url, &headers, "").await.unwrap();
    (answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default())
}

#[tokio::test]
async fn owner_is_answered_from_the_url_to_the_thumbnails_which_the_answer_lets_anybody_fetch() {
    let harness = Harness::with_status().await;
    let tokens = somebody(harness).await;
    let waiting = plain_url(harness, &tokens).await.image_id;
    let id = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await.image_id;
    assert_eq!(harness.settled(&id).await.status(), "DONE");

    for token in [&tokens.id_token, &tokens.access_token] {
        let pending = json!({"image_id": waiting, "status": "PENDING", "thumbnails": []});
        assert_eq!(ask(harness, &waiting, Some(token)).await, (StatusCode::OK, pending));
        let (status, answer) = ask(harness, &id, Some(token)).await;
        assert_eq!((status, &answer["status"]), (StatusCode::OK, &json!("DONE")), "{answer}");
        let thumbnails = answer["thumbnails"].as_array().unwrap();
        assert_eq!((thumbnails.len(), &thumbnails[1]["side"]), (2, &json!(64)), "{answer}");
        for thumbnail in thumbnails {
            let url = thumbnail["url"].as_str().unwrap();
            let fetched = Http::new().send(Method::GET, url, &[], "").await.unwrap();
            assert_eq!(fetched.status(), StatusCode::OK);
            assert_eq!(fetched.headers()["content-type"], "image/jpeg");
            let changed = url.replacen("processed/", "processed/x", 1);
            let refused = Http::new().send(Method::GET, &changed, &[], "").await.unwrap();
            assert_eq!(refused.status(), StatusCode::FORBIDDEN);
        }
        let first = Http::new().send(Method::GET, thumbnails[0]["url"].as_str().unwrap(), &[], "").await;
        assert_thumbnail(first.unwrap().body());
    }
}

#[tokio::test]
async fn owner_of_a_file_that_is_no_image_is_told_why() {
    let harness = Harness::with_status().await;
    let tokens = somebody(harness).await;
    let id = upload(harness, &tokens, b"no image".to_vec()).await.image_id;
    let item = harness.settled(&id).await;

    let (status, answer) = ask(harness, &id, Some(&tokens.id_token)).await;

    let expected = json!({
        "image_id": id, "status": "FAILED", "reason": "NotAnImage", "message": item.text("message"), "thumbnails": [],
    });
    assert_eq!((status, answer), (StatusCode::OK, expected));
}

#[tokio::test]
async fn image_of_another_user_is_answered_as_one_that_does_not_exist() {
    let harness = Harness::with_status().await;
    let (owner, other) = (somebody(harness).await, somebody(harness).await);
    let waiting = plain_url(harness, &owner).await.image_id;
    let done = upload(harness, &owner, picture(ImageFormat::Jpeg)).await.image_id;
    harness.settled(&done).await;

    let unknown = ask(harness, &Uuid::new_v4().to_string(), Some(&other.id_token)).await;

    let error = json!({"error": {"code": "ImageNotFound", "message": "No image of yours has this id."}});
    assert_eq!(unknown, (StatusCode::NOT_FOUND, error));
    for id in [&done, &waiting] {
        assert_eq!(ask(harness, id, Some(&other.id_token)).await, unknown);
        assert_eq!(ask(harness, id, Some(&owner.id_token)).await.0, StatusCode::OK);
    }
}

#[tokio::test]
async fn what_is_no_id_is_refused_and_without_a_token_everything_is() {
    let harness = Harness::with_status().await;
    let tokens = somebody(harness).await;
    let id = image_id::issue(&tokens.sub, "jpg").id.to_string();
    for wrong in ["x", &id.to_uppercase(), &format!("{id}.jpg"), "%20", "..%3F"] {
        let (status, answer) = ask(harness, wrong, Some(&tokens.id_token)).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!("MalformedId")), "{wrong}");
    }
    for token in [None, Some("x"), Some(tokens.id_token.trim_end_matches(char::is_alphanumeric))] {
        for image in [id.as_str(), "x"] {
            let unauthorized = (StatusCode::UNAUTHORIZED, json!({"message": "Unauthorized"}));
            assert_eq!(ask(harness, image, token).await, unauthorized, "{image}");
        }
    }
}

#[tokio::test]
async fn route_takes_one_segment_and_one_method() {
    let harness = Harness::with_status().await;
    let token = bearer(&somebody(harness).await.id_token);
    let id = Uuid::new_v4();
    for (method, path) in [
        (Method::GET, "/images".to_owned()),
        (Method::GET, "/images/".to_owned()),
        (Method::GET, format!("/images/{id}/")),
        (Method::GET, format!("/images/{id}/x")),
        (Method::GET, format!("/x/images/{id}")),
        (Method::POST, format!("/images/{id}")),
        (Method::DELETE, format!("/images/{id}")),
    ] {
        let url = format!("{}{path}", harness.output("ApiUrl"));
        let headers = [("authorization", token.as_str())];
        let answer = Http::new().send(method.clone(), &url, &headers, "").await.unwrap();
        let body = serde_json::from_slice::<Value>(answer.body()).unwrap();
        let expected = (StatusCode::NOT_FOUND, json!({"message": "Not Found"}));
        assert_eq!((answer.status(), body), expected, "{method} {path}");
    }
}

#[tokio::test]
async fn stack_without_the_parameter_has_no_such_route_and_no_such_function() {
    let harness = Harness::shared().await;
    let tokens = somebody(harness).await;
    let id = plain_url(harness, &tokens).await.image_id;

    let not_found = (StatusCode::NOT_FOUND, json!({"message": "Not Found"}));
    for token in [None, Some(tokens.id_token.as_str())] {
        assert_eq!(ask(harness, &id, token).await, not_found);
    }
    assert!(!harness.info.outputs.contains_key("ImageStatusFunctionName"));
    assert!(harness.info.log_groups.iter().all(|group| !group.contains("image-status")));
}

#[tokio::test]
async fn pages_of_any_origin_may_ask_and_read_answers_and_errors() {
    let harness = Harness::with_status().await;
    let tokens = somebody(harness).await;
    let id = plain_url(harness, &tokens).await.image_id;
    let token = bearer(&tokens.id_token);
    for image in [id.as_str(), "x", &Uuid::new_v4().to_string()] {
        let url = format!("{}/{image}", harness.output("GetImageStatusEndpoint"));
        let preflight = [
            ("origin", "https://photos.example.com"),
            ("access-control-request-method", "GET"),
            ("access-control-request-headers", "authorization"),
        ];
        let allowed = Http::new().send(Method::OPTIONS, &url, &preflight, "").await.unwrap();
        let methods = allowed.headers()["access-control-allow-methods"].to_str().unwrap().to_owned();
        assert!(methods.split(',').any(|method| method.trim().eq_ignore_ascii_case("get")), "{methods}");
        let headers = [("origin", "https://photos.example.com"), ("authorization", token.as_str())];
        let answer = Http::new().send(Method::GET, &url, &headers, "").await.unwrap();
        assert_eq!(answer.headers()["access-control-allow-origin"], "*", "{image}");
        assert_eq!(answer.headers()["cache-control"], "no-store", "{image}");
    }
}

#[tokio::test]
async fn lines_about_a_status_name_the_image_and_neither_key_nor_bucket_nor_url() {
    let harness = Harness::with_status().await;
    let tokens = somebody(harness).await;
    let id = upload(harness, &tokens, picture(ImageFormat::Jpeg)).await.image_id;
    harness.settled(&id).await;
    assert_eq!(ask(harness, &id, Some(&tokens.id_token)).await.0, StatusCode::OK);
    let group = format!("/aws/lambda/{}", harness.output("ImageStatusFunctionName"));
    let lines = async || {
        let filter = LogFilter { image_id: Some(id.clone()), ..LogFilter::default() };
        let lines = harness.observer.logs(&filter, usize::MAX);
        let lines: Vec<_> = lines.into_iter().filter(|line| line.group == group).collect();
        (!lines.is_empty()).then_some(lines)
    };

    let lines = harness.until(lines).await.expect("the function writes a line");

    let text = json!(lines.iter().map(|line| &line.fields).collect::<Vec<_>>()).to_string();
    assert!(text.contains("Image status read"), "{text}");
    for secret in ["processed/", "user-uploads", harness.output("ProcessedBucketName"), "http", "X-Amz-"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
