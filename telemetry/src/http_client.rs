//! A small HTTP/1.1 client: for Lambda's own APIs, and for a collector beside the function or, with TLS, elsewhere.
//!
//! Nothing is spawned: the future of a request drives the connection, which is kept for the next request.
//! Lambda freezes the process in between, so a kept connection is checked before it is used again.

mod tls;

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    path::PathBuf,
    pin::{Pin, pin},
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use tls::{Stream, Tls};

/// The most bytes of an answer; collectors answer with a few.
const ANSWER_BYTES: usize = 64 * 1024;
/// The longest that a connection to a peer elsewhere is kept without a request. Gateways end one after a minute (the default of
/// AWS's load balancers), and a frozen process may never hear of it: the next request would be lost.
const LONGEST_IDLE: Duration = Duration::from_secs(30);

type Http1Connection = http1::Connection<Stream, Full<Bytes>>;

/// Sends requests to one peer, one at a time.
#[derive(Debug)]
pub(crate) struct Client {
    host: String,
    port: u16,
    authority: HeaderValue,
    /// For an `https` address.
    tls: Option<Tls>,
    /// The longest that a connection is kept without a request; a peer on this machine is heard hanging up.
    longest_idle: Option<Duration>,
    idle: Mutex<Option<Connection>>,
}

