//! Answers of AWS's APIs: a table, two queues with a dead letter, a photo for every object.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use axum::http::{HeaderMap, Method, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;

const PHOTO: &[u8] = include_bytes!("../../../../local/photos/raccoon.jpg");

/// Every other look finds the dead-letter queue empty, which ends a reader's loop.
static LOOKS: AtomicUsize = AtomicUsize::new(0);

/// Whether the processor's consumer was switched off, as a button of Home does.
static IS_OFF: AtomicBool = AtomicBool::new(false);

/// Answers at the returned address, for as long as the process runs.
pub(crate) async fn serve(items: Vec<Value>) -> std::io::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let endpoint = format!("http://{}", listener.local_addr()?);
    let answer =
        async move |method: Method, uri: Uri, headers: HeaderMap, body: String| match operation(&headers) {
            Some(operation) => Json(of_operation(operation, &items, &body)).into_response(),
            None if uri.path().contains("/event-source-mappings") => {
                if method == Method::PUT {
                    IS_OFF.store(body.contains("false"), Ordering::Relaxed);
                }
                let state = if IS_OFF.load(Ordering::Relaxed) { "Disabled" } else { "Enabled" };
                let mapping = json!({ "UUID": "9d1f", "State": state });
                Json(json!({ "EventSourceMappings": [mapping] })).into_response()
            }
            None => of_object(&method, &uri),
        };
    tokio::spawn(async move { axum::serve(listener, Router::new().fallback(answer)).await });
    Ok(endpoint)
}

fn operation(headers: &HeaderMap) -> Option<&str> {
    headers.get("x-amz-target")?.to_str().ok()?.rsplit('.').next()
}

fn of_operation(operation: &str, items: &[Value], body: &str) -> Value {
    match operation {
        "Scan" => json!({ "Items": items }),
        "BatchGetItem" => {
            let is_asked = |item: &&Value| {
                item.pointer("/imageId/S").and_then(Value::as_str).is_some_and(|id| body.contains(id))
            };
            json!({ "Responses": { "ImageMetadata": items.iter().filter(is_asked).collect::<Vec<_>>() } })
        }
        "ReceiveMessage"
            if body.contains("dlq") && LOOKS.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) =>
        {
            json!({ "Messages": [{
            "MessageId": "5fea7756-0ea4-451a-a703-a558b933e274", "ReceiptHandle": "1", "Body": "{}",
            "Attributes": { "ApproximateReceiveCount": "6", "SentTimestamp": "1796000000000" },
        }] })
        }
        "GetQueueAttributes" => json!({ "Attributes": {
            "ApproximateNumberOfMessages": "1", "ApproximateNumberOfMessagesNotVisible": "0", "ApproximateNumberOfMessagesDelayed": "0",
            "VisibilityTimeout": "180", "MessageRetentionPeriod": "1209600",
        } }),
        _ => json!({}),
    }
}

fn of_object(method: &Method, uri: &Uri) -> Response {
    if method == Method::GET && uri.query().is_none() {
        return ([(header::CONTENT_TYPE, "image/jpeg"), (header::ETAG, "\"1\"")], PHOTO).into_response();
    }
    let version = "<Version><VersionId>3sL4kqtJlcpXroDTDmJ</VersionId><IsLatest>true</IsLatest><Size>431022</Size>\
        <LastModified>2026-11-29T00:00:00.000Z</LastModified><ETag>919c8b643b7133116b02fc0d9bb7df3f</ETag></Version>";
    format!("<ListVersionsResult>{version}</ListVersionsResult>").into_response()
}
