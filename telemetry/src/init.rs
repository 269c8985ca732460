use std::{
    fmt::{self, Debug},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Instant, SystemTime},
};

use opentelemetry::{
    Context, KeyValue,
    trace::{SpanContext, TraceContextExt, TraceFlags, TracerProvider as _},
};
use opentelemetry_aws::trace::XrayIdGenerator;
use opentelemetry_sdk::{
    Resource,
    resource::EnvResourceDetector,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use serde_json::Map;
use tracing::{Dispatch, Metadata, Span, instrument::WithSubscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::{EnvFilter, filter::filter_fn, prelude::*};

use crate::{
    Captured, Emf, Event,
    context::{Origins, span_context},
    export::UdpExporter,
    flush::Buffer,
    log::{JsonLog, RequestId, insert_request, insert_trace},
    sampling,
    settings::Settings,
    sink::Sink,
};

/// The telemetry of one function; cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    service: &'static str,
    dispatch: Dispatch,
    sampler: Sampler,
    exporter: Option<UdpExporter>,
    pub(crate) buffer: Buffer,
    pub(crate) sink: Sink,
    pub(crate) request_id: RequestId,
    pub(crate) started: Instant,
    pub(crate) cold: AtomicBool,
}

impl Debug for Telemetry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Telemetry").field("service", &self.inner.service).finish_non_exhaustive()
    }
}

/// Telemetry could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("could not install the tracing subscriber")]
pub struct InitError(#[from] tracing::subscriber::SetGlobalDefaultError);

impl Telemetry {
    /// Sets up logs, traces and metrics for `service`; call once, before anything else.
    ///
    /// Nothing is spawned and no connection is made. What the environment says wrongly about telemetry
    /// is told in the log and replaced by the default: telemetry never stops the work.
    ///
    /// # Errors
    ///
    /// Fails when a subscriber is installed already.
    pub fn init(service: &'static str) -> Result<Self, InitError> {
        #[expect(clippy::disallowed_methods, reason = "telemetry's one look at the environment")]
        let settings = Settings::read(|name| std::env::var(name).ok());
        let telemetry = Self::build(service, &settings, Sink::stdout(), &resource(service, &settings));
        tracing::dispatcher::set_global_default(telemetry.inner.dispatch.clone())?;
        telemetry.warn_about(&settings);
        Ok(telemetry)
    }

    /// Telemetry for a test: no globals; whatever is told inside [`Telemetry::scope`] or
    /// [`Telemetry::within`] is found in the [`Captured`].
    #[must_use]
    pub fn capture(service: &'static str) -> (Self, Captured) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let resource = Resource::builder_empty().build();
        let telemetry =
            Self::build(service, &Settings::default(), Sink::new(Arc::clone(&lines) as _), &resource);
        let captured = Captured::new(lines, telemetry.inner.buffer.clone());
        (telemetry, captured)
    }

    fn build(service: &'static str, settings: &Settings, sink: Sink, resource: &Resource) -> Self {
        let sampler = sampling::parse(settings.sampler.as_deref(), settings.sampler_argument.as_deref())
            .unwrap_or(Sampler::AlwaysOn);
        let buffer = Buffer::default();
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_id_generator(XrayIdGenerator::default())
            .with_sampler(Sampler::ParentBased(Box::new(sampler.clone())))
            .with_span_processor(buffer.clone())
            .build();
        let request_id = RequestId::default();
        let log = JsonLog::new(service, sink.clone(), Arc::clone(&request_id));
        let tracer = (!settings.disabled).then(|| provider.tracer(service));
        Self {
            inner: Arc::new(Inner {
                service,
                dispatch: dispatch(log, tracer, settings.log_filter.as_deref()),
                sampler,
                exporter: settings.daemon.and_then(|daemon| UdpExporter::new(daemon, resource).ok()),
                buffer,
                sink,
                request_id,
                started: Instant::now(),
                cold: AtomicBool::new(true),
            }),
        }
    }

    fn warn_about(&self, settings: &Settings) {
        if let Err(value) = sampling::parse(settings.sampler.as_deref(), settings.sampler_argument.as_deref())
        {
            tracing::warn!(
                value,
                "OTEL_TRACES_SAMPLER or its argument is not understood; every trace is kept"
            );
        }
        if self.inner.exporter.is_none() {
            tracing::warn!("AWS_XRAY_DAEMON_ADDRESS is no address; spans are dropped");
        }
    }

    /// Tells `event`: its log line and its metrics.
    pub fn emit(&self, event: &impl Event) {
        event.log();
        let mut emf = Emf::default();
        event.measure(&mut emf);
        let mut correlation = Map::new();
        if let Some(context) = span_context(&Span::current()) {
            insert_trace(&mut correlation, &context);
        }
        insert_request(&mut correlation, &self.inner.request_id);
        for line in emf.render(self.inner.service, &correlation, SystemTime::now()) {
            self.inner.sink.line(&line);
        }
        self.inner.sink.lose(emf.refused());
    }

    /// Makes `span` continue the first of `origins` and links the rest; call before `span` has children.
    ///
    /// Without any origin the span starts a trace of its own.
    pub fn adopt(&self, span: &Span, origins: &Origins) {
        let mut seen: Vec<SpanContext> = Vec::new();
        for (origin, ours) in origins.in_order() {
            if seen.iter().any(|it| it.span_id() == origin.span_id() && it.trace_id() == origin.trace_id()) {
                continue;
            }
            if seen.is_empty() {
                let parent = Context::new().with_remote_span_context(self.decided(origin, ours));
                if let Err(error) = span.set_parent(parent) {
                    tracing::debug!(%error, "Trace not continued");
                }
            } else {
                span.add_link(origin.clone());
            }
            seen.push(origin.clone());
        }
    }

    /// Links two spans with each other.
    pub fn link(&self, one: &Span, other: &Span) {
        if let (Some(first), Some(second)) = (span_context(one), span_context(other)) {
            one.add_link(second);
            other.add_link(first);
        }
    }

    /// Makes `span` continue the trace that Lambda opened for the invocation.
    pub(crate) fn adopt_invocation(&self, span: &Span, header: Option<&str>) {
        if let Some(origin) = header.and_then(crate::context::parse_xray) {
            let parent = Context::new().with_remote_span_context(self.decided(&origin, false));
            if let Err(error) = span.set_parent(parent) {
                tracing::debug!(%error, "Trace not continued");
            }
        }
    }

    /// `origin` with the sampling decision that counts: ours where it carries one, else a new one.
    fn decided(&self, origin: &SpanContext, ours: bool) -> SpanContext {
        let keep =
            if ours { origin.is_sampled() } else { sampling::keeps(&self.inner.sampler, origin.trace_id()) };
        let flags = if keep { TraceFlags::SAMPLED } else { TraceFlags::default() };
        SpanContext::new(origin.trace_id(), origin.span_id(), flags, true, origin.trace_state().clone())
    }

    /// Sends the spans that have ended; what is lost is counted.
    pub(crate) fn flush(&self) {
        let (spans, dropped) = self.inner.buffer.take();
        let lost = match &self.inner.exporter {
            _ if spans.is_empty() => 0,
            Some(exporter) => exporter.send(spans),
            None => spans.len() as u64,
        };
        self.inner.sink.lose(dropped + lost);
    }

    /// Runs `work` with this telemetry; needed only with [`Telemetry::capture`].
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.inner.dispatch, work)
    }

    /// Runs `work` with this telemetry; needed only with [`Telemetry::capture`].
    pub async fn within<F: Future>(&self, work: F) -> F::Output {
        work.with_subscriber(self.inner.dispatch.clone()).await
    }

    /// Remembers which request the lines to come belong to.
    pub(crate) fn serve(&self, request_id: &str) {
        *self.inner.request_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(request_id.to_owned());
    }

    /// Whether this is the environment's first invocation; true once.
    pub(crate) fn take_cold(&self) -> bool {
        self.inner.cold.swap(false, Ordering::Relaxed)
    }
}

