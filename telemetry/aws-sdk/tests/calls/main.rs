//! Calls of real SDK clients to a service on a real socket.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests; clippy only exempts #[test] functions"
)]

mod clients;
mod metrics;
mod service;

use std::process::Command;

use clients::{attribute, cancelled, get, presign, put, record, record_in, run, s3};
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::trace::SpanData;
use service::{answer, serve};
use telemetry::{Telemetry, context::Origins};
use telemetry_aws_sdk::with_deferred_parent;
use tracing::{Instrument, info_span};

const METADATA: &str = "00-1af7651916cd43dd8448eb211c80319c-c7ad6b7169203331-01";
const LAMBDAS: &str =
    "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=3995c3f42cd8ad8;Sampled=0;Lineage=a87bd80c:1|68fd508a:5";

#[test]
fn a_call_is_a_client_span_below_the_current_one_with_operation_input_and_server() {
    let headers = [("x-amz-request-id", "C3D13FE58DE4C810"), ("x-amz-id-2", "FMyUVURIY8")];
    let (endpoint, _) = serve(vec![answer(200, &headers, "body-marker")]);

    let spans = record(async { drop(get(&endpoint).await.unwrap()) });

    let [call, step] = spans.try_into().unwrap();
    assert_eq!(
        (call.name.as_ref(), &call.span_kind, &call.status),
        ("S3.GetObject", &SpanKind::Client, &Status::Unset)
    );
    assert_eq!(call.parent_span_id, step.span_context.span_id());
    let port = endpoint.rsplit(':').next().unwrap();
    for (key, value) in [
        ("rpc.system", "aws-api"),
        ("rpc.service", "S3"),
        ("rpc.method", "GetObject"),
        ("cloud.region", "ap-northeast-1"),
        ("server.address", "127.0.0.1"),
        ("server.port", port),
        ("http.response.status_code", "200"),
        ("aws.request_id", "C3D13FE58DE4C810"),
        ("aws.extended_request_id", "FMyUVURIY8"),
        ("aws.s3.bucket", "originals"),
        ("aws.s3.key", "user-uploads/a/b.jpg"),
    ] {
        assert_eq!(attribute(&call, key).as_deref(), Some(value), "{key}");
    }
    for key in ["error.type", "http.request.resend_count", "aws.response.status_code"] {
        assert_eq!(attribute(&call, key), None, "{key}");
    }
    let recorded = format!("{call:?}");
    for secret in ["body-marker", "Signature", "AKIDEXAMPLE", "x-id="] {
        assert!(!recorded.contains(secret), "{secret} in {recorded}");
    }
    let mut keys: Vec<&str> = call.attributes.iter().map(|it| it.key.as_str()).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), call.attributes.len(), "no attribute is recorded twice");
}

#[test]
fn aws_receives_the_calls_own_span_and_lambdas_lineage() {
    let (endpoint, received) = serve(vec![answer(200, &[], ""), answer(200, &[], "")]);

    let spans = record(async {
        drop(get(&endpoint).await.unwrap());
        let request = s3(&endpoint).get_object().bucket("b").key("k").customize();
        let request = request.mutate_request(|request| {
            request.headers_mut().insert("x-amzn-trace-id", LAMBDAS);
        });
        drop(request.send().await.unwrap());
    });

    let own = |span: &SpanData| {
        format!("Root=1-1af76519-16cd43dd8448eb211c80319c;Parent={};Sampled=1", span.span_context.span_id())
    };
    let expected = [Some(own(&spans[0])), Some(format!("{};Lineage=a87bd80c:1|68fd508a:5", own(&spans[1])))];
    assert_eq!(received.header("x-amzn-trace-id"), expected);
    assert!(received.header("authorization")[1].as_ref().unwrap().contains("Signature="));
}

/// Runs itself again as on Lambda, where the SDK reads the header from the environment.
#[test]
fn on_lambda_the_header_of_the_invocation_gives_its_lineage_and_nothing_else() {
    #[expect(clippy::disallowed_methods, reason = "asks which of the two runs this is")]
    if std::env::var("AWS_LAMBDA_FUNCTION_NAME").is_err() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "on_lambda_the_header_of_the_invocation_gives_its_lineage_and_nothing_else"]);
        again.env("AWS_LAMBDA_FUNCTION_NAME", "f").env("_X_AMZN_TRACE_ID", LAMBDAS);
        let output = again.output().unwrap();
        let output_text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && output_text.contains("1 passed"), "{output_text}");
        return;
    }
    let (endpoint, received) = serve(vec![answer(200, &[], "")]);

    let spans = record(async { drop(get(&endpoint).await.unwrap()) });

    let header = received.header("x-amzn-trace-id")[0].clone().unwrap();
    assert!(header.starts_with("Root=1-1af76519-"), "{header}");
    assert!(header.contains(&format!("Parent={};Sampled=1;", spans[0].span_context.span_id())), "{header}");
    assert!(header.ends_with(";Lineage=a87bd80c:1|68fd508a:5"), "{header}");
    let presigned = run(async { presign(&s3(&endpoint)).await });
    assert!(!presigned.uri().contains("trace"), "{}", presigned.uri());
}

#[test]
fn a_trace_that_is_not_kept_is_not_kept_by_aws_either() {
    let (endpoint, received) = serve(vec![answer(200, &[], "")]);

    let spans = record_in(&METADATA.replace("-01", "-00"), async { drop(get(&endpoint).await.unwrap()) });

    assert!(spans.is_empty());
    let header = received.header("x-amzn-trace-id")[0].clone().unwrap();
    assert!(header.starts_with("Root=1-1af76519-16cd43dd8448eb211c80319c;"), "{header}");
    assert!(header.ends_with(";Sampled=0"), "{header}");
}

