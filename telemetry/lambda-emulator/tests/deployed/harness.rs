//! A built function at work: its process, the Runtime API, and services of AWS that answer or do not.

use std::{
    process::{Child, Stdio},
    time::Duration,
};

use lambda_emulator::{Answer, Collector, Extensions, RuntimeApi};
use serde_json::Value;

use crate::artifact::Artifact;

/// Enough for a thumbnail, and for three attempts of the SDK at an address where nobody listens, emulated on a machine that
/// is busy with something else.
const AMPLE: Duration = Duration::from_mins(2);

/// What the template and Lambda give the functions, with credentials of AWS's documentation, and time for emulated decoders.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("DECODE_TIMEOUT_SECONDS", "100"),
    ("ORIGINAL_BUCKET", "originals"),
    ("PROCESSED_BUCKET", "thumbnails"),
    ("METADATA_TABLE", "ImageMetadata"),
    ("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:topic"),
    ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"),
    ("METRICS_BUCKETS", "originals,thumbnails"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
];

/// A running function.
pub(crate) struct Harness {
    runtime_api: RuntimeApi,
    process: Child,
}

impl Harness {
    /// Starts the function; nothing of AWS is reachable but what `services` name.
    pub(crate) fn start(artifact: &Artifact, services: &[(&str, &Collector)]) -> Self {
        let mut runtime_api = RuntimeApi::start(Extensions::Present).unwrap();
        let mut command = artifact.command(&runtime_api);
        command.envs(ENVIRONMENT).env("AWS_ENDPOINT_URL", format!("http://{}", Collector::dead().unwrap()));
        for (service, collector) in services {
            command.env(format!("AWS_ENDPOINT_URL_{service}"), collector.endpoint());
        }
        let process = command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        assert!(runtime_api.polled().is_some(), "{} does not ask for an event", artifact.name);
        Self { runtime_api, process }
    }

    pub(crate) fn invoke(&mut self, event: &Value) -> Answer {
        self.runtime_api.invoke(event, AMPLE).unwrap().answer
    }

    /// Invokes with `event` and expects a response, not an error.
    pub(crate) fn respond(&mut self, event: &Value) -> Value {
        match self.invoke(event) {
            Answer::Response(response) => response,
            Answer::Error(error) => panic!("{error}"),
        }
    }
}

impl Drop for Harness {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// A service that answers its n-th request, counted from 1, with the body that `answer` gives.
pub(crate) fn service(answer: impl Fn(usize) -> Vec<u8> + Send + Sync + 'static) -> Collector {
    let response = move |number| {
        let body = answer(number);
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
        Some([head.as_bytes(), &body].concat())
    };
    Collector::start(response).unwrap()
}
