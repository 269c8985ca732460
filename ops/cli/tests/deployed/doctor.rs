//! `ops doctor`: what a whole stack shows, and each check on a stack where what it looks at is wrong.

use http::Method;
use serde_json::{Value, json};

use crate::harness::{Deployed, STACK, document, repository, text};
use crate::proxy::{Change, start};

/// Checks that an engine may have nothing to show for: it reports no starts, no alarm is old enough to be compared, and
/// no trace header is handed on.
const MAY_BE_NOT_HERE: [&str; 3] = ["cold-start", "alarm-states", "trace-header"];

fn status(report: &Value) -> Vec<(&str, &str)> {
    let checks = report["checks"].as_array().unwrap().iter();
    checks.map(|check| (check["name"].as_str().unwrap(), check["status"].as_str().unwrap())).collect()
}

#[tokio::test]
async fn fresh_engine_answers_for_all_that_it_can_and_nothing_is_left_of_the_upload() {
    let (deployed, _alone) = Deployed::shared().await;
    let before = deployed.left_behind().await;

    let output = deployed.ops(&["doctor", "--stack", STACK, "--upload", "--json"]).await;

    let report = document(&output);
    for (name, status) in status(&report) {
        let is_excused = status == "not here" && MAY_BE_NOT_HERE.contains(&name);
        assert!(status == "ok" || is_excused, "{name}: {report:#}");
    }
    assert_eq!((output.status.code(), &report["ok"]), (Some(0), &json!(true)), "{}", text(&output.stderr));
    assert_eq!(deployed.left_behind().await, before);
}

