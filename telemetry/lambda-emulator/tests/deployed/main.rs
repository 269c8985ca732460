//! Functions as they are deployed, built by `sam build` and run as Lambda would run them.
//!
//! `.ci/nightly` builds them for arm64 and runs these tests, by hand:
//!
//! ```console
//! $ sam build --parameter-overrides Architecture=x86_64
//! $ cargo lambda build --release --package lambda-emulator --bin test-function
//! $ ARCHITECTURE=x86_64 cargo test -p lambda-emulator --test deployed -- --ignored
//! ```
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]
#![expect(clippy::print_stdout, reason = "the sizes are what .ci/nightly shows")]

mod artifact;
mod harness;

use std::path::Path;

use lambda_emulator::Answer;
use serde_json::{Value, json};

use artifact::{Architecture, Artifact};
use harness::{Harness, service};

const SIGNER: &str = "GenerateUploadUrlFunction";
const PROCESSOR: &str = "ImageProcessorFunction";
const METRICS: &str = "S3MetricsFunction";
const STATUS: &str = "ImageStatusFunction";

/// The most bytes of each function for arm64; code for x86-64 is larger and is not held. A cold start reads them, and a
/// dependency shows here first.
const MOST_BYTES: [(&str, usize); 4] =
    [(SIGNER, 6_700_000), (METRICS, 6_750_000), (PROCESSOR, 10_030_000), (STATUS, 6_850_000)];
/// The C library of `provided.al2023`, which is Amazon Linux 2023's.
const GLIBC: (u32, u32) = (2, 34);

const UPLOADED: &str =
    include_str!("../../../../functions/image-processor-lambda/tests/fixtures/object-created-put.json");
const TEST_EVENT: &str =
    include_str!("../../../../functions/image-processor-lambda/tests/fixtures/test-event.json");
const REQUEST: &str =
    include_str!("../../../../functions/generate-upload-url/tests/fixtures/api-v2-post.json");
const QUESTION: &str =
    include_str!("../../../../functions/image-status-lambda/tests/fixtures/api-v2-get.json");

#[test]
#[ignore = "reads what `sam build` has built; .ci/nightly runs it"]
fn a_function_is_built_for_its_processor_and_no_larger_than_declared() {
    let architecture = Architecture::expected();
    for (name, most) in MOST_BYTES {
        let artifact = Artifact::of_sam(name);
        let most = if architecture == Architecture::Arm64 { most } else { usize::MAX };
        assert_eq!(artifact.machine(), architecture.machine(), "{name}");
        assert!(artifact.size() <= most, "{name}: {} bytes, at most {most}", artifact.size());
        println!("{name}: {} bytes, glibc {:?}", artifact.size(), artifact.glibc());
    }
}

#[test]
#[ignore = "reads what `sam build` has built; .ci/nightly runs it"]
fn a_function_needs_no_newer_c_library_than_lambda_has() {
    for (name, _) in MOST_BYTES {
        let needed = Artifact::of_sam(name).glibc();
        assert!(needed <= GLIBC, "{name} needs glibc {needed:?}");
    }
}

