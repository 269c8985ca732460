//! So many a second, and no more.

use std::num::NonZeroU32;
use std::time::{Duration, Instant};

/// Spreads work evenly: a pause is not made up for by a burst.
#[derive(Debug)]
pub(crate) struct Pace {
    interval: Duration,
    next: Option<Instant>,
}

impl Pace {
    /// At most `rate` a second.
    pub(crate) fn new(rate: NonZeroU32) -> Self {
        Self { interval: Duration::from_secs(1) / rate.get(), next: None }
    }

    /// How long to wait at `now` before the next piece of work, which then counts as begun.
    pub(crate) fn wait(&mut self, now: Instant) -> Duration {
        let start = self.next.map_or(now, |next| next.max(now));
        self.next = Some(start + self.interval);
        start - now
    }

    /// How long `count` pieces take at least.
    pub(crate) fn time_of(&self, count: usize) -> Duration {
        self.interval.saturating_mul(u32::try_from(count.saturating_sub(1)).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace() -> Pace {
        Pace::new(NonZeroU32::new(5).unwrap())
    }

    #[test]
    fn first_is_at_once_and_no_second_has_more_than_the_rate() {
        let (mut pace, start) = (pace(), Instant::now());
        let mut now = start;
        let begins: Vec<u128> = (0..11)
            .map(|_| {
                now += pace.wait(now);
                (now - start).as_millis()
            })
            .collect();
        assert_eq!(begins, (0..11).map(|number| number * 200).collect::<Vec<_>>());
        assert_eq!(pace.time_of(11), Duration::from_secs(2));
    }

    #[test]
    fn slow_work_is_not_made_up_for_by_a_burst() {
        let (mut pace, start) = (pace(), Instant::now());
        pace.wait(start);
        let late = start + Duration::from_secs(10);
        assert_eq!(pace.wait(late), Duration::ZERO);
        assert_eq!(pace.wait(late), Duration::from_millis(200));
    }
}
