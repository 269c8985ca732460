//! Clock of metrics, alarms and schedules: the machine's, or faster.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudwatch_model::Timestamp;
use contract::time::rfc3339_millis;

/// Runs `rate` times as fast as the day from the moment that it was started; what was before is as it was.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    started: Timestamp,
    rate: u32,
}

impl Default for Clock {
    fn default() -> Self {
        Self::start(1)
    }
}

impl Clock {
    /// A clock that starts now.
    #[must_use]
    pub fn start(rate: u32) -> Self {
        Self { started: today(), rate: rate.max(1) }
    }

    /// What the clock shows now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(today())
    }

    /// What the clock shows at an instant of the day.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Timestamp {
        let since = instant.as_millis() - self.started.as_millis();
        let factor = if since > 0 { i64::from(self.rate) } else { 1 };
        self.started.plus_millis(since.saturating_mul(factor))
    }

    /// How many times faster than the day.
    #[must_use]
    pub const fn rate(&self) -> u32 {
        self.rate
    }

    /// How long `millis` of this clock take.
    #[must_use]
    pub fn wait(&self, millis: i64) -> Duration {
        Duration::from_millis(u64::try_from(millis).unwrap_or(0)) / self.rate
    }
}

/// An instant as AWS's APIs write it.
#[must_use]
pub fn rfc3339(at: Timestamp) -> String {
    rfc3339_millis(at.as_millis())
}

/// The instant by the machine's clock.
pub(super) fn today() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clock_is_the_day_s_until_it_starts_and_then_goes_at_its_rate() {
        let started = Timestamp::from_millis(1_000_000);
        let clock = Clock { started, rate: 60 };
        assert_eq!(clock.at(started.plus_millis(-500)), started.plus_millis(-500));
        assert_eq!(clock.at(started.plus_millis(500)), started.plus_millis(30_000));
        assert_eq!(clock.wait(60_000), Duration::from_secs(1));
        let day = Clock { started, rate: 1 };
        assert_eq!(day.at(started.plus_millis(500)), started.plus_millis(500));
    }
}
