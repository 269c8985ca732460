//! The observer against real sockets and a stand-in for the engine's Logs and SQS APIs.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of a test may panic")]

mod strangers;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_client::http::Http;
use aws_client::{Aws, Credentials};
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cloudwatch_model::{Dimensions, MetricId};
use local_stack::deploy::Assets;
use local_stack::observe::logs::LogFilter;
use local_stack::observe::{Clock, Observer, Receivers, Targets};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
use prost::Message as _;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};

/// Far beyond what any of it takes, also beside two busy processes.
const PATIENCE: Duration = Duration::from_secs(30);
const GROUP: &str = "/aws/lambda/image-processor-lambda";

/// What the engine holds: streams with their lines, messages of the outbox.
#[derive(Default)]
struct Engine {
    /// `None` until the group exists.
    streams: Option<BTreeMap<String, Vec<(i64, String)>>>,
    outbox: Vec<(String, String)>,
    /// Streams in the order they were read.
    reads: Vec<String>,
    /// Requests to refuse first, as a restarting engine does.
    refuse: usize,
}

type Shared = Arc<Mutex<Engine>>;

impl Engine {
    fn write(&mut self, stream: &str, timestamp: i64, lines: impl IntoIterator<Item = String>) {
        let stream = self.streams.get_or_insert_default().entry(stream.to_owned()).or_default();
        stream.extend(lines.into_iter().map(|line| (timestamp, line)));
    }

    fn answer(&mut self, target: &str, body: &Value) -> Result<Value, &'static str> {
        if self.refuse > 0 {
            self.refuse -= 1;
            return Err("ServiceUnavailable");
        }
        match target {
            "AmazonSQS.ReceiveMessage" => Ok(self.receive()),
            "AmazonSQS.DeleteMessageBatch" => Ok(self.delete(body)),
            _ if self.streams.is_none() => Err("ResourceNotFoundException"),
            "Logs_20140328.DescribeLogStreams" => Ok(self.describe(body)),
            "Logs_20140328.GetLogEvents" => Ok(self.events(body)),
            _ => Err("UnknownOperationException"),
        }
    }

    /// Two streams a page, newest last event first, as the real API pages.
    fn describe(&self, body: &Value) -> Value {
        let mut streams: Vec<_> = self.streams.iter().flatten().collect();
        streams.sort_by_key(|(_, lines)| std::cmp::Reverse(lines.last().map(|line| line.0)));
        let start: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let page = streams.iter().skip(start).take(2).map(|(name, lines)| {
            let last = lines.last().map(|line| line.0);
            let bytes: usize = lines.iter().map(|line| line.1.len()).sum();
            json!({"logStreamName": name, "lastEventTimestamp": last, "lastIngestionTime": last, "storedBytes": bytes})
        });
        let mut answer = json!({"logStreams": page.collect::<Vec<_>>()});
        if start + 2 < streams.len() {
            answer["nextToken"] = (start + 2).to_string().into();
        }
        answer
    }

    /// Three lines a page.
    fn events(&mut self, body: &Value) -> Value {
        self.reads.push(body["logStreamName"].as_str().unwrap().to_owned());
        let lines = &self.streams.as_ref().unwrap()[body["logStreamName"].as_str().unwrap()];
        let start: usize = body["nextToken"].as_str().map_or(0, |token| token.parse().unwrap());
        let events: Vec<_> = lines.iter().skip(start).take(3).collect();
        let next = start + events.len();
        let events: Vec<_> = events
            .into_iter()
            .map(|(timestamp, message)| json!({"timestamp": timestamp, "message": message}))
            .collect();
        json!({"events": events, "nextForwardToken": next.to_string()})
    }

    /// Messages stay until they are deleted; an empty queue answers without its member.
    fn receive(&self) -> Value {
        let message =
            |(id, body): &(String, String)| json!({"MessageId": id, "ReceiptHandle": id, "Body": body});
        let messages: Vec<Value> = self.outbox.iter().take(10).map(message).collect();
        if messages.is_empty() { json!({}) } else { json!({"Messages": messages}) }
    }

    fn delete(&mut self, body: &Value) -> Value {
        let handles: Vec<&str> = body["Entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| e["ReceiptHandle"].as_str().unwrap())
            .collect();
        self.outbox.retain(|(id, _)| !handles.contains(&id.as_str()));
        json!({})
    }
}