#[test]
fn a_call_that_is_repeated_is_one_span_with_the_number_of_repeats() {
    let slow_down = "<Error><Code>SlowDown</Code><Message>message-marker</Message></Error>";
    let answers = vec![answer(503, &[], slow_down), answer(503, &[], slow_down), answer(200, &[], "")];
    let (endpoint, received) = serve(answers);

    let spans = record(async { drop(get(&endpoint).await.unwrap()) });

    assert_eq!(spans.len(), 2, "{spans:?}");
    assert_eq!(attribute(&spans[0], "http.request.resend_count").as_deref(), Some("2"));
    assert_eq!(attribute(&spans[0], "http.response.status_code").as_deref(), Some("200"));
    assert_eq!(spans[0].status, Status::Unset);
    let sent = received.header("x-amzn-trace-id");
    assert!(sent.len() == 3 && sent.iter().all(|header| *header == sent[0]), "{sent:?}");
}

#[test]
fn a_throttled_call_has_the_status_that_throttles_whatever_the_service_answered() {
    let throttled = r#"{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"m"}"#;
    let headers = [("x-amzn-requestid", "R1"), ("content-type", "application/x-amz-json-1.0")];
    let (endpoint, _) = serve(vec![answer(400, &headers, throttled); 3]);

    let spans = record(async { assert!(put(&endpoint).await.is_err()) });

    let call = &spans[0];
    assert_eq!(call.name, "DynamoDB.PutItem");
    for (key, value) in [
        ("http.response.status_code", "429"),
        ("aws.response.status_code", "400"),
        ("error.type", "ProvisionedThroughputExceededException"),
        ("rpc.response.status_code", "ProvisionedThroughputExceededException"),
        ("aws.request_id", "R1"),
        ("http.request.resend_count", "2"),
        ("aws.dynamodb.table_names", "[\"ImageMetadata\"]"),
    ] {
        assert_eq!(attribute(call, key).as_deref(), Some(value), "{key}");
    }
    assert_eq!(call.status, Status::error("ProvisionedThroughputExceededException"));
}

#[test]
fn a_call_that_aws_refuses_has_failed_with_the_code_of_the_error_and_no_more() {
    let denied = "<Error><Code>AccessDenied</Code><Message>message-marker</Message></Error>";
    let (endpoint, _) = serve(vec![answer(403, &[], denied)]);

    let spans = record(async { assert!(get(&endpoint).await.is_err()) });

    assert_eq!(spans[0].status, Status::error("AccessDenied"));
    assert_eq!(attribute(&spans[0], "http.response.status_code").as_deref(), Some("403"));
    assert!(!format!("{:?}", spans[0]).contains("message-marker"));
}

#[test]
fn an_error_that_is_an_answer_is_no_failure() {
    let refused =
        r#"{"__type":"com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException","message":"m"}"#;
    let (endpoint, _) = serve(vec![answer(400, &[], refused)]);

    let spans = record(async { assert!(put(&endpoint).await.is_err()) });

    assert_eq!((&spans[0].status, attribute(&spans[0], "error.type")), (&Status::Unset, None));
    assert_eq!(attribute(&spans[0], "http.response.status_code").as_deref(), Some("400"));
    assert_eq!(
        attribute(&spans[0], "rpc.response.status_code").as_deref(),
        Some("ConditionalCheckFailedException")
    );
}

#[test]
fn a_service_that_nobody_answers_for_is_a_failed_connection() {
    let (endpoint, _) = serve(Vec::new());

    let spans = record(async { while get(&endpoint).await.is_ok() {} });

    assert_eq!(spans[0].status, Status::error("connection"));
    assert_eq!(attribute(&spans[0], "http.response.status_code"), None);
}

#[test]
fn a_call_that_nobody_waits_for_any_more_is_recorded_as_cancelled() {
    let spans = record(cancelled());

    assert_eq!((spans[0].name.as_ref(), &spans[0].status), ("S3.GetObject", &Status::error("cancelled")));
    assert_eq!(attribute(&spans[0], "error.type").as_deref(), Some("cancelled"));
}

#[test]
fn a_call_whose_answer_contains_its_trace_gets_its_parent_afterwards() {
    let (endpoint, received) = serve(vec![answer(200, &[], "")]);
    let (telemetry, captured) = Telemetry::capture("t");

    run(telemetry.within(async {
        let batch = info_span!(parent: None, "process_batch");
        let step = info_span!(parent: None, "download");
        let (got, calls) = with_deferred_parent(Box::pin(get(&endpoint))).instrument(batch.clone()).await;
        telemetry.set_parent(&step, &Origins::default().with_metadata(Some(METADATA)));
        calls.nest(&step);
        drop((got.unwrap(), step, batch));
    }));

    let spans = captured.spans();
    let find = |name: &str| spans.iter().find(|span| span.name == name).unwrap();
    let (call, step) = (find("S3.GetObject"), find("download"));
    assert_eq!(call.parent_span_id, step.span_context.span_id());
    assert_eq!(call.span_context.trace_id().to_string(), METADATA[3..35]);
    assert!(call.start_time >= step.start_time && call.end_time <= step.end_time);
    assert_eq!(received.header("x-amzn-trace-id"), [None], "AWS hears of no trace that may be another");
}

#[test]
fn presigning_makes_no_span_and_asks_nothing_of_who_uses_the_url() {
    let spans = record(async {
        let presigned = presign(&s3("http://127.0.0.1:9")).await;
        assert!(!presigned.headers().any(|(name, _)| name.eq_ignore_ascii_case("x-amzn-trace-id")));
        assert!(presigned.uri().contains("X-Amz-SignedHeaders=host&"), "{}", presigned.uri());
    });

    assert_eq!(spans.len(), 1, "only the step around it: {spans:?}");
}
