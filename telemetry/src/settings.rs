//! The settings of telemetry, read from environment variables.

mod collector;
mod variables;

use std::{
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use opentelemetry_sdk::trace::{Sampler, SpanLimits};
use percent_encoding::percent_decode_str;

pub(crate) use collector::Collector;
pub use variables::{Support, Variable};

use crate::trace::sampling;

/// The address of the X-Ray daemon unless Lambda sets one.
const DEFAULT_DAEMON: &str = "127.0.0.1:2000";
/// Most spans held between two flushes.
const DEFAULT_QUEUE: usize = 8_192;
/// Most spans in one request.
const DEFAULT_BATCH: usize = 512;

/// All settings.
#[derive(Debug)]
pub(crate) struct Settings {
    /// `OTEL_SDK_DISABLED`: no spans at all; logs and metrics stay.
    pub(crate) disabled: bool,
    /// `OTEL_SERVICE_NAME`: names traces only; metrics keep the constant service, which alarms name.
    pub(crate) service_name: Option<String>,
    /// `OTEL_RESOURCE_ATTRIBUTES`.
    pub(crate) resource_attributes: Vec<(String, String)>,
    /// `OTEL_TRACES_SAMPLER` and its argument.
    pub(crate) sampler: Sampler,
    /// The destination of spans.
    pub(crate) export: Export,
    /// Most attributes, events and links.
    pub(crate) limits: SpanLimits,
    /// Most characters of an attribute.
    pub(crate) value_length: Option<usize>,
    /// Most spans held between two flushes.
    pub(crate) queue: usize,
    /// Most spans in one request.
    pub(crate) batch: usize,
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
    /// `AWS_LAMBDA_RUNTIME_API`, where Lambda listens.
    pub(crate) runtime_api: Option<String>,
    /// Variables that are ignored.
    pub(crate) ignored: Vec<IgnoredVariable>,
}

/// The destination of spans.
#[derive(Debug)]
pub(crate) enum Export {
    /// Nowhere, as configured.
    Disabled,
    /// To the X-Ray daemon, which takes OTLP too; `None` when its address is none.
    Daemon(Option<SocketAddr>),
    /// To a collector.
    Collector(Collector),
}

/// A variable that is ignored, and the reason; never its value, which may be a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IgnoredVariable {
    pub(crate) variable: String,
    pub(crate) reason: String,
}

/// Looks variables up and collects those with a wrong value.
struct Reader<F> {
    lookup: F,
    ignored: Vec<IgnoredVariable>,
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    /// The value of `name`; an empty one counts as unset, by the specification.
    fn get(&self, name: &str) -> Option<String> {
        (self.lookup)(name).filter(|value| !value.trim().is_empty())
    }

