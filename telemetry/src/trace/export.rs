//! Export of spans: OTLP over UDP to the X-Ray daemon, or over HTTP to a collector.

mod otlp;
mod udp;

use std::time::Instant;

use opentelemetry_sdk::{Resource, trace::SpanData};

use crate::settings::Export;
pub(crate) use otlp::OtlpExporter;
pub(crate) use udp::UdpExporter;

/// Sends ended spans to the destination of the settings.
#[derive(Debug)]
pub(crate) enum Exporter {
    /// Drops them, as configured.
    Disabled,
    /// Drops them and counts each as lost, because the destination has no valid address.
    Unavailable,
    /// To the X-Ray daemon.
    Udp(UdpExporter),
    /// To a collector.
    Otlp(Box<OtlpExporter>),
}

/// The spans that were lost.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// How many spans.
    pub(crate) spans: u64,
    /// The reason, if known.
    pub(crate) reason: Option<String>,
}

impl Exporter {
    /// Prepares the exporter without a connection.
    pub(crate) fn new(export: Export, resource: &Resource) -> Self {
        match export {
            Export::Disabled => Self::Disabled,
            Export::Daemon(daemon) => daemon
                .and_then(|daemon| UdpExporter::new(daemon, resource).ok())
                .map_or(Self::Unavailable, Self::Udp),
            Export::Collector(collector) => OtlpExporter::new(collector, resource)
                .map_or(Self::Unavailable, |it| Self::Otlp(Box::new(it))),
        }
    }

    /// Whether the exporter is ready, that is, not backing off.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        !matches!(self, Self::Otlp(exporter) if exporter.is_backing_off(now))
    }

    /// Whether the next send is the first, and to a collector behind TLS.
    pub(crate) fn is_first_over_tls(&self) -> bool {
        matches!(self, Self::Otlp(exporter) if exporter.is_first_over_tls())
    }

    /// Sends `spans`, for no longer than until `until`.
    pub(crate) async fn send(&self, spans: Vec<SpanData>, until: Instant) -> Loss {
        match self {
            Self::Disabled => Loss::default(),
            Self::Unavailable => Loss { spans: spans.len() as u64, reason: None },
            Self::Udp(exporter) => Loss { spans: exporter.send(spans), reason: None },
            // Boxed, because the future of every invocation has room for what it may await.
            Self::Otlp(exporter) => Box::pin(exporter.send(spans, until)).await,
        }
    }
}
