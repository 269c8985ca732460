//! The console of a running stack: a page for people, a JSON API for tools, on loopback only.
//!
//! - `guard` who may ask
//! - `api`, `alarms`, `dashboards` what is answered; `metrics`, `uploads` how it is gathered
//! - `faults` lets a process that has the stack's key break it for a while
//! - `page/` the page, which only reads the API

mod alarms;
mod api;
mod dashboards;
mod faults;
mod guard;
mod metrics;
mod progress;
mod source;
#[cfg(test)]
mod tests;
mod uploads;

use std::io;

use axum::Router;
use axum::http::header;
use axum::middleware;
use axum::response::IntoResponse;
use axum::routing::{delete, get, post};
use tokio::task::JoinHandle;

use crate::faults::Faults;
use crate::faults::leases::Leases;
use crate::loopback::Loopback;
use crate::observe::Observer;
use crate::stack::StackInfo;
use source::{Public, Source};

/// A bound port that is not served yet.
#[derive(Debug)]
pub struct Console(Loopback);

/// Serves until it is dropped.
#[derive(Debug)]
pub struct Serving(JoinHandle<()>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Console {
    /// Takes a port of loopback; 0 takes a free one.
    ///
    /// # Errors
    /// When the port is taken or may not be used.
    pub async fn bind(port: u16) -> io::Result<Self> {
        Loopback::bind(port).await.map(Self)
    }

    /// Where the page will be.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.url()
    }

    /// Serves what `observer` sees of the stack, and takes rules for `faults`.
    #[must_use]
    pub fn serve(self, observer: Observer, info: &StackInfo, faults: Faults) -> Serving {
        let stack = Public {
            name: info.name.clone(),
            endpoint: info.endpoint.clone(),
            console: self.address(),
            region: info.region.clone(),
            user: info.user.email.clone(),
            outputs: info.outputs.clone(),
        };
        let leases = Leases::new(faults, info.aws());
        let routes = routes(Source { observer, aws: info.aws(), stack, leases });
        Serving(tokio::spawn(async move {
            // Accept errors are retried inside; this ends only with the task.
            axum::serve(self.0.listener, routes).await.ok();
        }))
    }
}

fn routes(source: Source) -> Router {
    Router::new()
        .route("/", get(async || asset("text/html; charset=utf-8", include_str!("console/page/index.html"))))
        .route("/console.css", get(async || asset("text/css", include_str!("console/page/console.css"))))
        .route("/console.js", get(async || asset("text/javascript", include_str!("console/page/console.js"))))
        .route("/icon.svg", get(async || asset("image/svg+xml", include_str!("console/page/icon.svg"))))
        .route("/api/stack", get(api::stack))
        .route("/api/traces", get(api::traces))
        .route("/api/waterfall", get(api::waterfall))
        .route("/api/metrics", get(api::metrics))
        .route("/api/mail", get(api::mail))
        .route("/api/logs", get(api::logs))
        .route("/api/uploads", get(api::uploads))
        .route("/api/alarms", get(alarms::list))
        .route("/api/alarm", get(alarms::one))
        .route("/api/transitions", get(alarms::transitions))
        .route("/api/dashboards", get(dashboards::list))
        .route("/api/dashboard.svg", get(dashboards::draw))
        .route("/api/problems", get(api::problems))
        .route("/api/revision", get(api::revision))
        .route("/api/faults", post(faults::open))
        .route("/api/faults/{lease}", delete(faults::end))
        .with_state(source)
        .layer(middleware::from_fn(guard::check))
}

fn asset(kind: &'static str, text: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], text)
}
