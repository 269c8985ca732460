//! What the environment says about telemetry.

use std::net::{SocketAddr, ToSocketAddrs};

/// Where the X-Ray daemon listens when Lambda does not say.
const DEFAULT_DAEMON: &str = "127.0.0.1:2000";

/// Everything telemetry reads from its environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// `OTEL_SDK_DISABLED`: no spans at all; logs and metrics stay.
    pub(crate) disabled: bool,
    /// `OTEL_SERVICE_NAME`: names traces only; metrics keep the constant service, or alarms go blind.
    pub(crate) service_name: Option<String>,
    /// `OTEL_TRACES_SAMPLER`.
    pub(crate) sampler: Option<String>,
    /// `OTEL_TRACES_SAMPLER_ARG`.
    pub(crate) sampler_argument: Option<String>,
    /// `AWS_XRAY_DAEMON_ADDRESS`, which takes OTLP too.
    pub(crate) daemon: Option<SocketAddr>,
    /// `RUST_LOG`: which log lines are written.
    pub(crate) log_filter: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_NAME`.
    pub(crate) function_name: Option<String>,
    /// `AWS_LAMBDA_FUNCTION_VERSION`.
    pub(crate) function_version: Option<String>,
    /// `AWS_LAMBDA_LOG_STREAM_NAME`, which names the execution environment.
    pub(crate) log_stream: Option<String>,
    /// `AWS_REGION`.
    pub(crate) region: Option<String>,
}

impl Settings {
    /// Reads the settings through `lookup`; what is missing keeps its default.
    pub(crate) fn read(lookup: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        let daemon = get("AWS_XRAY_DAEMON_ADDRESS").unwrap_or_else(|| DEFAULT_DAEMON.to_owned());
        Self {
            disabled: get("OTEL_SDK_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true")),
            service_name: get("OTEL_SERVICE_NAME"),
            sampler: get("OTEL_TRACES_SAMPLER"),
            sampler_argument: get("OTEL_TRACES_SAMPLER_ARG"),
            daemon: resolve(udp_part(&daemon)),
            log_filter: get("RUST_LOG"),
            function_name: get("AWS_LAMBDA_FUNCTION_NAME"),
            function_version: get("AWS_LAMBDA_FUNCTION_VERSION"),
            log_stream: get("AWS_LAMBDA_LOG_STREAM_NAME"),
            region: get("AWS_REGION"),
        }
    }
}

/// The daemon's address may be written `tcp:host:port udp:host:port`.
fn udp_part(address: &str) -> &str {
    address.split_whitespace().find_map(|part| part.strip_prefix("udp:")).unwrap_or(address)
}

fn resolve(address: &str) -> Option<SocketAddr> {
    address.to_socket_addrs().ok()?.next()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_daemon_is_found_in_both_spellings() {
        let read = |value: &'static str| {
            Settings::read(move |name| (name == "AWS_XRAY_DAEMON_ADDRESS").then(|| value.to_owned()))
        };

        assert_eq!(read("127.0.0.1:2001").daemon, "127.0.0.1:2001".parse().ok());
        assert_eq!(read("tcp:127.0.0.1:1 udp:127.0.0.1:2").daemon, "127.0.0.1:2".parse().ok());
        assert_eq!(read("").daemon, "127.0.0.1:2000".parse().ok());
        assert_eq!(read("nonsense").daemon, None);
    }
}
