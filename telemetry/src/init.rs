//! The handle [`Telemetry`] and its setup: one `tracing` subscriber, one OpenTelemetry provider, one metrics recorder.

use std::{
    fmt::{self, Debug},
    future::poll_fn,
    pin::pin,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_sdk::{
    Resource,
    trace::{Sampler, SdkTracer, SdkTracerProvider},
};
use tracing::{Dispatch, instrument::WithSubscriber};
use tracing_subscriber::prelude::*;

use crate::{
    logs::{
        filter::LogFilter,
        json::{JsonLog, RequestId},
        writer::Writer,
    },
    metrics::{emf::dimension_value, recorder::MetricsRecorder},
    run::{panics, peak_memory::PeakMemory},
    settings::{IgnoredVariable, Settings},
    testing::Captured,
    trace::{buffer::SpanBuffer, export::Exporter, ids::TraceIds, open_spans::OpenSpans},
};

/// The telemetry of one function; cheap to clone.
#[derive(Clone)]
pub struct Telemetry {
    pub(crate) inner: Arc<Inner>,
}

/// What all clones share.
pub(crate) struct Inner {
    service: &'static str,
    /// The service as a dimension value that CloudWatch accepts.
    pub(crate) service_dimension: String,
    pub(crate) sampler: Sampler,
    pub(crate) dispatch: Dispatch,
    pub(crate) exporter: Exporter,
    /// Most spans in one request.
    pub(crate) batch: usize,
    pub(crate) open_spans: OpenSpans,
    /// The address of the Runtime API.
    pub(crate) runtime_api: Option<String>,
    pub(crate) buffer: SpanBuffer,
    pub(crate) writer: Writer,
    pub(crate) recorder: MetricsRecorder,
    pub(crate) request_id: RequestId,
    pub(crate) peak_memory: PeakMemory,
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
    /// Spawns nothing and connects to nothing. A wrong value of a variable is logged and replaced by the default:
    /// telemetry never stops the work.
    ///
    /// # Errors
    ///
    /// Fails when a subscriber is installed already.
    pub fn init(service: &'static str) -> Result<Self, InitError> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the only place of telemetry that reads the environment"
        )]
        let settings = Settings::read(|name| std::env::var(name).ok(), variable_names());
        let resource = resource(service, &settings);
        let ignored = settings.ignored.clone();
        let telemetry = Self::build(service, settings, Writer::stdout(), &resource);
        tracing::dispatcher::set_global_default(telemetry.inner.dispatch.clone())?;
        if metrics::set_global_recorder(telemetry.inner.recorder.clone()).is_err() {
            tracing::warn!("Another recorder of the metrics crate is installed; libraries' metrics go there");
        }
        panics::log_panics();
        for IgnoredVariable { variable, reason } in ignored {
            tracing::warn!(variable, reason, "A variable of telemetry is not followed");
        }
        Ok(telemetry)
    }

    /// Telemetry for a test, without globals: [`Captured`] holds what is emitted inside [`Telemetry::scope`] or
    /// [`Telemetry::within`].
    #[must_use]
    pub fn capture(service: &'static str) -> (Self, Captured) {
        Self::capture_with(service, |_| None)
    }

    /// As [`Telemetry::capture`], with an environment in which `lookup` finds each variable.
    #[must_use]
    pub fn capture_with(service: &'static str, lookup: impl Fn(&str) -> Option<String>) -> (Self, Captured) {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let resource = Resource::builder_empty().build();
        let settings = Settings::read(lookup, []);
        let telemetry = Self::build(service, settings, Writer::new(Arc::clone(&lines) as _), &resource);
        let captured = Captured::new(lines, telemetry.inner.buffer.clone(), telemetry.inner.writer.clone());
        (telemetry, captured)
    }

    fn build(service: &'static str, settings: Settings, writer: Writer, resource: &Resource) -> Self {
        let buffer = SpanBuffer::new(settings.queue, settings.value_length);
        let sampler = settings.sampler;
        let provider = SdkTracerProvider::builder()
            .with_resource(resource.clone())
            .with_id_generator(TraceIds::default())
            .with_sampler(Sampler::ParentBased(Box::new(sampler.clone())))
            .with_span_limits(settings.limits)
            .with_span_processor(buffer.clone())
            .build();
        let request_id = RequestId::default();
        let log = JsonLog::new(service, writer.clone(), Arc::clone(&request_id));
        let tracer = (!settings.disabled).then(|| provider.tracer(service));
        let open_spans = OpenSpans::default();
        Self {
            inner: Arc::new(Inner {
                service,
                service_dimension: dimension_value(service).into_owned(),
                dispatch: dispatch(log, tracer, open_spans.clone(), settings.log_filter.as_deref()),
                sampler,
                exporter: Exporter::new(settings.export, resource),
                batch: settings.batch,
                open_spans,
                runtime_api: settings.runtime_api,
                buffer,
                recorder: MetricsRecorder::new(writer.clone()),
                writer,
                request_id,
                peak_memory: PeakMemory::default(),
                started: Instant::now(),
                cold: AtomicBool::new(true),
            }),
        }
    }

    /// Runs `work` with this telemetry; needed only with [`Telemetry::capture`].
    pub fn scope<R>(&self, work: impl FnOnce() -> R) -> R {
        tracing::dispatcher::with_default(&self.inner.dispatch, || {
            let result = metrics::with_local_recorder(&self.inner.recorder, work);
            self.flush_metrics();
            result
        })
    }

    /// Runs `work` with this telemetry; needed only with [`Telemetry::capture`].
    ///
    /// Code that `work` spawns on other threads reaches the metrics recorder only if it calls
    /// [`Telemetry::scope`] there.
    pub async fn within<F: Future>(&self, work: F) -> F::Output {
        let mut work = pin!(work.with_subscriber(self.inner.dispatch.clone()));
        let recorder = &self.inner.recorder;
        let result =
            poll_fn(|context| metrics::with_local_recorder(recorder, || work.as_mut().poll(context))).await;
        tracing::dispatcher::with_default(&self.inner.dispatch, || self.flush_metrics());
        result
    }

    /// Sets the request id of the following lines. Lambda's ids are UUIDs; all other characters are removed.
    pub(crate) fn set_request_id(&self, request_id: &str) {
        let mut id = request_id.to_owned();
        id.retain(|it| it.is_ascii_alphanumeric() || it == '-');
        *self.inner.request_id.lock().unwrap_or_else(PoisonError::into_inner) = Some(id);
    }

    /// Whether this is the first invocation of the environment; true once.
    pub(crate) fn take_cold(&self) -> bool {
        self.inner.cold.swap(false, Ordering::Relaxed)
    }
}

/// The names of all environment variables.
fn variable_names() -> impl Iterator<Item = String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok())
}

fn dispatch(
    log: JsonLog,
    tracer: Option<SdkTracer>,
    open_spans: OpenSpans,
    filter: Option<&str>,
) -> Dispatch {
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
            .and_then(open_spans)
    });
    tracing_subscriber::registry().with(spans).with(log).with(LogFilter::new(filter.unwrap_or("info"))).into()
}

fn resource(service: &'static str, settings: &Settings) -> Resource {
    let mut attributes = vec![
        KeyValue::new("service.name", service),
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
    // Attributes of the environment go before those known here, except for the service's name, which has a
    // variable of its own.
    let given = settings.resource_attributes.iter().cloned().map(|(key, value)| KeyValue::new(key, value));
    let name = settings.service_name.clone().map(|name| KeyValue::new("service.name", name));
    Resource::builder_empty().with_attributes(attributes.into_iter().chain(given).chain(name)).build()
}
