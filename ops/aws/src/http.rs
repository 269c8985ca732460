//! HTTP client, small and unsigned: what a user of the pipeline has.

mod secure;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http::uri::Scheme;
use http::{HeaderName, HeaderValue, Method, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Longest wait for a whole answer; a cold function start on a busy machine takes seconds.
const TIMEOUT: Duration = Duration::from_mins(1);

/// A client for `http://` and `https://` addresses that follows no redirects.
#[derive(Clone, Debug)]
pub struct Http {
    plain: Client<HttpConnector, Full<Bytes>>,
    /// Made for the first `https://` address, since it reads the machine's certificates.
    secure: Arc<OnceLock<secure::Secure>>,
}

/// A request got no answer.
#[derive(Debug, thiserror::Error)]
pub enum HttpError {
    /// The address or a header is malformed.
    #[error("{method} {address} cannot be sent")]
    Malformed {
        /// The request's method.
        method: Method,
        /// Where it was to go, without its query, which may hold a signature.
        address: String,
        /// What is malformed.
        #[source]
        source: http::Error,
    },
    /// Nobody answers there.
    #[error("{method} {address} got no answer")]
    Unreachable {
        /// The request's method.
        method: Method,
        /// Where it went, without its query.
        address: String,
        /// The error of the connection.
        #[source]
        source: BoxError,
    },
    /// The answer did not come, or not whole, in time.
    #[error("{method} {address} was not answered within {} s", TIMEOUT.as_secs())]
    TooSlow {
        /// The request's method.
        method: Method,
        /// Where it went, without its query.
        address: String,
    },
}

impl HttpError {
    /// Whether the request itself is wrong, so that sending it again is no use.
    #[must_use]
    pub fn is_malformed(&self) -> bool {
        matches!(self, Self::Malformed { .. })
    }
}

impl Default for Http {
    fn default() -> Self {
        Self::new()
    }
}

impl Http {
    /// A client; it must be used on a Tokio runtime.
    #[must_use]
    pub fn new() -> Self {
        // An idle connection that the server closes at the moment it is reused fails the request;
        // connecting over loopback costs less than distinguishing those failures.
        let plain = Client::builder(TokioExecutor::new()).pool_max_idle_per_host(0).build_http();
        Self { plain, secure: Arc::default() }
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    ///
    /// When the request is malformed or no whole answer comes back.
    pub async fn send(
        &self,
        method: Method,
        url: &str,
        headers: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<Response<Bytes>, HttpError> {
        let address = url.split('?').next().unwrap_or(url).to_owned();
        let request = build(&method, url, headers, body.into()).map_err(|source| HttpError::Malformed {
            method: method.clone(),
            address: address.clone(),
            source,
        })?;
        self.exchange(request, method, address).await
    }

    async fn exchange(
        &self,
        request: Request<Full<Bytes>>,
        method: Method,
        address: String,
    ) -> Result<Response<Bytes>, HttpError> {
        let answer = tokio::time::timeout(TIMEOUT, async {
            let answer = if request.uri().scheme() == Some(&Scheme::HTTPS) {
                self.secure()?.request(request)
            } else {
                self.plain.request(request)
            };
            let (parts, body) = answer.await.map_err(box_error)?.into_parts();
            let body = body.collect().await.map_err(box_error)?.to_bytes();
            Ok(Response::from_parts(parts, body))
        });
        match answer.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(source)) => Err(HttpError::Unreachable { method, address, source }),
            Err(_) => Err(HttpError::TooSlow { method, address }),
        }
    }

    fn secure(&self) -> Result<&secure::Secure, BoxError> {
        if let Some(secure) = self.secure.get() {
            return Ok(secure);
        }
        let made = secure::client()?;
        Ok(self.secure.get_or_init(|| made))
    }
}

fn build(
    method: &Method,
    url: &str,
    headers: &[(&str, &str)],
    body: Bytes,
) -> Result<Request<Full<Bytes>>, http::Error> {
    let mut request = Request::builder().method(method).uri(url).body(Full::new(body))?;
    for (name, value) in headers {
        request.headers_mut().append(HeaderName::from_bytes(name.as_bytes())?, HeaderValue::from_str(value)?);
    }
    Ok(request)
}

fn box_error<E: std::error::Error + Send + Sync + 'static>(error: E) -> BoxError {
    Box::new(error)
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[tokio::test]
    async fn closed_port_is_told_without_the_query_that_may_hold_a_signature() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let url = format!("http://127.0.0.1:{port}/bucket/key?X-Amz-Signature=secret");

        let error = Http::new().send(Method::PUT, &url, &[], "").await.unwrap_err();

        assert_eq!(error.to_string(), format!("PUT http://127.0.0.1:{port}/bucket/key got no answer"));
    }

    #[tokio::test]
    async fn header_with_a_line_break_is_refused_before_anything_is_sent() {
        let error =
            Http::new().send(Method::GET, "http://127.0.0.1:1/", &[("x", "a\r\nb")], "").await.unwrap_err();
        assert!(matches!(error, HttpError::Malformed { .. }));
    }
}
