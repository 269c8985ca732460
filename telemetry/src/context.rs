//! Where a trace comes from, and how it is carried on.
//!
//! An upload's trace crosses a client that knows nothing of traces, S3 and a queue. It may arrive on
//! several ways at once; [`Origins`] keeps their order: the first valid one is the parent, the rest
//! become links.

use aws_lambda_events::sqs::SqsMessage;
use opentelemetry::{
    Array, Key, StringValue, Value,
    trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState},
};
use opentelemetry_aws::trace::xray_propagator::span_context_from_str;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

/// The name under which a W3C trace context travels: header, message attribute, object metadata.
pub const TRACEPARENT: &str = "traceparent";

/// The traces that a message may belong to, best first.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    message_attribute: Option<SpanContext>,
    signed_metadata: Option<SpanContext>,
    system_attribute: Option<SpanContext>,
}

impl Origins {
    /// What the message itself says: the attribute `traceparent`, set by our own tools, and the system
    /// attribute `AWSTraceHeader`, which S3 fills from the uploader's `X-Amzn-Trace-Id`.
    #[must_use]
    pub fn of_message(message: &SqsMessage) -> Self {
        let attribute = message.message_attributes.get(TRACEPARENT).and_then(|it| it.string_value.as_deref());
        let system = message.attributes.get("AWSTraceHeader");
        Self {
            message_attribute: attribute.and_then(parse_traceparent),
            signed_metadata: None,
            system_attribute: system.and_then(|header| parse_xray(header)),
        }
    }

    /// Adds what the object's metadata says: signed by us in the upload URL.
    #[must_use]
    pub fn with_metadata(mut self, traceparent: Option<&str>) -> Self {
        self.signed_metadata = traceparent.and_then(parse_traceparent);
        self
    }

    /// Each origin in order of precedence, with whether its sampling decision was ours.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (&SpanContext, bool)> {
        let ours =
            [&self.message_attribute, &self.signed_metadata].into_iter().flatten().map(|it| (it, true));
        ours.chain(self.system_attribute.iter().map(|it| (it, false)))
    }
}

/// Reads a W3C `traceparent`; anything malformed is no trace at all.
#[must_use]
pub fn parse_traceparent(header: &str) -> Option<SpanContext> {
    let mut parts = header.split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let known = version == "00" && parts.next().is_none();
    let future = is_lower_hex(version, 2) && version != "00" && version != "ff";
    let well_formed = is_lower_hex(trace, 32) && is_lower_hex(span, 16) && is_lower_hex(flags, 2);
    if !(known || future) || !well_formed {
        return None;
    }
    let flags = TraceFlags::new(u8::from_str_radix(flags, 16).ok()?) & TraceFlags::SAMPLED;
    remote(TraceId::from_hex(trace).ok()?, SpanId::from_hex(span).ok()?, flags)
}

/// Reads an `X-Amzn-Trace-Id` header; one without a parent names no span and is no origin.
#[must_use]
pub fn parse_xray(header: &str) -> Option<SpanContext> {
    // The parser refuses the whole header for one unknown key that is no valid tracestate.
    let known = |part: &&str| ["Root=", "Parent=", "Sampled="].iter().any(|key| part.starts_with(key));
    let header = header.split(';').map(str::trim).filter(known).collect::<Vec<_>>().join(";");
    let parsed = span_context_from_str(&header)?;
    let flags = parsed.trace_flags() & TraceFlags::SAMPLED;
    remote(parsed.trace_id(), parsed.span_id(), flags)
}

fn remote(trace: TraceId, span: SpanId, flags: TraceFlags) -> Option<SpanContext> {
    let context = SpanContext::new(trace, span, flags, true, TraceState::default());
    context.is_valid().then_some(context)
}

fn is_lower_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// The W3C `traceparent` that continues `span`; `None` without tracing.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    let context = span_context(span)?;
    let sampled = u8::from(context.is_sampled());
    Some(format!("00-{}-{}-{sampled:02x}", context.trace_id(), context.span_id()))
}

