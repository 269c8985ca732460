//! Questions to the console of a running stack.

use http::Method;
use local_stack::http::Http;
use local_stack::stack::StackInfo;
use serde::de::DeserializeOwned;

use crate::failure::Failure;

/// What the console answers to a question, as it came.
///
/// # Errors
/// When the console is not there.
pub(crate) async fn fetch(
    info: &StackInfo,
    path: &str,
    query: &[(&str, &str)],
) -> Result<http::Response<Vec<u8>>, Failure> {
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let url = format!("{}/api/{path}?{query}", info.console);
    let answer = Http::new().send(Method::GET, &url, &[], "").await.map_err(Failure::Console)?;
    Ok(answer.map(|body| body.to_vec()))
}

/// The same as JSON.
///
/// # Errors
/// When the console is not there, or answers something else.
pub(crate) async fn get<T: DeserializeOwned>(
    info: &StackInfo,
    path: &str,
    query: &[(&str, &str)],
) -> Result<T, Failure> {
    let answer = fetch(info, path, query).await?;
    serde_json::from_slice(answer.body()).map_err(Failure::Answer)
}
