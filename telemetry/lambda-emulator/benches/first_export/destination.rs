//! The destinations of spans that are compared.

use std::{io::Write, time::Duration};

use lambda_emulator::{Authority, Collector, OK, XrayDaemon};
use tempfile::NamedTempFile;

/// The machine's certificates on Debian and on Amazon Linux, as Lambda has it.
const BUNDLES: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
const CERTIFICATE: &str = "OTEL_EXPORTER_OTLP_CERTIFICATE";
/// The answer of a collector that closes the connection.
const CLOSING: &[u8] = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
/// The longest that an arrival may take.
const SOON: Duration = Duration::from_secs(10);

/// Where spans go, and the variables that say so to a function.
pub(crate) struct Destination {
    pub(crate) name: &'static str,
    peer: Peer,
    environment: Vec<(&'static str, String)>,
    /// Read by each process, so kept as long as there are any.
    _trusted: Option<NamedTempFile>,
}

enum Peer {
    Daemon(XrayDaemon),
    Collector(Collector),
}

impl Destination {
    pub(crate) fn all() -> [Self; 5] {
        let authority = Authority::new().expect("a key");
        let certificate = authority.certificate();
        let bundle = BUNDLES.iter().find_map(|path| std::fs::read_to_string(path).ok());
        let bundle = bundle.expect("the machine has certificates: install ca-certificates") + &certificate;
        [
            Self::datagrams(),
            Self::http(),
            Self::https("https, the machine's certificates", &authority, ("SSL_CERT_FILE", &bundle), OK),
            Self::https("https, one certificate", &authority, (CERTIFICATE, &certificate), OK),
            Self::https("https, a handshake each time", &authority, (CERTIFICATE, &certificate), CLOSING),
        ]
    }

    fn datagrams() -> Self {
        let daemon = XrayDaemon::start().expect("a free port");
        let environment = vec![("AWS_XRAY_DAEMON_ADDRESS", daemon.address())];
        Self { name: "datagrams", peer: Peer::Daemon(daemon), environment, _trusted: None }
    }

    fn http() -> Self {
        let collector = Collector::healthy().expect("a free port");
        let environment = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint())];
        Self { name: "http", peer: Peer::Collector(collector), environment, _trusted: None }
    }

    /// A collector with a certificate of `authority`, for functions that find the certificates to trust by a variable.
    fn https(
        name: &'static str,
        authority: &Authority,
        (variable, certificates): (&'static str, &str),
        answer: &'static [u8],
    ) -> Self {
        let identity = authority.certify("localhost").expect("a name");
        let collector = Collector::start_secure(identity, |_| Some(answer.to_vec())).expect("a free port");
        let mut trusted = NamedTempFile::new().expect("a temporary file");
        trusted.write_all(certificates.as_bytes()).expect("it takes them");
        let environment = vec![
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
            ("OTEL_EXPORTER_OTLP_HEADERS", "x-honeycomb-team=key".to_owned()),
            (variable, trusted.path().display().to_string()),
        ];
        Self { name, peer: Peer::Collector(collector), environment, _trusted: Some(trusted) }
    }

    pub(crate) fn environment(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.environment.iter().map(|(name, value)| (*name, value.as_str()))
    }

    /// Ends the measurement unless the spans of `count` invocations have come.
    pub(crate) fn assert_received(&self, count: usize) {
        for _ in 0..count {
            let received = match &self.peer {
                Peer::Daemon(daemon) => daemon.next(SOON).is_some(),
                Peer::Collector(collector) => collector.next(SOON).is_some(),
            };
            assert!(received, "{}: spans are missing", self.name);
        }
    }
}