async fn serve(State(engine): State<Shared>, headers: HeaderMap, body: String) -> Response {
    let target = headers["x-amz-target"].to_str().unwrap();
    let answer = engine.lock().unwrap().answer(target, &serde_json::from_str(&body).unwrap());
    if target.ends_with("ReceiveMessage")
        && answer.as_ref().is_ok_and(|answer| answer.get("Messages").is_none())
    {
        // A long poll, shortened.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(code) => {
            (StatusCode::BAD_REQUEST, Json(json!({"__type": code, "message": "no"}))).into_response()
        }
    }
}

struct Harness {
    engine: Shared,
    observer: Observer,
    xray: String,
    otlp: String,
    services: String,
    handed_on: String,
}

impl Harness {
    async fn new() -> Self {
        let engine = Shared::default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let app = axum::Router::new().fallback(serve).with_state(Arc::clone(&engine));
        tokio::spawn(async move { axum::serve(listener, app).await });
        let receivers: Receivers = Observer::bind().await.unwrap();
        let (xray, otlp) = (receivers.xray_daemon_address(), receivers.otlp_endpoint());
        let (services, handed_on) = (receivers.services_address(), receivers.handed_on_address());
        let credentials = Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        };
        let aws = Aws::new(&endpoint, "ap-northeast-1", credentials);
        let targets = Targets {
            log_groups: vec![GROUP.to_owned()],
            outbox_queue_url: format!("{endpoint}/outbox"),
            assets: Assets::default(),
            clock: Clock::default(),
        };
        Self { engine, observer: Observer::start(receivers, &aws, targets), xray, otlp, services, handed_on }
    }

    fn engine<T>(&self, act: impl FnOnce(&mut Engine) -> T) -> T {
        act(&mut self.engine.lock().unwrap())
    }

    /// The lines seen once there are as many as expected.
    async fn lines(&self, count: usize) -> Vec<String> {
        let all = LogFilter::default();
        let seen = self.observer.wait_for(PATIENCE, |seen| {
            let lines = seen.logs.find(&all, usize::MAX);
            (lines.len() >= count).then_some(lines)
        });
        seen.await.unwrap().into_iter().map(|line| line.message).collect()
    }
}

fn numbered(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|number| format!("line {number}")).collect()
}

fn export(name: &str, image_id: &str) -> Vec<u8> {
    let value = Some(AnyValue { value: Some(any_value::Value::StringValue(image_id.to_owned())) });
    let span = Span {
        trace_id: vec![7; 16],
        span_id: vec![u8::try_from(name.len()).unwrap(); 8],
        name: name.to_owned(),
        attributes: vec![KeyValue { key: "image.id".to_owned(), value, ..KeyValue::default() }],
        ..Span::default()
    };
    let scope_spans = vec![ScopeSpans { spans: vec![span], ..ScopeSpans::default() }];
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { scope_spans, ..ResourceSpans::default() }],
    }
    .encode_to_vec()
}

#[tokio::test]
async fn every_line_is_seen_once_while_streams_grow_and_appear() {
    let harness = Harness::new().await;
    harness.engine(|engine| {
        engine.write("a", 1000, numbered(0..10));
        engine.write("b", 1000, numbered(10..11));
        engine.write("c", 1001, numbered(11..18));
    });
    assert_eq!(harness.lines(18).await.len(), 18);
    harness.engine(|engine| {
        // The same millisecond in a known stream, and a new one.
        engine.write("c", 1001, numbered(18..25));
        engine.write("d", 1002, numbered(25..30));
    });
    assert_eq!(harness.lines(30).await.len(), 30);
    // A later line proves that another round of reading has passed without a repetition.
    harness.engine(|engine| engine.write("e", 1003, numbered(30..31)));
    let mut lines = harness.lines(31).await;
    lines.sort_by_key(|line| line[5..].parse::<u32>().unwrap());
    assert_eq!(lines, numbered(0..31));
    // Ten lines are four pages and an empty one; later rounds leave the stream alone.
    assert_eq!(harness.engine(|engine| engine.reads.iter().filter(|stream| *stream == "a").count()), 5);
}

