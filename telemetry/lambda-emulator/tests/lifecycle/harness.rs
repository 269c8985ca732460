//! A function's process and the Runtime API that it talks to.

use std::{
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, ExitStatus, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use lambda_emulator::{Answer, Collector, Extensions, Invocation, RuntimeApi};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    trace::v1::{Span, status::StatusCode},
};
use prost::Message;
use serde_json::Value;

use crate::AMPLE;

/// A running function with its Runtime API and its output.
pub(crate) struct Harness {
    pub(crate) runtime_api: RuntimeApi,
    process: Child,
    stdout: Option<JoinHandle<String>>,
    stderr: Option<JoinHandle<String>>,
}

/// The exit status and the output of a function.
pub(crate) struct Exited {
    pub(crate) status: ExitStatus,
    /// Its stdout, which has only JSON lines.
    pub(crate) lines: Vec<Value>,
    pub(crate) stderr: String,
}

impl Harness {
    pub(crate) fn start(extensions: Extensions, environment: &[(&str, &str)]) -> Self {
        let runtime_api = RuntimeApi::start(extensions).unwrap();
        let mut process = runtime_api
            .command(Path::new(env!("CARGO_BIN_EXE_test-function")))
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = Some(read(process.stdout.take().unwrap()));
        let stderr = Some(read(process.stderr.take().unwrap()));
        Self { runtime_api, process, stdout, stderr }
    }

    /// One that sends its traces to `endpoint`.
    pub(crate) fn with_collector(endpoint: &str) -> Self {
        Self::start(Extensions::Absent, &[("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)])
    }

    pub(crate) fn invoke(&mut self, event: &Value) -> Invocation {
        self.runtime_api.invoke(event, AMPLE).unwrap()
    }

    /// Invokes with `event` and expects a response, not an error.
    pub(crate) fn respond(&mut self, event: &Value) -> Invocation {
        let invocation = self.invoke(event);
        assert!(matches!(invocation.answer, Answer::Response(_)), "{:?}", invocation.answer);
        invocation
    }

    /// Sends SIGTERM to the process and waits for its end.
    pub(crate) fn terminate(self) -> Exited {
        self.signal(Signal::SIGTERM).wait()
    }

    /// Kills the process, as Lambda does at the deadline.
    pub(crate) fn kill(self) -> Exited {
        self.signal(Signal::SIGKILL).wait()
    }

    fn signal(self, signal: Signal) -> Self {
        kill(Pid::from_raw(self.process.id().try_into().unwrap()), signal).unwrap();
        self
    }

    /// Waits for the process to end.
    pub(crate) fn wait(mut self) -> Exited {
        let status = self.process.wait().unwrap();
        let stdout = self.stdout.take().unwrap().join().unwrap();
        let stderr = self.stderr.take().unwrap().join().unwrap();
        let lines = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        Exited { status, lines, stderr }
    }
}

impl Drop for Harness {
    /// Ends the process of a test that failed.
    fn drop(&mut self) {
        if self.stdout.is_some() {
            drop(self.process.kill());
            drop(self.process.wait());
        }
    }
}

impl Exited {
    /// Log lines with the message `message`.
    pub(crate) fn logs(&self, message: &str) -> Vec<&Value> {
        self.lines.iter().filter(|line| line["message"] == message).collect()
    }

    /// The sum of the metric `name`.
    pub(crate) fn sum(&self, name: &str) -> f64 {
        let numbers = self.lines.iter().filter(|line| line.get("_aws").is_some()).map(|line| &line[name]);
        numbers.filter_map(|number| number.as_f64().or_else(|| number[0].as_f64())).sum()
    }

    /// Everything that was written.
    pub(crate) fn text(&self) -> String {
        format!("{}{}", Value::from(self.lines.clone()), self.stderr)
    }
}

fn read(pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        let mut pipe = BufReader::new(pipe);
        while pipe.read_line(&mut text).unwrap() > 0 {}
        text
    })
}

/// The spans of the next request to `collector`.
pub(crate) fn spans(collector: &Collector, timeout: Duration) -> Vec<Span> {
    let request = collector.next(timeout).unwrap();
    decode(&request.body)
}

pub(crate) fn decode(body: &[u8]) -> Vec<Span> {
    let request = ExportTraceServiceRequest::decode(body).unwrap();
    let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
    scopes.flat_map(|scope| scope.spans).collect()
}

/// The message of the error that `span` ended with, if it did.
pub(crate) fn error(span: &Span) -> Option<&str> {
    let status = span.status.as_ref()?;
    (status.code() == StatusCode::Error).then_some(status.message.as_str())
}

pub(crate) fn named<'a>(spans: &'a [Span], name: &str) -> &'a Span {
    spans.iter().find(|span| span.name == name).unwrap()
}
