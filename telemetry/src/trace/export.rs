//! How spans leave.

mod otlp;
mod udp;

use std::time::Instant;

use opentelemetry_sdk::{Resource, trace::SpanData};

use crate::settings::Export;
pub(crate) use otlp::OtlpExporter;
pub(crate) use udp::UdpExporter;

/// Sends ended spans to where the settings say.
#[derive(Debug)]
pub(crate) enum Exporter {
    /// Drops them, as asked for.
    Disabled,
    /// Drops them, because there is no way to send them; each counts as lost.
    Unavailable,
    /// To the X-Ray daemon.
    Udp(UdpExporter),
    /// To a collector.
    Otlp(Box<OtlpExporter>),
}

/// What did not arrive.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Loss {
    /// How many spans.
    pub(crate) spans: u64,
    /// Why, if anybody knows.
    pub(crate) reason: Option<String>,
}

impl Exporter {
    /// Makes ready what can be made ready without a connection.
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

    /// Whether sending now is worth the time.
    pub(crate) fn is_ready(&self, now: Instant) -> bool {
        !matches!(self, Self::Otlp(exporter) if exporter.is_backing_off(now))
    }

    /// Sends `spans`, for no longer than until `until`.
    pub(crate) async fn send(&self, spans: Vec<SpanData>, until: Instant) -> Loss {
        match self {
            Self::Disabled => Loss::default(),
            Self::Unavailable => Loss { spans: spans.len() as u64, reason: None },
            Self::Udp(exporter) => Loss { spans: exporter.send(spans), reason: None },
            // In a box of its own, because every invocation carries room for what it may await.
            Self::Otlp(exporter) => Box::pin(exporter.send(spans, until)).await,
        }
    }
}
