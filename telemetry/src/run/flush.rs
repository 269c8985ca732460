//! The flush of ended spans after each answer, and its time limit.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::init::Telemetry;

/// The most time for which a flush delays the next event.
const LONGEST: Duration = Duration::from_millis(500);
/// The least time for an attempt to send; with less, spans wait for the next flush.
const LEAST: Duration = Duration::from_millis(10);
/// The part of an invocation's time that a flush leaves unused.
pub(crate) const RESERVE: Duration = Duration::from_millis(100);

/// The most time of the first flush over TLS. A process gathers entropy for it, once, and Lambda gives a small function a seventh
/// of a processor; three round trips of the handshake come on top. In less, the first spans of each environment would be lost.
const LONGEST_OF_THE_FIRST_OVER_TLS: Duration = Duration::from_secs(2);

/// The time limit of a flush that begins at `now`, in an invocation that ends by `deadline`.
fn bound(deadline: SystemTime, now: SystemTime, is_first_over_tls: bool) -> Duration {
    let longest = if is_first_over_tls { LONGEST_OF_THE_FIRST_OVER_TLS } else { LONGEST };
    deadline.duration_since(now).unwrap_or_default().saturating_sub(RESERVE).min(longest)
}

/// Lambda's deadline, in milliseconds since 1970, as a time.
pub(crate) fn deadline(epoch_ms: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(epoch_ms)
}

impl Telemetry {
    /// Sends the spans that have ended, within the invocation that ends by `deadline`. Lost spans are counted; those for which
    /// no time was left wait for the next flush.
    pub(crate) async fn flush(&self, deadline: SystemTime) {
        let now = Instant::now();
        let exporter = &self.inner.exporter;
        if exporter.is_ready(now) {
            let bound = bound(deadline, SystemTime::now(), exporter.is_first_over_tls());
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
        let bound_of = |left_ms: u64| bound(deadline(1_000_000 + left_ms), now, false);

        assert_eq!(bound_of(60_000), Duration::from_millis(500));
        assert_eq!(bound_of(600), Duration::from_millis(500));
        assert_eq!(bound_of(350), Duration::from_millis(250));
        assert_eq!(bound_of(100), Duration::ZERO);
        assert_eq!(bound(deadline(0), now, false), Duration::ZERO);
    }

    #[test]
    fn the_first_flush_over_tls_has_more_time_and_leaves_as_much() {
        let now = deadline(1_000_000);
        assert_eq!(bound(deadline(1_060_000), now, true), Duration::from_secs(2));
        assert_eq!(bound(deadline(1_000_350), now, true), Duration::from_millis(250));
    }
}
