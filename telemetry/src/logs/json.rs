//! A `tracing` layer that writes log events as JSON lines, each with the ids of its request and trace.

use std::{
    error::Error,
    fmt::{self, Debug},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use opentelemetry::trace::TraceContextExt;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Dispatch, Event, Level, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::logs::{
    fields::Fields,
    redact::error_chain,
    writer::{FlushPolicy, Writer},
};

/// Members that mean the same in every line, log or metric.
pub(crate) const MEMBERS: [&str; 8] =
    ["timestamp", "level", "message", "service", "requestId", "trace_id", "xrayTraceId", "span_id"];
/// The id of the current request; lines outside of a request have none.
pub(crate) type RequestId = Arc<Mutex<Option<String>>>;

/// Writes each event as a JSON line.
#[derive(Debug)]
pub(crate) struct JsonLog {
    service: &'static str,
    writer: Writer,
    request_id: RequestId,
    dispatch: OnceLock<WeakDispatch>,
}

impl JsonLog {
    pub(crate) fn new(service: &'static str, writer: Writer, request_id: RequestId) -> Self {
        Self { service, writer, request_id, dispatch: OnceLock::new() }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for JsonLog {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.dispatch.get_or_init(|| dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::for_line();
        let level = event.metadata().level();
        line.insert_own("timestamp", &[timestamp(SystemTime::now()).as_bytes()]);
        line.insert_own("level", &[level.as_str().as_bytes()]);
        line.insert_text("service", self.service);
        let span = context.event_span(event).map(|span| span.id());
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        if let (Some(id), Some(dispatch)) = (span, dispatch)
            && let Some(otel) = tracing_opentelemetry::get_otel_context(&id, &dispatch)
        {
            insert_trace(&mut line, otel.span().span_context());
        }
        insert_request(&mut line, &self.request_id);
        let mut visitor = FieldVisitor { line: &mut line, has_message: false };
        event.record(&mut visitor);
        if !visitor.has_message {
            line.insert_text("message", event.metadata().target());
        }
        let policy = if *level <= Level::WARN { FlushPolicy::Immediate } else { FlushPolicy::Deferred };
        self.writer.write_line(policy, |out| {
            out.push(b'{');
            out.extend_from_slice(line.json());
            out.pop();
            out.push(b'}');
        });
        self.writer.count_lost(line.lost());
    }
}

/// Adds the ids of `context`, if it has any.
pub(crate) fn insert_trace(line: &mut Fields, context: &opentelemetry::trace::SpanContext) {
    if context.is_valid() {
        let trace: [u8; 32] = to_hex(&context.trace_id().to_bytes());
        let (time, rest) = trace.split_at(8);
        line.insert_own("trace_id", &[&trace]);
        // The same id in X-Ray's notation.
        line.insert_own("xrayTraceId", &[b"1-", time, b"-", rest]);
        line.insert_own("span_id", &[&to_hex::<16>(&context.span_id().to_bytes())]);
    }
}

/// Adds the id of the current request, if any.
pub(crate) fn insert_request(line: &mut Fields, request_id: &RequestId) {
    if let Some(id) = &*request_id.lock().unwrap_or_else(PoisonError::into_inner) {
        line.insert_own("requestId", &[id.as_bytes()]);
    }
}

/// `bytes` as `N` lower-case hex digits, two for each; a log line has two of these.
fn to_hex<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let digit = |half: u8| if half < 10 { b'0' + half } else { b'a' + half - 10 };
    let mut hex = [b'0'; N];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(byte & 15)]);
    }
    hex
}

/// RFC 3339 in UTC. `contract::time` has the same line for the item; that crate depends on this one.
fn timestamp(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_default()
}

/// Copies an event's fields into the line; a field cannot replace a member that the line has already.
struct FieldVisitor<'a> {
    line: &'a mut Fields,
    /// Whether the event has a message.
    has_message: bool,
}

impl Visit for FieldVisitor<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.line.insert_plain(field.name(), &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.line.insert_plain(field.name(), &value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.line.insert_plain(field.name(), &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.line.insert_plain(field.name(), &value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.has_message |= field.name() == "message";
        self.line.insert_text(field.name(), value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.line.insert_text(field.name(), &error_chain(value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.has_message |= field.name() == "message";
        self.line.insert_text(field.name(), &format!("{value:?}"));
    }
}

impl fmt::Debug for FieldVisitor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FieldVisitor").finish_non_exhaustive()
    }
}
