//! Memory of `ops up`, its engine and its functions during an hour of uploads, while its pages are read:
//! `cargo bench -p ops --bench memory --profile dev`, which is what `cargo run` builds; `-- MINUTES` for another time.
//!
//! Ends with an error if `ops up` grew by more than a tenth in the second half.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark prints what it measured, and whatever fails ends it"
)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const MINUTES: u64 = 60;
/// Uploads a second.
const RATE: &str = "2";
const PAGES: [&str; 7] = ["/", "/images", "/traces", "/dashboards", "/alarms", "/messages", "/logs"];
/// What the second half may add to `ops up`, in percent.
const ALLOWED: u64 = 10;

/// A process that ends with the bench.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Closing its standard input would not end it; its own children end with it.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Megabytes of `ops up`, of the engine, and of all functions.
#[derive(Clone, Copy)]
struct Resident {
    ops: u64,
    engine: u64,
    functions: u64,
}

fn main() -> ExitCode {
    // cargo adds `--bench`.
    let minutes = std::env::args().find_map(|word| word.parse().ok()).unwrap_or(MINUTES);
    let name = format!("memory-{}", std::process::id());
    let mut up = Running(ops(&name, &["up", "--json", "--engine-port", "0", "--console-port", "0"]));
    let mut line = String::new();
    BufReader::new(up.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let info: serde_json::Value = serde_json::from_str(&line).unwrap();
    let console = info["console"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let mut load = Running(ops(&name, &["load", "--rate", RATE, "--duration", &format!("{minutes}m")]));

    println!("resident memory in MB at {RATE} uploads a second, the console's pages read every ten seconds");
    println!("{:>6} {:>7} {:>7} {:>9}", "minute", "ops up", "engine", "functions");
    let began = Instant::now();
    let mut samples = Vec::new();
    for minute in 0..=minutes {
        while began.elapsed() < Duration::from_mins(minute) {
            assert!(load.0.try_wait().unwrap().is_none(), "the uploads ended early");
            for page in PAGES {
                read(&console, page);
            }
            sleep(Duration::from_secs(10));
        }
        let now = resident(up.0.id(), &name);
        if minute % 5 == 0 || minute == minutes {
            println!("{minute:>6} {:>7} {:>7} {:>9}", now.ops, now.engine, now.functions);
        }
        samples.push(now.ops);
    }
    drop((load, up));
    fs::remove_dir_all(root().join(".local-stack").join(&name)).ok();
    // A sixth of the samples each: from the half on, and the last.
    let sixth = (samples.len() / 6).max(1);
    let half = samples.len() / 2;
    let (middle, last) = (mean(&samples[half..half + sixth]), mean(&samples[samples.len() - sixth..]));
    println!("ops up: {middle} MB after half of the time, {last} MB at its end");
    if last * 100 > middle * (100 + ALLOWED) {
        println!("it grew by more than {ALLOWED} % in the second half");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn ops(name: &str, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ops"));
    command.args(words).args(["--name", name, "--root"]).arg(root());
    // The marker of its processes.
    command.env("OPS_MEMORY", name).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap()
}

/// Asks for a page and reads it to its end.
fn read(console: &str, page: &str) {
    let mut stream = TcpStream::connect(console).unwrap();
    write!(stream, "GET {page} HTTP/1.1\r\nHost: {console}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 200"), "{page}: {}", String::from_utf8_lossy(&answer));
}

fn resident(up: u32, name: &str) -> Resident {
    let mut sum = Resident { ops: megabytes(up), engine: 0, functions: 0 };
    let ids = fs::read_dir("/proc").unwrap().flatten();
    for id in ids.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter(|id| *id != up) {
        // Processes come and go while they are looked at.
        let text = |of: &str| {
            String::from_utf8_lossy(&fs::read(format!("/proc/{id}/{of}")).unwrap_or_default()).into_owned()
        };
        if text("environ").contains("AWS_LAMBDA_FUNCTION_NAME=") && text("environ").contains(name) {
            sum.functions += megabytes(id);
        } else if text("cmdline").contains("serve.py") && text("cmdline").contains(name) {
            sum.engine += megabytes(id);
        }
    }
    sum
}

fn megabytes(id: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default();
    let resident =
        status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB")?.parse().ok());
    resident.unwrap_or(0_u64) / 1_024
}

fn mean(samples: &[u64]) -> u64 {
    samples.iter().sum::<u64>() / samples.len() as u64
}
