//! Parent selection: the trace that a span continues, and whose sampling decision counts.

use opentelemetry::{
    Context,
    trace::{SpanContext, TraceContextExt, TraceFlags},
};
use opentelemetry_sdk::trace::Sampler;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

use crate::{
    init::Telemetry,
    trace::{
        context::{Origins, Parent, XrayHeader, span_context},
        ids, sampling,
    },
};

impl Telemetry {
    /// Sets the first of `origins` as the parent of `span`, which has none, and links the others; call before
    /// `span` has children.
    ///
    /// Without any origin the span starts a new trace.
    pub fn set_parent(&self, span: &Span, origins: &Origins) {
        let (continued, links) = origins.resolve();
        if let Some(continued) = continued {
            self.apply(span, &continued);
        }
        for link in links {
            span.add_link(link);
        }
    }

    /// Links two spans with each other.
    pub fn link(&self, one: &Span, other: &Span) {
        if let (Some(first), Some(second)) = (span_context(one), span_context(other)) {
            one.add_link(second);
            other.add_link(first);
        }
    }

    /// Sets the parent of an invocation's `span` to the span of Lambda's trace header.
    pub(crate) fn set_invocation_parent(&self, span: &Span, header: Option<&str>) {
        if let Some(header) = header.and_then(XrayHeader::parse) {
            self.apply(span, &Parent::from_header(&header));
        }
    }

    fn apply(&self, span: &Span, continued: &Parent) {
        let parent = match continued {
            Parent::Trusted(parent) => parent.clone(),
            Parent::Untrusted(parent) => resampled(parent, &self.inner.sampler),
            Parent::TraceOnly(trace) => return ids::start_in_trace(span, *trace),
        };
        if let Err(error) = span.set_parent(Context::new().with_remote_span_context(parent)) {
            tracing::debug!(%error, "Trace not continued");
        }
    }
}

/// `origin` with our sampler's decision: the flag of an untrusted header may neither cost money nor hide a trace.
fn resampled(origin: &SpanContext, sampler: &Sampler) -> SpanContext {
    let keep = sampling::keeps(sampler, origin.trace_id());
    let flags = if keep { TraceFlags::SAMPLED } else { TraceFlags::default() };
    SpanContext::new(origin.trace_id(), origin.span_id(), flags, true, origin.trace_state().clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_untrusted_header_can_neither_have_a_trace_kept_nor_dropped() {
        for flag in [0, 1] {
            let header = format!("00-5bef4de7ad49b0e87f6ef6c87fc2e700-9a9197af755a6419-0{flag}");
            let origin = crate::trace::context::parse_traceparent(&header).unwrap();

            for (sampler, kept) in [(Sampler::AlwaysOn, true), (Sampler::AlwaysOff, false)] {
                let decided = resampled(&origin, &sampler);

                assert_eq!(decided.is_sampled(), kept, "{header}");
                assert_eq!((decided.trace_id(), decided.span_id()), (origin.trace_id(), origin.span_id()));
            }
        }
    }
}
