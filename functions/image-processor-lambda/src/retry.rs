//! When a failed message is tried again.

use std::time::Duration;

/// Each wait is this many times the one before.
const GROWTH: u32 = 5;
/// The longest wait between two attempts.
const LONGEST: Duration = Duration::from_mins(15);

/// The wait after the attempt number `attempt` (from 1), with `dice` in `0.0..1.0` spreading it over
/// its upper half so that messages that failed together do not return together.
///
/// With a base of 2 s the five attempts that the queue allows span about five minutes: a brief fault
/// costs seconds, a longer one does not fill the dead-letter queue at once.
#[must_use]
pub fn wait(base: Duration, attempt: u32, dice: f64) -> Duration {
    let factor = GROWTH.saturating_pow(attempt.saturating_sub(1).min(8));
    let full = base.saturating_mul(factor).min(LONGEST);
    full.div_f64(2.0) + full.div_f64(2.0).mul_f64(dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_seconds_to_minutes_and_stop_there() {
        let seconds: Vec<u64> =
            (1..=6).map(|attempt| wait(Duration::from_secs(2), attempt, 1.0).as_secs()).collect();

        assert_eq!(seconds, [2, 10, 50, 250, 900, 900]);
    }

    #[test]
    fn dice_spread_a_wait_over_its_upper_half() {
        assert_eq!(wait(Duration::from_secs(2), 1, 0.0), Duration::from_secs(1));
        assert_eq!(wait(Duration::ZERO, 3, 1.0), Duration::ZERO);
        assert_eq!(wait(Duration::from_secs(2), u32::MAX, 7.0), LONGEST);
    }
}