fn dispatch(log: JsonLog, tracer: Option<SdkTracer>, filter: Option<&str>) -> Dispatch {
    let filter = EnvFilter::builder().parse_lossy(filter.unwrap_or("info"));
    let spans = tracer.map(|tracer| {
        tracing_opentelemetry::layer()
            .with_tracer(tracer)
            .with_location(false)
            .with_threads(false)
            .with_target(false)
            .with_level(false)
            .with_tracked_inactivity(false)
            .with_context_activation(false)
            .with_error_events_to_status(false)
            .with_error_events_to_exceptions(false)
            .with_filter(filter_fn(is_our_span))
    });
    tracing_subscriber::registry().with(spans).with(log.with_filter(filter)).into()
}

/// Libraries open spans of their own, which would drown ours.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    const LIBRARIES: [&str; 6] = ["aws_", "hyper", "h2", "rustls", "lambda_runtime", "tower"];
    metadata.is_span()
        && *metadata.level() <= tracing::Level::INFO
        && !LIBRARIES.iter().any(|library| metadata.target().starts_with(library))
}

fn resource(service: &'static str, settings: &Settings) -> Resource {
    let mut attributes = vec![
        KeyValue::new("service.name", settings.service_name.clone().unwrap_or_else(|| service.to_owned())),
        KeyValue::new("cloud.provider", "aws"),
        KeyValue::new("cloud.platform", "aws_lambda"),
    ];
    let optional = [
        ("cloud.region", &settings.region),
        ("faas.name", &settings.function_name),
        ("faas.version", &settings.function_version),
        ("faas.instance", &settings.log_stream),
    ];
    for (key, value) in optional {
        attributes.extend(value.clone().map(|value| KeyValue::new(key, value)));
    }
    Resource::builder_empty()
        .with_detector(Box::new(EnvResourceDetector::new()))
        .with_attributes(attributes)
        .build()
}
