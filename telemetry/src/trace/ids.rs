//! The id generator: trace ids in X-Ray's form, or a given one for the root span of a known trace.

use std::cell::Cell;

use opentelemetry::trace::{SpanId, TraceId};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::trace::IdGenerator;
use tracing::Span;

use crate::trace::context::span_context;

thread_local! {
    /// The trace that the next root span of this thread belongs to.
    static NEXT_TRACE: Cell<Option<TraceId>> = const { Cell::new(None) };
}

/// Generates trace ids whose first 32 bits are the time, as X-Ray requires.
#[derive(Debug, Default)]
pub(crate) struct TraceIds(XrayIdGenerator);

impl IdGenerator for TraceIds {
    fn new_trace_id(&self) -> TraceId {
        NEXT_TRACE.take().unwrap_or_else(|| self.0.new_trace_id())
    }

    fn new_span_id(&self) -> SpanId {
        self.0.new_span_id()
    }
}

/// Starts `span`, which has no parent, as the root span of `trace`.
///
/// OpenTelemetry continues spans, not traces, and an invented parent would leave the trace without a root.
pub(crate) fn start_in_trace(span: &Span, trace: TraceId) {
    NEXT_TRACE.set(Some(trace));
    let _started = span_context(span);
    // A span that is not recorded generates no id.
    NEXT_TRACE.set(None);
}
