//! The console on made-up data, to work on its pages without a stack: `cargo run -p pipeline-console --example console`.
#![expect(clippy::print_stdout, reason = "prints where the page is")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::Credentials;
use axum::{Json, Router};
use cloudwatch_model::dashboard::Dashboard;
use cloudwatch_model::scenario::folder;
use cloudwatch_model::{
    Datapoint, Dimensions, Distribution, Inputs, MetricId, Resolution, Template, Timestamp, Unit,
};
use local_stack::console::{Console, Source};
use local_stack::deploy::{DeployedDashboard, Reconciled};
use local_stack::faults::Faults;
use local_stack::observe::alarms::AlarmBoard;
use local_stack::observe::logs::LogLine;
use local_stack::observe::{Observer, Seen};
use local_stack::stack::{DemoUser, StackInfo};
use serde_json::{Value, json};
use trace_model::{IMAGE_ID, Kind, Span, Status};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let images: Vec<Image> = (0..7).map(|number| Image::new(number, now_ms)).collect();
    let mut seen = Seen::default();
    images.iter().flat_map(Image::spans).for_each(|span| seen.traces.put(span));
    for image in &images {
        image.mail(&mut seen);
    }
    (0..120).for_each(|minute| metrics(&mut seen, now_ms, minute));
    failures(&mut seen, now_ms, &images);
    watched(&mut seen, now_ms)?;

    let items: Vec<Value> = images.iter().filter_map(Image::item).collect();
    let endpoint = table(items).await?;
    let console = Console::bind(4581).await?;
    println!("{}", console.address());
    let mut source = Source::of(Observer::of(seen), &info(endpoint), Faults::default());
    source.root = ROOT.into();
    let _serving = console.serve(source, pipeline_console::pages);
    std::future::pending::<()>().await;
    Ok(())
}

struct Image {
    number: u64,
    id: String,
    trace_id: String,
    start_us: u64,
}

impl Image {
    fn new(number: u64, now_ms: i64) -> Self {
        let start_us = now_ms.unsigned_abs() * 1000 - number * 47_000_000 - 20_000_000;
        let id = format!("0193a5b2-7c41-7d0e-9f{number:02x}-5be2a1c0ffee");
        Self { number, id, trace_id: format!("6741f2a08c3d4e5f9a1b2c3d4e5f60{number:02x}"), start_us }
    }

    fn is_failed(&self) -> bool {
        self.number == 3
    }

    fn is_waiting(&self) -> bool {
        self.number == 0
    }

    fn spans(&self) -> Vec<Span> {
        let mut spans = vec![self.span(1, None, "issue_upload_url", self.start_us, 3_100)];
        if self.is_waiting() {
            return spans;
        }
        let begin = self.start_us + 4_200_000 + self.number * 900_000;
        let steps = [
            ("claim", 0, 9_000),
            ("download", 9_000, 11_400),
            ("decode", 20_400, 38_700),
            ("resize", 59_100, 4_200),
            ("encode", 63_300, 2_600),
            ("upload", 65_900, 12_100),
            ("persist", 78_000, 9_500),
            ("notify", 87_500, 8_400),
        ];
        let steps = if self.is_failed() { &steps[..3] } else { &steps[..] };
        let length = steps.last().map_or(0, |(_, after, took)| after + took);
        spans.push(self.span(2, Some(1), "process_image", begin, length));
        spans.extend(
            (3..)
                .zip(steps)
                .map(|(id, (name, after, took))| self.span(id, Some(2), name, begin + after, *took)),
        );
        if self.is_failed() {
            for span in
                spans.iter_mut().filter(|span| span.name != "claim" && span.name != "download").skip(1)
            {
                span.status = Status::Error;
                span.message = String::from("corrupt: the image data ends after 71 % of its rows");
            }
        }
        spans
    }