/// Why [`Client`] does not support an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("it is no URL with a host")]
    NoHost,
    #[error("its port is none")]
    NoPort,
    #[error("only http and https are supported")]
    NotHttp,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("no connection to the peer")]
    Connect(#[source] io::Error),
    #[error("the peer did not answer in HTTP, or too long")]
    Exchange(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Client {
    /// A client for the peer of `address`; nothing is connected.
    ///
    /// # Errors
    ///
    /// Fails when `address` has no host or another scheme than `http` and `https`.
    pub(crate) fn new(address: &Uri) -> Result<Self, AddressError> {
        let authority = address.authority().ok_or(AddressError::NoHost)?;
        // Not the whole authority, which may hold a password.
        let host = authority.host();
        let name = host.trim_start_matches('[').trim_end_matches(']');
        let (default_port, tls) = match address.scheme_str() {
            Some("http") => (80, None),
            Some("https") => (443, Some(Tls::new(name).map_err(|_| AddressError::NoHost)?)),
            _ => return Err(AddressError::NotHttp),
        };
        // A default port is left out, as gateways that go by the host expect it.
        let (port, authority) = match authority.port_u16() {
            Some(port) => (port, format!("{host}:{port}")),
            None if authority.as_str().ends_with(host) => (default_port, host.to_owned()),
            None => return Err(AddressError::NoPort),
        };
        Ok(Self {
            host: name.to_owned(),
            port,
            authority: HeaderValue::try_from(authority).map_err(|_| AddressError::NoHost)?,
            longest_idle: tls.is_some().then_some(LONGEST_IDLE),
            tls,
            idle: Mutex::default(),
        })
    }

    /// Trusts the certificates of `authorities`, a PEM file, instead of the machine's; `None` keeps the machine's.
    pub(crate) fn trusting(mut self, authorities: Option<PathBuf>) -> Self {
        if let Some(tls) = &mut self.tls {
            tls.authorities = authorities;
        }
        self
    }

    /// Sends `request` and reads the whole answer; dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection, or no answer that is HTTP and fits [`ANSWER_BYTES`].
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let mut request = self.origin_form(request);
        if let Some(mut connection) = self.take_idle()
            && connection.is_alive().await
        {
            match connection.exchange(request).await {
                Ok(answer) => return Ok(self.keep(connection, answer)),
                // Closed before it took the request, which may therefore be sent again.
                Err(Failure { unsent: Some(again), .. }) => request = again,
                Err(Failure { error, .. }) => return Err(error),
            }
        }
        let mut connection = Connection::connect(self.connect().await.map_err(Error::Connect)?).await?;
        let answer = connection.exchange(request).await.map_err(|failure| failure.error)?;
        Ok(self.keep(connection, answer))
    }

    /// The connection that was kept, unless it was for too long.
    fn take_idle(&self) -> Option<Connection> {
        let connection = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        // By the clock of the day, which goes on while Lambda freezes the process; one that was set back says nothing.
        let idle = connection.answered.elapsed().ok();
        self.longest_idle.is_none_or(|longest| idle.is_some_and(|idle| idle < longest)).then_some(connection)
    }

    fn keep(&self, mut connection: Connection, answer: Response<Bytes>) -> Response<Bytes> {
        connection.answered = SystemTime::now();
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        answer
    }

    async fn connect(&self) -> io::Result<Stream> {
        let stream = match self.host.parse::<IpAddr>() {
            Ok(ip) => TcpStream::connect((ip, self.port)).await?,
            // Looking up a name takes a thread; the usual one needs none.
            Err(_) if self.host.eq_ignore_ascii_case("localhost") => {
                let both = [
                    SocketAddr::from((Ipv4Addr::LOCALHOST, self.port)),
                    SocketAddr::from((Ipv6Addr::LOCALHOST, self.port)),
                ];
                TcpStream::connect(both.as_slice()).await?
            }
            Err(_) => TcpStream::connect((self.host.as_str(), self.port)).await?,
        };
        // Otherwise a request of two segments waits 40 ms for the first one's acknowledgement.
        stream.set_nodelay(true)?;
        match &self.tls {
            None => Ok(TokioIo::new(stream).into()),
            // Boxed, because a request without TLS would have room for the handshake too.
            Some(tls) => Box::pin(tls.handshake(stream)).await,
        }
    }

    /// The request in origin form: path only, and the host as a header.
    fn origin_form(&self, request: Request<Bytes>) -> Request<Full<Bytes>> {
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().cloned();
        parts.uri = path.map_or_else(|| Uri::from_static("/"), Uri::from);
        parts.headers.insert(HOST, self.authority.clone());
        Request::from_parts(parts, Full::new(body))
    }
}

/// A failed exchange, with the request if the peer has certainly received none of it.
struct Failure {
    error: Error,
    unsent: Option<Request<Full<Bytes>>>,
}

struct Connection {
    sender: SendRequest<Full<Bytes>>,
    http1: Pin<Box<Http1Connection>>,
    closed: bool,
    /// When it was made or brought the last answer.
    answered: SystemTime,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Connection {
    async fn connect(stream: Stream) -> Result<Self, Error> {
        let (sender, http1) = http1::handshake(stream).await.map_err(exchange)?;
        Ok(Self { sender, http1: Box::pin(http1), closed: false, answered: SystemTime::now() })
    }

    /// Drives the connection; a closed one is never polled again.
    fn drive(&mut self, context: &mut Context<'_>) {
        if !self.closed {
            self.closed = self.http1.as_mut().poll(context).is_ready();
        }
    }

    /// Whether the connection can be used again.
    async fn is_alive(&mut self) -> bool {
        poll_fn(|context| {
            self.drive(context);
            Poll::Ready(!self.closed && self.sender.is_ready())
        })
        .await
    }

    async fn exchange(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Bytes>, Failure> {
        poll_fn(|context| {
            self.drive(context);
            self.sender.poll_ready(context)
        })
        .await
        .map_err(|error| Failure { error: exchange(error), unsent: None })?;
        let sent = self.sender.try_send_request(request);
        let mut answer = pin!(async {
            let response = sent.await.map_err(|mut refused| Failure {
                unsent: refused.take_message(),
                error: exchange(refused.into_error()),
            })?;
            let (parts, body) = response.into_parts();
            let body = Limited::new(body, ANSWER_BYTES).collect().await;
            let body = body.map_err(|error| Failure { error: Error::Exchange(error), unsent: None })?;
            Ok(Response::from_parts(parts, body.to_bytes()))
        });
        poll_fn(|context| {
            if let Poll::Ready(answer) = answer.as_mut().poll(context) {
                return Poll::Ready(answer);
            }
            self.drive(context);
            answer.as_mut().poll(context)
        })
        .await
    }
}

fn exchange(error: hyper::Error) -> Error {
    Error::Exchange(error.into())
}

#[cfg(test)]
mod tests;
