//! The peak memory of this process.

use std::sync::atomic::{AtomicBool, Ordering};

use nix::sys::resource::{UsageWho, getrusage};

/// The largest resident set of this process so far.
///
/// `/proc/self/status` has it exactly, but takes tens of microseconds of the caller's time. `getrusage` is a
/// hundred times cheaper, but starts from the peak of the process that started this one; so it is used only
/// once the two agree.
#[derive(Debug, Default)]
pub(crate) struct PeakMemory {
    agreed: AtomicBool,
}

impl PeakMemory {
    /// In bytes; `None` where the system does not report it.
    pub(crate) fn bytes(&self) -> Option<u64> {
        let usage = getrusage(UsageWho::RUSAGE_SELF).ok()?;
        let cheap = u64::try_from(usage.max_rss()).ok()? * 1024;
        if self.agreed.load(Ordering::Relaxed) {
            return Some(cheap);
        }
        let exact = parse_high_water_mark(&std::fs::read_to_string("/proc/self/status").ok()?)?;
        self.agreed.store(exact >= cheap, Ordering::Relaxed);
        Some(exact)
    }
}

/// Finds `VmHWM:   1234 kB` in `/proc/<pid>/status`.
fn parse_high_water_mark(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read_in_bytes() {
        assert_eq!(parse_high_water_mark("VmPeak:\t  9 kB\nVmHWM:\t   12 kB\n"), Some(12 * 1024));
        assert_eq!(parse_high_water_mark("Name: x"), None);
    }

    #[test]
    fn the_peak_is_that_of_this_process_and_grows_with_it() {
        let peak = PeakMemory::default();
        let before = peak.bytes().unwrap();
        let held = vec![1_u8; 64 << 20];
        assert_eq!(held.iter().map(|it| usize::from(*it)).sum::<usize>(), held.len());
        drop(held);

        let grown = peak.bytes().unwrap() - before;

        assert!(((50 << 20)..(200 << 20)).contains(&grown), "{grown}");
    }
}
