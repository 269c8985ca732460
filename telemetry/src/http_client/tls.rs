//! TLS for a peer elsewhere, such as a vendor's collector, by the implementation that the AWS SDKs bring, with the same
//! features.
//!
//! Certificates are read and parsed at the first connection: a function that sends nothing over TLS does neither.

use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};

use hyper_rustls::{ConfigBuilderExt, MaybeHttpsStream};
use hyper_util::rt::TokioIo;
use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject},
};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A connection with TLS or without.
pub(super) type Stream = MaybeHttpsStream<TokioIo<TcpStream>>;

/// The name that a peer must prove, and the certificates that may vouch for it.
#[derive(Debug)]
pub(super) struct Tls {
    peer: ServerName<'static>,
    /// A file of certificates that are trusted instead of the machine's.
    pub(super) authorities: Option<PathBuf>,
    /// Kept for all connections, because it remembers sessions, which spare a further handshake its certificates.
    config: OnceLock<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(host: &str) -> Result<Self, InvalidDnsNameError> {
        let peer = ServerName::try_from(host)?.to_owned();
        Ok(Self { peer, authorities: None, config: OnceLock::new() })
    }

    /// Encrypts `stream`, after the peer has proved its name.
    pub(super) async fn handshake(&self, stream: TcpStream) -> io::Result<Stream> {
        let config = if let Some(config) = self.config.get() {
            config
        } else {
            let config = config(self.authorities.as_deref())?;
            self.config.get_or_init(|| Arc::new(config))
        };
        let stream = TokioIo::new(TokioIo::new(stream));
        TlsConnector::from(Arc::clone(config)).connect(self.peer.clone(), stream).await.map(Stream::from)
    }
}

fn config(authorities: Option<&Path>) -> io::Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?;
    let builder = match authorities {
        Some(file) => builder.with_root_certificates(read(file)?),
        // Those that `SSL_CERT_FILE` and `SSL_CERT_DIR` name, where they are set.
        None => builder.with_native_roots()?,
    };
    let mut config = builder.with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn read(file: &Path) -> io::Result<RootCertStore> {
    let unusable = |error: &dyn std::error::Error| {
        io::Error::other(format!("{} is no file of PEM certificates: {error}", file.display()))
    };
    let mut authorities = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| unusable(&error))? {
        let certificate = certificate.map_err(|error| unusable(&error))?;
        authorities.add(certificate).map_err(|error| unusable(&error))?;
    }
    Ok(authorities)
}
