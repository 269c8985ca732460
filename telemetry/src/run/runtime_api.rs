//! Requests to Lambda's Runtime API that `lambda_runtime` does not make.

use bytes::Bytes;
use http::{HeaderValue, Request, header::CONTENT_TYPE};
use serde_json::json;

use crate::http_client::Client;

const ERROR_TYPE: HeaderValue = HeaderValue::from_static("Runtime.InitError");

/// A client for the API at `address`, as `AWS_LAMBDA_RUNTIME_API` has it: `host:port`.
pub(crate) fn client(address: &str) -> Option<Client> {
    Client::new(&format!("http://{address}").parse().ok()?).ok()
}

/// Posts the failed start to `/runtime/init/error`, so that Lambda need not wait for the process to end; whether
/// Lambda accepted it.
pub(crate) async fn report_init_error(address: &str, message: &str) -> bool {
    let body = json!({
        "errorType": ERROR_TYPE.to_str().unwrap_or_default(),
        "errorMessage": message,
        "stackTrace": [],
    });
    let request = Request::post("/2018-06-01/runtime/init/error")
        .header("lambda-runtime-function-error-type", ERROR_TYPE)
        .header(CONTENT_TYPE, "application/json")
        .body(Bytes::from(body.to_string()));
    let (Some(client), Ok(request)) = (client(address), request) else { return false };
    client.send(request).await.is_ok_and(|answer| answer.status().is_success())
}
