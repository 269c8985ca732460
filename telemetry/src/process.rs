//! What the operating system says about this process.

/// Most memory this process has held, in bytes; `None` where the system does not tell.
pub(crate) fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    parse_high_water_mark(&status)
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
}
