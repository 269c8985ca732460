//! Clock of metrics, alarms and schedules: the machine's, or faster.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudwatch_model::Timestamp;
use contract::time::rfc3339_millis;
use tokio::sync::watch;

/// Runs `rate` times as fast as the day from the moment that it was started; what was before is as it was. Clones share it.
///
/// Its rate may change. It never goes back, so that a clock that was fast stays ahead of the day.
#[derive(Clone, Debug)]
pub struct Clock(Arc<watch::Sender<Vec<Since>>>);

/// From an instant of the day on, what the clock shows then, and how fast it goes.
#[derive(Clone, Copy, Debug)]
struct Since {
    from: Timestamp,
    shown: Timestamp,
    rate: u32,
}

impl Since {
    fn at(&self, instant: Timestamp) -> Timestamp {
        let since = instant.as_millis() - self.from.as_millis();
        self.shown.plus_millis(since.saturating_mul(i64::from(self.rate)))
    }
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
        Self::starting(today(), rate)
    }

    fn starting(from: Timestamp, rate: u32) -> Self {
        Self(Arc::new(watch::Sender::new(vec![Since { from, shown: from, rate: rate.max(1) }])))
    }

    /// What the clock shows now.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.at(today())
    }

    /// What the clock showed so long ago by the day.
    #[must_use]
    pub fn before(&self, ago: Duration) -> Timestamp {
        let ago = i64::try_from(ago.as_millis()).unwrap_or(i64::MAX);
        self.at(today().plus_millis(ago.saturating_neg()))
    }

    /// What the clock shows at an instant of the day.
    #[must_use]
    pub fn at(&self, instant: Timestamp) -> Timestamp {
        let all = self.0.borrow();
        let since = all.iter().rfind(|since| since.from <= instant);
        since.map_or(instant, |since| since.at(instant))
    }

    /// How many times faster than the day.
    #[must_use]
    pub fn rate(&self) -> u32 {
        self.0.borrow().last().map_or(1, |since| since.rate)
    }

    /// From now on goes `rate` times as fast as the day.
    pub fn set_rate(&self, rate: u32) {
        self.change(today(), rate.max(1));
    }

    fn change(&self, from: Timestamp, rate: u32) {
        self.0.send_if_modified(|all| {
            let Some(last) = all.last().filter(|last| last.rate != rate) else { return false };
            let shown = last.at(from);
            all.push(Since { from, shown, rate });
            true
        });
    }

    /// Changes of its rate from now on: a wait that has begun is too long or too short then.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.0.subscribe())
    }

    /// How long `millis` of this clock take at its present rate.
    #[must_use]
    pub fn wait(&self, millis: i64) -> Duration {
        Duration::from_millis(u64::try_from(millis).unwrap_or(0)) / self.rate()
    }
}

/// Changes of a clock's rate from the moment that they were asked for.
#[derive(Debug)]
pub struct Changes(watch::Receiver<Vec<Since>>);

impl Changes {
    /// Returns at the next change.
    pub async fn next(&mut self) {
        if self.0.changed().await.is_err() {
            // The clock is gone, so it changes no more.
            std::future::pending::<()>().await;
        }
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
        let clock = Clock::starting(started, 60);
        assert_eq!(clock.at(started.plus_millis(-500)), started.plus_millis(-500));
        assert_eq!(clock.at(started.plus_millis(500)), started.plus_millis(30_000));
        assert_eq!(clock.wait(60_000), Duration::from_secs(1));
        let day = Clock::starting(started, 1);
        assert_eq!(day.at(started.plus_millis(500)), started.plus_millis(500));
    }

    #[test]
    fn a_clock_whose_rate_changes_jumps_nowhere_and_shows_what_was_as_it_was() {
        let started = Timestamp::from_millis(1_000_000);
        let at = |millis: i64| started.plus_millis(millis);
        let clock = Clock::starting(started, 1);
        clock.change(at(1_000), 60);
        clock.change(at(3_000), 1);
        // A second of the day, two that are two minutes, and the day's again.
        let shown = [500, 1_000, 2_000, 3_000, 3_500]
            .map(|millis| clock.at(at(millis)).as_millis() - started.as_millis());
        assert_eq!(shown, [500, 1_000, 61_000, 121_000, 121_500]);
        assert_eq!(clock.rate(), 1);
    }

    #[test]
    fn what_was_shown_two_seconds_ago_is_by_the_rate_of_then() {
        let clock = Clock::starting(today().plus_millis(-10_000), 60);
        clock.change(today(), 1);
        let since = clock.now().as_millis() - clock.before(Duration::from_secs(2)).as_millis();
        // Two minutes, less what the test itself takes.
        assert!((60_000..=120_000).contains(&since), "{since}");
    }

    #[tokio::test]
    async fn clones_share_the_rate_and_wake_who_waits_at_a_change_and_at_nothing_else() {
        let clock = Clock::default();
        let mut changes = clock.changes();
        clock.set_rate(1);
        assert!(!changes.0.has_changed().unwrap());
        clock.clone().set_rate(60);
        changes.next().await;
        assert_eq!((clock.rate(), clock.wait(60_000)), (60, Duration::from_secs(1)));
    }
}
