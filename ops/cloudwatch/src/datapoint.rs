//! Values reported for a metric at an instant, and the limits they must keep.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use crate::id::MetricId;
use crate::time::{Period, Timestamp};

/// CloudWatch keeps values between −2^360 and 2^360.
pub const MAX_MAGNITUDE: f64 = 2.348_542_582_773_833_2e108;
/// Values (or distinct values with counts) in one datapoint.
pub const MAX_VALUES: usize = 100;

/// A value that CloudWatch would refuse.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum InvalidDatapoint {
    /// Nothing was reported.
    #[error("no values")]
    NoValues,
    /// More values than one datapoint may carry.
    #[error("{count} values, {MAX_VALUES} are allowed")]
    TooManyValues {
        /// How many there were.
        count: usize,
    },
    /// Not a number, infinite, or beyond 2^360.
    #[error("value {value} is outside ±2^360")]
    Value {
        /// The value.
        value: f64,
    },
    /// A count that is negative, zero or not a number.
    #[error("count {count} is not positive")]
    Count {
        /// The count.
        count: f64,
    },
    /// Each value needs its count.
    #[error("{values} values but {counts} counts")]
    CountsMismatch {
        /// How many values.
        values: usize,
        /// How many counts.
        counts: usize,
    },
    /// A unit outside CloudWatch's list.
    #[error("`{0}` is not a unit of CloudWatch")]
    Unit(String),
    /// A storage resolution other than 1 and 60.
    #[error("storage resolution is 1 or 60 seconds, not {0}")]
    Resolution(String),
}

/// How finely a metric is stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resolution {
    /// By the minute.
    #[default]
    Standard,
    /// By the second.
    High,
}

impl Resolution {
    /// The period that its values are gathered in.
    #[must_use]
    pub const fn period(self) -> Period {
        match self {
            Self::Standard => Period::MINUTE,
            Self::High => Period::SECOND,
        }
    }
}

/// Values with how often each occurred; what all statistics are computed from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Distribution(BTreeMap<Value, f64>);

/// A finite number, so that it has an order.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Value(f64);

impl Eq for Value {}
impl PartialOrd for Value {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Value {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl Distribution {
    /// Each value once.
    ///
    /// # Errors
    /// No values, more than [`MAX_VALUES`], or one outside ±2^360.
    pub fn of_values(values: &[f64]) -> Result<Self, InvalidDatapoint> {
        Self::of_counted(values, &vec![1.0; values.len()])
    }

    /// Each value as often as its count.
    ///
    /// # Errors
    /// As [`Self::of_values`]; counts that are missing or not positive.
    pub fn of_counted(values: &[f64], counts: &[f64]) -> Result<Self, InvalidDatapoint> {
        match values.len() {
            0 => return Err(InvalidDatapoint::NoValues),
            1..=MAX_VALUES => {}
            count => return Err(InvalidDatapoint::TooManyValues { count }),
        }
        if values.len() != counts.len() {
            return Err(InvalidDatapoint::CountsMismatch { values: values.len(), counts: counts.len() });
        }
        let mut distribution = Self::default();
        for (&value, &count) in values.iter().zip(counts) {
            if value.is_nan() || value.abs() > MAX_MAGNITUDE {
                return Err(InvalidDatapoint::Value { value });
            }
            if !count.is_finite() || count <= 0.0 {
                return Err(InvalidDatapoint::Count { count });
            }
            distribution.add(value, count);
        }
        Ok(distribution)
    }

    /// Adds all of `other`.
    pub fn merge(&mut self, other: &Self) {
        for (value, count) in other.iter() {
            self.add(value, count);
        }
    }

    /// Values in ascending order, each with its count.
    #[must_use]
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (f64, f64)> {
        self.0.iter().map(|(value, &count)| (value.0, count))
    }

