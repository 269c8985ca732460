//! A certificate authority for collectors behind TLS; made anew for each test, and its key is never written.

use std::{fmt, io, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

/// Vouches for servers.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

/// What a server proves its name with.
#[derive(Clone, Debug)]
pub struct Identity(pub(crate) Arc<ServerConfig>);

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").finish_non_exhaustive()
    }
}

impl Authority {
    /// A new one, which nobody trusts yet.
    ///
    /// # Errors
    ///
    /// Fails when no key can be made.
    pub fn new() -> io::Result<Self> {
        let mut parameters = CertificateParams::default();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().map_err(io::Error::other)?;
        CertifiedIssuer::self_signed(parameters, key).map(Self).map_err(io::Error::other)
    }

    /// Its certificate in PEM, for `SSL_CERT_FILE` and the like.
    #[must_use]
    pub fn certificate(&self) -> String {
        self.0.pem()
    }

    /// A certificate for the host `name`, with its key.
    ///
    /// # Errors
    ///
    /// Fails when `name` is no name of a host.
    pub fn certify(&self, name: &str) -> io::Result<Identity> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let parameters = CertificateParams::new([name.to_owned()]).map_err(io::Error::other)?;
        let certificate = parameters.signed_by(&key, &self.0).map_err(io::Error::other)?;
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .map_err(io::Error::other)?;
        Ok(Identity(Arc::new(config)))
    }
}
