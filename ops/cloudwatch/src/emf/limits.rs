//! Limits of the Embedded Metric Format.

/// A log event's greatest size: 1 MiB less the 26 bytes that CloudWatch Logs adds.
pub const MAX_LINE_BYTES: usize = 1_048_576 - 26;
/// Metrics in one directive.
pub const MAX_METRICS: usize = 100;
pub(super) const MAX_AGE_MILLIS: i64 = 14 * 24 * 3600 * 1000;
pub(super) const MAX_AHEAD_MILLIS: i64 = 2 * 3600 * 1000;
