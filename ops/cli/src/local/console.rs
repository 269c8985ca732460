//! Client of the local stack's console, and the running stack by its name.

use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_client::http::Http;
use http::Method;
use local_stack::flow::{Photo, Verified, verify};
use local_stack::stack::{FindError, StackInfo};
use serde::de::DeserializeOwned;
use terminal::progress::Reporter;

use crate::failure::Failure;
use crate::local::LocalFailure;
use crate::similar_names::UnknownName;

/// How often to check that a stack still runs.
const STACK_WATCH: Duration = Duration::from_millis(300);

/// Finds the running stack of that name.
///
/// # Errors
/// When there is none; the error names the running stack with the most similar name, if any.
pub(crate) fn find(root: &Path, name: &str) -> Result<StackInfo, Failure> {
    StackInfo::find(root, name).map_err(|error| {
        let running = StackInfo::running(root);
        if !matches!(error, FindError::NotRunning { .. }) || running.is_empty() {
            return LocalFailure::from(error).into();
        }
        let known = running.iter().map(String::as_str);
        UnknownName::among("running stack", name, known, "`ops up --name NAME` starts one").into()
    })
}

/// Verifies the seven steps with each photo, one after the other.
pub(crate) async fn verify_all(info: &StackInfo, photos: &[Photo], progress: &dyn Reporter) -> Vec<Verified> {
    let mut verified = Vec::with_capacity(photos.len());
    for photo in photos {
        verified.push(verify(info, photo, progress).await);
    }
    verified
}

/// Where the running stack of that name keeps what ends with it.
pub(crate) fn directory(root: &Path, name: &str) -> PathBuf {
    StackInfo::directory(root, name)
}

/// Waits until the stack is gone.
pub(crate) async fn gone(root: &Path, name: &str) {
    while StackInfo::find(root, name).is_ok() {
        tokio::time::sleep(STACK_WATCH).await;
    }
}

/// The console's response, unparsed.
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
    let answer = Http::new().send(Method::GET, &url, &[], "").await.map_err(LocalFailure::Console)?;
    Ok(answer.map(|body| body.to_vec()))
}

/// The console's response, parsed as JSON.
///
/// # Errors
/// When the console is not there, or answers something else.
pub(crate) async fn get<T: DeserializeOwned>(
    info: &StackInfo,
    path: &str,
    query: &[(&str, &str)],
) -> Result<T, Failure> {
    let answer = fetch(info, path, query).await?;
    serde_json::from_slice(answer.body()).map_err(|error| LocalFailure::Answer(error).into())
}
