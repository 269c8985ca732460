//! How exporters to X-Ray read spans, after the OpenTelemetry collector's `awsxrayexporter`.

use opentelemetry_proto::tonic::{
    common::v1::any_value::Value,
    trace::v1::{Span, span::SpanKind, status::StatusCode},
};

/// What X-Ray colours a segment by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Flags {
    /// The caller's mistake.
    pub(crate) error: bool,
    /// The callee's.
    pub(crate) fault: bool,
    /// Too many requests.
    pub(crate) throttle: bool,
}

/// The flags: by the HTTP status where it is one of a failure, else by the span's status.
pub(crate) fn flags(span: &Span) -> Flags {
    let failed = span.status.as_ref().is_some_and(|status| status.code() == StatusCode::Error);
    match value(span, "http.response.status_code") {
        Some(Value::IntValue(code @ 400..=499)) => {
            Flags { error: true, throttle: *code == 429, fault: false }
        }
        Some(Value::IntValue(500..=599)) => Flags { fault: true, ..Flags::default() },
        _ => Flags { fault: failed, ..Flags::default() },
    }
}

/// Whether the span becomes a segment of its own rather than a part of its parent's.
pub(crate) fn is_segment(span: &Span) -> bool {
    let local_root = Some(&Value::StringValue("LOCAL_ROOT".to_owned()));
    span.kind() == SpanKind::Server
        || span.parent_span_id.is_empty()
        || value(span, "aws.span.kind") == local_root
}

/// The attributes that X-Ray indexes.
pub(crate) fn annotations(span: &Span) -> Vec<(String, String)> {
    let Some(Value::ArrayValue(keys)) = value(span, "aws.xray.annotations") else { return Vec::new() };
    let keys = keys.values.iter().filter_map(|key| match key.value.as_ref()? {
        Value::StringValue(key) => Some(key),
        _ => None,
    });
    keys.filter_map(|key| match value(span, key)? {
        Value::StringValue(text) => Some((key.clone(), text.clone())),
        _ => None,
    })
    .collect()
}

fn value<'a>(span: &'a Span, key: &str) -> Option<&'a Value> {
    span.attributes.iter().find(|attribute| attribute.key == key)?.value.as_ref()?.value.as_ref()
}
