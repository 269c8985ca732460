//! A running stack as far as `ops` can see: its lock, its file, and a console that always answers the same.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;
use trace_model::xray::segment::document;
use trace_model::xray::trace_id;
use trace_model::{IMAGE_ID, Span};

pub(crate) const IMAGE: &str = "0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee";
pub(crate) const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
pub(crate) const NAME: &str = "photos";

/// It ends with the test.
pub(crate) struct FakeStack {
    pub(crate) root: TempDir,
    _lock: File,
}

impl FakeStack {
    pub(crate) fn start() -> Self {
        let root = tempfile::tempdir().unwrap();
        std::fs::write(root.path().join("template.yaml"), "").unwrap();
        let directory = root.path().join(".local-stack").join(NAME);
        std::fs::create_dir_all(&directory).unwrap();
        let lock = File::create(directory.join("lock")).unwrap();
        lock.lock().unwrap();
        let console = TcpListener::bind("127.0.0.1:0").unwrap();
        let info = json!({
            "name": NAME, "endpoint": format!("http://{}", console.local_addr().unwrap()), "region": "ap-northeast-1", "outputs": {},
            "console": format!("http://{}", console.local_addr().unwrap()),
            "log_groups": [], "outbox_queue_url": "q", "pid": 1, "reconciled": [], "known_gaps": [],
            "credentials": {"access_key_id": "test", "secret_access_key": "test"},
            "user": {"email": "e", "password": "p", "sub": "s"},
        });
        std::fs::write(directory.join("stack.json"), info.to_string()).unwrap();
        thread::spawn(move || {
            let mut waiting = Vec::new();
            for connection in console.incoming() {
                let connection = connection.unwrap();
                // Those who wait for news are left waiting.
                if !answer(&connection) {
                    waiting.push(connection);
                }
            }
        });
        Self { root, _lock: lock }
    }

    /// `ops` with these words, on this stack where they do not name another.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
        command.args(words).current_dir(self.root.path()).env_remove("COLUMNS");
        command
    }

    pub(crate) fn path(&self) -> &Path {
        self.root.path()
    }
}

/// Answers, unless the question is for news, of which there are none.
fn answer(mut connection: &TcpStream) -> bool {
    let mut reader = BufReader::new(connection);
    let mut lines = reader.by_ref().lines().map_while(Result::ok);
    let Some(request) = lines.next() else { return true };
    let head: Vec<String> = lines.by_ref().take_while(|line| !line.is_empty()).collect();
    drop(lines);
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
    let mut sent = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut sent).unwrap();
    let sent = String::from_utf8(sent).unwrap();
    let target = request.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let has = |pair: &str| query.split('&').any(|it| it == pair);
    if path == "/api/transitions" && !has("after=0") {
        return false;
    }
    let is_trusted = head.iter().any(|line| line.starts_with("authorization: Bearer "));
    let (status, body) = match path {
        "/api/clock" if request.starts_with("GET ") => ("200 OK", clock(1)),
        "/api/clock" if is_trusted && sent == r#"{"rate":60}"# => ("200 OK", clock(60)),
        "/api/clock" => ("409 Conflict", json!({"error": "a drill counts its minutes"}).to_string()),
        "/api/alarms" => ("200 OK", alarms().to_string()),
        "/api/alarm" if has("name=queue-backlog") => ("200 OK", alarm().to_string()),
        "/api/transitions" => ("200 OK", json!({"transitions": [transition()], "count": 1}).to_string()),
        "/api/dashboards" => {
            ("200 OK", json!({"dashboards": ["image-pipeline", "image-pipeline-time"]}).to_string())
        }
        "/api/dashboard.svg" if has("name=image-pipeline") => ("200 OK", "<svg/>".to_owned()),
        "/TraceSummaries" if sent.contains(IMAGE) || !sent.contains("FilterExpression") => {
            ("200 OK", json!({"TraceSummaries": [summary()]}).to_string())
        }
        "/TraceSummaries" => ("200 OK", json!({"TraceSummaries": []}).to_string()),
        "/Traces" if sent.contains(&trace_id(TRACE)) => {
            ("200 OK", json!({"Traces": [{"Segments": segments()}]}).to_string())
        }
        "/Traces" => ("200 OK", json!({"Traces": []}).to_string()),
        _ => ("404 Not Found", json!({"error": "no such thing"}).to_string()),
    };
    let length = body.len();
    write!(connection, "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")
        .ok();
    true
}

fn clock(rate: u32) -> String {
    json!({"now": "2026-11-29T10:00:00Z", "rate": rate}).to_string()
}

fn alarms() -> Value {
    json!({"evaluated_at": "2026-11-28T09:00:00Z", "alarms": [
        {"name": "queue-backlog", "state": "ALARM", "severity": "page", "since": "2026-11-28T08:59:00Z"},
        {"name": "notification-delivery-failures", "state": "INSUFFICIENT_DATA", "severity": "ticket", "since": ""},
    ]})
}

fn alarm() -> Value {
    json!({
        "name": "queue-backlog", "state": "ALARM", "runbook": "runbooks/queue-backlog.md",
        "description": "Uploads wait for longer than five minutes before a processor takes them from the queue.",
        "definition": {
            "metrics": ["Maximum of AWS/SQS ApproximateAgeOfOldestMessage{QueueName=image-processing-queue}"],
            "datapoints_to_alarm": 3, "evaluation_periods": 5, "period_seconds": 60,
            "comparison": "GreaterThanThreshold", "threshold": 300.0, "missing_data": "notBreaching",
        },
        "now": {"because": "of [400, 410, 420, 430, 440] five breach"}, "history": [transition()],
    })
}

fn transition() -> Value {
    json!({
        "at": "2026-11-28T08:59:00Z", "alarm": "queue-backlog", "from": "OK", "to": "ALARM",
        "reason": "3 of 5 datapoints were greater than the threshold of 300 seconds",
    })
}

fn summary() -> Value {
    let images = json!([{"AnnotationValue": {"StringValue": IMAGE}, "ServiceIds": []}]);
    json!({"Id": trace_id(TRACE), "StartTime": 0.0, "Annotations": {IMAGE_ID: images}})
}

/// The documents of a trace whose last step failed.
fn segments() -> Value {
    let span = |name: &str, id: &str, parent: Value, start: u64, status: &str| {
        let span: Span = serde_json::from_value(json!({
            "trace_id": TRACE, "span_id": id.repeat(16), "parent_span_id": parent, "name": name, "kind": "server",
            "service": "image-processor-lambda", "start_us": start, "duration_us": 90_000, "status": status,
            "message": if status == "error" { "the item could not be written: ThrottlingException (dynamodb PutItem)" } else { "" },
            "attributes": {"aws.xray.annotations": [IMAGE_ID], IMAGE_ID: IMAGE}, "links": [],
        }))
        .unwrap();
        let document = Value::Object(document(&span).unwrap());
        json!({"Id": span.span_id, "Document": document.to_string()})
    };
    json!([
        span("issue_upload_url", "a", Value::Null, 0, "ok"),
        span("process_image", "b", "a".repeat(16).into(), 7_000_000, "ok"),
        span("persist_the_record_of_the_image", "c", "b".repeat(16).into(), 7_050_000, "error"),
    ])
}
