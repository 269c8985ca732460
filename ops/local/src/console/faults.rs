//! Door for faults: a process that has the stack's key puts rules into force for as long as its connection lasts.
//!
//! `POST /api/faults` takes an [`Order`] and answers with lines of JSON, one for each change; closing the connection
//! ends the rules and undoes what the order says. `DELETE /api/faults/LEASE` does the same and answers when it is done.

use std::convert::Infallible;
use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::stream::unfold;
use serde::Deserialize;
use serde_json::json;

use super::guard::{refusal, stranger};
use super::source::Source;
use crate::faults::leases::{Lease, Order};

/// A line comes at least so often, so that a connection that ended without a word is noticed.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// Opens a lease, which lasts as long as the answer is read.
pub(super) async fn open(State(source): State<Source>, headers: HeaderMap, body: Bytes) -> Response {
    if let Some(refused) = stranger(&source, &headers) {
        return refused;
    }
    match serde_json::from_slice::<Order>(&body) {
        Ok(order) => lines(source.leases.open(order)),
        Err(error) => refusal(StatusCode::BAD_REQUEST, &format!("this is no order for faults: {error}")),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Ending {
    /// Whether the order's undoing is done; it may have been done already.
    #[serde(default = "yes")]
    undo: bool,
}

fn yes() -> bool {
    true
}

/// Ends a lease.
pub(super) async fn end(
    State(source): State<Source>,
    Path(lease): Path<u64>,
    Query(ending): Query<Ending>,
    headers: HeaderMap,
) -> Response {
    if let Some(refused) = stranger(&source, &headers) {
        return refused;
    }
    let leases = source.leases.clone();
    // A task of its own: what was begun is undone whole, also for somebody who does not wait for it.
    let ended = tokio::spawn(async move { leases.end(lease, ending.undo).await }).await;
    match ended.ok().flatten() {
        Some(ended) => Json(ended).into_response(),
        None => refusal(StatusCode::NOT_FOUND, "no such lease"),
    }
}

/// The lease's standing, now and whenever it changes.
fn lines(lease: Lease) -> Response {
    let lines = unfold((lease, true), |(mut lease, first)| async move {
        if !first {
            // Nothing new within the heartbeat is a line too.
            tokio::time::timeout(HEARTBEAT, lease.changed()).await.ok();
        }
        let line = format!("{}\n", json!(lease.standing()?));
        Some((Ok::<_, Infallible>(Bytes::from(line)), (lease, false)))
    });
    ([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response()
}