#[tokio::test]
async fn without_upload_nothing_is_written_and_the_checks_that_need_it_are_named() {
    let (deployed, _alone) = Deployed::shared().await;
    let before = deployed.left_behind().await;

    let output = deployed.ops(&["doctor", "--stack", STACK]).await;

    assert_eq!(output.status.code(), Some(0), "{}{}", text(&output.stdout), text(&output.stderr));
    let table = text(&output.stdout);
    assert!(table.contains("6 needs --upload") && table.contains("is not AWS"), "{table}");
    assert!(
        table.lines().any(|line| line.starts_with("ok") && line.contains("alarm-definitions")),
        "{table}"
    );
    assert_eq!(deployed.left_behind().await, before);
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn each_check_fails_on_an_answer_that_shows_something_else() {
    let (deployed, _alone) = Deployed::shared().await;
    let change = |request, from, to| Change { request, from, to };
    let host = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    let other = if host == "arm64" { "x86_64" } else { "arm64" };
    let changes = [
        ("credentials", change("GetCallerIdentity", "<Account>0", "<Account>9")),
        ("resources", change("ListStackResources", "CREATE_COMPLETE", "CREATE_FAILED")),
        ("quotas", change("account-settings", "\"UnreservedConcurrentExecutions\"", "\"Other\"")),
        ("architecture", change("/configuration", host, other)),
        ("authorizer", change("DescribeStacks", "/generate-upload-url<", "/elsewhere<")),
        ("bucket-notification", change("notification", "user-uploads/", "elsewhere/")),
        (
            "queue",
            change("GetQueueAttributes", "\"VisibilityTimeout\": \"180\"", "\"VisibilityTimeout\": \"30\""),
        ),
        ("event-source", change("event-source-mappings", "ReportBatchItemFailures", "Nothing")),
        (
            "list-bucket",
            change("SimulatePrincipalPolicy", "<EvalDecision>allowed", "<EvalDecision>implicitDeny"),
        ),
        (
            "subscriptions",
            change(
                "ListSubscriptionsByTopic",
                "<SubscriptionArn>arn:",
                "<SubscriptionArn>PendingConfirmation</SubscriptionArn><X>arn:",
            ),
        ),
        ("alarm-definitions", change("DescribeAlarms", "notBreaching", "breaching")),
        ("dashboard-bodies", change("GetDashboard", "singleValue", "timeSeries")),
    ];
    for (check, change) in changes {
        let endpoint = start(&deployed.info.endpoint, change).await;
        let mut command = deployed.command(&["doctor", "--stack", STACK, "--json", check]);
        let output = command.env("AWS_ENDPOINT_URL", endpoint).output().await.unwrap();
        let report = document(&output);
        assert_eq!(status(&report), [(check, "failed")], "{report:#}");
        assert_eq!(output.status.code(), Some(1), "{check}");
        assert!(!report["checks"][0]["todo"].as_str().unwrap().is_empty(), "{check}");
    }
}

#[tokio::test]
async fn alarm_that_differs_from_the_repository_s_is_named() {
    let (deployed, _alone) = Deployed::shared().await;
    let other = tempfile::tempdir().unwrap();
    std::fs::create_dir(other.path().join("alarms")).unwrap();
    for file in ["template.yaml", "alarms/pipeline.json", "alarms/slo.json"] {
        std::fs::copy(repository().join(file), other.path().join(file)).unwrap();
    }
    let path = other.path().join("alarms/pipeline.json");
    let mut template: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    template["Resources"]["QueueBacklog"]["Properties"]["Threshold"] = json!(9999);
    std::fs::write(&path, template.to_string()).unwrap();
    let root = other.path().to_str().unwrap();

    let words = ["doctor", "--stack", STACK, "--json", "--root", root, "alarm-definitions"];
    let output = deployed.ops(&words).await;

    assert_eq!(output.status.code(), Some(1));
    let saw = document(&output)["checks"][0]["saw"].as_str().unwrap().to_owned();
    assert_eq!(saw, "queue-backlog has another definition");
}

#[tokio::test]
async fn bucket_that_reports_to_nobody_is_found_by_its_configuration_and_by_an_upload() {
    let (deployed, _alone) = Deployed::shared().await;
    let path = format!("/{}?notification=", deployed.output("OriginalBucketName"));
    let read = deployed.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await.unwrap().into_body();
    let put = async |body: &[u8]| {
        deployed.aws.rest("s3", Method::PUT, &path, body.to_vec(), &[]).await.unwrap();
    };

    put(br#"<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>"#).await;
    let output = deployed.ops(&["doctor", "--stack", STACK, "--json", "bucket-notification"]).await;
    put(&read).await;

    assert_eq!(status(&document(&output)), [("bucket-notification", "failed")]);
    let mended = deployed.ops(&["doctor", "--stack", STACK, "--json", "bucket-notification"]).await;
    assert_eq!(status(&document(&mended)), [("bucket-notification", "ok")]);
}

#[tokio::test]
#[ignore = "takes half a minute"]
async fn checks_of_an_upload_fail_on_answers_that_show_something_else() {
    let (deployed, _alone) = Deployed::shared().await;
    let change = |request, from, to| Change { request, from, to };
    let changes = [
        ("seven-steps", change("RespondToAuthChallenge", "IdToken", "NoToken")),
        ("signed-metadata", change("HEAD /", "x-amz-meta-traceparent", "x-amz-meta-other")),
        ("udp-spans", change("POST /Traces", "process_image", "another")),
        ("conditional-put", change("DynamoDB_20120810.PutItem", "\"Item\"", "\"Nothing\"")),
        ("missing-object", change("DynamoDB_20120810.GetItem", "ObjectGone", "IdTaken")),
    ];
    let before = deployed.left_behind().await;
    for (check, change) in changes {
        let endpoint = start(&deployed.info.endpoint, change).await;
        let mut command = deployed.command(&["doctor", "--stack", STACK, "--json", "--upload", check]);
        let output = command.env("AWS_ENDPOINT_URL", endpoint).output().await.unwrap();
        let report = document(&output);
        assert_eq!(status(&report), [(check, "failed")], "{report:#}");
        assert_eq!(output.status.code(), Some(1), "{check}");
    }
    assert_eq!(deployed.left_behind().await, before);
}

#[tokio::test]
async fn unknown_check_is_refused_with_the_nearest_name() {
    let (deployed, _alone) = Deployed::shared().await;
    let output = deployed.ops(&["doctor", "--stack", STACK, "quota"]).await;
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(2), ""));
    assert!(text(&output.stderr).contains("quotas"), "{}", text(&output.stderr));
}
