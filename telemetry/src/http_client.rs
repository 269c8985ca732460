//! A small HTTP/1.1 client for peers on this machine: the collector and Lambda's own APIs.
//!
//! Nothing is spawned: the future of a request drives the connection, which is kept for the next request.
//! Lambda freezes the process in between, so a kept connection is checked before it is used again.

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::{Pin, pin},
    sync::{Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header::HOST, uri::Scheme};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The most bytes of an answer; collectors answer with a few.
const ANSWER_BYTES: usize = 64 * 1024;

type Http1Connection = http1::Connection<TokioIo<TcpStream>, Full<Bytes>>;

/// Sends requests to one peer, one at a time.
#[derive(Debug)]
pub(crate) struct Client {
    host: String,
    port: u16,
    authority: HeaderValue,
    idle: Mutex<Option<Connection>>,
}

/// Why [`Client`] does not support an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AddressError {
    #[error("it is no URL with a host")]
    NoHost,
    #[error("its port is none")]
    NoPort,
    #[error("only http is supported; TLS ends in a collector beside the function")]
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
    /// Fails when `address` has no host or another scheme than `http`.
    pub(crate) fn new(address: &Uri) -> Result<Self, AddressError> {
        let authority = address.authority().ok_or(AddressError::NoHost)?;
        if address.scheme() != Some(&Scheme::HTTP) {
            return Err(AddressError::NotHttp);
        }
        // Not the whole authority, which may hold a password.
        let host = authority.host();
        let has_port = !authority.as_str().ends_with(host);
        let port = authority.port_u16().or((!has_port).then_some(80)).ok_or(AddressError::NoPort)?;
        Ok(Self {
            host: host.trim_start_matches('[').trim_end_matches(']').to_owned(),
            port,
            authority: HeaderValue::try_from(format!("{host}:{port}")).map_err(|_| AddressError::NoHost)?,
            idle: Mutex::default(),
        })
    }

    /// Sends `request` and reads the whole answer; dropping the future closes the connection.
    ///
    /// # Errors
    ///
    /// Fails when there is no connection, or no answer that is HTTP and fits [`ANSWER_BYTES`].
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<Response<Bytes>, Error> {
        let mut request = self.origin_form(request);
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut connection) = idle
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

    fn keep(&self, connection: Connection, answer: Response<Bytes>) -> Response<Bytes> {
        *self.idle.lock().unwrap_or_else(PoisonError::into_inner) = Some(connection);
        answer
    }

    async fn connect(&self) -> io::Result<TcpStream> {
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
        Ok(stream)
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
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("closed", &self.closed).finish_non_exhaustive()
    }
}

impl Connection {
    async fn connect(stream: TcpStream) -> Result<Self, Error> {
        let (sender, http1) = http1::handshake(TokioIo::new(stream)).await.map_err(exchange)?;
        Ok(Self { sender, http1: Box::pin(http1), closed: false })
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
