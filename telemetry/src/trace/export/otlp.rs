//! Spans leave as OTLP over HTTP to a collector, chosen by the standard variables.

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

/// How long a collector that did not answer in time is left alone. Meanwhile spans wait, so that a hanging
/// collector costs its bound now and then, not with each invocation.
const REST: Duration = Duration::from_secs(10);
/// How long one that takes no connection is left alone: it may be up again a moment later, and what waits for
/// it is not lost.
const SHORT_REST: Duration = Duration::from_secs(1);

/// Sends spans and waits for the answer; never twice.
#[derive(Debug)]
pub(crate) struct OtlpExporter {
    exporter: SpanExporter,
    peer: Arc<Peer>,
    timeout: Option<Duration>,
    rests_until: Mutex<Option<Instant>>,
}

impl OtlpExporter {
    /// Makes ready to send; nothing is connected. `None` when the library refuses the endpoint.
    pub(crate) fn new(collector: Collector, resource: &Resource) -> Option<Self> {
        let peer = Arc::new(Peer {
            client: Client::new(&collector.endpoint).ok()?,
            headers: collector.headers,
            rejected: AtomicU64::new(0),
            away: AtomicBool::new(false),
            trouble: Mutex::default(),
        });
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_shared_http_client(Arc::clone(&peer) as _)
            .with_endpoint(collector.endpoint.to_string())
            .with_protocol(Protocol::HttpBinary)
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .ok()?;
        exporter.set_resource(resource);
        Some(Self { exporter, peer, timeout: collector.timeout, rests_until: Mutex::default() })
    }

    /// Whether the collector is left alone, because a moment ago it did not answer in time or was not there.
    pub(crate) fn rests(&self, now: Instant) -> bool {
        self.rests_until.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|until| now < until)
    }

    /// Sends `spans`, for no longer than until `until`.
    pub(crate) async fn send(&self, spans: Vec<SpanData>, until: Instant) -> Loss {
        let count = spans.len() as u64;
        let now = Instant::now();
        let until = self.timeout.map_or(until, |timeout| until.min(now + timeout));
        let sent = tokio::time::timeout_at(until.into(), self.exporter.export(spans)).await;
        let away = self.peer.away.swap(false, Ordering::Relaxed).then_some(SHORT_REST);
        let rest = if sent.is_err() { Some(REST) } else { away };
        *self.rests_until.lock().unwrap_or_else(PoisonError::into_inner) = rest.map(|it| Instant::now() + it);
        match sent {
            Ok(Ok(())) => match self.peer.rejected.swap(0, Ordering::Relaxed) {
                0 => Loss::default(),
                rejected => {
                    Loss { spans: rejected.min(count), reason: Some("the collector rejected them".into()) }
                }
            },
            Ok(Err(error)) => {
                let trouble = self.peer.trouble.lock().unwrap_or_else(PoisonError::into_inner).take();
                Loss { spans: count, reason: Some(trouble.unwrap_or_else(|| error_chain(&error))) }
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

/// The collector, as opentelemetry-otlp sees it.
struct Peer {
    client: Client,
    headers: HeaderMap,
    /// Spans that the collector took the request of, but not them.
    rejected: AtomicU64,
    /// Whether the last request found nobody to connect to.
    away: AtomicBool,
    /// Why the last request had no answer; the library keeps that to itself.
    trouble: Mutex<Option<String>>,
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peer").field("client", &self.client).finish_non_exhaustive()
    }
}

#[async_trait]
impl HttpClient for Peer {
    async fn send_bytes(&self, mut request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
        request.headers_mut().extend(self.headers.clone());
        let answer = self.client.send(request).await.inspect_err(|error| {
            self.away.store(matches!(error, crate::http_client::Error::Connect(_)), Ordering::Relaxed);
            *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(error_chain(error));
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
