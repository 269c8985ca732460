//! The flush of ended spans after each answer, and its time limit.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::init::Telemetry;

/// The most time for which a flush delays the next event.
const LONGEST: Duration = Duration::from_millis(500);
/// The least time for an attempt to send; with less, spans wait for the next flush.
const LEAST: Duration = Duration::from_millis(10);
/// The part of an invocation's time that a flush leaves unused.
pub(crate) const RESERVE: Duration = Duration::from_millis(100);

/// The time limit of a flush that begins at `now`, in an invocation that ends by `deadline`.
pub(crate) fn bound(deadline: SystemTime, now: SystemTime) -> Duration {
    deadline.duration_since(now).unwrap_or_default().saturating_sub(RESERVE).min(LONGEST)
}

/// Lambda's deadline, in milliseconds since 1970, as a time.
pub(crate) fn deadline(epoch_ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(epoch_ms)
}

impl Telemetry {
    /// Sends the spans that have ended, for no longer than `bound`. Lost spans are counted; those for which no
    /// time was left wait for the next flush.
    pub(crate) async fn flush(&self, bound: Duration) {
        let now = Instant::now();
        if self.inner.exporter.is_ready(now) {
            self.flush_until(now + bound).await;
        }
        self.inner.writer.count_lost(self.inner.buffer.take_dropped());
    }

    /// As [`Telemetry::flush`], also during the backoff of a collector.
    pub(crate) async fn flush_until(&self, until: Instant) {
        while Instant::now() + LEAST < until {
            let spans = self.inner.buffer.take(self.inner.batch);
            if spans.is_empty() {
                return;
            }
            let loss = self.inner.exporter.send(spans, until).await;
            self.inner.writer.count_lost_because(loss.spans, loss.reason);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flush_is_bounded_by_half_a_second_and_by_what_the_invocation_has_left() {
        let now = deadline(1_000_000);
        let bound_of = |left_ms: u64| bound(deadline(1_000_000 + left_ms), now);

        assert_eq!(bound_of(60_000), Duration::from_millis(500));
        assert_eq!(bound_of(600), Duration::from_millis(500));
        assert_eq!(bound_of(350), Duration::from_millis(250));
        assert_eq!(bound_of(100), Duration::ZERO);
        assert_eq!(bound(deadline(0), now), Duration::ZERO);
    }
}
