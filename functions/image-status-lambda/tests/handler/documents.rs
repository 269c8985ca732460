//! docs/api.md and docs/openapi.json state what the code does.

use boon::{Compiler, Schemas};
use contract::http_api::Unauthorized;
use contract::item::{Record, Status};
use image_status_lambda::{error::Refusal, image_status::PENDING, thumbnail_url::EXPIRES_IN};
use serde_json::{Value, json};

use crate::{Harness, SUB, done, event_for, item};

const PAGE: &str = include_str!("../../../../docs/api.md");

/// Every refusal.
fn refusals() -> Vec<Refusal> {
    let mut all = vec![Refusal::from(Unauthorized::NoUser)];
    // Each names its successor, so that a new one cannot be left out here.
    while let Some(next) = match all.last().unwrap() {
        Refusal::Unauthorized(Unauthorized::NoUser) => Some(Unauthorized::TokenUse.into()),
        Refusal::Unauthorized(Unauthorized::TokenUse) => Some(Refusal::MalformedId),
        Refusal::MalformedId => Some(Refusal::NotFound),
        Refusal::NotFound => Some(Refusal::Reading("throttled".into())),
        Refusal::Reading(_) => Some(Refusal::UnknownStatus),
        Refusal::UnknownStatus => Some(Refusal::Signing("no credentials".into())),
        Refusal::Signing(_) => None,
    } {
        all.push(next);
    }
    all
}

fn section() -> &'static str {
    let (_, section) = PAGE.split_once("## Ask how an upload ended\n").unwrap();
    section.split("\n## ").next().unwrap()
}

#[test]
fn page_has_each_error_with_its_status_and_message_and_no_other() {
    let mut documented: Vec<String> = refusals()
        .iter()
        .map(Refusal::external)
        .map(|it| format!("| {} | `{}` | {} |", it.status, it.code, it.message))
        .collect();
    documented.dedup();
    for row in &documented {
        assert!(section().contains(row), "put this into docs/api.md, followed by what to do:\n{row}");
    }
    let rows = section().lines().filter(|line| {
        line.strip_prefix("| ").is_some_and(|row| row.starts_with(|first: char| first.is_ascii_digit()))
    });
    assert_eq!(rows.count(), documented.len(), "{}", section());
}

#[tokio::test]
async fn page_has_the_members_of_an_answer_and_every_status() {
    for status in Status::ALL.map(Status::name).into_iter().chain([PENDING]) {
        assert!(section().contains(&format!("| `{status}` |")), "{status}");
    }
    assert!(section().contains(&format!("for {} seconds", EXPIRES_IN.as_secs())));
    let (_, example) = section().split_once("```json\n").unwrap();
    let example: Value = serde_json::from_str(example.split_once("```").unwrap().0).unwrap();
    let item = done();
    let body = Harness::holding(item.clone()).read(event_for(&item.image_id)).await;
    let members = |value: &Value| -> Vec<String> { value.as_object().unwrap().keys().cloned().collect() };
    assert_eq!(members(&body), members(&example));
    for place in 0..2 {
        assert_eq!(members(&body["thumbnails"][place]), members(&example["thumbnails"][place]));
    }
}

fn document() -> Value {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap()
}

/// Why a body is none that the document describes under a status.
fn check(status: u16, body: &Value) -> Result<(), String> {
    let place =
        format!("/paths/~1images~1%7BimageId%7D/get/responses/{status}/content/application~1json/schema");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("openapi.json", document()).unwrap();
    let schema = compiler.compile(&format!("openapi.json#{place}"), &mut schemas).unwrap();
    schemas.validate(body, schema).map_err(|error| error.to_string())
}

#[tokio::test]
async fn every_answer_is_described_and_one_of_another_shape_is_not() {
    let failed = Record {
        reason: Some("NotAnImage".to_owned()),
        message: Some("This is no image.".to_owned()),
        ..item("FAILED")
    };
    for item in [done(), item("PROCESSING"), failed] {
        let body = Harness::holding(item.clone()).read(event_for(&item.image_id)).await;
        assert_eq!(check(200, &body), Ok(()), "{body}");
        for (member, value) in [("status", json!("LOST")), ("expires_in", json!(301)), ("key", json!("k"))] {
            let mut other = body.clone();
            other[member] = value;
            assert!(check(200, &other).is_err(), "{other}");
        }
    }
    let id = contract::image_id::issue(SUB, "jpg").id.to_string();
    assert_eq!(check(200, &Harness::empty().read(event_for(&id)).await), Ok(()));
}

#[test]
fn each_refusal_is_described_under_its_status_and_no_other_code_is() {
    let mut codes = Vec::new();
    for refusal in refusals() {
        let external = refusal.external();
        let body = json!({"error": {"code": external.code, "message": external.message}});
        assert_eq!(check(external.status, &body), Ok(()), "{body}");
        let unknown = json!({"error": {"code": "Other", "message": "m"}});
        assert!(check(external.status, &unknown).is_err(), "{}: any code would do", external.status);
        codes.push(external.code);
    }
    let text = document()["paths"]["/images/{imageId}"].to_string();
    let described = text.split("\"enum\":[").skip(1).filter_map(|it| it.split(']').next());
    for code in described.flat_map(|it| it.split(',')).map(|it| it.trim_matches('"')) {
        assert!(codes.contains(&code), "no refusal has the code {code}");
    }
}
