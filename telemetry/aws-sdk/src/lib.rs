//! An interceptor of the AWS SDK: a CLIENT span of each call, propagated in `X-Amzn-Trace-Id`, and its metrics.
//!
//! [`CallSpans`] is an interceptor for the clients of the SDK. A call, retries included, becomes one span
//! below the current one, with the attributes of OpenTelemetry's conventions for the AWS SDK: service,
//! operation, region, server, status, request ids. What a call is about (bucket, table, topic) is read from
//! its input, by a function for each operation that the caller names:
//!
//! ```
//! use aws_sdk_s3::operation::get_object::{GetObjectError, GetObjectInput};
//! use telemetry_aws_sdk::CallSpans;
//!
//! let spans = CallSpans::default().operation::<GetObjectInput, GetObjectError>(|input, call| {
//!     call.text("aws.s3.bucket", input.bucket());
//!     call.text("aws.s3.key", input.key());
//! });
//! let config = aws_sdk_s3::Config::builder().interceptor(spans);
//! ```
//!
//! Calls, retries, throttled attempts and the latency of each operation are recorded through the `metrics` crate as
//! the catalogue's `AwsCalls`, `AwsRetries`, `AwsThrottles` and `AwsCallLatency`.
//!
//! Presigning sends no request, and so makes no span, no header and no metric. [`with_deferred_parent`] is for a call whose
//! response contains the trace that it belongs to.

mod call;
mod deferred;
mod interceptor;
mod metrics;
mod outcome;

pub use call::Attributes;
pub use deferred::{DeferredCalls, with_deferred_parent};
pub use interceptor::CallSpans;
