//! Clients: they ask for a URL, put bytes there, and do nothing else.

use aws_client::http::Http;
use http::{Method, StatusCode};
use local_stack::flow::{self, TraceHeaders, UploadUrl};
use local_stack::user::{Tokens, create_user, sign_in};
use serde_json::Value;
use tokio::sync::OnceCell;

use crate::harness::Harness;

/// Somebody new who is signed in.
pub(crate) async fn somebody(harness: &Harness) -> Tokens {
    let user = create_user(&harness.aws, harness.output("UserPoolId")).await.unwrap();
    sign_in(&harness.info, &user).await.unwrap()
}

/// The demo user of the shared stack, signed in once.
pub(crate) async fn anybody(harness: &Harness) -> Tokens {
    static TOKENS: OnceCell<Tokens> = OnceCell::const_new();
    TOKENS.get_or_init(async || sign_in(&harness.info, &harness.info.user).await.unwrap()).await.clone()
}

/// A URL for the plain call, which knows nothing but its `upload_url`.
pub(crate) async fn plain_url(harness: &Harness, tokens: &Tokens) -> UploadUrl {
    flow::request_url(&harness.info, tokens, &TraceHeaders::default()).await.unwrap()
}

/// Uploads as the plainest client does; answers the upload URL.
pub(crate) async fn upload(harness: &Harness, tokens: &Tokens, bytes: Vec<u8>) -> UploadUrl {
    let issued = plain_url(harness, tokens).await;
    flow::put(&issued, bytes, &TraceHeaders::default()).await.unwrap();
    issued
}

/// The header that a token goes in.
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Asks for a URL in any way a client may; answers the status and the body.
pub(crate) async fn ask(
    harness: &Harness,
    query: &str,
    authorization: Option<&str>,
    headers: &[(&str, &str)],
    body: &str,
) -> (StatusCode, Value) {
    let url = format!("{}{query}", harness.output("GenerateUploadUrlEndpoint"));
    let mut headers = headers.to_vec();
    headers.extend(authorization.map(|value| ("authorization", value)));
    let answer = Http::new().send(Method::POST, &url, &headers, body.to_owned()).await.unwrap();
    (answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default())
}
