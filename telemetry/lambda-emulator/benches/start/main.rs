//! Measures the start of the real functions against their Python versions:
//! `cargo bench -p lambda-emulator --bench start`, with `-- --json` for machines.
//!
//! From the start of the process to its first request for an event, CPU of user and system, in turns, both
//! against the same emulator. See telemetry/lambda-emulator/README.md.
#![expect(clippy::print_stdout, reason = "a program whose result is its output")]
#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]
#![expect(clippy::indexing_slicing, reason = "a member that JSON lacks reads as null")]

#[path = "../measure/mod.rs"]
mod measure;

use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use lambda_emulator::{Extensions, RuntimeApi};
use serde_json::{Value, json};

use measure::{cpu, median};

const FUNCTIONS: [&str; 3] = ["generate-upload-url", "image-processor-lambda", "s3-metrics-lambda"];
const BOTO3: &str = "boto3==1.44.8";
const ROUNDS: usize = 11;
const HELP: &str = "start [--json]";

/// What the functions ask their environment for.
const ENVIRONMENT: [(&str, &str); 9] = [
    ("ORIGINAL_BUCKET", "originals"),
    ("PROCESSED_BUCKET", "thumbnails"),
    ("METADATA_TABLE", "ImageMetadata"),
    ("TOPIC_ARN", "arn:aws:sns:eu-west-1:123456789012:topic"),
    ("QUEUE_URL", "https://sqs.eu-west-1.amazonaws.com/123456789012/queue"),
    ("METRICS_BUCKETS", "originals,thumbnails"),
    ("AWS_DEFAULT_REGION", "eu-west-1"),
    ("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"),
    ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
];

/// One start, in milliseconds.
#[derive(Clone, Copy)]
struct Start {
    cpu: f64,
    wall: f64,
}

fn main() {
    let mut as_json = false;
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--json" => as_json = true,
            // What cargo passes to every bench.
            "--bench" => {}
            _ => panic!("{HELP}"),
        }
    }
    let release = build();
    let python = python();
    let figures: Vec<Value> = FUNCTIONS.iter().map(|name| compare(name, &release, &python)).collect();
    if as_json {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("{}", json!({ "functions": figures, "load": load.trim() }));
        return;
    }
    println!("function                  CPU ms: Rust  Python  ratio   wall ms: Rust  Python");
    for figure in figures {
        let number = |name: &str| figure[name].as_f64().unwrap_or(f64::NAN);
        println!(
            "{:<24} {:>13.1} {:>7.1}  1/{:<4.0} {:>14.1} {:>7.1}",
            figure["function"].as_str().unwrap_or_default(),
            number("rust_cpu_ms"),
            number("python_cpu_ms"),
            number("ratio"),
            number("rust_wall_ms"),
            number("python_wall_ms"),
        );
    }
}

fn compare(name: &str, release: &Path, python: &Path) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/start/function.py");
    let (mut rust, mut peer) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        rust.push(start(&release.join(name), &[]));
        peer.push(start(python, &[script, name]));
    }
    let [rust_cpu, python_cpu] = [&rust, &peer].map(|starts| median(starts, |start| start.cpu));
    json!({
        "function": name,
        "rust_cpu_ms": rust_cpu,
        "python_cpu_ms": python_cpu,
        "ratio": python_cpu / rust_cpu,
        "rust_wall_ms": median(&rust, |start| start.wall),
        "python_wall_ms": median(&peer, |start| start.wall),
    })
}

/// Starts `program` and ends it as soon as it asks for an event.
fn start(program: &Path, arguments: &[&str]) -> Start {
    let mut runtime_api = RuntimeApi::start(Extensions::Present).expect("a free port");
    let mut command = runtime_api.command(program);
    command.args(arguments).envs(ENVIRONMENT).stdout(Stdio::null()).stderr(Stdio::null());
    let before = cpu();
    let started = Instant::now();
    let mut process = command.spawn().expect("it was built");
    let polled = runtime_api.polled().expect("the function starts");
    process.kill().expect("it waits for an event");
    process.wait().expect("it ends");
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    Start { cpu: ms(cpu().saturating_sub(before)), wall: ms(polled - started) }
}

/// The functions as they are deployed; answers where they are.
fn build() -> PathBuf {
    let mut command = Command::new(std::env::var_os("CARGO").expect("run by cargo"));
    command.args(["build", "--release", "--bins"]);
    command.args(FUNCTIONS.iter().flat_map(|name| ["-p", name]));
    assert!(command.status().expect("cargo runs").success());
    let tmp = Path::new(env!("CARGO_TARGET_TMPDIR"));
    tmp.parent().expect("it is in the target directory").join("release")
}

/// A Python with boto3, made on first use.
fn python() -> PathBuf {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("python");
    let python = venv.join("bin/python3");
    let run = |program: &Path, arguments: &[&str]| {
        let ran = Command::new(program).args(arguments).stdout(Stdio::null()).status();
        assert!(ran.expect("it runs").success(), "{} {arguments:?}", program.display());
    };
    if !venv.join("ready").exists() {
        run(Path::new("python3"), &["-m", "venv", "--clear", &venv.to_string_lossy()]);
        run(&python, &["-m", "pip", "install", "--quiet", "--disable-pip-version-check", BOTO3]);
        std::fs::write(venv.join("ready"), BOTO3).expect("the venv takes a file");
    }
    python
}
