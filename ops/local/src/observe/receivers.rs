//! Sockets that spans come to.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use tokio::sync::mpsc::Receiver;
use tokio::task::JoinSet;

use super::board::Board;
use super::datagrams::{Arrival, Datagrams};
use super::handed_on::{self, Answering};
use super::news::Topic;
use super::otlp::{self, OtlpError};
use super::service_reports;
use crate::loopback::Loopback;
use crate::own_host;
use aws_client::chain;
use trace_model::Span;

const MAX_REQUEST_BYTES: usize = 16 << 20;
/// A source of spans, as problems name it.
const OVER_UDP: &str = "traces over UDP";
const PROTOBUF: &str = "application/x-protobuf";

/// Bound sockets on loopback, not read yet; what comes meanwhile waits in the kernel.
#[derive(Debug)]
pub struct Receivers {
    udp: Datagrams,
    otlp: Loopback,
    services: Loopback,
    handed_on: Loopback,
}

impl Receivers {
    pub(super) async fn bind() -> io::Result<Self> {
        Ok(Self {
            udp: Datagrams::bind()?,
            otlp: Loopback::bind(0).await?,
            services: Loopback::bind(0).await?,
            handed_on: Loopback::bind(0).await?,
        })
    }

    /// The value for `AWS_XRAY_DAEMON_ADDRESS`.
    #[must_use]
    pub fn xray_daemon_address(&self) -> String {
        self.udp.address.to_string()
    }

    /// The value for `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn otlp_endpoint(&self) -> String {
        self.otlp.url()
    }

    /// Where the engine's modules report the metrics of services.
    #[must_use]
    pub fn services_address(&self) -> String {
        self.services.address.to_string()
    }

    /// Where the engine hands requests of AWS's APIs on to.
    #[must_use]
    pub fn handed_on_address(&self) -> String {
        self.handed_on.address.to_string()
    }

    pub(super) fn spawn(self, answering: Answering, tasks: &mut JoinSet<()>) {
        let (board, clock) = (&Arc::clone(&answering.board), answering.clock.clone());
        tasks.spawn(service_reports::follow(Arc::clone(board), self.services.listener, clock));
        match self.udp.read() {
            Ok(arrivals) => drop(tasks.spawn(receive_datagrams(Arc::clone(board), arrivals))),
            Err(error) => board.note(OVER_UDP, Some(error.to_string())),
        }
        let routes = Router::new()
            .route("/v1/traces", post(receive_request))
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .layer(middleware::from_fn(check_host))
            .with_state(Arc::clone(board));
        tasks.spawn(serve(Arc::clone(board), "traces over HTTP", self.otlp.listener, routes));
        let routes = handed_on::routes(answering)
            .layer(DefaultBodyLimit::max(MAX_REQUEST_BYTES))
            .layer(middleware::from_fn(check_host));
        tasks.spawn(serve(Arc::clone(board), "APIs of AWS", self.handed_on.listener, routes));
    }
}

async fn serve(board: Arc<Board>, source: &'static str, listener: TcpListener, routes: Router) {
    if let Err(error) = axum::serve(listener, routes).await {
        board.note(source, Some(error.to_string()));
    }
}

async fn check_host(request: Request, next: Next) -> Response {
    if own_host::names_loopback(request.headers()) {
        return next.run(request).await;
    }
    (own_host::REFUSED, "this receiver answers only to localhost and 127.0.0.1\n").into_response()
}

async fn receive_datagrams(board: Arc<Board>, mut arrivals: Receiver<Arrival>) {
    while let Some(arrival) = arrivals.recv().await {
        match arrival {
            Arrival::Datagram(bytes) => drop(store(&board, OVER_UDP, otlp::datagram(&bytes))),
            Arrival::Lost(count) => {
                let reason = format!("{count} datagrams came faster than they could be read and are lost");
                board.note("spans lost", Some(reason));
            }
        }
    }
}

async fn receive_request(State(board): State<Arc<Board>>, headers: HeaderMap, body: Bytes) -> Response {
    // Browsers cannot send this type without a preflight, which nobody answers here.
    if headers.get(header::CONTENT_TYPE).is_none_or(|kind| kind != PROTOBUF) {
        let message = format!("send OTLP traces as {PROTOBUF}\n");
        return (StatusCode::UNSUPPORTED_MEDIA_TYPE, message).into_response();
    }
    match store(&board, "traces over HTTP", otlp::request(&body)) {
        // An empty ExportTraceServiceResponse has no bytes.
        Ok(()) => ([(header::CONTENT_TYPE, PROTOBUF)], Bytes::new()).into_response(),
        Err(reason) => (StatusCode::BAD_REQUEST, format!("{reason}\n")).into_response(),
    }
}

fn store(board: &Board, source: &str, spans: Result<Vec<Span>, OtlpError>) -> Result<(), String> {
    match spans {
        Ok(spans) => {
            board.note(source, None);
            board.write(&[Topic::Traces], |seen| spans.into_iter().for_each(|span| seen.traces.put(span)));
            Ok(())
        }
        Err(error) => {
            let reason = chain(&error);
            board.note(source, Some(reason.clone()));
            Err(reason)
        }
    }
}
