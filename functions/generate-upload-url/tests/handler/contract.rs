//! docs/api.md states what the code does.

use ::contract::http_api::Unauthorized;
use base64::{Engine, engine::general_purpose::STANDARD};
use generate_upload_url::{
    content_type::Accepted,
    error::{BodyError, Refusal},
    handler::MAX_BODY_BYTES,
    upload_url::EXPIRES_IN,
};

const PAGE: &str = include_str!("../../../../docs/api.md");

/// Every refusal, with the default limits.
pub(crate) fn refusals() -> Vec<Refusal> {
    let limit = 50 * 1024 * 1024;
    let body = || Refusal::MalformedBody(BodyError::NoObject);
    let mut all = vec![Refusal::from(Unauthorized::NoUser)];
    // Each names its successor, so that a new one cannot be left out here.
    while let Some(next) = match all.last().unwrap() {
        Refusal::Unauthorized(Unauthorized::NoUser) => Some(Unauthorized::TokenUse.into()),
        Refusal::Unauthorized(Unauthorized::TokenUse) => Some(body()),
        Refusal::MalformedBody(_) => Some(Refusal::BodyTooLarge { bytes: 5_000, limit: MAX_BODY_BYTES }),
        Refusal::BodyTooLarge { .. } => Some(Refusal::UnsupportedType { accepted: Accepted::ALL }),
        Refusal::UnsupportedType { .. } => Some(Refusal::UploadTooLarge { bytes: limit + 1, limit }),
        Refusal::UploadTooLarge { .. } => Some(Refusal::UploadEmpty),
        Refusal::UploadEmpty => Some(Refusal::LengthRequired),
        Refusal::LengthRequired => Some(Refusal::MalformedChecksum),
        Refusal::MalformedChecksum => Some(Refusal::Signing("no credentials".into())),
        Refusal::Signing(_) => None,
    } {
        all.push(next);
    }
    all
}

#[test]
fn page_has_each_error_with_its_status_and_message_and_no_other() {
    let documented: Vec<String> = refusals()
        .iter()
        .map(Refusal::external)
        .map(|it| format!("| {} | `{}` | {} |", it.status, it.code, it.message))
        .collect();
    for row in &documented {
        assert!(
            PAGE.contains(row),
            "put this into the errors of docs/api.md, followed by what to do:\n{row}"
        );
    }
    let (_, errors) = PAGE.split_once("## Errors of the function").unwrap();
    let (errors, _) = errors.split_once("\n## ").unwrap();
    let rows = errors.lines().filter(|line| line.starts_with("| ") && line.contains('`')).count();
    assert_eq!(rows, documented.len(), "{errors}");
}

#[test]
fn page_has_the_types_limits_and_fields_of_the_code() {
    for content_type in Accepted::ALL.types().chain(Accepted::ALL.aliases()) {
        assert!(PAGE.contains(&format!("`{content_type}`")), "{content_type}");
    }
    assert!(PAGE.contains(&format!("for {} seconds", EXPIRES_IN.as_secs())));
    assert!(PAGE.contains("52428800"), "the default of MaxUploadBytes");
}

#[tokio::test]
async fn pages_example_request_is_accepted_and_answered_with_the_pages_members() {
    let (_, request) = PAGE.split_once("```json\n").unwrap();
    let (request, rest) = request.split_once("```").unwrap();
    let (_, answer) = rest.split_once("```json\n").unwrap();
    let (answer, _) = answer.split_once("```").unwrap();
    let answer: serde_json::Value = serde_json::from_str(answer).unwrap();

    let issued = crate::Harness::new().issue(crate::with_body(request)).await;

    let members =
        |value: &serde_json::Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(&issued), members(&answer));
    assert_eq!(issued["headers"], answer["headers"]);
    assert_eq!(members(&issued["optional_headers"]), members(&answer["optional_headers"]));
    let request: serde_json::Value = serde_json::from_str(request).unwrap();
    assert_eq!(STANDARD.decode(request["checksum_sha256"].as_str().unwrap()).unwrap().len(), 32);
}
