use std::{cell::LazyCell, time::SystemTime};

use contract::{image_id, item::Record};
use image_status_lambda::{
    error::AwsError,
    handler::{App, handle},
    store::Items,
    thumbnail_url::Signer,
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use url::Url;
use uuid::Uuid;

use crate::offline;

/// Who has an image of every id that is even.
const OWNER: &str = "57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11";
const KEY: &str = "user-uploads/57a4ea48-3051-70f1-2f1f-5c3f1f0e4a11/a.jpg";

/// Property of questions for a status: an event, or the id of a signed-in user's event, gets the status of an image of that
/// user or a documented error.
///
/// # Panics
///
/// When that is not so.
pub fn statuses(input: &[u8]) {
    thread_local! {
        static FUNCTION: LazyCell<(App<Table>, Runtime)> = LazyCell::new(|| (app(), offline::runtime()));
    }
    let text = String::from_utf8_lossy(input);
    let event =
        serde_json::from_str(&text).ok().filter(|event: &Value| event.get("requestContext").is_some());
    let event = event.unwrap_or_else(|| with_id(&text));
    let user = event.pointer("/requestContext/authorizer/jwt/claims/sub").cloned().unwrap_or_default();
    let asked = event.pointer("/pathParameters/imageId").cloned().unwrap_or_default();

    let response = FUNCTION.with(|function| {
        let (app, runtime) = &**function;
        runtime.block_on(app.telemetry.within(handle(app, LambdaEvent::new(event, Context::default()))))
    });

    let body: Value = serde_json::from_str(&response.body).unwrap();
    if response.status_code != 200 {
        assert!([400, 401, 404].contains(&response.status_code), "{}", response.body);
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{body}");
        return;
    }
    assert_eq!(body["image_id"], asked);
    let id: Uuid = asked.as_str().unwrap().parse().unwrap();
    let user = user.as_str().unwrap();
    if body["status"] == "PENDING" {
        assert!(image_id::is_issued_to(id, user) && !is_even(id), "{user} was not given {id}");
    } else {
        assert_eq!((user, &body["status"], is_even(id)), (OWNER, &json!("DONE"), true));
        let url = Url::parse(body["thumbnails"][0]["url"].as_str().unwrap()).unwrap();
        assert_eq!(url.path(), format!("/processed/{id}.jpg"));
    }
}

fn with_id(id: &str) -> Value {
    json!({
        "requestContext": { "authorizer": { "jwt": { "claims": { "sub": OWNER, "token_use": "id" } } } },
        "pathParameters": { "imageId": id },
    })
}

fn is_even(id: Uuid) -> bool {
    id.as_u128().is_multiple_of(2)
}

struct Table;

impl Items for Table {
    async fn get(&self, id: Uuid) -> Result<Option<Record>, AwsError> {
        Ok(is_even(id).then(|| Record {
            image_id: id.to_string(),
            original_key: KEY.to_owned(),
            status: "DONE".to_owned(),
            processed_key: Some(format!("processed/{id}.jpg")),
            ..Record::default()
        }))
    }
}

fn app() -> App<Table> {
    let signer = Signer::new(offline::s3(), "thumbnails", SystemTime::now);
    App { items: Table, signer, telemetry: offline::telemetry() }
}