    fn add(&mut self, value: f64, count: f64) {
        // -0.0 and 0.0 are one value, though they differ in total order.
        *self.0.entry(Value(value + 0.0)).or_default() += count;
    }
}

/// One report: values of one metric at one instant.
#[derive(Clone, Debug, PartialEq)]
pub struct Datapoint {
    /// Of which metric.
    pub metric: MetricId,
    /// When they were measured.
    pub timestamp: Timestamp,
    /// In what unit.
    pub unit: Unit,
    /// The values.
    pub values: Distribution,
    /// How finely they are kept.
    pub resolution: Resolution,
}

macro_rules! units {
    ($($(#[$doc:meta])* $variant:ident = $text:literal,)*) => {
        /// CloudWatch's units.
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Unit {
            $(#[doc = concat!("`", $text, "`.")] $(#[$doc])* $variant,)*
        }

        impl Unit {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
        }
    };
}

units! {
    Seconds = "Seconds", Microseconds = "Microseconds", Milliseconds = "Milliseconds",
    Bytes = "Bytes", Kilobytes = "Kilobytes", Megabytes = "Megabytes", Gigabytes = "Gigabytes",
    Terabytes = "Terabytes", Bits = "Bits", Kilobits = "Kilobits", Megabits = "Megabits",
    Gigabits = "Gigabits", Terabits = "Terabits", Percent = "Percent", Count = "Count",
    BytesPerSecond = "Bytes/Second", KilobytesPerSecond = "Kilobytes/Second",
    MegabytesPerSecond = "Megabytes/Second", GigabytesPerSecond = "Gigabytes/Second",
    TerabytesPerSecond = "Terabytes/Second", BitsPerSecond = "Bits/Second",
    KilobitsPerSecond = "Kilobits/Second", MegabitsPerSecond = "Megabits/Second",
    GigabitsPerSecond = "Gigabits/Second", TerabitsPerSecond = "Terabits/Second",
    CountPerSecond = "Count/Second",
    #[default]
    None = "None",
}

impl FromStr for Unit {
    type Err = InvalidDatapoint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.iter().copied().find(|unit| unit.as_str() == text);
        found.ok_or_else(|| InvalidDatapoint::Unit(text.to_owned()))
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_beyond_what_cloudwatch_keeps_are_refused() {
        assert!(Distribution::of_values(&[MAX_MAGNITUDE, -MAX_MAGNITUDE]).is_ok());
        assert!((MAX_MAGNITUDE - 2f64.powi(360)).abs() < f64::EPSILON);
        for value in [f64::NAN, f64::INFINITY, 2f64.powi(361)] {
            assert!(matches!(Distribution::of_values(&[value]), Err(InvalidDatapoint::Value { .. })));
        }
    }

    #[test]
    fn a_datapoint_carries_one_to_a_hundred_values() {
        assert_eq!(Distribution::of_values(&[]), Err(InvalidDatapoint::NoValues));
        assert!(Distribution::of_values(&[1.0; 100]).is_ok());
        assert_eq!(Distribution::of_values(&[1.0; 101]), Err(InvalidDatapoint::TooManyValues { count: 101 }));
    }

    #[test]
    fn each_value_needs_a_positive_count() {
        let counted = Distribution::of_counted;
        assert_eq!(counted(&[1.0], &[0.0]), Err(InvalidDatapoint::Count { count: 0.0 }));
        assert_eq!(
            counted(&[1.0, 2.0], &[1.0]),
            Err(InvalidDatapoint::CountsMismatch { values: 2, counts: 1 })
        );
        let merged: Vec<_> =
            counted(&[2.0, 1.0, 2.0, -0.0, 0.0], &[3.0, 1.0, 1.0, 1.0, 1.0]).unwrap().iter().collect();
        assert_eq!(merged, [(0.0, 2.0), (1.0, 1.0), (2.0, 4.0)]);
    }

    #[test]
    fn units_are_the_twenty_seven_of_cloudwatch_by_their_names() {
        assert_eq!(Unit::ALL.len(), 27);
        assert!(Unit::ALL.iter().all(|unit| unit.as_str().parse() == Ok(*unit)));
        assert_eq!("milliseconds".parse::<Unit>(), Err(InvalidDatapoint::Unit("milliseconds".to_owned())));
    }
}
