//! The destination of a function's spans during the measurement.

use std::process::Command;

use lambda_emulator::{Collector, XrayDaemon};

/// A destination of spans.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Datagrams to an X-Ray daemon.
    Udp,
    /// HTTP to a healthy collector.
    Otlp,
    /// HTTP to an address where nobody listens.
    Dead,
    /// HTTP to a collector that never answers.
    Hanging,
}

/// The receiver, kept alive while a function runs.
#[derive(Debug)]
pub(crate) enum Peer {
    None,
    Daemon(XrayDaemon),
    Collector(Collector),
}

impl Mode {
    pub(crate) const ALL: [Self; 4] = [Self::Udp, Self::Otlp, Self::Dead, Self::Hanging];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Udp => "udp",
            Self::Otlp => "otlp",
            Self::Dead => "dead",
            Self::Hanging => "hanging",
        }
    }

    /// Starts the receiver and sets its address for `command`.
    pub(crate) fn prepare(self, command: &mut Command) -> Peer {
        let collector = match self {
            Self::Udp => {
                let daemon = XrayDaemon::start().expect("a free port");
                command.env("AWS_XRAY_DAEMON_ADDRESS", daemon.address());
                return Peer::Daemon(daemon);
            }
            Self::Dead => {
                let address = Collector::dead().expect("a free port");
                command.env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}"));
                return Peer::None;
            }
            Self::Otlp => Collector::healthy(),
            Self::Hanging => Collector::hanging(),
        };
        let collector = collector.expect("a free port");
        command.env("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint());
        Peer::Collector(collector)
    }
}

impl Peer {
    /// Discards what arrived, so that nothing piles up.
    pub(crate) fn clear(&self) {
        match self {
            Self::None => {}
            Self::Collector(collector) => drop(collector.seen()),
            Self::Daemon(daemon) => daemon.clear(),
        }
    }
}
