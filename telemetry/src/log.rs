//! Logs: one JSON object a line, each with the ids that lead to its trace.

use std::{
    error::Error,
    fmt::{self, Debug},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use opentelemetry::trace::TraceContextExt;
use serde_json::Value;
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Dispatch, Event, Level, Metadata, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{
    context::{to_hex, xray_trace_id},
    fields::Fields,
    redact::redact,
    sink::Sink,
};

/// Names that mean the same in every line, log or metric.
pub(crate) const MEMBERS: [&str; 8] =
    ["timestamp", "level", "message", "service", "requestId", "trace_id", "xrayTraceId", "span_id"];
/// Libraries that see requests, answers and credentials; below WARN their logs hold all of these.
const LIBRARIES: [&str; 7] = ["aws_", "hyper", "h2", "rustls", "lambda_", "tower", "opentelemetry"];

/// Where the runtime logs that a handler failed, which is told already, with less said and more shown.
const TWICE: &str = "lambda_runtime::layers::panic";

/// Whether lines of `metadata`'s origin may be told, whatever `RUST_LOG` asks for.
pub(crate) fn may_be_told(metadata: &Metadata<'_>) -> bool {
    (*metadata.level() <= Level::WARN || !is_of_library(metadata)) && metadata.target() != TWICE
}

/// Whether `metadata` comes from a library beneath a function.
pub(crate) fn is_of_library(metadata: &Metadata<'_>) -> bool {
    LIBRARIES.iter().any(|library| metadata.target().starts_with(library))
}

/// The request that is being served; lines outside of one carry no id.
pub(crate) type RequestId = Arc<Mutex<Option<String>>>;

/// Writes every event that reaches it as a JSON line.
#[derive(Debug)]
pub(crate) struct JsonLog {
    service: &'static str,
    sink: Sink,
    request_id: RequestId,
    dispatch: OnceLock<WeakDispatch>,
}

impl JsonLog {
    pub(crate) fn new(service: &'static str, sink: Sink, request_id: RequestId) -> Self {
        Self { service, sink, request_id, dispatch: OnceLock::new() }
    }
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for JsonLog {
    fn on_register_dispatch(&self, dispatch: &Dispatch) {
        self.dispatch.get_or_init(|| dispatch.downgrade());
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut line = Fields::default();
        line.insert_own("timestamp", timestamp(SystemTime::now()));
        line.insert_own("level", event.metadata().level().as_str());
        line.insert("service", self.service);
        let span = context.event_span(event).map(|span| span.id());
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        if let (Some(id), Some(dispatch)) = (span, dispatch)
            && let Some(otel) = tracing_opentelemetry::get_otel_context(&id, &dispatch)
        {
            insert_trace(&mut line, otel.span().span_context());
        }
        insert_request(&mut line, &self.request_id);
        event.record(&mut Recorder(&mut line));
        if !line.contains("message") {
            line.insert("message", event.metadata().target());
        }
        let (line, lost) = line.finish();
        self.sink.line(&line);
        self.sink.lose(lost);
    }
}

/// Adds the ids of `context`, if it has any.
pub(crate) fn insert_trace(line: &mut Fields, context: &opentelemetry::trace::SpanContext) {
    if context.is_valid() {
        let trace = to_hex(&context.trace_id().to_bytes());
        line.insert_own("xrayTraceId", xray_trace_id(&trace));
        line.insert_own("trace_id", trace);
        line.insert_own("span_id", to_hex(&context.span_id().to_bytes()));
    }
}

/// Adds the request being served, if any.
pub(crate) fn insert_request(line: &mut Fields, request_id: &RequestId) {
    if let Some(id) = &*request_id.lock().unwrap_or_else(PoisonError::into_inner) {
        line.insert("requestId", id.clone());
    }
}

/// The failure and everything beneath it, outermost first, without secrets.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    let chain = causes.map(ToString::to_string).collect::<Vec<_>>().join(": ");
    redact(&chain).into_owned()
}

fn timestamp(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_default()
}

/// Copies an event's fields into the line; a field cannot replace what stands there already.
struct Recorder<'a>(&'a mut Fields);

impl Recorder<'_> {
    fn insert(&mut self, field: &Field, value: Value) {
        self.0.insert(field.name(), value);
    }
}

impl Visit for Recorder<'_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.insert(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.insert(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.insert(field, value.into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.insert(field, value.into());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.insert(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.insert(field, chain(value).into());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.insert(field, format!("{value:?}").into());
    }
}

impl fmt::Debug for Recorder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}
