//! Times as RFC 3339 writes them, in UTC.

use std::time::SystemTime;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// A time, with as many digits behind the second as it has.
#[must_use]
pub fn rfc3339(at: SystemTime) -> String {
    written(at.into())
}

/// A time, cut to the second.
#[must_use]
pub fn rfc3339_seconds(at: SystemTime) -> String {
    let at = OffsetDateTime::from(at);
    written(at.replace_nanosecond(0).unwrap_or(at))
}

/// A time in milliseconds since 1970; empty beyond the years that RFC 3339 has.
#[must_use]
pub fn rfc3339_millis(unix_ms: i64) -> String {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(unix_ms) * 1_000_000)
        .map_or_else(|_| String::new(), written)
}

/// The milliseconds since 1970 of a time that RFC 3339 writes, with any offset.
#[must_use]
pub fn unix_millis(text: &str) -> Option<i64> {
    let at = OffsetDateTime::parse(text, &Rfc3339).ok()?;
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok()
}

fn written(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn times_are_written_in_utc_with_the_digits_that_they_have_or_to_the_second() {
        let at = UNIX_EPOCH + Duration::from_millis(1_500);
        assert_eq!(rfc3339(at), "1970-01-01T00:00:01.5Z");
        assert_eq!(rfc3339_seconds(at), "1970-01-01T00:00:01Z");
        assert_eq!(rfc3339_millis(1_500), rfc3339(at));
        assert_eq!(rfc3339_millis(-1), "1969-12-31T23:59:59.999Z");
    }

    #[test]
    fn times_are_read_with_any_offset() {
        assert_eq!(unix_millis("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(unix_millis("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(unix_millis("yesterday"), None);
    }

    #[test]
    fn a_time_that_no_year_of_four_digits_has_is_empty() {
        assert_eq!((rfc3339_millis(i64::MAX), rfc3339_millis(i64::MIN)), (String::new(), String::new()));
    }
}
