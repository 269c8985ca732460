//! Guard of the console: only its own pages and programs on this machine may ask.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::own_host;

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
