//! Logs: one JSON object a line, each with the ids that lead to its trace.

use std::{
    error::Error,
    fmt::{self, Debug},
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::SystemTime,
};

use opentelemetry::trace::TraceContextExt;
use serde_json::{Map, Value};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};
use tracing::{
    Dispatch, Event, Subscriber,
    dispatcher::WeakDispatch,
    field::{Field, Visit},
};
use tracing_subscriber::{Layer, layer::Context, registry::LookupSpan};

use crate::{context::xray_trace_id, sink::Sink};

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
        let mut line = Map::new();
        line.insert("timestamp".to_owned(), timestamp(SystemTime::now()).into());
        line.insert("level".to_owned(), event.metadata().level().as_str().into());
        line.insert("message".to_owned(), Value::Null);
        line.insert("service".to_owned(), self.service.into());
        let span = context.event_span(event).map(|span| span.id());
        let dispatch = self.dispatch.get().and_then(WeakDispatch::upgrade);
        if let (Some(id), Some(dispatch)) = (span, dispatch)
            && let Some(otel) = tracing_opentelemetry::get_otel_context(&id, &dispatch)
        {
            insert_trace(&mut line, otel.span().span_context());
        }
        insert_request(&mut line, &self.request_id);
        event.record(&mut Fields(&mut line));
        self.sink.line(&Value::Object(line));
    }
}

/// Adds the ids of `context`, if it has any.
pub(crate) fn insert_trace(line: &mut Map<String, Value>, context: &opentelemetry::trace::SpanContext) {
    if context.is_valid() {
        line.insert("trace_id".to_owned(), context.trace_id().to_string().into());
        line.insert("xrayTraceId".to_owned(), xray_trace_id(context.trace_id()).into());
        line.insert("span_id".to_owned(), context.span_id().to_string().into());
    }
}

/// Adds the request being served, if any.
pub(crate) fn insert_request(line: &mut Map<String, Value>, request_id: &RequestId) {
    if let Some(id) = &*request_id.lock().unwrap_or_else(PoisonError::into_inner) {
        line.insert("requestId".to_owned(), id.clone().into());
    }
}

/// The failure and everything beneath it, outermost first.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

fn timestamp(at: SystemTime) -> String {
    OffsetDateTime::from(at).format(&Rfc3339).unwrap_or_default()
}

/// Copies an event's fields into the line; a field may not replace what stands there already.
struct Fields<'a>(&'a mut Map<String, Value>);

impl Fields<'_> {
    fn insert(&mut self, field: &Field, value: Value) {
        let name = field.name();
        if name == "message" || !self.0.contains_key(name) {
            self.0.insert(name.to_owned(), value);
        }
    }
}

impl Visit for Fields<'_> {
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

impl fmt::Debug for Fields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fields").finish_non_exhaustive()
    }
}
