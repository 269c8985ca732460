//! The lifecycle of a function with telemetry: a real process against the emulator, with failures of each kind.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

mod collectors;
mod failures;
mod harness;
mod tls;

use std::time::Duration;

use serde_json::{Value, json};

/// More than any invocation here needs.
const AMPLE: Duration = Duration::from_secs(30);
/// The longest that an arrival at a socket may take on a busy machine.
const SOON: Duration = Duration::from_secs(10);

/// How often a time is measured: a machine that is busy for a moment spoils one of them, a fault spoils all.
const MEASUREMENTS: usize = 3;

/// Whether a measured time is as it should be, once at least.
fn once_at_least(measured: impl Fn() -> bool) -> bool {
    (0..MEASUREMENTS).any(|_| measured())
}

fn work() -> Value {
    json!({ "order": "work", "image_id": "0198c0de-0000-7000-8000-000000000001", "key": "user-uploads/u/i.jpg" })
}
