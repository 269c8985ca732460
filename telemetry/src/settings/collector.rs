//! The destination of spans, by the standard `OTEL_EXPORTER_OTLP_*` variables.

use std::{fmt, path::PathBuf, time::Duration};

use http::{HeaderMap, HeaderName, HeaderValue, Uri};

use super::{Export, Reader};
use crate::http_client as client;

/// The default endpoint of a collector, by the specification.
const DEFAULT_ENDPOINT: &str = "http://localhost:4318";
const PATH: &str = "/v1/traces";

/// A collector that takes OTLP over HTTP.
pub(crate) struct Collector {
    /// The URL for requests.
    pub(crate) endpoint: Uri,
    /// Headers added to each request; secrets.
    pub(crate) headers: HeaderMap,
    /// A file of certificates that are trusted instead of the machine's.
    pub(crate) authorities: Option<PathBuf>,
    /// The longest a request may take.
    pub(crate) timeout: Option<Duration>,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Collector").field("timeout", &self.timeout).finish_non_exhaustive()
    }
}

impl<F: Fn(&str) -> Option<String>> Reader<F> {
    pub(super) fn export(&mut self) -> Export {
        let name = "OTEL_TRACES_EXPORTER";
        let asked = match self.get(name).as_deref().map(str::trim) {
            Some("none") => return Export::Disabled,
            Some("otlp") => true,
            Some(_) => {
                self.ignore(name, "only otlp and none are known; it counts as unset");
                false
            }
            None => false,
        };
        let endpoint =
            self.endpoint().or_else(|| asked.then(|| format!("{DEFAULT_ENDPOINT}{PATH}").parse().ok())?);
        match endpoint {
            Some(endpoint) => Export::Collector(self.collector(endpoint)),
            None => Export::Daemon(self.daemon()),
        }
    }

    /// The endpoint of the variables; `None` when there is none or it is invalid.
    fn endpoint(&mut self) -> Option<Uri> {
        let [own, general] = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
        let (name, value) = self.first(&[own, general])?;
        let text = if name == general {
            format!("{}{PATH}", value.trim().trim_end_matches('/'))
        } else {
            value.trim().to_owned()
        };
        let reason = match text.parse::<Uri>() {
            Err(_) => client::AddressError::NoHost,
            Ok(uri) => match client::Client::new(&uri) {
                Ok(_) => return Some(uri),
                Err(reason) => reason,
            },
        };
        self.ignore(name, format!("{reason}; spans go where they went without it"));
        None
    }

    fn collector(&mut self, endpoint: Uri) -> Collector {
        for (names, known, reason) in [
            (
                ["OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"],
                "http/protobuf",
                "only http/protobuf is supported, and used",
            ),
            (
                ["OTEL_EXPORTER_OTLP_TRACES_COMPRESSION", "OTEL_EXPORTER_OTLP_COMPRESSION"],
                "none",
                "nothing is compressed",
            ),
        ] {
            if let Some((name, value)) = self.first(&names)
                && value.trim() != known
            {
                self.ignore(name, reason);
            }
        }
        let own = self.timeout(&["OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"]);
        let batch = self.timeout(&["OTEL_BSP_EXPORT_TIMEOUT"]);
        let timeout = [own, batch].into_iter().flatten().min();
        let authorities =
            self.first(&["OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE", "OTEL_EXPORTER_OTLP_CERTIFICATE"]);
        let authorities = authorities.map(|(_, file)| PathBuf::from(file));
        Collector { endpoint, headers: self.headers(), authorities, timeout }
    }

    fn headers(&mut self) -> HeaderMap {
        let names = ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS"];
        let mut headers = HeaderMap::new();
        for (name, value) in self.pairs(&names) {
            let (Ok(name), Ok(mut value)) =
                (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str()))
            else {
                let variable = self.first(&names).map_or(names[1], |(variable, _)| variable);
                self.ignore(variable, "a name or value in it fits no header; the others hold");
                continue;
            };
            value.set_sensitive(true);
            headers.insert(name, value);
        }
        headers
    }
}
