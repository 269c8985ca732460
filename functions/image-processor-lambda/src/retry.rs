//! Retry back-off: when a failed message is tried again.

use std::time::Duration;

/// Each wait is this many times the one before.
const GROWTH: u32 = 5;
/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_mins(15);

/// How often and how quickly a message is tried.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The longest wait after the first attempt.
    pub base: Duration,
    /// The receives that the queue allows.
    pub max_receive_count: u32,
}

impl Backoff {
    /// The wait after attempt number `attempt` (from 1), with `jitter` in `0.0..1.0` spreading it over its
    /// upper half so that messages that failed together do not return together.
    ///
    /// With a base of 2 s and five receives the waits are at most 2, 10, 50 and 250 s, 312 s in all: a brief
    /// fault costs seconds, a longer one does not fill the dead-letter queue at once. After the last attempt
    /// there is none, because the queue moves the message only when it would be received once more.
    #[must_use]
    pub fn wait(self, attempt: u32, jitter: f64) -> Duration {
        if attempt >= self.max_receive_count {
            return Duration::ZERO;
        }
        let factor = GROWTH.saturating_pow(attempt.saturating_sub(1).min(8));
        let full = self.base.saturating_mul(factor).min(LONGEST);
        full.div_f64(2.0) + full.div_f64(2.0).mul_f64(jitter.clamp(0.0, 1.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backoff(base_seconds: u64, max_receive_count: u32) -> Backoff {
        Backoff { base: Duration::from_secs(base_seconds), max_receive_count }
    }

    #[test]
    fn waits_grow_from_seconds_to_minutes_and_stop_there() {
        let seconds: Vec<u64> = (1..=6).map(|attempt| backoff(2, 9).wait(attempt, 1.0).as_secs()).collect();

        assert_eq!(seconds, [2, 10, 50, 250, 900, 900]);
    }

    #[test]
    fn jitter_spreads_a_wait_over_its_upper_half() {
        assert_eq!(backoff(2, 5).wait(1, 0.0), Duration::from_secs(1));
        assert_eq!(backoff(0, 5).wait(3, 1.0), Duration::ZERO);
        assert_eq!(backoff(2, u32::MAX).wait(1_000, 7.0), LONGEST);
    }

    #[test]
    fn the_last_attempt_of_a_fault_is_followed_by_the_dead_letter_queue_within_six_minutes() {
        let defaults = backoff(2, 5);
        let waits: Duration = (1..=5).map(|attempt| defaults.wait(attempt, 1.0)).sum();

        assert_eq!(defaults.wait(5, 1.0), Duration::ZERO);
        assert_eq!(defaults.wait(6, 1.0), Duration::ZERO);
        assert_eq!(waits, Duration::from_secs(312));
        assert_eq!(backoff(2, 1).wait(1, 1.0), Duration::ZERO);
    }
}
