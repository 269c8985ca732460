//! `ops thumbnail`: makes a thumbnail without a stack, and measures CPU time and memory.

use std::fs;
use std::io;
use std::time::Duration;

use aws_client::chain;
use nix::sys::resource::{UsageWho, getrusage};
use serde::Serialize;
use thumbnail::{Limits, Options, Rejection, Thumbnail};

use crate::cli::ThumbnailArgs;
use crate::failure::Failure;
use crate::print::print_json;

/// The JSON document.
#[derive(Debug, Serialize)]
struct Report {
    #[serde(flatten)]
    outcome: ThumbnailOutcome,
    /// Median CPU of one repeat, user and system.
    cpu_ms: f64,
    /// Peak resident memory of this process.
    peak_rss_bytes: u64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "snake_case")]
enum ThumbnailOutcome {
    Ok { width: u32, height: u32, format: &'static str, bytes: usize },
    Rejected { reason: &'static str, message: String },
}

/// Makes the thumbnail `--repeat` times and writes the last one.
///
/// # Errors
/// Files that cannot be read or written; a refused image is a result.
pub(crate) fn run(args: &ThumbnailArgs) -> Result<(), Failure> {
    let bytes = fs::read(&args.input).map_err(|source| Failure::Read { path: args.input.clone(), source })?;
    let options = Options { side_px: args.side, quality: args.quality, ..Options::default() };
    let (mut result, first) = measured(&bytes, options)?;
    let mut times = vec![first];
    for _ in 1..args.repeat.get() {
        let (again, time) = measured(&bytes, options)?;
        result = again;
        times.push(time);
    }
    let peak_rss_bytes = peak_rss_bytes().map_err(Failure::Measure)?;
    if let Ok(thumbnail) = &result {
        fs::write(&args.output, &thumbnail.jpeg)
            .map_err(|source| Failure::Write { path: args.output.clone(), source })?;
    }
    print_json(&Report { outcome: outcome(result), cpu_ms: median_ms(times), peak_rss_bytes })
}

fn measured(bytes: &[u8], options: Options) -> Result<(Result<Thumbnail, Rejection>, Duration), Failure> {
    let before = cpu()?;
    let result = thumbnail::thumbnail(bytes, &Limits::default(), &options);
    Ok((result, cpu()?.saturating_sub(before)))
}

fn outcome(result: Result<Thumbnail, Rejection>) -> ThumbnailOutcome {
    match result {
        Ok(Thumbnail { jpeg, width, height }) => {
            ThumbnailOutcome::Ok { width, height, format: "jpeg", bytes: jpeg.len() }
        }
        Err(rejection) => {
            ThumbnailOutcome::Rejected { reason: rejection.reason(), message: chain(&rejection) }
        }
    }
}

/// User and system together: the system counts the sum exactly, and guesses by the clock's ticks which was which,
/// so that a short run may have no user time at all.
fn cpu() -> Result<Duration, Failure> {
    let usage = getrusage(UsageWho::RUSAGE_SELF).map_err(|source| Failure::Measure(source.into()))?;
    let micros = [usage.user_time(), usage.system_time()]
        .map(|time| time.tv_sec().saturating_mul(1_000_000).saturating_add(time.tv_usec()).unsigned_abs());
    Ok(Duration::from_micros(micros.iter().sum()))
}

fn median_ms(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let at = |index: usize| times.get(index).copied().unwrap_or_default();
    let (low, high) = (at((times.len() - 1) / 2), at(times.len() / 2));
    // To the microsecond, as the system counts.
    ((low + high).as_secs_f64() * 500_000.0).round() / 1000.0
}

/// Peak memory from /proc: `ru_maxrss` would include the parent's memory before `exec`.
fn peak_rss_bytes() -> io::Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kilobytes = line
        .and_then(|line| line.trim().strip_suffix(" kB"))
        .and_then(|text| text.trim().parse::<u64>().ok());
    kilobytes
        .map(|kilobytes| kilobytes * 1024)
        .ok_or_else(|| io::Error::other("no VmHWM in /proc/self/status"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median(ms: &[u64]) -> String {
        median_ms(ms.iter().copied().map(Duration::from_millis).collect()).to_string()
    }

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_both() {
        assert_eq!(median(&[9, 1, 5]), "5");
        assert_eq!(median(&[4, 1, 9, 5]), "4.5");
        assert_eq!(median(&[7]), "7");
    }

    #[test]
    fn the_documents_have_their_fixed_members() {
        let report = |outcome| {
            let report = Report { outcome, cpu_ms: 1.5, peak_rss_bytes: 9 };
            serde_json::to_value(report).unwrap()
        };
        assert_eq!(
            report(ThumbnailOutcome::Ok { width: 4, height: 3, format: "jpeg", bytes: 12 }),
            serde_json::json!({"ok": {"width": 4, "height": 3, "format": "jpeg", "bytes": 12}, "cpu_ms": 1.5, "peak_rss_bytes": 9})
        );
        assert_eq!(
            report(ThumbnailOutcome::Rejected { reason: "Empty", message: "no".to_owned() }),
            serde_json::json!({"rejected": {"reason": "Empty", "message": "no"}, "cpu_ms": 1.5, "peak_rss_bytes": 9})
        );
    }
}
