//! Numbers as people read them.

/// A size in bytes.
pub(crate) fn bytes(count: u64) -> String {
    scaled(count, 1000, &["B", "kB", "MB", "GB", "TB"])
}

fn scaled(count: u64, step: u64, units: &[&str]) -> String {
    let mut divisor = 1;
    let mut unit = units.first().copied().unwrap_or_default();
    for larger in units.iter().skip(1) {
        if count / divisor < step {
            break;
        }
        (divisor, unit) = (divisor * step, larger);
    }
    if divisor == 1 || count / divisor >= 100 {
        return format!("{} {unit}", count / divisor);
    }
    format!("{}.{} {unit}", count / divisor, count % divisor * 10 / divisor)
}

/// A duration in microseconds.
pub(crate) fn duration(micros: u64) -> String {
    match micros {
        0..1_000 => format!("{micros} µs"),
        1_000..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..1_000_000 => format!("{} ms", micros / 1_000),
        1_000_000..60_000_000 => format!("{}.{} s", micros / 1_000_000, micros % 1_000_000 / 100_000),
        _ => format!("{} min {} s", micros / 60_000_000, micros % 60_000_000 / 1_000_000),
    }
}

/// A duration in whole seconds.
pub(crate) fn seconds(seconds: u64) -> String {
    match (seconds / 60, seconds % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

/// A whole number, its thousands apart.
pub(crate) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_two_or_three_digits() {
        let sizes = [0, 999, 1_000, 183_128, 12_345_678, 5_000_000_000].map(bytes);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "183 kB", "12.3 MB", "5.0 GB"]);
    }

    #[test]
    fn durations_are_cut_to_what_can_be_told_apart() {
        let durations = [1, 9_990, 49_400, 1_260_000, 61_000_000].map(duration);
        assert_eq!(durations, ["1 µs", "9.9 ms", "49 ms", "1.2 s", "1 min 1 s"]);
    }

    #[test]
    fn whole_seconds_are_minutes_where_there_are_any() {
        assert_eq!([0, 59, 60, 3_301].map(seconds), ["0 s", "59 s", "1 min", "55 min 1 s"]);
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!([7, 999, 1_000, 1_234_567].map(count), ["7", "999", "1,000", "1,234,567"]);
    }
}
