//! The shell: an API event in, an HTTP answer out.

use std::time::Instant;

use contract::{
    http_api::{Response, describe_request, user_id},
    image_id,
};
use lambda_runtime::LambdaEvent;
use serde_json::{Value, json};
use telemetry::{Telemetry, context};
use tracing::Span;

use crate::{
    error::Refusal,
    events::{StatusRead, StatusRefused},
    image_status::{Answer, ImageStatus},
    store::Items,
    thumbnail_url::Signer,
};

/// Everything a request is answered with.
#[derive(Debug)]
pub struct App<S> {
    /// Where the items are.
    pub items: S,
    /// Signs the URLs of thumbnails.
    pub signer: Signer,
    /// Where events are emitted.
    pub telemetry: Telemetry,
}

/// Answers one request; whatever the event holds, the answer is JSON.
pub async fn handle(app: &App<impl Items>, event: LambdaEvent<Value>) -> Response {
    let started = Instant::now();
    describe_request(&event.payload);
    match read(app, &event.payload).await {
        Ok(answer) => {
            let (image_id, status) = (answer.image_id.as_str(), answer.status);
            app.telemetry.emit(&StatusRead { image_id, status, elapsed: started.elapsed() });
            Response::new(200, &json!(answer))
        }
        Err(refusal) => {
            if refusal.is_fault() {
                telemetry::fail(&Span::current(), &refusal);
            }
            app.telemetry.emit(&StatusRefused { refusal: &refusal });
            Response::refusing(&refusal.external())
        }
    }
}

async fn read(app: &App<impl Items>, event: &Value) -> Result<Answer, Refusal> {
    let user = user_id(event)?;
    // Not image.id, by which the trace of the upload is found: clients ask many times.
    context::annotate(&Span::current(), &[("user.id", user)]);
    let id = event.pointer("/pathParameters/imageId").and_then(Value::as_str);
    let id = id.and_then(image_id::parse).ok_or(Refusal::MalformedId)?;
    // Whoever asks, the table is asked, so that the time of a refusal tells nothing either.
    let item = app.items.get(id).await.map_err(Refusal::Reading)?;
    ImageStatus::of(id, user, item)?.answer(&app.signer).await
}
