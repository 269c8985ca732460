//! The shell: an API event in, an HTTP answer out.

use std::{borrow::Cow, collections::BTreeMap, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use lambda_runtime::LambdaEvent;
use serde::Serialize;
use serde_json::{Value, json};
use telemetry::{Telemetry, context};
use tracing::Span;

use crate::{
    config::Config,
    error::{BodyError, Refusal},
    events::{UrlIssued, UrlRefused},
    upload_url::{Issued, Request, Signer, UploadUrl},
};

/// Most bytes of a request body that are read; a documented one has about 200.
pub const MAX_BODY_BYTES: usize = 4_096;

/// Everything a request is answered with.
#[derive(Debug)]
pub struct App {
    /// Configuration from the environment.
    pub config: Config,
    /// Signs URLs.
    pub signer: Signer,
    /// Where events are emitted.
    pub telemetry: Telemetry,
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

/// Answers one request; whatever the event holds, the answer is JSON.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Response {
    let started = Instant::now();
    describe_request(&event.payload);
    let response = match issue(app, &event.payload).await {
        Ok(issued) => {
            app.telemetry.emit(&UrlIssued { image_id: &issued.image_id, elapsed: started.elapsed() });
            respond(200, &json!(issued))
        }
        Err(refusal) => {
            if matches!(refusal, Refusal::Signing(_)) {
                telemetry::fail(&Span::current(), &refusal);
            }
            app.telemetry.emit(&UrlRefused { refusal: &refusal });
            let external = refusal.external();
            let error = json!({ "error": { "code": external.code, "message": external.message } });
            respond(external.status, &error)
        }
    };
    // X-Ray's flags follow it: the client's mistake is an error, ours a fault.
    context::describe(&Span::current(), "http.response.status_code", i64::from(response.status_code));
    response
}

/// Records method and route, which API Gateway writes as one; what does not look like both is left out, as
/// anybody who may invoke the function can write anything there.
fn describe_request(event: &Value) {
    let route = event.get("routeKey").and_then(Value::as_str).and_then(|key| key.split_once(' '));
    let is_method = |text: &str| text.bytes().all(|byte| byte.is_ascii_uppercase());
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"/{}+-_.".contains(&byte);
    let is_route = |text: &str| text.starts_with('/') && text.bytes().all(fits);
    if let Some((method, route)) = route.filter(|(method, route)| is_method(method) && is_route(route)) {
        context::describe(&Span::current(), "http.request.method", method.to_owned());
        context::describe(&Span::current(), "http.route", route.to_owned());
    }
}

async fn issue(app: &App, event: &Value) -> Result<Issued, Refusal> {
    let user = user_id(event)?;
    let upload_url = UploadUrl::new(user, request(event)?, &app.config)?;
    let span = Span::current();
    context::annotate(&span, &[("image.id", &upload_url.image_id()), ("user.id", user)]);
    app.signer.sign(&upload_url, &span).await
}

/// The user that the JWT authorizer vouches for; nothing else in the event identifies the caller.
fn user_id(event: &Value) -> Result<&str, Refusal> {
    let claims = event.pointer("/requestContext/authorizer/jwt/claims").unwrap_or(&Value::Null);
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    let safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let is_safe = |sub: &&str| (1..=128).contains(&sub.len()) && sub.bytes().all(safe);
    let sub = claim("sub").filter(is_safe).ok_or(Refusal::NoUser)?;
    // The authorizer looks at issuer, audience and times, which all tokens of a user have alike.
    matches!(claim("token_use"), Some("id" | "access")).then_some(sub).ok_or(Refusal::TokenUse)
}

/// What the client asks for; without a body, the plain request.
fn request(event: &Value) -> Result<Option<Request>, Refusal> {
    let bytes = body(event)?;
    if bytes.len() > MAX_BODY_BYTES {
        return Err(Refusal::BodyTooLarge { bytes: bytes.len(), limit: MAX_BODY_BYTES });
    }
    let object = bytes.trim_ascii();
    if object.is_empty() {
        return Ok(None);
    }
    // A derived structure also reads arrays, which no client means.
    if !object.starts_with(b"{") {
        return Err(Refusal::MalformedBody(BodyError::NoObject));
    }
    let request = serde_json::from_slice(object);
    request.map(Some).map_err(|error| Refusal::MalformedBody(BodyError::Json(error.into())))
}

/// The body's bytes as the client sent them: API Gateway encodes those whose type it takes for binary.
fn body(event: &Value) -> Result<Cow<'_, [u8]>, Refusal> {
    let body = match event.get("body") {
        None | Some(Value::Null) => "",
        Some(Value::String(body)) => body,
        // To ignore it would be to sign a URL that permits more than was asked for.
        Some(_) => return Err(Refusal::MalformedBody(BodyError::NoObject)),
    };
    if event.get("isBase64Encoded").and_then(Value::as_bool).unwrap_or_default() {
        let bytes =
            STANDARD.decode(body).map_err(|error| Refusal::MalformedBody(BodyError::Base64(error)))?;
        Ok(bytes.into())
    } else {
        Ok(body.as_bytes().into())
    }
}

fn respond(status_code: u16, body: &Value) -> Response {
    // The body holds a URL that lets its bearer write: no cache may keep it.
    let headers = BTreeMap::from([("cache-control", "no-store"), ("content-type", "application/json")]);
    Response { status_code, headers, body: body.to_string() }
}
