//! Each call of an AWS SDK as a CLIENT span, with its trace handed on in `X-Amzn-Trace-Id`.
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
//! Presigning calls nothing, and so makes no span and no header. [`undecided`] is for a call whose answer
//! tells which trace it belongs to.

mod call;
mod outcome;
mod spans;
mod undecided;

pub use call::Attributes;
pub use spans::CallSpans;
pub use undecided::{Calls, undecided};
