//! HTTPS for the client, as AWS itself asks for.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::crypto::aws_lc_rs;

use super::{BoxError, box_error};

/// Spares a handshake for each call; short, so that no server has ended the connection meanwhile.
const IDLE: Duration = Duration::from_secs(15);

/// A client for `https://` addresses only.
pub(super) type Secure = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client that trusts the machine's certificates, or those that `SSL_CERT_FILE` names.
///
/// The implementation of TLS is the one that the functions' SDKs bring, with the same features.
pub(super) fn client() -> Result<Secure, BoxError> {
    let connector = HttpsConnectorBuilder::new()
        .with_provider_and_native_roots(aws_lc_rs::default_provider())
        .map_err(box_error)?
        .https_only()
        .enable_http1()
        .build();
    Ok(Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .build(connector))
}
