//! Requests of AWS's APIs that the engine hands on, after it has verified their signature and policy.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde_json::json;

use super::board::Board;
use super::clock::today;
use super::insights::QueryRequest;
use super::news::Topic;
use super::{Clock, alarms};
use crate::cloudwatch::api::{Change, Request as CloudWatch};
use crate::cloudwatch::wire::{Call, Output, Protocol};
use crate::cloudwatch::{Account, ApiError};
use crate::xray;
use aws_client::Aws;

/// The operation that the policy was asked about. Browsers ask for leave before they send it, which nobody gives here.
const HANDED_ON: &str = "x-handed-on";

/// What answers go by.
#[derive(Clone)]
pub(super) struct Answering {
    pub(super) board: Arc<Board>,
    pub(super) aws: Aws,
    pub(super) clock: Clock,
    pub(super) account: Account,
}

/// The APIs, each below its own path.
pub(super) fn routes(answering: Answering) -> Router {
    Router::new()
        .route("/cloudwatch/{*path}", post(answer_cloudwatch))
        .route("/xray/{*path}", post(answer_xray))
        .route("/logs/query", post(answer_query))
        .layer(middleware::from_fn(check_sender))
        .with_state(answering)
}

async fn check_sender(request: Request, next: Next) -> Response {
    if request.headers().contains_key(HANDED_ON) {
        return next.run(request).await;
    }
    (StatusCode::FORBIDDEN, "this is answered at the engine's address, to signed requests\n").into_response()
}

async fn answer_cloudwatch(
    State(answering): State<Answering>,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let protocol = Protocol::of(&headers);
    let call = protocol.read(&headers, &path, &body).and_then(|call| call.authorized(&headers));
    let operation = call.as_ref().map(|call| call.operation.clone()).unwrap_or_default();
    let Answering { board, clock, account, .. } = &answering;
    let answer = match call.and_then(CloudWatch::read) {
        Ok(CloudWatch::Query(query)) => board.read(|seen| query.answer(seen, account, clock.now())),
        Ok(CloudWatch::Change(change)) => make(change, &answering).await,
        Err(error) => Err(error),
    };
    protocol.write(&operation, answer).into_response()
}

impl Call {
    /// The call, if it is the one that the policy was asked about: a request can name one operation in its path and another in a
    /// header.
    fn authorized(self, headers: &HeaderMap) -> Result<Self, ApiError> {
        if headers.get(HANDED_ON).is_some_and(|operation| *operation == self.operation) {
            return Ok(self);
        }
        Err(ApiError::Validation("The request names more than one operation.".to_owned()))
    }
}

async fn make(change: Change, answering: &Answering) -> Result<Output, ApiError> {
    let Answering { board, aws, clock, .. } = answering;
    let (output, changed) =
        board.write(&[Topic::Metrics, Topic::Alarms], |seen| change.make(seen, clock, today()))?;
    if let Some((alarm, transition)) = changed {
        // Why one failed is in the alarm's history.
        alarms::act(board, aws, &alarm, &transition).await;
    }
    Ok(output)
}

/// A query of log lines, which come with it: the engine keeps them.
async fn answer_query(body: Bytes) -> Response {
    let answer = match serde_json::from_slice::<QueryRequest>(&body) {
        Ok(request) => request.answer().map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(message) => (StatusCode::BAD_REQUEST, Json(json!({ "message": message }))).into_response(),
    }
}

async fn answer_xray(State(answering): State<Answering>, Path(path): Path<String>, body: Bytes) -> Response {
    let board = answering.board;
    let answer = xray::api::Request::parse(&format!("/{path}"), &body).and_then(|request| match request {
        xray::api::Request::Put(request) => {
            board.write(&[Topic::Traces], |seen| request.keep(&mut seen.traces))
        }
        xray::api::Request::Query(query) => board.read(|seen| query.answer(&seen.traces)),
    });
    match answer {
        Ok(answer) => Json(answer).into_response(),
        Err(error) => {
            let (status, name) = error.code();
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, [("x-amzn-errortype", name)], Json(json!({"Message": error.to_string()})))
                .into_response()
        }
    }
}
