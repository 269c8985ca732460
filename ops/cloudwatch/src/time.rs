//! Instants, and the periods that values are gathered in.

use std::fmt;

/// An instant, in milliseconds since the Unix epoch: CloudWatch's own precision.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The instant `millis` after the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant `millis` later; negative goes back.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }

    /// The start of the period that this instant falls in. Periods begin at multiples of their length.
    #[must_use]
    pub const fn start_of(self, period: Period) -> Self {
        Self(self.0 - self.0.rem_euclid(period.as_millis()))
    }
}

/// The length of time over which values are gathered into one statistic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    seconds: u32,
}

/// A period that CloudWatch does not offer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a period is 1, 5, 10, 20, 30 or a multiple of 60 seconds up to a day, not {seconds}")]
pub struct InvalidPeriod {
    /// What was asked for.
    pub seconds: u32,
}

impl Period {
    /// One minute: the resolution of ordinary metrics.
    pub const MINUTE: Self = Self { seconds: 60 };
    /// One second: the finest there is.
    pub const SECOND: Self = Self { seconds: 1 };

    const DAY_SECONDS: u32 = 86_400;

    /// A period of `seconds`.
    ///
    /// # Errors
    /// Those that CloudWatch refuses: see [`InvalidPeriod`].
    pub const fn from_seconds(seconds: u32) -> Result<Self, InvalidPeriod> {
        match seconds {
            1 | 5 | 10 | 20 | 30 => Ok(Self { seconds }),
            60..=Self::DAY_SECONDS if seconds.is_multiple_of(60) => Ok(Self { seconds }),
            _ => Err(InvalidPeriod { seconds }),
        }
    }

    /// Its length in seconds.
    #[must_use]
    pub const fn as_seconds(self) -> u32 {
        self.seconds
    }

    /// Its length in milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.seconds as i64 * 1000
    }
}

impl fmt::Display for Period {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} s", self.seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_periods_that_cloudwatch_offers_exist() {
        let offered: Vec<u32> = (0..=86_460).filter(|&s| Period::from_seconds(s).is_ok()).collect();
        assert_eq!(&offered[..7], [1, 5, 10, 20, 30, 60, 120]);
        assert_eq!(offered.last(), Some(&86_400));
        assert_eq!(Period::from_seconds(90), Err(InvalidPeriod { seconds: 90 }));
    }

    #[test]
    fn an_instant_belongs_to_the_period_that_began_last() {
        let at = |millis| Timestamp::from_millis(millis).start_of(Period::MINUTE).as_millis();
        assert_eq!([at(0), at(59_999), at(60_000), at(-1)], [0, 0, 60_000, -60_000]);
    }
}