    /// The value and name of the first that is set.
    fn first<'a>(&self, names: &[&'a str]) -> Option<(&'a str, String)> {
        names.iter().find_map(|name| Some((*name, self.get(name)?)))
    }

    fn ignore(&mut self, variable: &str, reason: impl Into<String>) {
        self.ignored.push(IgnoredVariable { variable: variable.to_owned(), reason: reason.into() });
    }

    /// Reports a variable that is set and not supported.
    fn check(&mut self, name: &str, support: Support) {
        if let Some(reason) = self.get(name).and_then(|value| support.reason_to_ignore(&value)) {
            self.ignore(name, reason);
        }
    }

    /// A whole number, under the first of `names` that is set.
    fn number(&mut self, names: &[&str]) -> Option<u64> {
        let (name, value) = self.first(names)?;
        let number = value.trim().parse().ok();
        if number.is_none() {
            self.ignore(name, "it is no whole number; the default holds");
        }
        number
    }

    /// A number as a limit of spans.
    fn limit(&mut self, names: &[&str], default: u32) -> u32 {
        self.number(names).map_or(default, |number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// A number of things of which there must be one at least.
    fn size(&mut self, name: &str, default: usize) -> usize {
        match self.number(&[name]) {
            Some(0) => {
                self.ignore(name, "it must be 1 or more; the default holds");
                default
            }
            Some(number) => usize::try_from(number).unwrap_or(usize::MAX),
            None => default,
        }
    }

    /// A time limit in milliseconds; 0 means none.
    fn timeout(&mut self, names: &[&str]) -> Option<Duration> {
        self.number(names).filter(|ms| *ms > 0).map(Duration::from_millis)
    }

    /// `key=value,…` with percent-encoded values: all of it or, when a part is wrong, nothing.
    fn pairs(&mut self, names: &[&str]) -> Vec<(String, String)> {
        let Some((name, value)) = self.first(names) else { return Vec::new() };
        let pair = |entry: &str| {
            let (key, value) = entry.split_once('=')?;
            let value = percent_decode_str(value.trim()).decode_utf8().ok()?;
            let key = percent_decode_str(key.trim()).decode_utf8().ok()?;
            (!key.is_empty()).then(|| (key.into_owned(), value.into_owned()))
        };
        let entries = value.split(',').map(str::trim).filter(|entry| !entry.is_empty());
        if let Some(pairs) = entries.map(pair).collect() {
            return pairs;
        }
        self.ignore(name, "it is no list of key=value, so none of it holds");
        Vec::new()
    }

    fn flag(&mut self, name: &str) -> bool {
        let Some(value) = self.get(name) else { return false };
        let is = |word: &str| value.trim().eq_ignore_ascii_case(word);
        if !is("true") && !is("false") {
            self.ignore(name, "it is neither true nor false; false holds");
        }
        is("true")
    }

    fn sampler(&mut self) -> Sampler {
        let [name, argument] = ["OTEL_TRACES_SAMPLER", "OTEL_TRACES_SAMPLER_ARG"];
        let (sampler, raw) = (self.get(name), self.get(argument));
        sampling::parse(sampler.as_deref().map(str::trim), raw.as_deref().map(str::trim)).unwrap_or_else(
            |wrong| {
                let variable =
                    if sampler.as_deref().map(str::trim) == Some(wrong.as_str()) { name } else { argument };
                self.ignore(variable, "it is not understood; every trace is kept");
                Sampler::AlwaysOn
            },
        )
    }

    fn daemon(&mut self) -> Option<SocketAddr> {
        let name = "AWS_XRAY_DAEMON_ADDRESS";
        let address = self.get(name).unwrap_or_else(|| DEFAULT_DAEMON.to_owned());
        let daemon = resolve(udp_part(&address));
        if daemon.is_none() {
            self.ignore(name, "it is no address; spans are dropped");
        }
        daemon
    }
}

impl Settings {
    /// Reads the settings through `lookup`; what is missing or wrong keeps its default.
    ///
    /// `names` are those of all variables, so that an unknown one of OpenTelemetry is logged.
    pub(crate) fn read(
        lookup: impl Fn(&str) -> Option<String>,
        names: impl IntoIterator<Item = String>,
    ) -> Self {
        let mut reader = Reader { lookup, ignored: Vec::new() };
        for variable in Variable::all() {
            reader.check(variable.name, variable.support);
        }
        for name in names.into_iter().filter(|name| name.starts_with("OTEL_")) {
            match Variable::of(&name) {
                None => reader.ignore(&name, "it is no variable of OpenTelemetry that is known here"),
                Some(variable) if variable.is_prefix() => reader.check(&name, variable.support),
                Some(_) => {}
            }
        }
        let general = "OTEL_ATTRIBUTE_COUNT_LIMIT";
        let mut limits = SpanLimits::default();
        for (limit, names) in [
            (&mut limits.max_attributes_per_span, ["OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", general].as_slice()),
            (&mut limits.max_attributes_per_event, &["OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", general]),
            (&mut limits.max_attributes_per_link, &["OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", general]),
            (&mut limits.max_events_per_span, &["OTEL_SPAN_EVENT_COUNT_LIMIT"]),
            (&mut limits.max_links_per_span, &["OTEL_SPAN_LINK_COUNT_LIMIT"]),
        ] {
            *limit = reader.limit(names, *limit);
        }
        let length =
            reader.number(&["OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", "OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT"]);
        Self {
            disabled: reader.flag("OTEL_SDK_DISABLED"),
            service_name: reader.get("OTEL_SERVICE_NAME"),
            resource_attributes: reader.pairs(&["OTEL_RESOURCE_ATTRIBUTES"]),
            sampler: reader.sampler(),
            export: reader.export(),
            limits,
            value_length: length.map(|it| usize::try_from(it).unwrap_or(usize::MAX)),
            queue: reader.size("OTEL_BSP_MAX_QUEUE_SIZE", DEFAULT_QUEUE),
            batch: reader.size("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", DEFAULT_BATCH),
            log_filter: reader.get("RUST_LOG"),
            function_name: reader.get("AWS_LAMBDA_FUNCTION_NAME"),
            function_version: reader.get("AWS_LAMBDA_FUNCTION_VERSION"),
            log_stream: reader.get("AWS_LAMBDA_LOG_STREAM_NAME"),
            region: reader.get("AWS_REGION"),
            runtime_api: reader.get("AWS_LAMBDA_RUNTIME_API"),
            ignored: reader.ignored,
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
mod tests;
