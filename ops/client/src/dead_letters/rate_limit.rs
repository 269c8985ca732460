//! Rate limit: at most N operations a second, evenly spaced.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Spaces operations evenly; a pause is not followed by a burst.
#[derive(Debug)]
pub struct RateLimit {
    interval: Duration,
    next: Option<Instant>,
}

impl RateLimit {
    /// A limit of `rate` operations a second.
    #[must_use]
    pub fn new(rate: NonZeroU32) -> Self {
        Self { interval: Duration::from_secs(1) / rate.get(), next: None }
    }

    /// How long to wait, from `now`, before the next operation; the call reserves its time.
    pub fn wait(&mut self, now: Instant) -> Duration {
        let start = self.next.map_or(now, |next| next.max(now));
        self.next = Some(start + self.interval);
        start - now
    }

    /// The least time that `count` operations take.
    #[must_use]
    pub fn time_of(&self, count: usize) -> Duration {
        self.interval.saturating_mul(u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rate_limit() -> RateLimit {
        RateLimit::new(NonZeroU32::new(5).unwrap())
    }

    #[test]
    fn first_is_at_once_and_no_second_has_more_than_the_rate() {
        let (mut rate_limit, start) = (rate_limit(), Instant::now());
        let mut now = start;
        let begins: Vec<u128> = (0..11)
            .map(|_| {
                now += rate_limit.wait(now);
                (now - start).as_millis()
            })
            .collect();
        assert_eq!(begins, (0..11).map(|number| number * 200).collect::<Vec<_>>());
        assert_eq!(rate_limit.time_of(11), Duration::from_secs(2));
    }

    #[test]
    fn slow_work_is_not_made_up_for_by_a_burst() {
        let (mut rate_limit, start) = (rate_limit(), Instant::now());
        rate_limit.wait(start);
        let late = start + Duration::from_secs(10);
        assert_eq!(rate_limit.wait(late), Duration::ZERO);
        assert_eq!(rate_limit.wait(late), Duration::from_millis(200));
    }
}
