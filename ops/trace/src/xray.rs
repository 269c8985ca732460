//! X-Ray's form of a trace: segment documents made from spans, and spans read from segment documents.
//!
//! - [`segment`] the document of a span, by the rules that the OpenTelemetry collector's `awsxrayexporter` follows
//! - [`nesting`] subsegments inside the segments that they belong to, and out of them again
//! - [`read`] a trace from the documents that `BatchGetTraces` answers
//!
//! Two rules differ from the exporter's, as `docs/decisions/xray.md` explains: a segment is always named for its service, and
//! a consumer that is a local root becomes one segment rather than a segment and a subsegment.

mod attributes;
mod aws;
mod http;
pub mod nesting;
pub mod read;
pub mod segment;
#[cfg(test)]
mod tests;

use serde_json::{Map, Value};

/// A segment or subsegment, without those below it.
pub type Document = Map<String, Value>;

/// Attribute and metadata key of the operation that a segment performed; its name is its service's.
pub const LOCAL_OPERATION: &str = "aws.local.operation";

/// X-Ray's notation of a trace id of 32 hex digits.
#[must_use]
pub fn trace_id(hex: &str) -> String {
    match hex.split_at_checked(8) {
        Some((time, rest)) => format!("1-{time}-{rest}"),
        None => hex.to_owned(),
    }
}

/// The 32 hex digits of a trace id in X-Ray's notation; `None` if it is no such id.
#[must_use]
pub fn hex_trace_id(id: &str) -> Option<String> {
    let (time, rest) = id.strip_prefix("1-")?.split_once('-')?;
    (is_hex(time, 8) && is_hex(rest, 24)).then(|| format!("{time}{rest}").to_ascii_lowercase())
}

/// Whether a text is this many hex digits.
#[must_use]
pub fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
