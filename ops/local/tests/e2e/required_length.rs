//! A stack that signs no URL without the upload's length.

use image::ImageFormat;
use local_stack::flow::{Photo, Uploader};
use serde_json::json;

use crate::harness::Harness;
use crate::picture::picture;
use crate::requests::put;
use crate::uploader::{ask, bearer, somebody};

#[tokio::test]
async fn stack_that_requires_a_length_signs_no_url_without_one_and_takes_no_other_size() {
    let harness = Harness::up("e2e-length", &[("RequireContentLength", "enabled")]).await;
    let token = bearer(&somebody(&harness).await.id_token);
    for body in ["", "{}"] {
        let (status, answer) = ask(&harness, "", Some(&token), &[], body).await;
        assert_eq!((status.as_u16(), &answer["error"]["code"]), (400, &json!("LengthRequired")), "{body}");
    }
    let bytes = picture(ImageFormat::Jpeg);
    let (_, answer) =
        ask(&harness, "", Some(&token), &[], &json!({"content_length": bytes.len()}).to_string()).await;
    let url = answer["upload_url"].as_str().unwrap();
    for other in [&bytes[1..], &[bytes.as_slice(), b"x"].concat()] {
        assert_eq!(put(url, &[], other).await, (403, "SignatureDoesNotMatch".to_owned()));
    }
    assert_eq!(put(url, &[], &bytes).await.0, 200);
    // `ops` itself goes the documented way.
    let uploader = Uploader::of(&harness.info).unwrap();
    let photo = Photo { name: "a photo".to_owned(), bytes };
    let sent = uploader.following(uploader.upload(photo, |_| Ok(()))).await.unwrap();
    assert_eq!(sent.item.status, "DONE");
}
