//! Propagation of trace context: `traceparent` (W3C) and `X-Amzn-Trace-Id` (X-Ray).
//!
//! An upload's trace crosses a client without tracing, S3 and a queue. A message may have several trace
//! contexts; [`Origins`] keeps their order: the first valid one is the parent, the others become links.

mod remote;
mod w3c;
mod xray;

use aws_lambda_events::sqs::SqsMessage;
use opentelemetry::{
    Array, Key, StringValue, Value,
    trace::{SpanContext, TraceContextExt, TraceId},
};
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

pub use w3c::parse_traceparent;
pub(crate) use xray::XrayHeader;

/// The name of a W3C trace context as a header, message attribute or object metadata.
pub const TRACEPARENT: &str = "traceparent";

/// The trace contexts of a message, in the order in which they are tried as its parent.
#[derive(Clone, Debug, Default)]
pub struct Origins {
    message_attribute: Option<SpanContext>,
    signed_metadata: Option<SpanContext>,
    system_attribute: Option<XrayHeader>,
    invocation: Option<SpanContext>,
    own: Option<TraceId>,
}

/// The parent of a span.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Parent {
    /// A span of ours, whose sampling decision holds.
    Trusted(SpanContext),
    /// A span named by an untrusted header, whose sampling decision does not count.
    Untrusted(SpanContext),
    /// A trace of which no span is known.
    TraceOnly(TraceId),
}

impl Origins {
    /// The contexts in the message itself: the attribute `traceparent`, set by our own tools, and the system
    /// attribute `AWSTraceHeader`, which S3 fills from the uploader's `X-Amzn-Trace-Id`.
    #[must_use]
    pub fn of_message(message: &SqsMessage) -> Self {
        let attribute = message.message_attributes.get(TRACEPARENT).and_then(|it| it.string_value.as_deref());
        let system = message.attributes.get("AWSTraceHeader");
        Self {
            message_attribute: attribute.and_then(parse_traceparent),
            system_attribute: system.and_then(|header| XrayHeader::parse(header)),
            own: trace_of_message(message),
            ..Self::default()
        }
    }

    /// Adds the context in the object's metadata, which we signed in the upload URL.
    #[must_use]
    pub fn with_metadata(mut self, traceparent: Option<&str>) -> Self {
        self.signed_metadata = traceparent.and_then(parse_traceparent);
        self
    }

    /// Adds the span of the invocation, for a message whose own context could not be read.
    #[must_use]
    pub fn or_within(mut self, invocation: &Span) -> Self {
        self.invocation = span_context(invocation);
        self
    }

    /// The parent, and the other spans that the message names.
    pub(crate) fn resolve(&self) -> (Option<Parent>, Vec<SpanContext>) {
        let ours = [&self.message_attribute, &self.signed_metadata].into_iter().flatten().cloned();
        let foreign = self.system_attribute.iter().filter_map(XrayHeader::span);
        let mut named: Vec<Parent> =
            ours.map(Parent::Trusted).chain(foreign.map(Parent::Untrusted)).collect();
        if named.is_empty() {
            let last = [
                self.system_attribute.as_ref().map(|header| Parent::TraceOnly(header.root)),
                self.invocation.clone().map(Parent::Trusted),
                self.own.map(Parent::TraceOnly),
            ];
            return (last.into_iter().flatten().next(), Vec::new());
        }
        let parent = named.remove(0);
        let mut links: Vec<SpanContext> = Vec::new();
        for other in named.iter().filter_map(Parent::span) {
            if !parent.span().into_iter().chain(&links).any(|known| is_same(known, other)) {
                links.push(other.clone());
            }
        }
        (Some(parent), links)
    }
}

impl Parent {
    /// The parent that an untrusted `X-Amzn-Trace-Id` names.
    pub(crate) fn from_header(header: &XrayHeader) -> Self {
        header.span().map_or(Self::TraceOnly(header.root), Self::Untrusted)
    }

    const fn span(&self) -> Option<&SpanContext> {
        match self {
            Self::Trusted(span) | Self::Untrusted(span) => Some(span),
            Self::TraceOnly(_) => None,
        }
    }
}

fn is_same(one: &SpanContext, other: &SpanContext) -> bool {
    one.span_id() == other.span_id() && one.trace_id() == other.trace_id()
}

/// The trace id of a message without a context, the same at each of its deliveries: the time of sending, as
/// X-Ray requires, and the random part of the message's id.
fn trace_of_message(message: &SqsMessage) -> Option<TraceId> {
    let sent_ms: u64 = message.attributes.get("SentTimestamp")?.parse().ok()?;
    let seconds = u32::try_from(sent_ms / 1_000).ok().filter(|seconds| *seconds > 0)?;
    let id: [u8; 16] = xray::hex(&message.message_id.as_deref()?.replace('-', ""))?;
    let random = u128::from_be_bytes(id) & (u128::MAX >> 32);
    Some(TraceId::from(u128::from(seconds) << 96 | random))
}

/// The W3C `traceparent` that continues `span`; `None` without tracing.
#[must_use]
pub fn traceparent(span: &Span) -> Option<String> {
    Some(w3c::format(&span_context(span)?))
}

/// The `X-Amzn-Trace-Id` that continues `span`; `None` without tracing.
#[must_use]
pub fn xray_header(span: &Span) -> Option<String> {
    Some(xray::format(&span_context(span)?))
}

/// The `X-Amzn-Trace-Id` that continues `span` in place of `given`, Lambda's own, with the lineage by which
/// Lambda detects loops; `None` without tracing.
#[must_use]
pub fn xray_header_instead(span: &Span, given: &str) -> Option<String> {
    let header = xray_header(span)?;
    Some(match xray::lineage(given) {
        Some(lineage) => format!("{header};Lineage={lineage}"),
        None => header,
    })
}

/// The trace id of `span`, 32 hex digits; `None` without tracing.
#[must_use]
pub fn trace_id(span: &Span) -> Option<String> {
    Some(span_context(span)?.trace_id().to_string())
}

/// Sets an attribute of `span`.
pub fn describe(span: &Span, key: &'static str, value: impl Into<Value>) {
    span.set_attribute(key, value);
}

/// Sets text attributes that X-Ray indexes as annotations.
pub fn annotate(span: &Span, annotations: &[(&'static str, &str)]) {
    for (key, value) in annotations {
        span.set_attribute(*key, (*value).to_owned());
    }
    let keys = annotations.iter().map(|(key, _)| StringValue::from(*key)).collect();
    span.set_attribute(Key::from_static_str("aws.xray.annotations"), Value::Array(Array::String(keys)));
}

/// Sets `parent` as the parent of `span`, which has started already; call before `span` has children.
pub fn nest(span: &Span, parent: &Span) {
    if let Err(error) = span.set_parent(parent.context()) {
        tracing::debug!(%error, "Span not nested");
    }
}

/// The OpenTelemetry context of `span`; starts the span, so call it only once its parent is set.
pub(crate) fn span_context(span: &Span) -> Option<SpanContext> {
    let context = span.context().span().span_context().clone();
    context.is_valid().then_some(context)
}
