//! The status of a span.

use opentelemetry::trace::Status;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::logs::redact::error_chain;

/// Marks `span` as failed because of `error`.
pub fn fail(span: &Span, error: &(dyn std::error::Error + 'static)) {
    span.set_status(Status::error(error_chain(error)));
}