    fn span(&self, id: u64, parent: Option<u64>, name: &str, start_us: u64, duration_us: u64) -> Span {
        let attributes: BTreeMap<String, Value> = [
            (IMAGE_ID.to_owned(), json!(self.id)),
            ("user.id".to_owned(), json!("8f14e45f-ceea-4672-a0f0-3c1b7d2e9a10")),
            ("aws.s3.key".to_owned(), json!(format!("user-uploads/8f14e45f/{}.jpg", self.id))),
            ("faas.coldstart".to_owned(), json!(false)),
        ]
        .into();
        Span {
            trace_id: self.trace_id.clone(),
            span_id: format!("{:08x}{id:08x}", self.number),
            parent_span_id: parent.map(|id| format!("{:08x}{id:08x}", self.number)),
            name: name.to_owned(),
            kind: if id == 1 { Kind::Server } else { Kind::Consumer },
            service: if id == 1 { "generate-upload-url" } else { "image-processor" }.to_owned(),
            start_us,
            duration_us,
            status: Status::Unset,
            message: String::new(),
            attributes,
            links: Vec::new(),
            ..Span::default()
        }
    }

    fn item(&self) -> Option<Value> {
        if self.is_waiting() {
            return None;
        }
        let text = |value: &str| json!({ "S": value });
        let number = |value: u64| json!({ "N": value.to_string() });
        let mut item = json!({
            "imageId": text(&self.id), "traceId": text(&self.trace_id), "bytes": number(431_022 + self.number * 1_977_431),
            "originalS3Key": text(&format!("user-uploads/8f14e45f/<img src=x onerror=alert(1)>{}.jpg", self.id)),
        });
        let rest = if self.is_failed() {
            json!({ "status": text("FAILED"), "reason": text("Corrupt") })
        } else {
            json!({ "status": text("DONE"), "width": number(4032), "height": number(3024) })
        };
        if let (Some(item), Value::Object(rest)) = (item.as_object_mut(), rest) {
            item.extend(rest);
        }
        Some(item)
    }

    fn mail(&self, seen: &mut Seen) {
        if self.is_waiting() {
            return;
        }
        let status = if self.is_failed() { "FAILED" } else { "DONE" };
        seen.mail.put(local_stack::observe::mail::Mail {
            message_id: self.id.clone(),
            topic: "image-processed-topic".to_owned(),
            subject: if self.is_failed() { "Your image could not be used" } else { "Your image is ready" }
                .to_owned(),
            body: json!({ "imageId": self.id, "status": status }).to_string(),
            image_id: Some(self.id.clone()),
            published_at: "2026-11-22T00:41:07.000Z".to_owned(),
            ..Default::default()
        });
    }
}

fn metrics(seen: &mut Seen, now_ms: i64, minute: u32) {
    let at = now_ms - i64::from(120 - minute) * 60_000;
    let wave = 1.0 + (f64::from(minute) / 9.0).sin() / 2.0;
    for (name, unit, value) in [
        ("ImagesProcessed", "Count", (wave * 6.0).round()),
        ("ProcessingLatency", "Milliseconds", wave * 90.0 + f64::from(minute % 7)),
        ("OriginalBytes", "Bytes", wave * 2_400_000.0),
        ("QueueWait", "Milliseconds", 35.0 + f64::from(minute % 11) * 3.0),
    ] {
        let directive = json!({ "Namespace": "ImagePipeline", "Dimensions": [["service"]], "Metrics": [{ "Name": name, "Unit": unit }] });
        let line = json!({ "_aws": { "Timestamp": at, "CloudWatchMetrics": [directive] }, "service": "image-processor", name: value });
        let raw = line.to_string();
        let (line, received) = (LogLine::read("g", "s", at, &raw), Timestamp::from_millis(at));
        seen.logs.put(line, &raw, received, &mut seen.metrics);
    }
}

