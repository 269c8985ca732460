//! Errors of the Embedded Metric Format: how a line can break it.

use std::fmt;

use super::limits::{MAX_LINE_BYTES, MAX_METRICS};
use crate::datapoint::InvalidDatapoint;
use crate::id::{InvalidId, MAX_DIMENSIONS};

/// Where in the line: a path such as `_aws.CloudWatchMetrics[0].Metrics[3]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place(String);

impl Place {
    pub(super) fn root() -> Self {
        Self("_aws".to_owned())
    }

    pub(super) fn of(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub(super) fn member(&self, name: &str) -> Self {
        Self(format!("{self}.{name}"))
    }

    pub(super) fn index(&self, index: usize) -> Self {
        Self(format!("{self}[{index}]"))
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why CloudWatch would not take the metrics of a line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EmfError {
    /// Longer than a log event can be.
    #[error("the line has {bytes} bytes, a log event holds {MAX_LINE_BYTES}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// `_aws.Timestamp` is absent or no integer.
    #[error("`_aws.Timestamp` must be milliseconds since 1970 as an integer")]
    Timestamp,
    /// Older than two weeks or more than two hours ahead.
    #[error("the timestamp is {age_millis} ms before the line came; -2 hours to 14 days are accepted")]
    TimestampAge {
        /// How much older than the line's arrival.
        age_millis: i64,
    },
    /// A member is absent or of another type.
    #[error("`{place}` must be {expected}")]
    Shape {
        /// Which member.
        place: Place,
        /// What belongs there.
        expected: &'static str,
    },
    /// More metrics than a directive may define.
    #[error("`{place}` defines {count} metrics, {MAX_METRICS} are allowed")]
    TooManyMetrics {
        /// Which list.
        place: Place,
        /// How many.
        count: usize,
    },
    /// More dimensions than a set may name.
    #[error("`{place}` names {count} dimensions, {MAX_DIMENSIONS} are allowed")]
    TooManyDimensions {
        /// Which set.
        place: Place,
        /// How many.
        count: usize,
    },
    /// A metric or dimension that the line does not carry.
    #[error("the line has no member `{name}`")]
    MissingTarget {
        /// The name referred to.
        name: String,
    },
    /// A dimension whose value is no string.
    #[error("the dimension `{name}` must be a string")]
    DimensionNotString {
        /// The name referred to.
        name: String,
    },
    /// A name outside CloudWatch's limits.
    #[error("`{place}` is not a valid name")]
    Id {
        /// Where.
        place: Place,
        /// Which limit.
        source: InvalidId,
    },
    /// A unit or resolution that CloudWatch does not know.
    #[error("`{place}` is not valid")]
    Definition {
        /// Where.
        place: Place,
        /// Why.
        source: InvalidDatapoint,
    },
    /// Values outside CloudWatch's limits.
    #[error("the values of `{name}` are not valid")]
    Values {
        /// Of which metric.
        name: String,
        /// Why.
        source: InvalidDatapoint,
    },
}
