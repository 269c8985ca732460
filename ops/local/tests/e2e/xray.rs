//! X-Ray's API at the engine's own port: signed like every other, and answered from the spans of real uploads.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::http::Http;
use aws_client::{Aws, AwsError};
use http::{Method, StatusCode};
use image::ImageFormat;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::identity::{login, pool_credentials};
use crate::picture::picture;
use crate::uploader::{anybody, somebody, upload};

async fn call(aws: &Aws, path: &str, body: &Value) -> Result<Value, AwsError> {
    let headers = [("content-type", "application/json")];
    let answer = aws.rest("xray", Method::POST, path, body.to_string().into_bytes(), &headers).await?;
    Ok(serde_json::from_slice(answer.body()).unwrap())
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// The summaries of the last hour that an expression finds.
async fn summaries(aws: &Aws, expression: &str) -> Vec<Value> {
    let range = json!({"StartTime": now() - 3600.0, "EndTime": now() + 60.0, "FilterExpression": expression});
    call(aws, "/TraceSummaries", &range).await.unwrap()["TraceSummaries"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_upload_is_found_by_its_image_and_its_documents_say_what_was_done() {
    let harness = Harness::shared().await;
    let image = upload(harness, &anybody(harness).await, picture(ImageFormat::Jpeg)).await.image_id;
    let settled = |seen: &local_stack::observe::Seen| seen.traces.of_image(&image)?.span("settle").map(drop);
    harness.seen("the last span", &image, settled).await;

    let found = summaries(&harness.aws, &format!("annotation[image.id] = \"{image}\"")).await;
    let [summary] = &found[..] else { panic!("{found:?}") };
    assert_eq!((&summary["HasFault"], &summary["IsPartial"]), (&json!(false), &json!(false)));
    assert_eq!(summary["EntryPoint"]["Name"], "generate-upload-url");

    let id = summary["Id"].as_str().unwrap();
    let answer = call(&harness.aws, "/Traces", &json!({"TraceIds": [id]})).await.unwrap();
    let segments = answer["Traces"][0]["Segments"].as_array().unwrap();
    let documents: Vec<Value> =
        segments.iter().map(|it| serde_json::from_str(it["Document"].as_str().unwrap()).unwrap()).collect();
    let names: Vec<&str> = documents.iter().map(|it| it["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["generate-upload-url", "image-processor-lambda"]);
    let processor = &documents[1];
    assert_eq!((&processor["trace_id"], &processor["parent_id"]), (&json!(id), &documents[0]["id"]));
    assert_eq!(processor["origin"], "AWS::Lambda::Function");
    assert_eq!(processor["annotations"]["image.id"], image);
    let claim = processor["subsegments"].as_array().unwrap().iter().find(|it| it["name"] == "claim").unwrap();
    let call = &claim["subsegments"][0];
    assert_eq!((&call["name"], &call["namespace"]), (&json!("DynamoDB"), &json!("aws")));
    assert_eq!(call["aws"]["operation"], "PutItem");
    assert_eq!(call["aws"]["table_name"], harness.output("MetadataTableName"));
}

#[tokio::test]
async fn the_templates_group_filters_by_an_expression_that_finds_uploads() {
    let harness = Harness::shared().await;
    let image = upload(harness, &anybody(harness).await, picture(ImageFormat::Jpeg)).await.image_id;
    let settled = |seen: &local_stack::observe::Seen| seen.traces.of_image(&image)?.span("settle").map(drop);
    harness.seen("the last span", &image, settled).await;

    let groups = call(&harness.aws, "/Groups", &json!({})).await.unwrap();
    let [group] = &groups["Groups"].as_array().unwrap()[..] else { panic!("{groups}") };
    assert_eq!(group["GroupName"], "image-pipeline");
    let named = call(&harness.aws, "/GetGroup", &json!({"GroupName": "image-pipeline"})).await.unwrap();
    assert_eq!(named["Group"], *group);
    let expression = group["FilterExpression"].as_str().unwrap();
    let found =
        summaries(&harness.aws, &format!("({expression}) AND annotation[image.id] = \"{image}\"")).await;
    assert_eq!(found.len(), 1, "{found:?}");
    let unknown = call(&harness.aws, "/GetGroup", &json!({"GroupName": "none"})).await.unwrap_err();
    assert!(
        matches!(unknown, AwsError::Refused { ref code, .. } if code == "InvalidRequestException"),
        "{unknown:?}"
    );
}

#[tokio::test]
async fn errors_have_the_status_name_and_sentence_of_aws() {
    let harness = Harness::shared().await;
    let range = json!({"StartTime": now() - 60.0, "EndTime": now(), "FilterExpression": "colour = 1"});
    for (path, body, expected) in [
        ("/TraceSummaries", range, "Invalid filter expression: colour is not a keyword."),
        ("/Traces", json!({"TraceIds": []}), "1 to 5 trace ids are expected."),
    ] {
        match call(&harness.aws, path, &body).await {
            Err(AwsError::Refused { status: 400, code, message, .. }) => {
                assert_eq!((code.as_str(), message.as_str()), ("InvalidRequestException", expected));
            }
            other => panic!("{path}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn only_a_signed_request_that_a_policy_allows_is_answered() {
    let harness = Harness::shared().await;
    let body = json!({"TraceIds": ["1-581cf771-a006649127e371903a2de979"]});
    let url = format!("{}/Traces", harness.info.endpoint);
    let json = [("content-type", "application/json")];
    let unsigned = Http::new().send(Method::POST, &url, &json, body.to_string()).await.unwrap();
    assert_eq!(unsigned.status(), StatusCode::FORBIDDEN, "{unsigned:?}");
    let mut other = harness.aws.credentials().clone();
    other.secret_access_key = "another".to_owned();
    let forged = call(&Aws::new(&harness.info.endpoint, harness.aws.region(), other), "/Traces", &body).await;
    assert!(matches!(&forged, Err(AwsError::Refused { status: 403, .. })), "{forged:?}");

    let user = somebody(harness).await;
    let key = pool_credentials(harness, &login(harness, &user.id_token)).await;
    let user = Aws::new(&harness.info.endpoint, harness.aws.region(), key);
    let denied = call(&user, "/Traces", &body).await.unwrap_err();
    assert_eq!(denied.code(), Some("AccessDeniedException"), "{denied}");
    let answer = call(&harness.aws, "/Traces", &body).await.unwrap();
    assert_eq!(answer, json!({"Traces": [], "UnprocessedTraceIds": body["TraceIds"]}));
}

#[tokio::test]
async fn segments_that_an_application_sends_are_found_beside_the_spans() {
    let harness = Harness::shared().await;
    let [first, rest] = [
        format!("{:08x}", SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()),
        uuid::Uuid::new_v4().simple().to_string(),
    ];
    let id = format!("1-{first}-{}", &rest[..24]);
    let segment = json!({"name": "shop", "id": "70de5b6f19ff9a0b", "trace_id": id, "start_time": now(), "end_time": now() + 0.1,
        "annotations": {"order": rest}});
    let documents = json!({"TraceSegmentDocuments": [segment.to_string(), "{}"]});
    let answer = call(&harness.aws, "/TraceSegments", &documents).await.unwrap();
    assert_eq!(answer["UnprocessedTraceSegments"].as_array().unwrap().len(), 1, "{answer}");
    let found = summaries(&harness.aws, &format!("annotation.order = \"{rest}\"")).await;
    assert_eq!(found.iter().map(|it| &it["Id"]).collect::<Vec<_>>(), [&json!(id)]);
}
