//! Proxy between the functions and the engine: one hop on loopback.

use std::convert::Infallible;
use std::error::Error;
use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::uri::InvalidUri;
use http::{Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::broken::Broken;
use super::caller::kill_caller;
use super::processes::{Processes, StrikeError};
use super::{ApiCall, Faults, Hit, InjectedFault};
use crate::loopback::Loopback;
use crate::own_host;

/// Below the engine's keep-alive: a connection must not end at the moment it is used again.
const IDLE: Duration = Duration::from_secs(20);

type BoxError = Box<dyn Error + Send + Sync>;
type Body = BoxBody<Bytes, BoxError>;

/// A bound port that is not served yet.
#[derive(Debug)]
pub struct Proxy(Loopback);

/// Serves until it is dropped; its connections end with it.
#[derive(Debug)]
pub struct Proxying(JoinHandle<()>);

/// Why a connection ends without an answer.
#[derive(Debug, thiserror::Error)]
enum Cut {
    /// By a rule.
    #[error("a rule ends the connection")]
    Rule,
    /// A body broke off.
    #[error("a body could not be read")]
    Connection(#[source] BoxError),
    /// The engine broke off.
    #[error("the engine did not answer")]
    Engine(#[source] hyper_util::client::legacy::Error),
    /// The engine's address cannot be one.
    #[error("the engine's address is malformed")]
    Address(#[from] InvalidUri),
}

impl Proxy {
    /// Takes a free port of loopback.
    ///
    /// # Errors
    /// When loopback has none.
    pub async fn bind() -> io::Result<Self> {
        Loopback::bind(0).await.map(Self)
    }

    /// What functions take for the address of AWS.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.url()
    }

    /// Passes calls on to the engine at `endpoint`, except for those that a rule of `faults` is about.
    ///
    /// Only the engine's `processes` are ever touched.
    #[must_use]
    pub fn serve(self, endpoint: &str, processes: Processes, faults: Faults) -> Proxying {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
        let hop = Arc::new(Hop {
            client,
            address: self.0.address,
            endpoint: endpoint.to_owned(),
            processes,
            faults,
        });
        Proxying(tokio::spawn(accept(self.0.listener, hop)))
    }
}

impl Drop for Proxying {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn accept(listener: TcpListener, hop: Arc<Hop>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(connections.spawn(Arc::clone(&hop).serve(stream, peer))),
                // Out of file descriptors, as a rule; ending connections bring some back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

struct Hop {
    client: Client<HttpConnector, Body>,
    address: SocketAddr,
    endpoint: String,
    processes: Processes,
    faults: Faults,
}

impl Hop {
    async fn serve(self: Arc<Self>, stream: TcpStream, peer: SocketAddr) {
        stream.set_nodelay(true).ok();
        let answer = service_fn(|request| self.answer(request, peer));
        // An error here is a connection that ended, by a rule or by its other side.
        http1::Builder::new().serve_connection(TokioIo::new(stream), answer).await.ok();
    }

    async fn answer(&self, request: Request<Incoming>, peer: SocketAddr) -> Result<Response<Body>, Cut> {
        if !own_host::names_loopback(request.headers()) {
            let mut refused =
                Response::new(full("this proxy answers only to localhost and 127.0.0.1\n".into()));
            *refused.status_mut() = own_host::REFUSED;
            return Ok(refused);
        }
        let (call, request) = read(request).await?;
        let Some(hit) = self.faults.hit(&call) else { return self.pass(request).await };
        match &hit.fault {
            InjectedFault::Refuse { status, code } => {
                hit.happened();
                Ok(refusal(&call, *status, code))
            }
            InjectedFault::Delay(time) => {
                hit.happened();
                tokio::time::sleep(*time).await;
                self.pass(request).await
            }
            InjectedFault::Hold => {
                hit.happened();
                hit.over().await;
                self.pass(request).await
            }
            InjectedFault::Drop => cut(&hit),
            InjectedFault::Lose => {
                self.pass_whole(request).await?;
                cut(&hit)
            }
            InjectedFault::Truncate(bytes) => {
                hit.happened();
                self.pass_part(request, *bytes).await
            }
            InjectedFault::KillBefore => self.kill(&hit, peer),
            InjectedFault::KillAfter => {
                self.pass_whole(request).await?;
                self.kill(&hit, peer)
            }
            InjectedFault::EngineStops(time) => {
                let over = tokio::time::sleep(*time);
                hold(hit, self.processes.stop_engine(), over);
                self.pass(request).await
            }
            InjectedFault::EngineRestarts => {
                match self.processes.restart_engine() {
                    Ok(()) => hit.happened(),
                    Err(error) => hit.failed(error),
                }
                self.pass(request).await
            }
            InjectedFault::DiskFull => {
                hold(hit, self.processes.fill_disk(), pending());
                self.pass(request).await
            }
        }
    }

    fn kill(&self, hit: &Hit, peer: SocketAddr) -> Result<Response<Body>, Cut> {
        match kill_caller(peer, self.address, self.processes) {
            Ok(()) => hit.happened(),
            Err(error) => hit.failed(error),
        }
        Err(Cut::Rule)
    }

    async fn pass(&self, mut request: Request<Body>) -> Result<Response<Body>, Cut> {
        // TLS would end here; without this, policies that ask for it would refuse everything.
        request.headers_mut().insert("x-forwarded-proto", http::HeaderValue::from_static("https"));
        let target = request.uri().path_and_query().map_or("/", |target| target.as_str());
        *request.uri_mut() = format!("{}{target}", self.endpoint).parse()?;
        let response = self.client.request(request).await.map_err(Cut::Engine)?;
        Ok(response.map(|body| body.map_err(BoxError::from).boxed()))
    }

    /// Answers with the head and the first bytes of the body; then the connection ends.
    async fn pass_part(&self, request: Request<Body>, bytes: usize) -> Result<Response<Body>, Cut> {
        let (head, body) = self.pass(request).await?.into_parts();
        let mut body = body.collect().await.map_err(Cut::Connection)?.to_bytes();
        body.truncate(bytes);
        Ok(Response::from_parts(head, Broken(Some(body)).map_err(BoxError::from).boxed()))
    }

    /// Has the engine do its work to the end, so that it is done when the caller hears nothing of it.
    async fn pass_whole(&self, request: Request<Body>) -> Result<(), Cut> {
        let answer = self.pass(request).await?;
        answer.into_body().collect().await.map_err(Cut::Connection)?;
        Ok(())
    }
}

/// Holds what was done to the engine's processes until the time or the rule is over, whatever becomes of the call.
fn hold<Undo: Send + 'static>(
    hit: Hit,
    done: Result<Undo, StrikeError>,
    time: impl Future<Output = ()> + Send + 'static,
) {
    match done {
        Ok(undo) => {
            hit.happened();
            tokio::spawn(async move {
                tokio::select! {
                    () = time => {}
                    () = hit.over() => {}
                }
                drop(undo);
            });
        }
        Err(error) => hit.failed(error),
    }
}

fn cut(hit: &Hit) -> Result<Response<Body>, Cut> {
    hit.happened();
    Err(Cut::Rule)
}

/// Finds out which call it is; only the bodies of calls that are not about objects are read for that.
async fn read(request: Request<Incoming>) -> Result<(ApiCall, Request<Body>), Cut> {
    let (head, body) = request.into_parts();
    if ApiCall::is_of_objects(&head) {
        return Ok((
            ApiCall::of(&head, &[]),
            Request::from_parts(head, body.map_err(BoxError::from).boxed()),
        ));
    }
    let body = body.collect().await.map_err(|error| Cut::Connection(error.into()))?.to_bytes();
    Ok((ApiCall::of(&head, &body), Request::from_parts(head, full(body))))
}

/// An error in the form that the service's clients understand.
fn refusal(call: &ApiCall, status: http::StatusCode, code: &str) -> Response<Body> {
    let (kind, text) = match call.service.as_str() {
        "s3" => (
            "application/xml",
            format!("<Error><Code>{code}</Code><Message>refused by a rule</Message></Error>"),
        ),
        "sns" | "sts" | "iam" => {
            let error = format!("<Error><Code>{code}</Code><Message>refused by a rule</Message></Error>");
            ("text/xml", format!("<ErrorResponse>{error}</ErrorResponse>"))
        }
        _ => {
            ("application/x-amz-json-1.0", format!(r#"{{"__type":"{code}","message":"refused by a rule"}}"#))
        }
    };
    let mut response = Response::new(full(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, http::HeaderValue::from_static(kind));
    response
}

fn full(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never: Infallible| match never {}).boxed()
}
