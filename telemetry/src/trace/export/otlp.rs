//! OTLP over HTTP to a collector, configured by the standard variables.

use std::{
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use opentelemetry_http::{HttpClient, HttpError};
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use prost::Message;

use super::Loss;
use crate::{http_client::Client, logs::redact::error_chain, settings::Collector};

/// The backoff after a collector did not answer in time. Meanwhile spans wait, so that a hanging collector costs
/// its time limit now and then, not with each invocation.
const TIMEOUT_BACKOFF: Duration = Duration::from_secs(10);
/// The backoff after a collector accepted no connection: it may be up again a moment later, and spans that wait
/// are not lost.
const CONNECT_BACKOFF: Duration = Duration::from_secs(1);

/// Sends spans and waits for the answer; never retries.
pub(crate) struct OtlpExporter {
    exporter: SpanExporter,
    client: Arc<CollectorClient>,
    timeout: Option<Duration>,
    /// Until the first send.
    first_over_tls: AtomicBool,
    backoff_until: Mutex<Option<Instant>>,
}

impl fmt::Debug for OtlpExporter {
    /// Without the library's exporter, which reads the headers from the environment too and shows them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OtlpExporter").field("client", &self.client).finish_non_exhaustive()
    }
}

impl OtlpExporter {
    /// Prepares the exporter without a connection; `None` when the library refuses the endpoint.
    pub(crate) fn new(collector: Collector, resource: &Resource) -> Option<Self> {
        let client = Arc::new(CollectorClient {
            client: Client::new(&collector.endpoint).ok()?.trusting(collector.authorities),
            headers: collector.headers,
            rejected: AtomicU64::new(0),
            unreachable: AtomicBool::new(false),
            last_error: Mutex::default(),
        });
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_shared_http_client(Arc::clone(&client) as _)
            .with_endpoint(collector.endpoint.to_string())
            .with_protocol(Protocol::HttpBinary)
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .ok()?;
        exporter.set_resource(resource);
        let first_over_tls = AtomicBool::new(collector.endpoint.scheme_str() == Some("https"));
        let backoff_until = Mutex::default();
        Some(Self { exporter, client, timeout: collector.timeout, first_over_tls, backoff_until })
    }

    /// Whether the collector lately did not answer in time or accepted no connection, so that spans wait.
    pub(crate) fn is_backing_off(&self, now: Instant) -> bool {
        self.backoff_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    /// Whether the next send is the first, over TLS.
    pub(crate) fn is_first_over_tls(&self) -> bool {
        self.first_over_tls.load(Ordering::Relaxed)
    }

    /// Sends `spans`, for no longer than until `until`.
    pub(crate) async fn send(&self, spans: Vec<SpanData>, until: Instant) -> Loss {
        self.first_over_tls.store(false, Ordering::Relaxed);
        let count = spans.len() as u64;
        let now = Instant::now();
        let until = self.timeout.map_or(until, |timeout| until.min(now + timeout));
        let sent = tokio::time::timeout_at(until.into(), self.exporter.export(spans)).await;
        let unreachable = self.client.unreachable.swap(false, Ordering::Relaxed).then_some(CONNECT_BACKOFF);
        let backoff = if sent.is_err() { Some(TIMEOUT_BACKOFF) } else { unreachable };
        *self.backoff_until.lock().unwrap_or_else(PoisonError::into_inner) =
            backoff.map(|it| Instant::now() + it);
        match sent {
            Ok(Ok(())) => match self.client.rejected.swap(0, Ordering::Relaxed) {
                0 => Loss::default(),
                rejected => {
                    Loss { spans: rejected.min(count), reason: Some("the collector rejected them".into()) }
                }
            },
            Ok(Err(error)) => {
                let last_error = self.client.last_error.lock().unwrap_or_else(PoisonError::into_inner).take();
                Loss { spans: count, reason: Some(last_error.unwrap_or_else(|| error_chain(&error))) }
            }
            Err(_) => {
                let waited = now.elapsed().as_millis();
                Loss {
                    spans: count,
                    reason: Some(format!("the collector did not answer within {waited} ms")),
                }
            }
        }
    }
}

/// The HTTP client that opentelemetry-otlp uses.
struct CollectorClient {
    client: Client,
    headers: HeaderMap,
    /// Spans that the collector rejected in a request that it accepted (`partial_success`).
    rejected: AtomicU64,
    /// Whether the last request got no connection.
    unreachable: AtomicBool,
    /// The error of the last request, which the library does not return.
    last_error: Mutex<Option<String>>,
}

impl fmt::Debug for CollectorClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CollectorClient").field("client", &self.client).finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for CollectorClient {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        request.headers_mut().extend(self.headers.clone());
        let answer = self.client.send(request).await.inspect_err(|error| {
            self.unreachable.store(matches!(error, crate::http_client::Error::Connect(_)), Ordering::Relaxed);
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error_chain(error));
        })?;
        if answer.status().is_success() {
            let partial = ExportTraceServiceResponse::decode(answer.body().clone())
                .ok()
                .and_then(|it| it.partial_success);
            let rejected = partial.map_or(0, |it| u64::try_from(it.rejected_spans).unwrap_or_default());
            self.rejected.store(rejected, Ordering::Relaxed);
        }
        Ok(answer)
    }
}

#[cfg(test)]
mod tests;
