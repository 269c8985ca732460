//! Who writes to the receivers: programs on this machine, and no page in a browser.

use std::time::{Duration, UNIX_EPOCH};

use aws_client::http::Http;
use cloudwatch_model::{Dimensions, MetricId};
use http::Method;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use crate::{Harness, PATIENCE, export};

#[tokio::test]
async fn receiver_of_spans_does_not_answer_to_another_host() {
    let harness = Harness::new().await;
    let url = format!("{}/v1/traces", harness.otlp);
    let port = harness.otlp.rsplit(':').next().unwrap();
    let kind = ("content-type", "application/x-protobuf");
    for host in
        [format!("evil.example:{port}"), format!("127.0.0.1.evil.example:{port}"), "localhost.".to_owned()]
    {
        let headers = [kind, ("host", host.as_str())];
        let answer = Http::new().send(Method::POST, &url, &headers, export("evil", "cat")).await.unwrap();
        assert_eq!(answer.status(), 421, "{host}");
    }
    let headers = [kind, ("host", &*format!("localhost:{port}"))];
    let answer = Http::new().send(Method::POST, &url, &headers, export("good", "dog")).await.unwrap();
    assert_eq!(answer.status(), 200);
    let good = harness.observer.wait_for(PATIENCE, |seen| seen.traces.of_image("dog")).await.unwrap();
    assert!(good.span("good").is_some() && good.span("evil").is_none());
}

#[tokio::test]
async fn apis_behind_the_engine_answer_no_page_and_no_other_host() {
    let harness = Harness::new().await;
    let traces = json!({"TraceIds": ["1-581cf771-a006649127e371903a2de979"]}).to_string();
    let alarms = "Action=DescribeAlarms".to_owned();
    let operation = |name| ("x-handed-on", name);
    for (path, name, body) in
        [("xray/Traces", "BatchGetTraces", traces), ("cloudwatch/request", "DescribeAlarms", alarms)]
    {
        let url = format!("http://{}/{path}", harness.handed_on);
        // A page can send none but these kinds without leave, and no other header.
        let form = ("content-type", "application/x-www-form-urlencoded");
        for (headers, status) in [
            (vec![form, operation(name)], 200),
            (vec![form, operation(name), ("host", "evil.example")], 421),
            (vec![form], 403),
            (vec![("content-type", "text/plain")], 403),
            (vec![], 403),
        ] {
            let answer = Http::new().send(Method::POST, &url, &headers, body.clone()).await.unwrap();
            assert_eq!(answer.status(), status, "{path} {headers:?}");
        }
    }
}

#[tokio::test]
async fn operation_that_the_policy_was_not_asked_about_is_not_answered() {
    let harness = Harness::new().await;
    let url = format!("http://{}/cloudwatch/request", harness.handed_on);
    let headers = [("x-amz-target", "X.DescribeAlarms"), ("x-handed-on", "ListMetrics")];
    let answer = Http::new().send(Method::POST, &url, &headers, "{}").await.unwrap();
    assert_eq!(answer.status(), 400, "{answer:?}");
}

#[tokio::test]
async fn request_of_a_page_reports_no_metric_of_a_service() {
    let harness = Harness::new().await;
    let report = |name: &str| {
        let at = UNIX_EPOCH.elapsed().unwrap().as_secs_f64();
        let dimensions = json!({"QueueName": "q"});
        json!({"namespace": "AWS/SQS", "name": name, "dimensions": dimensions, "unit": "Count", "at": at, "value": 1})
            .to_string()
    };
    let id =
        |name: &str| MetricId::new("AWS/SQS", name, Dimensions::new([("QueueName", "q")]).unwrap()).unwrap();
    // As a form of plain text arrives; the connection ends before its body is read.
    let (page, url) = (Http::new(), format!("http://{}/", harness.services));
    let kind = [("content-type", "text/plain")];
    let sent = page.send(Method::POST, &url, &kind, format!("\n{}\n", report("Evil"))).await;
    assert!(sent.is_err());
    let mut engine = TcpStream::connect(&harness.services).await.unwrap();
    engine.write_all(format!("{}\n", report("Good")).as_bytes()).await.unwrap();
    let seen = harness.observer.wait_for(PATIENCE, |seen| seen.metrics.span(&id("Good"))).await;
    assert!(seen.is_some());
    let evil = harness.observer.wait_for(Duration::ZERO, |seen| seen.metrics.span(&id("Evil"))).await;
    assert!(evil.is_none());
}
