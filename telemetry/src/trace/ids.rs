//! The ids of traces and spans: X-Ray's form, and now and then a trace that has a name already.

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

/// Makes ids whose first 32 bits tell the time, as X-Ray asks for.
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

/// Starts `span`, which has no parent, as the first one of `trace`.
///
/// OpenTelemetry continues spans, not traces, and a made-up parent would leave the trace without a root.
pub(crate) fn start_in_trace(span: &Span, trace: TraceId) {
    NEXT_TRACE.set(Some(trace));
    let _started = span_context(span);
    // A span that is not recorded asks for no id.
    NEXT_TRACE.set(None);
}
