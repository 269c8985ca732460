//! Servers of pages, which take what a Chromium without a window reports of them.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use aws_client::http::Http;
use axum::Router;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use chromium::Browser;
use http::{HeaderMap, Method};
use image::ImageFormat;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::picture::picture;

/// Longest wait for a page; it takes about two seconds on an idle machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// A server of pages, which takes their reports.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    reports: UnboundedReceiver<Value>,
    server: JoinHandle<()>,
}

#[derive(Clone)]
struct Pages {
    /// What the page of clients runs.
    script: Arc<str>,
    /// Where everything goes that is no page's; the name that the browser gave the host stays.
    behind: Option<Arc<str>>,
    reports: UnboundedSender<Value>,
}

impl Site {
    /// Serves the pages on an address of its own.
    pub(crate) async fn new() -> Self {
        Self::with_script(String::new()).await
    }

    /// The same, with a page `/clients` that runs `script`.
    pub(crate) async fn with_script(script: String) -> Self {
        Self::serve(SocketAddr::from(([127, 0, 0, 1], 0)), None, script.into()).await
    }

    /// Serves the pages beside `endpoint`, on the same port of another address of loopback. What is no page's goes on to
    /// `endpoint` as it came, as it does after the name of the page was made to point there.
    pub(crate) async fn rebinding(endpoint: &str) -> Self {
        let port = endpoint.rsplit(':').next().unwrap().parse().unwrap();
        Self::serve(SocketAddr::new(IpAddr::from([127, 0, 0, 2]), port), Some(endpoint.into()), "".into())
            .await
    }

    async fn serve(address: SocketAddr, behind: Option<Arc<str>>, script: Arc<str>) -> Self {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (sender, reports) = unbounded_channel();
        let app = Router::new()
            .route("/attack", get(async || Html(include_str!("attack.html"))))
            .route("/upload", get(async || Html(include_str!("upload.html"))))
            .route("/clients", get(async || Html("<!doctype html><script type=module src=/script></script>")))
            .route("/script", get(script_of_clients))
            .route("/picture", get(async || picture(ImageFormat::Jpeg)))
            .route("/report", post(report))
            .fallback(pass_on)
            .with_state(Pages { script, behind, reports: sender });
        let server = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { address, reports, server }
    }

    /// Opens one of the pages in a browser, and gives what the page reports.
    pub(crate) async fn visit(&mut self, url: &str, rules: &str) -> Value {
        let mut browser = Browser::with_host_rules(rules).await;
        browser.visit(url).await;
        let report = timeout(PATIENCE, self.reports.recv()).await;
        report.expect("the page should report").unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn script_of_clients(State(pages): State<Pages>) -> impl IntoResponse {
    ([(http::header::CONTENT_TYPE, "text/javascript")], pages.script.to_string())
}

async fn report(State(pages): State<Pages>, body: Bytes) {
    pages.reports.send(serde_json::from_slice(&body).unwrap()).unwrap();
}

async fn pass_on(
    State(pages): State<Pages>,
    method: Method,
    headers: HeaderMap,
    request: Request,
) -> Response {
    let Some(endpoint) = pages.behind else { return http::StatusCode::NOT_FOUND.into_response() };
    let url = format!("{endpoint}{}", request.uri());
    let body = to_bytes(request.into_body(), usize::MAX).await.unwrap();
    let pairs: Vec<(&str, &str)> = headers
        .iter()
        .filter(|(name, _)| !["content-length", "connection"].contains(&name.as_str()))
        .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
        .collect();
    let (parts, body) = Http::new().send(method, &url, &pairs, body).await.unwrap().into_parts();
    let mut answer = Response::new(body.into());
    *answer.status_mut() = parts.status;
    for (name, value) in &parts.headers {
        if name != http::header::TRANSFER_ENCODING && name != http::header::CONTENT_LENGTH {
            answer.headers_mut().append(name, value.clone());
        }
    }
    answer
}
