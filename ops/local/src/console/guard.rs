//! Guard of the console: only its own pages and programs on this machine may ask, and only who has the stack's key may change
//! it by the API.

use axum::Json;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::source::Source;
use crate::own_host;
use crate::stack::console_key;

/// Only the console's own files, no frames, and forms that lead to it: what a log line smuggles in cannot act.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// Refuses requests for another host: a page elsewhere can let its own name point to loopback and would
/// then read the answers.
pub(super) async fn check(request: Request, next: Next) -> Response {
    let mut response = if own_host::names_loopback(request.headers()) {
        next.run(request).await
    } else {
        let message = "this console answers only to localhost and 127.0.0.1\n";
        (own_host::REFUSED, message).into_response()
    };
    protect(response.headers_mut());
    response
}

fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        // A page may have a policy of its own, and a file may be kept.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The refusal for somebody who does not know the key that `stack.json` holds.
pub(super) fn stranger(source: &Source, headers: &HeaderMap) -> Option<Response> {
    let given = headers.get(header::AUTHORIZATION).and_then(|given| given.to_str().ok());
    let expected = format!("Bearer {}", console_key(source.aws.credentials()));
    (given != Some(expected.as_str())).then(|| refusal(StatusCode::UNAUTHORIZED, "the stack's key is needed"))
}

/// An answer that says why nothing was done.
pub(super) fn refusal(status: StatusCode, why: &str) -> Response {
    (status, Json(json!({ "error": why }))).into_response()
}
