//! The attributes of a request's span, and that signing adds no span.

use std::process::Command;

use opentelemetry::{Value, trace::Status};
use serde_json::json;
use url::Url;

use crate::{Harness, NoCredentials, event, query, with_body};

#[tokio::test]
async fn a_clients_mistake_is_an_error_and_ours_a_fault() {
    let unknown = {
        let mut event = event();
        event["requestContext"] = json!({});
        event
    };
    for (harness, event, status, fault) in [
        (Harness::new(), event(), 200, false),
        (Harness::new(), with_body("{"), 400, false),
        (Harness::new(), unknown, 401, false),
        (Harness::new(), with_body(r#"{"content_type":"image/svg+xml"}"#), 415, false),
        (Harness::with(NoCredentials), event(), 500, true),
    ] {
        harness.answer(event).await;

        let span = harness.captured.spans().remove(0);
        let attribute =
            |key: &str| span.attributes.iter().find(|it| it.key.as_str() == key).map(|it| it.value.clone());
        assert_eq!(attribute("http.response.status_code"), Some(Value::I64(status)));
        assert_eq!(attribute("http.request.method"), Some("POST".into()));
        assert_eq!(attribute("http.route"), Some("/generate-upload-url".into()));
        assert_eq!(matches!(span.status, Status::Error { .. }), fault, "{status}: {:?}", span.status);
    }
}

/// Runs itself again as on Lambda, where the SDK would send a header of its own.
#[test]
fn signing_on_lambda_makes_no_call_and_asks_for_no_header() {
    #[expect(clippy::disallowed_methods, reason = "asks which of the two runs this is")]
    if std::env::var("AWS_LAMBDA_FUNCTION_NAME").is_err() {
        let mut again = Command::new(std::env::current_exe().unwrap());
        again.args(["--exact", "spans::signing_on_lambda_makes_no_call_and_asks_for_no_header"]);
        again
            .env("AWS_LAMBDA_FUNCTION_NAME", "f")
            .env("_X_AMZN_TRACE_ID", "Root=1-5759e988-bd862e3fe1be46a994272793");
        let output = again.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success() && printed.contains("1 passed"), "{printed}");
        return;
    }
    let harness = Harness::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();

    let body = runtime.block_on(harness.issue(event()));

    let url = Url::parse(body["upload_url"].as_str().unwrap()).unwrap();
    assert_eq!(query(&url)["X-Amz-SignedHeaders"], "host");
    assert!(!url.as_str().to_ascii_lowercase().contains("x-amzn-trace-id"), "{url}");
    assert_eq!(body["headers"], json!({}));
    let names: Vec<_> = harness.captured.spans().into_iter().map(|span| span.name).collect();
    assert_eq!(names, ["issue_upload_url"]);
}
