//! Rotel, a collector with an exporter to X-Ray, and the X-Ray that it exports to.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{self, Receiver},
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

/// The version whose translation was looked at.
const PACKAGE: &str = "rotel==0.0.1a15";
/// Far longer than the receiver takes; only a failure waits so long.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) struct Rotel {
    agent: Child,
    port: u16,
    segments: Receiver<Value>,
}

impl Drop for Rotel {
    fn drop(&mut self) {
        self.agent.kill().ok();
        self.agent.wait().ok();
    }
}

impl Rotel {
    /// Installs the receiver below the target directory, once, and starts it; answers why it cannot.
    pub(crate) fn start() -> Result<Self, String> {
        let program = install()?;
        let (xray, segments) = xray();
        let port = free_port();
        let agent = Command::new(program)
            .args(["start", "--exporter", "aws-xray", "--batch-timeout", "100ms"])
            .args(["--xray-exporter-custom-endpoint", &xray])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{port}")])
            .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{}", free_port())])
            .env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("the receiver does not start: {error}"))?;
        Ok(Self { agent, port, segments })
    }

    /// The segment documents that a request of spans becomes, as X-Ray gets them.
    pub(crate) fn translate(&mut self, request: &[u8], count: usize) -> Vec<Value> {
        let mut stream = connect(self.port);
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            request.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        (0..count).map(|_| self.segments.recv_timeout(PATIENCE).unwrap()).collect()
    }
}

fn connect(port: u16) -> TcpStream {
    let begun = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(error) => assert!(begun.elapsed() < PATIENCE, "the receiver does not listen: {error}"),
        }
        thread::sleep(Duration::from_millis(20));
    }
}

fn install() -> Result<PathBuf, String> {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join(PACKAGE.replace("==", "-"));
    let find = || {
        let python = std::fs::read_dir(home.join("lib")).ok()?.flatten().next()?.path();
        Some(python.join("site-packages/rotel/rotel-agent")).filter(|program| program.exists())
    };
    if let Some(program) = find() {
        return Ok(program);
    }
    run(Command::new("python3").args(["-m", "venv"]).arg(&home))?;
    run(Command::new(home.join("bin/pip")).args([
        "install",
        "--quiet",
        "--disable-pip-version-check",
        PACKAGE,
    ]))?;
    find().ok_or_else(|| format!("{PACKAGE} brings no program for this machine"))
}

fn run(command: &mut Command) -> Result<(), String> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| format!("{command:?}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim()))
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Takes `PutTraceSegments` calls; answers its endpoint and the documents that come.
fn xray() -> (String, Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let (send, receive) = mpsc::channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let body: Value = serde_json::from_slice(&read_body(&mut stream)).unwrap();
            for document in body["TraceSegmentDocuments"].as_array().unwrap() {
                if send.send(serde_json::from_str(document.as_str().unwrap()).unwrap()).is_err() {
                    return;
                }
            }
            let answer = r#"{"UnprocessedTraceSegments":[]}"#;
            let length = answer.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n"
            );
            stream.write_all((head + answer).as_bytes()).unwrap();
        }
    });
    (endpoint, receive)
}

fn read_body(stream: &mut TcpStream) -> Vec<u8> {
    let mut request = Vec::new();
    let mut chunk = vec![0; 65_536];
    loop {
        let length = stream.read(&mut chunk).unwrap();
        request.extend_from_slice(&chunk[..length]);
        let Some(end) = request.windows(4).position(|window| window == b"\r\n\r\n") else { continue };
        let head = String::from_utf8_lossy(&request[..end]).to_ascii_lowercase();
        let expected = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let expected: usize = expected.unwrap().parse().unwrap();
        if request.len() >= end + 4 + expected {
            return request.split_off(end + 4);
        }
    }
}
