//! The functions behind the HTTP API: what API Gateway hands them (payload format 2.0), and how they answer.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Value, json};
use telemetry::context;
use tracing::Span;

/// Nobody is known to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unauthorized {
    /// The authorizer vouches for nobody, or for a name that may not become part of a key.
    #[error("no verified user id came with the request")]
    NoUser,
    /// The token is the pool's, but neither an ID nor an access token.
    #[error("the token is neither an ID token nor an access token")]
    TokenUse,
}

impl Unauthorized {
    /// The text for the client.
    #[must_use]
    pub fn external(self) -> External {
        let message = match self {
            Self::NoUser => "Sign in and send the token as 'Authorization: Bearer …'.",
            Self::TokenUse => "Send the ID token or the access token, not the refresh token.",
        };
        External { status: 401, code: "Unauthorized", message: message.to_owned() }
    }
}

/// The user that the JWT authorizer vouches for; nothing else in the event identifies the caller.
///
/// # Errors
///
/// The authorizer vouches for nobody, or for a token of another kind.
pub fn user_id(event: &Value) -> Result<&str, Unauthorized> {
    let claims = event.pointer("/requestContext/authorizer/jwt/claims").unwrap_or(&Value::Null);
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_safe = |sub: &&str| (1..=128).contains(&sub.len()) && sub.bytes().all(safe);
    let sub = claim("sub").filter(is_safe).ok_or(Unauthorized::NoUser)?;
    // The authorizer looks at issuer, audience and times, which all tokens of a user have alike.
    matches!(claim("token_use"), Some("id" | "access")).then_some(sub).ok_or(Unauthorized::TokenUse)
}

/// Records method and route on the span, which API Gateway writes as one; what does not look like both is left out, as
/// anybody who may invoke the function can write anything there.
pub fn describe_request(event: &Value) {
    let route = event.get("routeKey").and_then(Value::as_str).and_then(|key| key.split_once(' '));
    let is_method = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/{}+-_.".contains(&byte);
    let is_route = |text: &str| text.starts_with('/') && text.bytes().all(fits);
    if let Some((method, route)) = route.filter(|(method, route)| is_method(method) && is_route(route)) {
        context::describe(&Span::current(), "http.request.method", method.to_owned());
        context::describe(&Span::current(), "http.route", route.to_owned());
    }
}

/// The error response: a status, a code for programs and a sentence for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct External {
    /// The HTTP status.
    pub status: u16,
    /// One word of a closed set; also the dimension `Reason`.
    pub code: &'static str,
    /// What is wrong and what would be right.
    pub message: String,
}

/// An answer as API Gateway's payload format 2.0 takes it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    /// The HTTP status.
    pub status_code: u16,
    /// Headers beside those that the API's CORS configuration adds.
    pub headers: BTreeMap<&'static str, &'static str>,
    /// The JSON text.
    pub body: String,
}

impl Response {
    /// An answer of this status, which the span gets too: X-Ray's flags follow it, the client's mistake is an error, ours
    /// a fault.
    #[must_use]
    pub fn new(status_code: u16, body: &Value) -> Self {
        context::describe(&Span::current(), "http.response.status_code", i64::from(status_code));
        // Bodies hold URLs that let their bearer read or write: no cache may keep them.
        let headers = BTreeMap::from([("cache-control", "no-store"), ("content-type", "application/json")]);
        Self { status_code, headers, body: body.to_string() }
    }

    /// The answer to a request that is refused.
    #[must_use]
    pub fn refusing(external: &External) -> Self {
        let error = json!({ "error": { "code": external.code, "message": external.message } });
        Self::new(external.status, &error)
    }
}
