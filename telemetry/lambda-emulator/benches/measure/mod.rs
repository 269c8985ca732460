//! What the benches of starts read of processes, and make of what they read.

use std::time::Duration;

use nix::sys::resource::{Usage, UsageWho, getrusage};

/// CPU of all children that have ended, of user and system.
pub(crate) fn cpu() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("the system counts");
    let of = |time: fn(&Usage) -> nix::sys::time::TimeVal| {
        let time = time(&usage);
        Duration::from_secs(time.tv_sec().unsigned_abs())
            + Duration::from_micros(time.tv_usec().unsigned_abs())
    };
    of(Usage::user_time) + of(Usage::system_time)
}

/// The median of a figure over all runs.
pub(crate) fn median<R>(runs: &[R], read: fn(&R) -> f64) -> f64 {
    let mut values: Vec<f64> = runs.iter().map(read).collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
