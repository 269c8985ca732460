//! Threads of a real process write logs and metrics into one real pipe; each line arrives whole.
//!
//! Without the test harness, whose own output would come between: the parent starts this program again as
//! the child and reads what that writes.
#![expect(clippy::indexing_slicing, reason = "a test; clippy only exempts #[test] functions")]

use std::{
    error::Error,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    sync::Barrier,
    thread,
};

use serde_json::Value;
use telemetry::{Counter, Emf, Event, Telemetry};
use tracing::info;

const CHILD: &str = "write-lines";
const THREADS: usize = 16;
const EVENTS: usize = 200;
/// Longer than a pipe takes at once, so that a line is written in several pieces.
const LONG: usize = 6_000;

fn main() -> Result<(), Box<dyn Error>> {
    if std::env::args().nth(1).as_deref() == Some(CHILD) { write() } else { read() }
}

struct Emitted {
    thread: usize,
}

impl Event for Emitted {
    fn log(&self) {
        info!(thread = self.thread, long = "l".repeat(LONG), "Emitted");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("long", "p".repeat(LONG));
        (0..150).for_each(|_| emf.count(Counter::Duplicates, 1));
    }
}

fn write() -> Result<(), Box<dyn Error>> {
    let telemetry = Telemetry::init("svc")?;
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (telemetry, start) = (&telemetry, &start);
            scope.spawn(move || {
                start.wait();
                for _ in 0..EVENTS {
                    telemetry.emit(&Emitted { thread });
                    metrics::counter!("recorded").increment(1);
                }
                telemetry.flush_metrics();
            });
        }
    });
    Ok(())
}

fn read() -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(std::env::current_exe()?).arg(CHILD).stdout(Stdio::piped()).spawn()?;
    let (mut logs, mut metrics, mut recorded) = (0, 0.0, 0.0);
    for line in BufReader::new(child.stdout.take().ok_or("no pipe")?).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        if line.get("_aws").is_none() {
            assert_eq!(line["message"], "Emitted");
            logs += 1;
            continue;
        }
        metrics +=
            line["Duplicates"].as_array().map_or(0.0, |values| values.iter().filter_map(Value::as_f64).sum());
        recorded += line["recorded"].as_f64().unwrap_or_default();
    }
    assert!(child.wait()?.success());
    let events = u32::try_from(THREADS * EVENTS)?;
    assert_eq!(logs, events);
    assert!((metrics - f64::from(events * 150)).abs() < f64::EPSILON, "{metrics}");
    assert!((recorded - f64::from(events)).abs() < f64::EPSILON, "{recorded}");
    Ok(())
}
