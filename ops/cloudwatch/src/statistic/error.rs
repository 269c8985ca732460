//! Error of a name that is no statistic.

/// A name that is no statistic.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not SampleCount, Sum, Average, Minimum, Maximum, a percentile such as p99.9 or a count such as TC(5:10)"
)]
pub struct UnknownStatistic(pub String);
