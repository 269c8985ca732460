//! The span context of a remote parent.

use opentelemetry::trace::{SpanContext, SpanId, TraceFlags, TraceId, TraceState};

/// The context of a span in another process; `None` when an id is zero.
pub(super) fn remote(trace: TraceId, span: SpanId, flags: TraceFlags) -> Option<SpanContext> {
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}
