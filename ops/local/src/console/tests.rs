mod clock;
mod faults;

use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::deploy::{DeployedDashboard, Reconciled};
use crate::faults::Faults;
use crate::observe::logs::LogLine;
use crate::observe::traces::tests::span;
use crate::observe::{Observer, Seen};
use crate::stack::{DemoUser, StackInfo};
use aws_client::Credentials;
use aws_client::http::Http;
use trace_model::IMAGE_ID;

const SECRETS: [&str; 3] = ["hidden-key", "hidden-token", "hidden-password"];

fn info() -> StackInfo {
    StackInfo {
        name: "one".into(),
        // Nobody listens there: the table cannot be read.
        endpoint: "http://127.0.0.1:1".into(),
        console: "http://127.0.0.1:2".into(),
        region: "ap-northeast-1".into(),
        outputs: [("MetadataTableName".to_owned(), "ImageMetadata".to_owned())].into(),
        log_groups: vec![],
        outbox_queue_url: String::new(),
        credentials: Credentials {
            access_key_id: "test".into(),
            secret_access_key: SECRETS[0].into(),
            session_token: Some(SECRETS[1].into()),
        },
        user: DemoUser { email: "demo@example.com".into(), password: SECRETS[2].into(), sub: "s".into() },
        pid: 1,
        reconciled: Reconciled::default(),
    }
}

struct Harness {
    address: String,
    observer: Observer,
    faults: Faults,
    _serving: Serving,
}

impl Harness {
    async fn new(seen: Seen) -> Self {
        let (observer, faults) = (Observer::of(seen), Faults::default());
        let console = Console::bind(0).await.unwrap();
        let address = console.address();
        Self {
            address,
            observer: observer.clone(),
            faults: faults.clone(),
            _serving: console.serve(Source::of(observer, &info(), faults), |_| Router::new()),
        }
    }

