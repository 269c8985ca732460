//! The lines that Lambda itself writes into the log of a function whose format is JSON.

use std::io::{Cursor, Write};

use aws_client::Aws;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use crate::lab::{Lab, function_role};

/// A function that answers, dies or hangs, as its event asks for.
const BOOTSTRAP: &str = r#"#!/usr/bin/env python3
import os, time, urllib.request
api = "http://" + os.environ["AWS_LAMBDA_RUNTIME_API"] + "/2018-06-01/runtime/invocation/"
while True:
    with urllib.request.urlopen(api + "next") as event:
        request, order = event.headers["Lambda-Runtime-Aws-Request-Id"], event.read()
    print("a line of the function's own", flush=True)
    if b"die" in order:
        os._exit(3)
    if b"hang" in order:
        time.sleep(600)
    urllib.request.urlopen(api + request + "/response", data=b"{}")
"#;

pub(crate) fn package() -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file("bootstrap", SimpleFileOptions::default().unix_permissions(0o755)).unwrap();
    archive.write_all(BOOTSTRAP.as_bytes()).unwrap();
    archive.finish().unwrap().into_inner()
}

async fn create(aws: &Aws, name: &str, log_format: &str) {
    let role = function_role(aws).await;
    let function = json!({
        "FunctionName": name, "Runtime": "provided.al2023", "Handler": "bootstrap", "Timeout": 1, "MemorySize": 256,
        "Role": role, "Code": {"ZipFile": STANDARD.encode(package())},
        "LoggingConfig": {"LogFormat": log_format},
    });
    let body = function.to_string().into_bytes();
    aws.rest("lambda", Method::POST, "/2015-03-31/functions", body, &[]).await.unwrap();
}

async fn invoke(aws: &Aws, name: &str, order: &str) {
    let path = format!("/2015-03-31/functions/{name}/invocations");
    aws.rest("lambda", Method::POST, &path, json!(order).to_string().into_bytes(), &[]).await.unwrap();
}

/// Every line of the function's log.
async fn lines(aws: &Aws, name: &str) -> Vec<String> {
    let ask = json!({"logGroupName": format!("/aws/lambda/{name}")});
    let answer = aws.json("logs", "Logs_20140328.FilterLogEvents", ask).await.unwrap();
    let events = answer["events"].as_array().unwrap().iter();
    events.map(|event| event["message"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn end_of_every_invocation_is_a_platform_report_with_its_status_where_logs_are_json() {
    let lab = Lab::start().await;
    let aws = lab.aws();
    create(&aws, "json", "JSON").await;
    for order in ["answer", "die", "hang"] {
        invoke(&aws, "json", order).await;
    }

    let lines = lines(&aws, "json").await;

    let events = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let reports: Vec<Value> = events.filter(|event| event["type"] == "platform.report").collect();
    let ends: Vec<_> =
        reports.iter().map(|report| (&report["record"]["status"], &report["record"]["errorType"])).collect();
    let none = Value::Null;
    let expected = [
        (&json!("success"), &none),
        (&json!("error"), &json!("Runtime.ExitError")),
        (&json!("timeout"), &none),
    ];
    assert_eq!(ends, expected, "{lines:?}");
    for report in &reports {
        let metrics = &report["record"]["metrics"];
        assert!(metrics["durationMs"].is_number() && metrics["memorySizeMB"] == 256, "{report}");
        assert!(report["time"].as_str().unwrap().ends_with('Z'), "{report}");
    }
    let starts = lines.iter().filter(|line| line.contains(r#""type":"platform.start""#)).count();
    assert_eq!(starts, 3, "{lines:?}");
    let as_text = |line: &&String| ["START ", "END ", "REPORT "].iter().any(|word| line.starts_with(word));
    assert_eq!(lines.iter().find(as_text), None);
    lab.stop().await;
}

#[tokio::test]
async fn logs_in_text_have_the_lines_start_end_and_report() {
    let lab = Lab::start().await;
    let aws = lab.aws();
    create(&aws, "text", "Text").await;
    invoke(&aws, "text", "answer").await;

    let lines = lines(&aws, "text").await;

    let first_words: Vec<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(first_words, ["START", "a", "END", "REPORT"], "{lines:?}");
    lab.stop().await;
}
