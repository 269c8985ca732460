//! Measures what telemetry costs: `cargo bench -p lambda-emulator --bench cost`, with `-- --json` for machines.
//!
//! The same function with telemetry and bare, in pairs of processes that take turns, each with its own Runtime API; what
//! counts is the median of the paired differences. See telemetry/lambda-emulator/README.md.
#![expect(clippy::print_stdout, reason = "a program whose result is its output")]
#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a measurement that cannot be made ends"
)]

mod figures;
#[path = "../../src/bin/test-function/function.rs"]
mod function;
mod instructions;
mod mode;
mod pair;
mod processors;
mod usual;

use std::{alloc::System, path::Path};

use serde_json::{Value, json};
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

use figures::{Counts, Figures};
use mode::Mode;
use processors::Busy;
use usual::Usual;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Set in the processes that count allocations, in which this program runs the function.
const COUNTED: &str = "COUNT_ALLOCATIONS";
const HELP: &str = "cost [--json] [--mode NAME] [--pairs N] [--invocations N] [--instructions] [--usual]";

struct Options {
    json: bool,
    mode: Option<String>,
    pairs: usize,
    invocations: usize,
    instructions: bool,
    usual: bool,
}

fn main() {
    if std::env::var_os(COUNTED).is_some() {
        return count();
    }
    let options = options();
    let modes =
        Mode::ALL.iter().filter(|mode| options.mode.as_deref().is_none_or(|name| name == mode.name()));
    let usual = options.usual.then(Usual::build);
    let busy = Busy::keep();
    let figures: Vec<Figures> = modes.map(|mode| measure(*mode, usual.as_ref(), &options)).collect();
    if options.json {
        let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        let modes: Vec<Value> = figures.iter().map(Figures::to_json).collect();
        println!(
            "{}",
            json!({ "modes": modes, "binary_bytes": size(), "load": load.trim(), "kept_awake": busy.is_kept() })
        );
    } else {
        println!("{}", figures::table(&figures));
        println!("binary, stripped: {} bytes", size());
        if !busy.is_kept() {
            println!(
                "Without `chrt` of util-linux processors go idle, and the times show more of that than of telemetry."
            );
        }
    }
}

fn measure(mode: Mode, usual: Option<&Usual>, options: &Options) -> Figures {
    let mut figures = Figures::new(mode);
    for number in 0..options.pairs {
        let usual = usual.map(|usual| usual.program.as_path());
        figures.add(pair::run(mode, usual, options.invocations, number));
    }
    let this = std::env::current_exe().expect("this program");
    figures.allocations = Some(Counts {
        bare: pair::allocations(None, &this),
        with: pair::allocations(Some(mode), &this),
        usual: usual.map(|usual| pair::allocations(Some(Mode::Otlp), &usual.counting)),
    });
    if options.instructions {
        let function = Path::new(env!("CARGO_BIN_EXE_test-function"));
        figures.instructions = Some(Counts {
            bare: instructions::per_invocation(None, function),
            with: instructions::per_invocation(Some(mode), function),
            usual: usual.map(|usual| instructions::per_invocation(Some(Mode::Otlp), &usual.program)),
        });
    }
    figures
}

/// This program as the function, with its allocations counted.
fn count() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let served = runtime.expect("a runtime").block_on(function::run(|| ALLOCATOR.stats().allocations));
    served.expect("the Runtime API answers");
}

/// The size of the function's binary as it is deployed: release, stripped.
fn size() -> u64 {
    std::fs::metadata(env!("CARGO_BIN_EXE_test-function")).map(|it| it.len()).expect("cargo built it")
}

fn options() -> Options {
    let mut options =
        Options { json: false, mode: None, pairs: 5, invocations: 2_000, instructions: false, usual: false };
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut number = || arguments.next().and_then(|it| it.parse().ok()).expect(HELP);
        match argument.as_str() {
            "--json" => options.json = true,
            "--pairs" => options.pairs = number(),
            "--invocations" => options.invocations = number(),
            "--instructions" => options.instructions = true,
            "--usual" => options.usual = true,
            "--mode" => options.mode = arguments.next(),
            // What cargo passes to every bench.
            "--bench" => {}
            _ => panic!("{HELP}"),
        }
    }
    options
}
