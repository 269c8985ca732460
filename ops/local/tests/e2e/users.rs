//! Two users who cannot reach each other's folder, nor each other's images.

use aws_client::http::Http;
use http::{Method, StatusCode};
use image::ImageFormat;
use uuid::Uuid;

use crate::harness::Harness;
use crate::picture::{assert_thumbnail, picture};
use crate::uploader::{ask, bearer, plain_url, somebody, upload};

#[tokio::test]
async fn url_always_lies_in_the_folder_of_the_token_whatever_the_request_says() {
    let harness = Harness::shared().await;
    let (a, b) = (somebody(harness).await, somebody(harness).await);
    assert_ne!(a.sub, b.sub);
    let of_b = format!("?sub={0}&user_id={0}&key=user-uploads/{0}/x.jpg", b.sub);
    let headers = [("x-user-id", b.sub.as_str()), ("x-amzn-oidc-identity", &b.sub)];

    for token in [&a.id_token, &a.access_token] {
        let (status, answer) = ask(harness, &of_b, Some(&bearer(token)), &headers, "").await;

        assert_eq!(status, StatusCode::OK, "{answer}");
        let path = answer["file_path"].as_str().unwrap();
        assert_eq!(path, format!("user-uploads/{}/{}.jpg", a.sub, answer["image_id"].as_str().unwrap()));
        assert!(answer["upload_url"].as_str().unwrap().contains(&format!("/{path}?")), "{path}");
    }
    let body = format!(r#"{{"user_id":"{}"}}"#, b.sub);
    let (status, answer) = ask(harness, "", Some(&bearer(&a.id_token)), &[], &body).await;
    assert_eq!((status, answer["error"]["code"].as_str()), (StatusCode::BAD_REQUEST, Some("MalformedBody")));
    assert_eq!(plain_url(harness, &b).await.file_path.split('/').nth(1), Some(b.sub.as_str()));
}

#[tokio::test]
async fn url_of_one_user_does_not_open_the_folder_of_another() {
    let harness = Harness::shared().await;
    let (a, b) = (somebody(harness).await, somebody(harness).await);
    let issued = plain_url(harness, &a).await;
    let stolen = issued.upload_url.replacen(&a.sub, &b.sub, 1);
    assert_ne!(stolen, issued.upload_url);

    let answer = Http::new().send(Method::PUT, &stolen, &[], "x").await.unwrap();

    assert_eq!(answer.status(), StatusCode::FORBIDDEN);
    let key = issued.file_path.replacen(&a.sub, &b.sub, 1);
    assert_eq!(harness.object(harness.output("OriginalBucketName"), &key).await, None);
}

#[tokio::test]
async fn image_of_another_user_cannot_be_taken_over_by_its_id() {
    let harness = Harness::shared().await;
    let (a, b) = (somebody(harness).await, somebody(harness).await);
    let id = upload(harness, &b, picture(ImageFormat::Jpeg)).await.image_id;
    let before = harness.settled(&id).await;
    let thumbnail = harness.thumbnail(&id).await.unwrap();

    // As with the identity pool's credentials, which let a user choose any name in their own folder.
    let key = format!("user-uploads/{}/{id}.jpg", a.sub);
    let intruder = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/photos/raccoon.jpg")).unwrap();
    harness.put_object(harness.output("OriginalBucketName"), &key, &intruder, &[]).await;

    let own_id = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.as_bytes()).to_string();
    let own = harness.settled(&own_id).await;
    assert_eq!((own.status(), own.text("originalS3Key")), ("DONE", key.as_str()));
    assert_eq!(own.text("userId"), a.sub);

    assert_eq!(harness.item(&id).await, Some(before));
    assert_eq!(harness.thumbnail(&id).await, Some(thumbnail.clone()));
    assert_thumbnail(&thumbnail);
    assert_eq!(harness.notifications(&id).await, ["DONE"]);
}
