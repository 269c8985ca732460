use proptest::prelude::*;

use super::*;

const JWT: &str = "eyJraWQiOiJrMSJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl-_x";
const URL: &str = "https://b.s3.amazonaws.com/user-uploads/u/x.jpg?X-Amz-Expires=300&X-Amz-Signature=abc123";

#[test]
fn secrets_are_taken_out_and_the_rest_stays() {
    for (text, clean) in [
        (format!("token {JWT} refused"), "token [token] refused"),
        (format!("authorization=Bearer {JWT}"), "authorization=Bearer [redacted]"),
        ("Authorization: bearer opaque-secret".to_owned(), "Authorization: bearer [redacted]"),
        (format!("PUT {URL} failed"), "PUT [presigned] failed"),
        (format!("{{\"url\":\"{URL}\"}}"), "{\"url\":\"[presigned]\"}"),
        (
            "x-amz-security-token: FwoGZXIvYXdz, host: s3".to_owned(),
            "x-amz-security-token: [redacted], host: s3",
        ),
        (
            r#"{"X-Amz-Security-Token": "FwoGZXIvYXdz"}"#.to_owned(),
            r#"{"X-Amz-Security-Token": "[redacted]"}"#,
        ),
        ("SignedHeaders=host, Signature=0123abcd".to_owned(), "SignedHeaders=host, [presigned]"),
        ("mail to jane.doe+x@example.co.jp, please".to_owned(), "mail to [email], please"),
        ("user-uploads/u/jane@example.com.jpg".to_owned(), "user-uploads/u/[email]"),
        ("key=jane%40example.com&x=1".to_owned(), "key=[email]&x=1"),
        ("müller@example.com と a@b.de".to_owned(), "[email] と [email]"),
    ] {
        assert_eq!(redact(&text), clean);
    }
}

#[test]
fn what_only_resembles_a_secret_stays_as_it_is() {
    for text in [
        "image 0198c0de-0000-7000-8000-00000000000a, 3 @ 4.5",
        "opentelemetry@0.33.1 and @types",
        "eyJ is base64",
        "100%",
        "AccessDenied: not authorized to perform s3:GetObject on arn:aws:s3:::b/k",
    ] {
        assert_eq!(redact(text), text);
    }
    assert!(matches!(redact("Image processed"), Cow::Borrowed(_)));
}

#[test]
fn texts_deep_inside_a_value_are_found() {
    let mut value = serde_json::json!({ "a": [{ "b": JWT, "me@example.com": 1 }, 7] });

    redact_value(&mut value);

    assert_eq!(value, serde_json::json!({ "a": [{ "b": "[token]", "[email]": 1 }, 7] }));
}

#[test]
fn a_json_error_quotes_nothing() {
    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Small {
        #[expect(dead_code, reason = "only its type matters")]
        number: u64,
    }
    for body in [r#"{"number":"marker"}"#, r#"{"marker":1}"#, r#"{"number":marker"#] {
        let error = serde_json::from_str::<Small>(body).unwrap_err();
        assert!(!JsonError::from(error).to_string().contains("marker"), "{body}");
    }
    let error = serde_json::from_str::<Small>("{").unwrap_err();
    assert_eq!(JsonError::from(error).to_string(), "the text ends too early, line 1 column 1");
}

proptest! {
    #![proptest_config(same_each_time(1_000))]

    #[test]
    fn no_secret_survives_in_any_surroundings(
        before in ".{0,12}", after in "[ \"',;)>&]?.{0,12}", which in 0_usize..3,
    ) {
        let (secret, marker) = [
            (JWT.to_owned(), "c2lnbmF0dXJl"),
            (URL.to_owned(), "abc123"),
            ("marker@example.com".to_owned(), "marker@example"),
        ][which].clone();

        let clean = redact(&format!("{before}{secret}{after}")).into_owned();

        prop_assert!(!clean.contains(marker), "{clean}");
    }
}
