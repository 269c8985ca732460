//! Treatment of missing data: the state that follows from datapoints, some of them missing.

use super::{MissingData, State};

/// What becomes of a datapoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// Outside the threshold.
    Breaching,
    /// Within it.
    Within,
    /// There is none.
    Missing,
}

/// The state after these datapoints, oldest first: all that were fetched, more than `periods` perhaps.
///
/// The documented order of things. With at least `periods` real datapoints the newest of them decide, and the
/// treatment of missing data is not needed. With fewer, as many as lack are filled in by the treatment.
/// A breaching datapoint that is at least `to_alarm` old, with no real one within the threshold, is an alarm
/// even where missing data counts as nothing; a younger one alone is no alarm yet, as the next datapoint may
/// be within the threshold ("premature").
#[must_use]
pub fn decide(
    points: &[Fate],
    periods: usize,
    to_alarm: usize,
    missing: MissingData,
    before: State,
) -> State {
    let real: Vec<Fate> = points.iter().copied().filter(|point| *point != Fate::Missing).collect();
    let breaching = |points: &[Fate]| points.iter().filter(|point| **point == Fate::Breaching).count();
    let by_count = |breaching: usize| if breaching >= to_alarm { State::Alarm } else { State::Ok };
    if let Some(newest) = real.len().checked_sub(periods).and_then(|extra| real.get(extra..)) {
        return by_count(breaching(newest));
    }
    let lacking = periods - real.len();
    let breaching = breaching(&real);
    match missing {
        MissingData::Breaching => by_count(breaching + lacking),
        MissingData::NotBreaching => by_count(breaching),
        MissingData::Missing | MissingData::Ignore => {
            if breaching >= to_alarm {
                return State::Alarm;
            }
            if breaching < real.len() {
                return State::Ok;
            }
            match missing {
                MissingData::Ignore => before,
                _ if oldest_age(points).is_some_and(|age| age >= to_alarm) => State::Alarm,
                _ => State::InsufficientData,
            }
        }
    }
}

/// How old the oldest real datapoint is, in periods; the newest period is 1 old.
fn oldest_age(points: &[Fate]) -> Option<usize> {
    points.iter().position(|point| *point != Fate::Missing).map(|index| points.len() - index)
}