    fn info(&self) -> StackInfo {
        StackInfo { console: self.address.clone(), ..info() }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> ::http::Response<bytes::Bytes> {
        let url = format!("{}{path}", self.address);
        Http::new().send(::http::Method::GET, &url, headers, "").await.unwrap()
    }

    async fn json(&self, path: &str) -> Value {
        let response = self.get(path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        serde_json::from_slice(response.body()).unwrap()
    }
}

fn seen() -> Seen {
    let mut seen = Seen::default();
    let mut issue = span("issue_upload_url", "", 1_000, 500);
    issue.attributes.insert(IMAGE_ID.to_owned(), "cat".into());
    seen.traces.put(issue);
    seen
}

#[tokio::test]
async fn traces_are_found_by_image_and_by_id_and_laid_out() {
    let harness = Harness::new(seen()).await;
    let of_image = harness.json("/api/traces?image_id=cat").await;
    let trace_id = of_image["traces"][0]["trace_id"].as_str().unwrap();
    assert_eq!(harness.json(&format!("/api/traces?trace_id={trace_id}")).await, of_image);
    assert_eq!(harness.json("/api/traces?image_id=dog").await, json!({"traces": []}));
    let drawn = harness.json(&format!("/api/waterfall?trace_id={trace_id}")).await;
    assert_eq!(drawn["layout"]["rows"][0]["length"], 1000);
}

#[tokio::test]
async fn a_request_that_waits_is_answered_by_the_news() {
    let harness = Harness::new(seen()).await;
    let path = "/api/traces?image_id=cat&spans=notify&wait_ms=30000";
    let (answer, ()) = tokio::join!(harness.json(path), async {
        let mut notify = span("notify", "issue_upload_url", 2_000, 5);
        notify.attributes.insert(IMAGE_ID.to_owned(), "cat".into());
        // Put only once the request is there to be woken.
        while harness.observer.waiting() == 0 {
            tokio::task::yield_now().await;
        }
        harness.observer.put(|seen| seen.traces.put(notify));
    });
    assert_eq!(answer["traces"][0]["spans"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_request_that_waited_in_vain_is_answered_with_what_is_there() {
    let harness = Harness::new(seen()).await;
    let answer = harness.json("/api/traces?image_id=cat&spans=notify&wait_ms=10").await;
    assert_eq!(answer["traces"][0]["spans"].as_array().unwrap().len(), 1);
    assert_eq!(harness.json("/api/mail?wait_ms=10").await, json!({"mail": []}));
}

#[tokio::test]
async fn nothing_that_is_answered_holds_a_secret() {
    let harness = Harness::new(seen()).await;
    for path in [
        "/api/stack",
        "/api/traces",
        "/api/metrics",
        "/api/mail",
        "/api/logs",
        "/api/uploads",
        "/api/problems",
        "/api/revision",
    ] {
        let response = harness.get(path, &[]).await;
        assert_eq!(response.status(), 200, "{path}");
        let text = String::from_utf8_lossy(response.body()).into_owned();
        assert!(SECRETS.iter().all(|secret| !text.contains(secret)), "{path}");
    }
}

#[tokio::test]
async fn a_page_of_another_host_is_refused() {
    let harness = Harness::new(seen()).await;
    let refused = harness.get("/api/traces", &[("host", "evil.example:4580")]).await;
    assert_eq!(refused.status(), 421);
    assert!(!String::from_utf8_lossy(refused.body()).contains("trace_id"));
}

#[tokio::test]
async fn what_is_answered_may_run_and_load_nothing_but_the_consoles_own_files() {
    let harness = Harness::new(seen()).await;
    let answer = harness.get("/api/stack", &[]).await;
    let policy = answer.headers()["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

#[tokio::test]
async fn uploads_are_shown_while_the_table_cannot_be_read() {
    let answer = Harness::new(seen()).await.json("/api/uploads").await;
    assert_eq!(
        (&answer["uploads"][0]["image_id"], &answer["uploads"][0]["status"]),
        (&json!("cat"), &json!("ISSUED"))
    );
    assert!(answer["problem"].as_str().unwrap().contains("Scan"), "{answer}");
}

#[tokio::test]
async fn metrics_and_logs_are_answered_with_their_numbers() {
    let mut seen = seen();
    let now = cloudwatch_model::Timestamp::from_millis(1_700_000_000_000);
    let directive = json!({"Namespace": "ImagePipeline", "Dimensions": [[]], "Metrics": [{"Name": "Latency", "Unit": "Milliseconds"}]});
    let line = json!({"_aws": {"Timestamp": now.as_millis(), "CloudWatchMetrics": [directive]}, "Latency": [10, 30]});
    for raw in
        [line.to_string(), json!({"level": "ERROR", "message": "broken", "image_id": "cat"}).to_string()]
    {
        let line = LogLine::read("g", "s", now.as_millis(), &raw);
        seen.logs.put(line, &raw, now, &mut seen.metrics);
    }
    let harness = Harness::new(seen).await;
    let metric = harness.json("/api/metrics?name=Latency").await["metrics"][0].clone();
    let numbers =
        ["samples", "sum", "average", "minimum", "maximum", "p99"].map(|name| metric[name].as_f64().unwrap());
    assert_eq!(numbers.map(|number| number.to_string()), ["2", "40", "20", "10", "30", "30"]);
    assert_eq!(harness.json("/api/metrics?name=Other").await["metrics"], json!([]));
    assert_eq!(harness.json("/api/logs?image_id=cat&level=ERROR").await["logs"][0]["message"], "broken");
}

/// One alarm of its own, one on its state, and a dashboard with a graph of the same metric.
fn watched() -> Seen {
    use cloudwatch_model::alarm::AlarmSet;
    use cloudwatch_model::dashboard::Dashboard;
    use cloudwatch_model::{Inputs, Template};

    use crate::observe::alarms::AlarmBoard;

    let alarm = json!({
        "Type": "AWS::CloudWatch::Alarm",
        "Metadata": {"severity": "page", "owner": "o", "runbook": "runbooks/many.md", "reason": "r"},
        "Properties": {
            "AlarmName": "many", "AlarmDescription": "Many.", "Namespace": "N", "MetricName": "M", "Statistic": "Sum",
            "Period": 60, "EvaluationPeriods": 3, "DatapointsToAlarm": 2, "Threshold": 5,
            "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching",
        }
    });
    let composite = json!({
        "Type": "AWS::CloudWatch::CompositeAlarm",
        "Metadata": {"severity": "page", "owner": "o", "runbook": "runbooks/any.md", "reason": "r"},
        "Properties": {"AlarmName": "any", "AlarmDescription": "Any.", "AlarmRule": "ALARM(\"many\")"}
    });
    let template = json!({"Resources": {"Many": alarm, "Any": composite}}).to_string();
    let inputs = Inputs { parameters: [].into(), region: "r".into(), account_id: "1".into() };
    let resources = Template::parse("alarms.json", &template).unwrap().resolve(&inputs).unwrap();
    let body = json!({"widgets": [{
        "type": "metric", "x": 0, "y": 0, "width": 12, "height": 6,
        "properties": {"title": "All of them", "region": "r", "metrics": [["N", "M"]]},
    }]});
    let dashboard = Dashboard::read("board", &body).unwrap();
    Seen {
        alarms: AlarmBoard::new(AlarmSet::read(&resources).unwrap(), cloudwatch_model::Timestamp::default()),
        dashboards: [("board".to_owned(), DeployedDashboard { body: body.to_string(), dashboard })].into(),
        ..Seen::default()
    }
}

#[tokio::test]
async fn alarms_are_told_with_state_runbook_definition_and_evidence() {
    let harness = Harness::new(watched()).await;
    let list = harness.json("/api/alarms").await;
    assert_eq!(list["alarms"][0]["name"], "many");
    assert_eq!(list["alarms"][0]["state"], "INSUFFICIENT_DATA");
    assert_eq!(list["evaluated_at"], Value::Null);

    let many = harness.json("/api/alarm?name=many").await;
    assert_eq!(many["runbook"], "runbooks/many.md");
    assert_eq!(many["definition"]["metrics"], json!(["Sum of N M"]));
    assert_eq!(many["definition"]["threshold"], 5.0);
    assert!(many["now"]["because"].as_str().unwrap().contains("2 of 3 make an alarm"), "{many}");
    let any = harness.json("/api/alarm?name=any").await;
    assert_eq!(any["definition"]["rule"], "ALARM(\"many\")");
    assert_eq!(any["now"]["states"], json!({"many": "INSUFFICIENT_DATA"}));
    assert_eq!(harness.get("/api/alarm?name=none", &[]).await.status(), 404);
    assert_eq!(harness.json("/api/transitions").await, json!({"transitions": [], "count": 0}));
}

#[tokio::test]
async fn dashboards_are_named_and_drawn_in_both_themes() {
    let harness = Harness::new(watched()).await;
    assert_eq!(harness.json("/api/dashboards").await, json!({"dashboards": ["board"]}));
    let mut drawings = Vec::new();
    for dark in ["false", "true"] {
        let answer = harness.get(&format!("/api/dashboard.svg?name=board&dark={dark}"), &[]).await;
        assert_eq!(answer.headers()["content-type"], "image/svg+xml");
        let svg = String::from_utf8(answer.body().to_vec()).unwrap();
        assert!(svg.contains("All of them") && svg.contains("No data available"), "{svg}");
        drawings.push(svg);
    }
    assert_ne!(drawings[0], drawings[1]);
    assert_eq!(harness.get("/api/dashboard.svg?name=none", &[]).await.status(), 404);
}

#[tokio::test]
async fn a_taken_port_is_refused() {
    let first = Console::bind(0).await.unwrap();
    let port = first.0.address.port();
    assert_eq!(Console::bind(port).await.unwrap_err().kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn a_revision_is_waited_for_no_longer_than_asked() {
    let harness = Harness::new(seen()).await;
    assert_eq!(harness.observer.revision_after(7, Duration::from_millis(5)).await, 0);
    harness.observer.put(|_| ());
    assert_eq!(harness.json("/api/revision?after=0&wait_ms=30000").await, json!({"revision": 1}));
}