/// The repository's own alarms and dashboards; one alarm has rung.
fn watched(seen: &mut Seen, now_ms: i64) -> Result<(), Box<dyn Error>> {
    let root = Path::new(ROOT);
    let (_, alarms) = folder::read(root)?.bench().alarms()?;
    let at = |minutes: i64| Timestamp::from_millis(now_ms - minutes * 60_000);
    seen.alarms = AlarmBoard::new(alarms, at(600));
    let letters = MetricId::new(
        "AWS/SQS",
        "ApproximateNumberOfMessagesVisible",
        Dimensions::new([("QueueName", "image-processing-dlq")])?,
    )?;
    for minute in 0..40 {
        let values = Distribution::of_values(&[if minute < 7 { 3.0 } else { 0.0 }])?;
        let (metric, unit, resolution) = (letters.clone(), Unit::Count, Resolution::Standard);
        seen.metrics.put(Datapoint { metric, timestamp: at(minute), unit, values, resolution });
    }
    for minute in (0..300).rev() {
        seen.alarms.tick(&seen.metrics, at(minute))?;
    }
    for name in ["overview", "status", "time", "uploads"] {
        let text = std::fs::read_to_string(root.join(format!("dashboards/{name}.json")))?;
        let template = Template::parse(name, &text)?;
        let parameters = template
            .parameters()
            .map(|name| {
                (name.to_owned(), if name == "NamePrefix" { String::new() } else { "1000".to_owned() })
            })
            .collect();
        let inputs = Inputs { parameters, region: "ap-northeast-1".to_owned(), account_id: "0".to_owned() };
        for resource in template.resolve(&inputs)? {
            let property =
                |key: &str| resource.properties.get(key).and_then(Value::as_str).unwrap_or_default();
            let (name, body) = (property("DashboardName").to_owned(), property("DashboardBody").to_owned());
            if body.is_empty() {
                continue;
            }
            let dashboard = Dashboard::read(&name, &serde_json::from_str(&body)?)?;
            seen.dashboards.insert(name, DeployedDashboard { body, dashboard });
        }
    }
    Ok(())
}

fn failures(seen: &mut Seen, now_ms: i64, images: &[Image]) {
    for image in images.iter().filter(|image| image.is_failed()) {
        let line = json!({
            "level": "WARN", "message": "Image rejected", "reason": "Corrupt", "image_id": image.id,
            "trace_id": image.trace_id, "service": "image-processor", "error": "corrupt: <b>the image data ends</b> after 71 % of its rows",
        });
        let raw = line.to_string();
        let line = LogLine::read("/aws/lambda/image-processor-lambda", "s", now_ms - 90_000, &raw);
        seen.logs.put(line, &raw, Timestamp::from_millis(now_ms), &mut seen.metrics);
    }
}

/// Answers every request with the items of a table.
async fn table(items: Vec<Value>) -> Result<String, Box<dyn Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let mapping = json!({ "UUID": "9d1f", "State": "Enabled" });
    let answer = json!({ "Items": items, "EventSourceMappings": [mapping] });
    let routes = Router::new().fallback(async move || Json(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(endpoint)
}

fn info(endpoint: String) -> StackInfo {
    let outputs = [
        ("ApiUrl", "http://a1b2c3.execute-api.localhost:4566/generate-upload-url"),
        ("ImageProcessorFunctionName", "image-processor-lambda"),
        ("HostedUiUrl", "http://localhost:4566/login?client_id=4f7"),
        ("MetadataTableName", "ImageMetadata"),
        ("OriginalBucketName", "uploads-000000000000-ap-northeast-1"),
        ("QueueUrl", "http://localhost:4566/000000000000/image-processing-queue"),
    ];
    StackInfo {
        name: "default".to_owned(),
        endpoint,
        console: String::new(),
        region: "ap-northeast-1".to_owned(),
        outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        log_groups: Vec::new(),
        outbox_queue_url: String::new(),
        credentials: Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        },
        user: DemoUser {
            email: "demo@example.com".to_owned(),
            password: "-".to_owned(),
            sub: "-".to_owned(),
        },
        pid: 1,
        reconciled: Reconciled::default(),
    }
}
