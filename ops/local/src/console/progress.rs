//! How far an upload is that has no result: in work, waiting for its next attempt, or given up.

use std::time::Duration;

use serde_json::Value;

use crate::observe::Observer;
use crate::observe::logs::LogFilter;
use crate::observe::span::Trace;

/// Longer than any wait between two attempts: the longest back-off is 15 minutes, a visibility timeout less.
const LONGEST_WAIT: Duration = Duration::from_mins(16);

/// The status of an upload without a result, in milliseconds since 1970; `claimed_until_ms` is that of its item.
///
/// The table says PROCESSING from the first claim on, whatever became of the attempt: of one that died it says so
/// for ever.
pub(super) fn status(
    observer: &Observer,
    trace: Option<&Trace>,
    claimed_until_ms: Option<u64>,
    now_ms: u64,
) -> &'static str {
    if claimed_until_ms.is_some_and(|until| until >= now_ms) {
        return "PROCESSING";
    }
    let attempts = trace.into_iter().flat_map(|trace| &trace.spans).filter(|it| it.name == "process_image");
    let ends = attempts.map(|span| (span.start_us / 1000, (span.start_us + span.duration_us) / 1000));
    let (last_start, last_end) = ends.max().unwrap_or_default();
    let last_news = claimed_until_ms.unwrap_or_default().max(last_end);
    if trace.is_some_and(|trace| failed_for_the_last_time(observer, &trace.trace_id, last_start)) {
        "DEAD LETTER"
    } else if now_ms.saturating_sub(last_news) > millis(LONGEST_WAIT) {
        "STALLED"
    } else {
        "RETRYING"
    }
}

/// Whether an attempt that began at `since_ms` or later was the last that the queue allows.
fn failed_for_the_last_time(observer: &Observer, trace_id: &str, since_ms: u64) -> bool {
    let filter = LogFilter { trace_id: Some(trace_id.to_owned()), ..LogFilter::default() };
    observer.logs(&filter, usize::MAX).iter().any(|line| {
        let written_ms = u64::try_from(line.timestamp_ms).unwrap_or_default();
        line.fields.get("last").and_then(Value::as_bool) == Some(true) && written_ms >= since_ms
    })
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::observe::Seen;
    use crate::observe::logs::LogLine;
    use crate::observe::span::tests::span;

    const MINUTE: u64 = 60_000;

    /// What is observed of one attempt that ended at `end_ms`, with the log line of its failure.
    fn observed(end_ms: u64, last: bool) -> (Observer, Option<Trace>) {
        let line = json!({"level": "WARN", "message": "Image left to the queue", "trace_id": span("", "", 0, 0).trace_id, "last": last});
        let at = i64::try_from(end_ms).unwrap();
        let line = LogLine::read("g", "s", at, &line.to_string());
        let mut seen = Seen::default();
        seen.logs.put(line, "", cloudwatch_model::Timestamp::from_millis(at), &mut seen.metrics);
        let span = span("process_image", "", (end_ms - 5) * 1000, 5_000);
        (Observer::of(seen), Trace::of(vec![span]))
    }

    #[test]
    fn an_upload_is_in_work_only_while_a_claim_runs() {
        let (observer, trace) = observed(10 * MINUTE, false);
        let status = |until, now| status(&observer, trace.as_ref(), until, now);

        assert_eq!(status(Some(11 * MINUTE), 10 * MINUTE), "PROCESSING");
        assert_eq!(status(Some(11 * MINUTE), 12 * MINUTE), "RETRYING");
        assert_eq!(status(None, 12 * MINUTE), "RETRYING");
    }

    #[test]
    fn no_row_waits_for_ever() {
        let (observer, trace) = observed(10 * MINUTE, false);
        assert_eq!(status(&observer, trace.as_ref(), Some(11 * MINUTE), 28 * MINUTE), "STALLED");
        assert_eq!(status(&observer, None, Some(0), 28 * MINUTE), "STALLED");
    }

    #[test]
    fn a_last_failed_attempt_is_a_dead_letter_until_a_new_one_begins() {
        let (observer, trace) = observed(10 * MINUTE, true);
        assert_eq!(status(&observer, trace.as_ref(), Some(0), 10 * MINUTE + 1), "DEAD LETTER");
        assert_eq!(status(&observer, trace.as_ref(), Some(12 * MINUTE), 11 * MINUTE), "PROCESSING");
    }
}