/// The `X-Amzn-Trace-Id` that continues `span`; `None` without tracing.
#[must_use]
pub fn xray_header(span: &Span) -> Option<String> {
    let context = span_context(span)?;
    let sampled = u8::from(context.is_sampled());
    Some(format!("Root={};Parent={};Sampled={sampled}", xray_trace_id(context.trace_id()), context.span_id()))
}

/// The trace id of `span`, 32 hex digits; `None` without tracing.
#[must_use]
pub fn trace_id(span: &Span) -> Option<String> {
    Some(span_context(span)?.trace_id().to_string())
}

/// Sets text attributes and has X-Ray index them, so that a trace is found by them.
pub fn annotate(span: &Span, annotations: &[(&'static str, &str)]) {
    for (key, value) in annotations {
        span.set_attribute(*key, (*value).to_owned());
    }
    let keys = annotations.iter().map(|(key, _)| StringValue::from(*key)).collect();
    span.set_attribute(Key::from_static_str("aws.xray.annotations"), Value::Array(Array::String(keys)));
}

/// Puts `span`, which has begun already, below `parent`; call before `span` has children.
pub fn nest(span: &Span, parent: &Span) {
    if let Err(error) = span.set_parent(parent.context()) {
        tracing::debug!(%error, "Span not nested");
    }
}

/// A trace id as X-Ray writes it: `1-<8 hex digits of time>-<24 hex digits>`.
pub(crate) fn xray_trace_id(id: TraceId) -> String {
    let hex = id.to_string();
    let (time, rest) = hex.split_at(8);
    format!("1-{time}-{rest}")
}

/// The OpenTelemetry identity of `span`; starts the span, so call it only once its parent is set.
pub(crate) fn span_context(span: &Span) -> Option<SpanContext> {
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "5bef4de7ad49b0e87f6ef6c87fc2e700";
    const SPAN: &str = "9a9197af755a6419";

    #[test]
    fn a_traceparent_is_read_and_only_the_sampled_flag_is_kept() {
        let context = parse_traceparent(&format!("00-{TRACE}-{SPAN}-03")).unwrap();

        assert_eq!(context.trace_id().to_string(), TRACE);
        assert_eq!(context.span_id().to_string(), SPAN);
        assert_eq!(context.trace_flags(), TraceFlags::SAMPLED);
        assert!(context.is_remote());
    }

    #[test]
    fn a_malformed_traceparent_is_no_trace() {
        let zero_trace = format!("00-{}-{SPAN}-01", "0".repeat(32));
        let zero_span = format!("00-{TRACE}-{}-01", "0".repeat(16));
        let upper = format!("00-{}-{SPAN}-01", TRACE.to_uppercase());
        let forbidden = format!("ff-{TRACE}-{SPAN}-01");
        let trailing = format!("00-{TRACE}-{SPAN}-01-x");
        for header in ["", "-", "00-1-2-3", "ü", &zero_trace, &zero_span, &upper, &forbidden, &trailing] {
            assert_eq!(parse_traceparent(header), None, "{header}");
        }
    }

    #[test]
    fn a_future_version_of_traceparent_is_read_as_far_as_known() {
        assert!(parse_traceparent(&format!("01-{TRACE}-{SPAN}-01-more")).is_some());
    }

    #[test]
    fn an_xray_header_needs_root_and_parent_but_no_decision() {
        let root = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700";
        assert!(!parse_xray(&format!("{root};Parent={SPAN}")).unwrap().is_sampled());
        assert!(parse_xray(&format!("{root};Parent={SPAN};Sampled=1;Lineage=a:1|b:2")).unwrap().is_sampled());
        assert_eq!(parse_xray(root), None);
        assert_eq!(parse_xray("Root=x;;=;Parent=1"), None);
    }
}