/// A decoder's panic must cost one image. The crates that catch panics do not compile with `panic = "abort"`; here the
/// linker and the stripping are held to it.
#[test]
#[ignore = "runs what `cargo lambda build` has built; .ci/nightly does"]
fn a_panic_is_answered_as_an_error_and_the_next_event_is_served() {
    for (name, _) in MOST_BYTES {
        assert!(Artifact::of_sam(name).landing_pads() > 0, "{name} cannot unwind");
    }
    let mut harness = Harness::start(&Artifact::test_function(), &[]);

    let answer = harness.invoke(&json!({ "order": "panic", "text": "planted" }));

    assert!(matches!(answer, Answer::Error(_)), "{answer:?}");
    harness.respond(&json!({ "order": "sleep", "ms": 0 }));
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_signer_signs_an_upload_url() {
    let mut harness = Harness::start(&Artifact::of_sam(SIGNER), &[]);
    let mut request: Value = serde_json::from_str(REQUEST).unwrap();
    request["body"] = json!({ "content_type": "image/png" }).to_string().into();

    let response = harness.respond(&request);

    assert_eq!(response["statusCode"], 200, "{response}");
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    let url = body["upload_url"].as_str().unwrap();
    assert!(url.contains("user-uploads/57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11/"), "{url}");
    assert!(url.contains("X-Amz-Signature="), "{url}");
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_processor_draws_a_thumbnail_records_it_and_publishes_a_notification() {
    let photo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops/local/photos/raccoon.jpg");
    let photo = std::fs::read(photo).unwrap();
    // The original is read first, all that follows is written.
    let s3 = service(move |number| if number == 1 { photo.clone() } else { Vec::new() });
    let dynamodb = service(|_| b"{}".to_vec());
    let sns = service(|_| {
        b"<PublishResponse><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>".to_vec()
    });
    let services = [("S3", &s3), ("DYNAMODB", &dynamodb), ("SNS", &sns)];
    let mut harness = Harness::start(&Artifact::of_sam(PROCESSOR), &services);

    let response = harness.respond(&batch(UPLOADED));

    assert_eq!(response, json!({ "batchItemFailures": [] }));
    let [_, put] = s3.seen().try_into().unwrap();
    assert!(put.line().starts_with("put /thumbnails/processed/"), "{}", put.line());
    assert_eq!((&put.body[..2], &put.body[put.body.len() - 2..]), (&[0xff, 0xd8][..], &[0xff, 0xd9][..]));
    let recorded = dynamodb.seen().pop().unwrap();
    let recorded: Value = serde_json::from_slice(&recorded.body).unwrap();
    assert_eq!(recorded["Item"]["status"]["S"], "DONE", "{recorded}");
    assert_eq!(sns.seen().len(), 1);
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_processor_returns_an_upload_while_aws_is_out_of_reach_and_acknowledges_a_test_event() {
    let mut harness = Harness::start(&Artifact::of_sam(PROCESSOR), &[]);

    let failed = harness.respond(&batch(UPLOADED));
    let acknowledged = harness.respond(&batch(TEST_EVENT));

    assert_eq!(failed, json!({ "batchItemFailures": [{ "itemIdentifier": MESSAGE_ID }] }));
    assert_eq!(acknowledged, json!({ "batchItemFailures": [] }));
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_metrics_function_reports_no_total_while_aws_is_out_of_reach() {
    let mut harness = Harness::start(&Artifact::of_sam(METRICS), &[]);

    assert_eq!(harness.respond(&json!({})), json!({ "buckets": 0, "incomplete": 2 }));
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_status_function_answers_a_user_about_an_own_image_with_a_url() {
    let mut question: Value = serde_json::from_str(QUESTION).unwrap();
    let id = question["pathParameters"]["imageId"].as_str().unwrap().to_owned();
    let claims = question.pointer_mut("/requestContext/authorizer/jwt/claims").unwrap();
    let user = claims["sub"].as_str().unwrap().to_owned();
    let item = json!({ "Item": {
        "imageId": { "S": id }, "originalS3Key": { "S": format!("user-uploads/{user}/{id}.jpg") },
        "status": { "S": "DONE" }, "processedS3Key": { "S": format!("processed/{id}.jpg") },
    }});
    let dynamodb = service(move |_| item.to_string().into_bytes());
    let mut harness = Harness::start(&Artifact::of_sam(STATUS), &[("DYNAMODB", &dynamodb)]);

    let response = harness.respond(&question);

    assert_eq!(response["statusCode"], 200, "{response}");
    let body: Value = serde_json::from_str(response["body"].as_str().unwrap()).unwrap();
    let url = body["thumbnails"][0]["url"].as_str().unwrap();
    assert!(url.contains("/processed/") && url.contains("X-Amz-Signature="), "{url}");
}

#[test]
#[ignore = "runs what `sam build` has built; .ci/nightly does"]
fn the_status_function_answers_an_error_while_aws_is_out_of_reach() {
    let mut harness = Harness::start(&Artifact::of_sam(STATUS), &[]);

    let response = harness.respond(&serde_json::from_str(QUESTION).unwrap());

    assert_eq!(response["statusCode"], 500, "{response}");
}

const MESSAGE_ID: &str = "059f36b4-87a3-44ab-83d2-661975830a7d";

/// A batch of one message, as Lambda hands it over.
fn batch(body: &str) -> Value {
    json!({ "Records": [{
        "messageId": MESSAGE_ID,
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1767225600123",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1767225600200"
        },
        "messageAttributes": {},
        "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:queue",
        "awsRegion": "eu-west-1"
    }] })
}
