use std::{cell::LazyCell, time::SystemTime};

use generate_upload_url::{
    config::Config,
    handler::{App, handle},
    upload_url::Signer,
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;

use crate::offline;

const USER: &str = "57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11";

/// Property of requests: an event, or the body of a signed-in user's event, gets a URL into the user's folder or a
/// documented error.
///
/// # Panics
///
/// When that is not so.
pub fn requests(input: &[u8]) {
    thread_local! {
        static FUNCTION: LazyCell<(App, Runtime)> = LazyCell::new(|| (app(), offline::runtime()));
    }
    let text = String::from_utf8_lossy(input);
    let event =
        serde_json::from_str(&text).ok().filter(|event: &Value| event.get("requestContext").is_some());
    let event = event.unwrap_or_else(|| with_body(&text));
    let user = event.pointer("/requestContext/authorizer/jwt/claims/sub").cloned().unwrap_or_default();

    let response = FUNCTION.with(|function| {
        let (app, runtime) = &**function;
        runtime.block_on(app.telemetry.within(handle(app, LambdaEvent::new(event, Context::default()))))
    });

    let body: Value = serde_json::from_str(&response.body).unwrap();
    if response.status_code == 200 {
        let path = body["file_path"].as_str().unwrap();
        assert!(path.starts_with(&format!("user-uploads/{}/", user.as_str().unwrap())), "{path}");
        assert_eq!(path.matches('/').count(), 2, "{path}");
        assert_eq!(Url::parse(body["upload_url"].as_str().unwrap()).unwrap().path(), format!("/{path}"));
    } else {
        assert!([400, 401, 413, 415].contains(&response.status_code), "{}", response.body);
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{body}");
    }
}

fn with_body(body: &str) -> Value {
    json!({ "requestContext": { "authorizer": { "jwt": { "claims": { "sub": USER, "token_use": "id" } } } }, "body": body })
}

fn app() -> App {
    let config = Config::read(|name| (name == "ORIGINAL_BUCKET").then(|| "originals".to_owned())).unwrap();
    let signer = Signer::new(offline::s3(), &config.original_bucket, SystemTime::now);
    App { config, signer, telemetry: offline::telemetry() }
}
