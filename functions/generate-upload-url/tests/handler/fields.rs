//! What the fields of a detailed request may hold, and what is signed of it.

use std::collections::BTreeMap;

use serde_json::json;
use url::Url;

use crate::{Harness, extension, query, signature::signature, with_body};

#[tokio::test]
async fn content_type_is_signed_as_the_client_will_send_it() {
    for (asked, signed, ending) in [
        ("image/jpg", "image/jpg", "jpg"),
        ("image/pjpeg", "image/pjpeg", "jpg"),
        ("image/x-ms-bmp", "image/x-ms-bmp", "bmp"),
        ("image/tif", "image/tif", "tiff"),
        (" IMAGE/JPEG ", "IMAGE/JPEG", "jpg"),
        ("image/jpeg; charset=binary", "image/jpeg; charset=binary", "jpg"),
        ("image/png;a=\"b;  c\"", "image/png;a=\"b;  c\"", "png"),
    ] {
        let body = Harness::new().issue(with_body(&json!({ "content_type": asked }).to_string())).await;

        assert_eq!(body["headers"], json!({ "content-type": signed }));
        assert_eq!(extension(&body), ending);
        let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();
        // Runs of blanks count as one in a signature.
        let canonical = signed.split_whitespace().collect::<Vec<_>>().join(" ");
        let headers = BTreeMap::from([("content-type".to_owned(), canonical)]);
        assert_eq!(signature(&url, &headers), query(&url)["X-Amz-Signature"], "{asked}");
    }
}

#[tokio::test]
async fn field_that_is_null_and_an_empty_type_count_as_left_out() {
    for body in [
        r#"{"content_type":null,"content_length":null,"checksum_sha256":null,"write_once":null}"#,
        r#"{"content_type":""}"#,
        r#"{"content_type":" "}"#,
        r#"{"write_once":false}"#,
    ] {
        let issued = Harness::new().issue(with_body(body)).await;
        assert_eq!((&issued["headers"], extension(&issued)), (&json!({}), "jpg"), "{body}");
    }
}

#[tokio::test]
async fn no_url_without_a_length_is_signed_where_one_is_required() {
    for (setting, issued) in [("enabled", false), ("disabled", true)] {
        let harness = Harness::set("REQUIRE_CONTENT_LENGTH", setting);
        for body in
            ["", "{}", r#"{"content_length":null}"#, r#"{"content_type":"image/png","write_once":true}"#]
        {
            if issued {
                harness.issue(with_body(body)).await;
            } else {
                assert_eq!(
                    harness.refuse(with_body(body)).await,
                    (400, "LengthRequired".to_owned()),
                    "{setting}: {body}"
                );
            }
        }
        let exact = harness.issue(with_body(r#"{"content_length":1234}"#)).await;
        let url = Url::parse(exact["upload_url"].as_str().unwrap()).unwrap();
        assert_eq!(query(&url)["X-Amz-SignedHeaders"], "content-length;host");
    }
}
