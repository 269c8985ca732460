//! Progress of an upload that has no result: in work, waiting for its next attempt, or given up.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use trace_model::Trace;

use crate::observe::Observer;
use crate::observe::logs::LogFilter;

/// Longer than any wait between two attempts: the longest back-off is 15 minutes, a visibility timeout less.
const LONGEST_WAIT: Duration = Duration::from_mins(16);

/// The status of an upload without a result; `claimed_until` is that of its item.
///
/// The item is PROCESSING from the first claim on, whatever became of the attempt: of one that died it says so
/// for ever.
#[must_use]
pub fn status(
    observer: &Observer,
    trace: Option<&Trace>,
    claimed_until: Option<SystemTime>,
    now: SystemTime,
) -> &'static str {
    if claimed_until.is_some_and(|until| until >= now) {
        return "PROCESSING";
    }
    let attempts = trace.into_iter().flat_map(|trace| &trace.spans).filter(|it| it.name == "process_image");
    let ends = attempts.map(|span| (at(span.start_us), at(span.start_us + span.duration_us)));
    let (last_start, last_end) = ends.max().unwrap_or((UNIX_EPOCH, UNIX_EPOCH));
    let last_news = claimed_until.unwrap_or(UNIX_EPOCH).max(last_end);
    if trace.is_some_and(|trace| failed_for_the_last_time(observer, &trace.trace_id, last_start)) {
        "DEAD LETTER"
    } else if now.duration_since(last_news).unwrap_or_default() > LONGEST_WAIT {
        "STALLED"
    } else {
        "RETRYING"
    }
}

/// Whether an attempt that began at `since` or later was the last that the queue allows.
fn failed_for_the_last_time(observer: &Observer, trace_id: &str, since: SystemTime) -> bool {
    let filter = LogFilter { trace_id: Some(trace_id.to_owned()), ..LogFilter::default() };
    observer.logs(&filter, usize::MAX).iter().any(|line| {
        let written_us = u64::try_from(line.timestamp_ms).unwrap_or_default().saturating_mul(1000);
        // Lines have milliseconds only.
        let written = at(written_us) + Duration::from_millis(1);
        line.fields.get("last").and_then(Value::as_bool) == Some(true) && written >= since
    })
}

fn at(micros: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(micros)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observe::Seen;
    use crate::observe::logs::LogLine;
    use crate::observe::traces::tests::span;

    fn minute(minutes: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_mins(minutes)
    }

    /// What is observed of one attempt that ended in the tenth minute, with the log line of its failure.
    fn observed(last: bool) -> (Observer, Option<Trace>) {
        let attempt = span("process_image", "", 599_999_000, 1_000);
        let line = json!({
            "level": "WARN", "message": "Image left to the queue", "trace_id": attempt.trace_id, "last": last,
        });
        let line = LogLine::read("g", "s", 600_000, &line.to_string());
        let mut seen = Seen::default();
        seen.logs.put(line, "", cloudwatch_model::Timestamp::from_millis(600_000), &mut seen.metrics);
        (Observer::of(seen), Trace::of(vec![attempt]))
    }

    #[test]
    fn an_upload_is_in_work_only_while_a_claim_runs() {
        let (observer, trace) = observed(false);
        let status =
            |until: Option<u64>, now| status(&observer, trace.as_ref(), until.map(minute), minute(now));

        assert_eq!(status(Some(11), 10), "PROCESSING");
        assert_eq!(status(Some(11), 12), "RETRYING");
        assert_eq!(status(None, 12), "RETRYING");
    }

    #[test]
    fn no_row_waits_for_ever() {
        let (observer, trace) = observed(false);
        assert_eq!(status(&observer, trace.as_ref(), Some(minute(11)), minute(28)), "STALLED");
        assert_eq!(status(&observer, None, Some(minute(0)), minute(28)), "STALLED");
    }

    #[test]
    fn a_last_failed_attempt_is_a_dead_letter_until_a_new_one_begins() {
        let (observer, trace) = observed(true);
        assert_eq!(status(&observer, trace.as_ref(), Some(minute(0)), minute(11)), "DEAD LETTER");
        assert_eq!(status(&observer, trace.as_ref(), Some(minute(12)), minute(11)), "PROCESSING");
    }
}
