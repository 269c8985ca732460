//! The console of a running stack: pages for people, a JSON API for tools, on loopback only.
//!
//! The pages are another crate's (`ops/console`), which `Options::pages` hands in.
//!
//! - `guard` who may ask
//! - `api`, `alarms`, `dashboards` what the API answers; `metrics`, `uploads` how it is gathered
//! - `clock` and `faults` let a process that has the stack's key change how fast alarms go, and break the stack for a while

mod alarms;
mod api;
mod clock;
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
use axum::middleware;
use axum::routing::{delete, get, post};
use tokio::task::JoinHandle;

use crate::loopback::Loopback;
pub use clock::{ClockReading, RATES};
pub use progress::status as status_without_result;
pub use source::Source;

/// Makes the pages of a stack, which are answered beside the API.
pub type Pages = fn(Source) -> Router;

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

    /// Where the pages will be.
    #[must_use]
    pub fn address(&self) -> String {
        self.0.url()
    }

    /// Serves the API of a stack, and its pages.
    #[must_use]
    pub fn serve(self, source: Source, pages: Pages) -> Serving {
        let routes = routes(source, pages);
        Serving(tokio::spawn(async move {
            // Accept errors are retried inside; this ends only with the task.
            axum::serve(self.0.listener, routes).await.ok();
        }))
    }
}

/// All that the console answers; `pages` may have a fallback.
pub fn routes(source: Source, pages: Pages) -> Router {
    let api = Router::new()
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
        .route("/api/clock", get(clock::show).put(clock::change))
        .route("/api/faults", post(faults::open))
        .route("/api/faults/{lease}", delete(faults::end))
        .with_state(source.clone());
    api.merge(pages(source)).layer(middleware::from_fn(guard::check))
}
