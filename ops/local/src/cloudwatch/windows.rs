//! Range of a request, and the periods that it is divided into.

use cloudwatch_model::{Period, Timestamp};

use super::error::ApiError;
use super::values::{Instant, Whole};

/// A range of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Range {
    from: Timestamp,
    until: Timestamp,
}

impl Range {
    /// The range of a request.
    pub(super) fn of(start: Instant, end: Instant) -> Result<Self, ApiError> {
        let (Instant(from), Instant(until)) = (start, end);
        if from < until {
            return Ok(Self { from, until });
        }
        Err(ApiError::Validation(
            "The parameter StartTime must be less than the parameter EndTime.".to_owned(),
        ))
    }

    /// The starts of the periods, oldest first, of which data between `first` and `last` can be in.
    ///
    /// The first period begins with the range, rounded down to the minute, or to a multiple of a shorter period; so a
    /// period of an hour begins at any minute of the hour.
    pub(super) fn starts(
        self,
        period: Period,
        (first, last): (Timestamp, Timestamp),
    ) -> impl Iterator<Item = Timestamp> {
        let length = period.as_millis();
        let begin = self.begin(period).as_millis();
        let skipped = (first.as_millis() - begin).div_euclid(length).max(0);
        let end = self.until.as_millis().min(last.as_millis().saturating_add(1));
        let starts = (skipped..).map(move |index| begin + index * length);
        starts.take_while(move |start| *start < end).map(Timestamp::from_millis)
    }

    /// The starts of all periods, or how many these would be where they are more than `limit`.
    pub(super) fn all_starts(self, period: Period, limit: i64) -> Result<Vec<Timestamp>, i64> {
        match self.count(period) {
            count if count > limit => Err(count),
            _ => Ok(self.starts(period, (self.begin(period), self.until)).collect()),
        }
    }

    /// How many periods there are.
    pub(super) fn count(self, period: Period) -> i64 {
        let length = period.as_millis();
        (self.until.as_millis() - self.begin(period).as_millis() + length - 1).div_euclid(length)
    }

    fn begin(self, period: Period) -> Timestamp {
        // Values of ordinary metrics stand at the minute, which a period of a second must find.
        let by = if (2..60).contains(&period.as_seconds()) { period } else { Period::MINUTE };
        self.from.start_of(by)
    }
}

/// A period of a request.
pub(super) fn period(seconds: Whole) -> Result<Period, ApiError> {
    Period::from_seconds(seconds.0)
        .map_err(|error| ApiError::Value(format!("The parameter Period: {error}.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    fn starts(from: i64, until: i64, period: u32) -> Vec<i64> {
        let range = Range::of(Instant(at(from)), Instant(at(until))).unwrap();
        let period = Period::from_seconds(period).unwrap();
        range.all_starts(period, 100).unwrap().iter().map(|at| at.as_millis() / 1000).collect()
    }

    #[test]
    fn periods_begin_with_the_range_rounded_down_as_documented() {
        // The documentation's own example asks from 23:18 by the hour, and gets 20:18, 21:18 and so on.
        assert_eq!(starts(1_080, 8_280, 3_600), [1_080, 4_680]);
        assert_eq!(starts(754, 860, 60), [720, 780, 840]);
        assert_eq!(starts(3_923, 3_940, 10), [3_920, 3_930]);
        assert_eq!(starts(61, 63, 1), [60, 61, 62]);
    }

    #[test]
    fn only_periods_that_can_hold_data_are_looked_at() {
        let range = Range::of(Instant(at(0)), Instant(at(600))).unwrap();
        let found: Vec<_> = range.starts(Period::MINUTE, (at(130), at(240))).collect();
        assert_eq!(found, [at(120), at(180), at(240)]);
        assert_eq!(range.all_starts(Period::MINUTE, 9), Err(10));
    }
}