#[tokio::test]
async fn a_group_that_appears_later_and_an_engine_that_fails_lose_no_line() {
    let harness = Harness::new().await;
    harness.engine(|engine| engine.refuse = 3);
    let source = format!("logs {GROUP}");
    let failed =
        harness.observer.wait_for(PATIENCE, |seen| seen.problems.get(&source).cloned()).await.unwrap();
    assert!(failed.contains("ServiceUnavailable"), "{failed}");
    harness.engine(|engine| {
        engine.refuse = 0;
        engine.write("a", 1000, numbered(0..4));
    });
    assert_eq!(harness.lines(4).await, numbered(0..4));
    let healed = harness.observer.wait_for(PATIENCE, |seen| seen.problems.is_empty().then_some(()));
    healed.await.unwrap();
}

#[tokio::test]
async fn embedded_metrics_reach_the_metric_store() {
    let harness = Harness::new().await;
    let timestamp = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
    let directive = json!({"Namespace": "ImagePipeline", "Dimensions": [["service"]], "Metrics": [{"Name": "ImagesProcessed"}]});
    let line = json!({"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": [directive]}, "service": "s", "ImagesProcessed": 1});
    harness.engine(|engine| engine.write("a", 1000, [line.to_string()]));
    let id = MetricId::new("ImagePipeline", "ImagesProcessed", Dimensions::new([("service", "s")]).unwrap())
        .unwrap();
    let seen = harness.observer.wait_for(PATIENCE, |seen| seen.metrics.span(&id)).await;
    assert!(seen.is_some());
}

#[tokio::test]
async fn spans_of_one_trace_arrive_by_udp_and_http() {
    let harness = Harness::new().await;
    let socket = tokio::net::UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let datagram =
        format!("{{\"format\":\"json\",\"version\":1}}\nT1S{}", STANDARD.encode(export("one", "cat")));
    socket.send_to(b"rubbish", &harness.xray).await.unwrap();
    socket.send_to(datagram.as_bytes(), &harness.xray).await.unwrap();
    let url = format!("{}/v1/traces", harness.otlp);
    let post = async |kind: &str, body: Vec<u8>| {
        Http::new().send(http::Method::POST, &url, &[("content-type", kind)], body).await.unwrap().status()
    };
    assert_eq!(post("application/x-protobuf", export("three", "cat")).await, 200);
    assert_eq!(post("application/json", b"{}".to_vec()).await, 415);
    assert_eq!(post("application/x-protobuf", vec![0xff]).await, 400);
    let trace = harness
        .observer
        .wait_for(PATIENCE, |seen| seen.traces.of_image("cat").filter(|t| t.spans.len() == 2));
    let trace = trace.await.unwrap();
    assert_eq!(trace.trace_id, "07".repeat(16));
    assert!(trace.span("one").is_some() && trace.span("three").is_some());
}

#[tokio::test]
async fn who_reports_for_the_services_gets_the_rate_of_the_clock_at_first_and_whenever_that_changes() {
    let harness = Harness::new().await;
    let engine = tokio::net::TcpStream::connect(&harness.services).await.unwrap();
    let mut rates = BufReader::new(engine).lines();
    assert_eq!(rates.next_line().await.unwrap().as_deref(), Some("1"));
    harness.observer.set_rate(60);
    assert_eq!(rates.next_line().await.unwrap().as_deref(), Some("60"));
    harness.observer.set_rate(1);
    assert_eq!(rates.next_line().await.unwrap().as_deref(), Some("1"));
}

#[tokio::test]
async fn mail_is_taken_from_the_outbox_once() {
    let harness = Harness::new().await;
    let mail = |id: &str| {
        let body =
            json!({"MessageId": id, "TopicArn": "arn:aws:sns:r:1:topic", "Message": "{\"imageId\":\"cat\"}"});
        (format!("sqs-{id}"), body.to_string())
    };
    harness.engine(|engine| engine.outbox.extend((0..12).map(|id| mail(&id.to_string()))));
    let all = harness.observer.wait_for(PATIENCE, |seen| {
        let mail = seen.mail.find(Some("cat"));
        (mail.len() >= 12).then_some(mail)
    });
    assert_eq!(all.await.unwrap().len(), 12);
    // Deleted only after it was taken, so the queue may lag behind what was seen.
    harness.engine(|engine| engine.outbox.push(mail("last")));
    let last = harness.observer.wait_for(PATIENCE, |seen| (seen.mail.find(None).len() == 13).then_some(()));
    last.await.unwrap();
}

#[tokio::test]
async fn waiting_ends_without_news_when_time_is_up() {
    let observer = Observer::of(local_stack::observe::Seen::default());
    let nothing: Option<()> = observer.wait_for(Duration::from_millis(5), |_| None).await;
    assert_eq!(nothing, None);
}
