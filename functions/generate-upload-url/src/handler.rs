//! The shell: an API event in, an HTTP answer out.

use std::{borrow::Cow, time::Instant};

use base64::{Engine, engine::general_purpose::STANDARD};
use contract::http_api::{Response, describe_request, user_id};
use lambda_runtime::LambdaEvent;
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

/// Answers one request; whatever the event holds, the answer is JSON.
pub async fn handle(app: &App, event: LambdaEvent<Value>) -> Response {
    let started = Instant::now();
    describe_request(&event.payload);
    match issue(app, &event.payload).await {
        Ok(issued) => {
            app.telemetry.emit(&UrlIssued { image_id: &issued.image_id, elapsed: started.elapsed() });
            Response::new(200, &json!(issued))
        }
        Err(refusal) => {
            if matches!(refusal, Refusal::Signing(_)) {
                telemetry::fail(&Span::current(), &refusal);
            }
            app.telemetry.emit(&UrlRefused { refusal: &refusal });
            Response::refusing(&refusal.external())
        }
    }
}

async fn issue(app: &App, event: &Value) -> Result<Issued, Refusal> {
    let user = user_id(event)?;
    let upload_url = UploadUrl::new(user, request(event)?, &app.config)?;
    let span = Span::current();
    context::annotate(&span, &[("image.id", &upload_url.image_id()), ("user.id", user)]);
    app.signer.sign(&upload_url, &span).await
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
