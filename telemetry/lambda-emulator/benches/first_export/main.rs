//! Measures what an export over TLS costs a cold start: `cargo bench -p lambda-emulator --bench first_export`, with
//! `-- --json` for machines.
//!
//! The same function with each destination of its spans, in turns, each start a process of its own that is invoked twice.
//! See telemetry/lambda-emulator/README.md.
#![expect(clippy::print_stdout, reason = "a program whose result is its output")]
#![expect(clippy::expect_used, clippy::panic, reason = "a measurement that cannot be made ends")]

mod destination;
#[path = "../measure/mod.rs"]
mod measure;

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, Instant},
};

use lambda_emulator::{Extensions, RuntimeApi};
use serde_json::{Value, json};

use destination::Destination;
use measure::{cpu, median};

const ROUNDS: usize = 51;
const TIME: Duration = Duration::from_secs(30);
const HELP: &str = "first_export [--json]";

/// One start and two invocations, in milliseconds.
#[derive(Clone, Copy)]
struct Run {
    start: f64,
    caller: f64,
    first_gap: f64,
    second_gap: f64,
    cpu: f64,
}

/// A figure of a run, and how to read it.
type Figure = (&'static str, fn(&Run) -> f64);

const FIGURES: [Figure; 5] = [
    ("start", |run| run.start),
    ("first caller", |run| run.caller),
    ("first gap", |run| run.first_gap),
    ("second gap", |run| run.second_gap),
    ("CPU", |run| run.cpu),
];

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
    let destinations = Destination::all();
    let mut runs: Vec<Vec<Run>> = destinations.iter().map(|_| Vec::new()).collect();
    for _ in 0..ROUNDS {
        for (destination, runs) in destinations.iter().zip(&mut runs) {
            runs.push(run(destination));
        }
    }
    let rows = destinations.iter().zip(&runs).map(|(destination, runs)| {
        let figures = FIGURES.map(|(name, read)| (name, median(runs, read)));
        (destination.name, figures)
    });
    if as_json {
        let rows: Vec<Value> = rows
            .map(|(name, figures)| {
                let ms: serde_json::Map<String, Value> =
                    figures.iter().map(|(name, ms)| (name.replace(' ', "_"), json!(ms))).collect();
                json!({ "destination": name, "ms": ms })
            })
            .collect();
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        println!("{}", json!({ "destinations": rows, "load": load.trim() }));
        return;
    }
    println!("{:<34}{}", "ms, medians", FIGURES.map(|(name, _)| format!("{name:>14}")).concat());
    for (name, figures) in rows {
        println!("{name:<34}{}", figures.map(|(_, ms)| format!("{ms:>14.2}")).concat());
    }
}

/// Starts the function, invokes it twice and ends it.
fn run(destination: &Destination) -> Run {
    let mut runtime_api = RuntimeApi::start(Extensions::Present).expect("a free port");
    let mut command = runtime_api.command(Path::new(env!("CARGO_BIN_EXE_test-function")));
    command.envs(destination.environment()).stdout(Stdio::null()).stderr(Stdio::null());
    let before = cpu();
    let started = Instant::now();
    let mut process = command.spawn().expect("it was built");
    let polled = runtime_api.polled().expect("the function starts");
    let event = json!({ "order": "work", "image_id": "0198c0de-0000-7000-8000-000000000001", "key": "user-uploads/u/i.jpg" });
    let mut invoke = || runtime_api.invoke(&event, TIME).expect("the function answers");
    let (first, second) = (invoke(), invoke());
    process.kill().expect("it waits for an event");
    process.wait().expect("it ends");
    destination.assert_received(2);
    let ms = |duration: Duration| duration.as_secs_f64() * 1e3;
    Run {
        start: ms(polled - started),
        caller: ms(first.caller_latency),
        first_gap: ms(first.flush_gap),
        second_gap: ms(second.flush_gap),
        cpu: ms(cpu().saturating_sub(before)),
    }
}
