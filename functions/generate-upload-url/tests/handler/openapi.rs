//! docs/openapi.json describes what the function takes and answers.

use boon::{Compiler, Schemas};
use serde_json::{Value, json};

use crate::contract::refusals;
use crate::{CHECKSUM, Harness, event, with_body};

fn document() -> Value {
    serde_json::from_str(include_str!("../../../../docs/openapi.json")).unwrap()
}

/// Why a value is none that the schema at a place of the document describes.
fn check(place: &str, value: &Value) -> Result<(), String> {
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource("openapi.json", document()).unwrap();
    let schema = compiler.compile(&format!("openapi.json#{place}"), &mut schemas).unwrap();
    schemas.validate(value, schema).map_err(|error| error.to_string())
}

fn answer(status: u16) -> String {
    format!("/paths/~1generate-upload-url/post/responses/{status}/content/application~1json/schema")
}

#[tokio::test]
async fn what_is_described_as_a_request_is_signed_and_nothing_else() {
    let type_alone = json!({"content_type": "image/heic"});
    let whole = json!({"content_type": "image/png", "content_length": 52_428_800, "checksum_sha256": CHECKSUM, "write_once": true});
    let nothing =
        json!({"content_type": null, "content_length": null, "checksum_sha256": null, "write_once": null});
    for request in [json!({}), nothing, type_alone, whole] {
        assert_eq!(check("/components/schemas/UploadRequest", &request), Ok(()));
        let issued = Harness::new().issue(with_body(&request.to_string())).await;
        assert_eq!(check(&answer(200), &issued), Ok(()));
    }
    for request in [
        json!([]),
        json!({"contenttype": "image/png"}),
        json!({"content_type": 1}),
        json!({"content_length": 0}),
        json!({"content_length": -1}),
        json!({"content_length": 1.5}),
        json!({"content_length": 52_428_801}),
        json!({"checksum_sha256": "AAAA"}),
        json!({"write_once": "true"}),
    ] {
        assert!(check("/components/schemas/UploadRequest", &request).is_err(), "{request}");
        let response = Harness::new().answer(with_body(&request.to_string())).await;
        let body = serde_json::from_str(&response.body).unwrap();
        assert_eq!(check(&answer(response.status_code), &body), Ok(()), "{request}: {body}");
    }
    let issued = Harness::new().issue(event()).await;
    assert_eq!(check(&answer(200), &issued), Ok(()));
}

#[test]
fn each_refusal_is_described_under_its_status_and_no_other_code_is() {
    let mut codes = Vec::new();
    for refusal in refusals() {
        let external = refusal.external();
        let body = json!({"error": {"code": external.code, "message": external.message}});
        assert_eq!(check(&answer(external.status), &body), Ok(()), "{body}");
        let unknown = json!({"error": {"code": "Other", "message": "m"}});
        assert!(check(&answer(external.status), &unknown).is_err(), "{}: any code would do", external.status);
        codes.push(external.code);
    }
    let text = document()["paths"]["/generate-upload-url"].to_string();
    let described: Vec<&str> =
        text.split("\"enum\":[").skip(1).filter_map(|it| it.split(']').next()).collect();
    let described: Vec<&str> =
        described.iter().flat_map(|it| it.split(',')).map(|it| it.trim_matches('"')).collect();
    for code in &described {
        assert!(codes.contains(code), "no refusal has the code {code}");
    }
}
