//! The metrics of calls, recorded through the `metrics` crate by service and operation.
//!
//! The recorder adds them up, so that an invocation emits one line an operation, however many calls it sends.

use std::time::Duration;

use metrics::{Label, counter, histogram};
use telemetry::{Counter, Dimension, Timer};

/// What is measured of one call.
#[derive(Debug)]
pub(crate) struct CallFigures<'a> {
    /// Service and operation, such as `S3.GetObject`.
    pub(crate) operation: &'a str,
    /// From its begin to its end, retries and the pauses between them included.
    pub(crate) elapsed: Duration,
    pub(crate) retries: u32,
    /// Attempts that the service refused because there were too many.
    pub(crate) throttles: u32,
}

/// Adds a call. What did not occur is not recorded: in CloudWatch each series is paid for by the hour that has data.
pub(crate) fn record(call: &CallFigures<'_>) {
    let labels = || vec![Label::new(Dimension::Operation.name(), call.operation.to_owned())];
    counter!(Counter::AwsCalls.name(), labels()).increment(1);
    histogram!(Timer::AwsCallLatency.name(), labels()).record(call.elapsed.as_secs_f64() * 1e3);
    for (metric, times) in [(Counter::AwsRetries, call.retries), (Counter::AwsThrottles, call.throttles)] {
        if times > 0 {
            counter!(metric.name(), labels()).increment(times.into());
        }
    }
}
