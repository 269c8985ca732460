//! The `http` block of a document.

use serde_json::{Map, Value, json};

use super::attributes::{Attributes, text};
use crate::span::Kind;

/// Today's key and the one before it.
const METHOD: [&str; 2] = ["http.request.method", "http.method"];
const STATUS: [&str; 2] = ["http.response.status_code", "http.status_code"];
const USER_AGENT: [&str; 2] = ["user_agent.original", "http.user_agent"];
const CLIENT: [&str; 2] = ["client.address", "http.client_ip"];
const URL: [&str; 2] = ["url.full", "http.url"];
/// What a URL is put together from where it is not given whole.
const PARTS: [&str; 4] = ["url.scheme", "server.address", "server.port", "url.path"];

/// The status that a response had.
pub(super) fn status(attributes: &Attributes) -> Option<i64> {
    STATUS.iter().find_map(|key| attributes.get(*key)?.as_i64())
}

/// The block, and its attributes taken out; `None` if nothing is known of a request or response.
pub(super) fn block(kind: Kind, left: &mut Attributes) -> Option<Value> {
    let known = [METHOD, STATUS, USER_AGENT, CLIENT, URL];
    if !known.iter().flatten().any(|key| left.contains_key(*key)) {
        return None;
    }
    let response = status(left).map(|status| json!({ "status": status }));
    let url = take(left, URL).or_else(|| assembled(left, kind));
    let client = take(left, CLIENT);
    let forwarded = client.is_some().then_some(Value::Bool(true));
    let fields = [
        ("method", take(left, METHOD)),
        ("url", url),
        ("user_agent", take(left, USER_AGENT)),
        ("client_ip", client),
        ("x_forwarded_for", forwarded),
    ];
    for key in STATUS.iter().chain(&PARTS) {
        left.remove(*key);
    }
    let request: Map<String, Value> =
        fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    let request = (!request.is_empty()).then_some(Value::Object(request));
    let block = [("request", request), ("response", response)];
    Some(block.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect())
}

fn take(left: &mut Attributes, keys: [&str; 2]) -> Option<Value> {
    let values = keys.map(|key| left.remove(key));
    values.into_iter().flatten().find(Value::is_string)
}

fn assembled(left: &Attributes, kind: Kind) -> Option<Value> {
    let host = text(left, "server.address")?;
    let scheme = text(left, "url.scheme").unwrap_or(if kind == Kind::Server { "https" } else { "http" });
    let port = left.get("server.port").and_then(Value::as_i64);
    let usual = if scheme == "https" { 443 } else { 80 };
    let port = port.filter(|port| *port != usual).map(|port| format!(":{port}")).unwrap_or_default();
    let path = text(left, "url.path").unwrap_or("/");
    Some(format!("{scheme}://{host}{port}{path}").into())
}
