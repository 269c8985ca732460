//! Times: relative, with the absolute one for who asks; `console.js` keeps the relative one true.

use std::time::{SystemTime, UNIX_EPOCH};

use cloudwatch_model::Timestamp;
use contract::time::rfc3339_millis;
use local_stack::observe::Clock;
use maud::{Markup, html};

/// How long ago something was, by the day's clock, in milliseconds since 1970.
pub(crate) fn ago(at_ms: i64) -> Markup {
    element(at_ms, today(), "day")
}

/// How long ago something was by the clock of metrics and alarms, which may be faster.
pub(crate) fn ago_by(clock: &Clock, at: Timestamp) -> Markup {
    element(at.as_millis(), clock.now().as_millis(), "clock")
}

/// The same as plain text, for a picture.
pub(crate) fn since(at_ms: i64) -> String {
    relative(today().saturating_sub(at_ms))
}

/// The same by the clock of metrics and alarms.
pub(crate) fn since_by(clock: &Clock, at: Timestamp) -> String {
    relative(clock.now().as_millis().saturating_sub(at.as_millis()))
}

fn today() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(now.as_millis()).unwrap_or(i64::MAX)
}

fn element(at_ms: i64, now_ms: i64, by: &str) -> Markup {
    let exact = rfc3339_millis(at_ms);
    html! { time datetime=(exact) title=(exact) data-ago=(by) { (relative(now_ms.saturating_sub(at_ms))) } }
}

/// A distance in words; `console.js` has the same.
fn relative(millis: i64) -> String {
    let seconds = millis / 1000;
    let (count, unit) = match seconds.unsigned_abs() {
        0..5 => return "now".to_owned(),
        seconds @ 5..60 => (seconds, "s"),
        seconds @ 60..3_600 => (seconds / 60, "min"),
        seconds @ 3_600..172_800 => (seconds / 3_600, "h"),
        seconds => (seconds / 86_400, "d"),
    };
    if seconds < 0 { format!("in {count} {unit}") } else { format!("{count} {unit} ago") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_in_one_unit() {
        let texts = [0, 4_999, 5_000, 59_999, 60_000, 7_200_000, 172_800_000, -90_000].map(relative);
        assert_eq!(
            texts,
            ["now", "now", "5 s ago", "59 s ago", "1 min ago", "2 h ago", "2 d ago", "in 1 min"]
        );
    }

    #[test]
    fn the_absolute_time_is_in_the_element() {
        let text = element(0, 10_000, "day").into_string();
        assert_eq!(
            text,
            r#"<time datetime="1970-01-01T00:00:00Z" title="1970-01-01T00:00:00Z" data-ago="day">10 s ago</time>"#
        );
    }
}
