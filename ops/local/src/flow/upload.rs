//! An upload as a user's program makes it.

use bytes::Bytes;
use http::{Method, Response, StatusCode, header};
use serde::Deserialize;

use super::evidence::{Evidence, Item};
use super::{FlowError, Photo};
use crate::http::Http;
use crate::progress::{Reporter, Step};
use crate::stack::StackInfo;
use crate::user::Tokens;

/// The API's answer; a plain client looks at `upload_url` only.
#[derive(Clone, Deserialize)]
pub struct Ticket {
    /// Where the bytes go; whoever has it may upload.
    pub upload_url: String,
    /// The object's key.
    pub file_path: String,
    /// The image's id.
    pub image_id: String,
}

impl std::fmt::Debug for Ticket {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Ticket").field("file_path", &self.file_path).finish_non_exhaustive()
    }
}

/// Headers that tie an upload to a trace of the client's own; a plain client sends none.
#[derive(Clone, Debug, Default)]
pub struct TraceHeaders {
    /// W3C `traceparent`, sent to the API.
    pub traceparent: Option<String>,
    /// `X-Amzn-Trace-Id`, sent with the bytes; S3 hands it on to the queue.
    pub xray: Option<String>,
}

/// An upload that reached its end.
#[derive(Clone, Debug)]
pub struct Uploaded {
    /// The image's id.
    pub image_id: String,
    /// The object's key.
    pub file_path: String,
    /// What the table says at the end: `DONE` or `FAILED`.
    pub item: Item,
}

/// Asks the API where to upload to.
///
/// # Errors
///
/// When the API refuses or does not answer.
pub async fn request_url(
    stack: &StackInfo,
    tokens: &Tokens,
    trace: &TraceHeaders,
) -> Result<Ticket, FlowError> {
    let what = "the API";
    let bearer = format!("Bearer {}", tokens.id_token);
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(trace.traceparent.as_deref().map(|parent| ("traceparent", parent)));
    let url = stack.output("GenerateUploadUrlEndpoint")?;
    let answer = Http::new().send(Method::POST, url, &headers, "").await?;
    if answer.status() != StatusCode::OK {
        return Err(FlowError::Refused { what, status: answer.status(), said: said(&answer) });
    }
    serde_json::from_slice(answer.body()).map_err(|source| FlowError::Answer { what, source })
}

/// Puts the bytes where the ticket says; answers the object's entity tag.
///
/// # Errors
///
/// When S3 refuses or does not answer.
pub async fn put(
    ticket: &Ticket,
    bytes: impl Into<Bytes>,
    trace: &TraceHeaders,
) -> Result<String, FlowError> {
    let headers: Vec<(&str, &str)> =
        trace.xray.as_deref().map(|id| ("x-amzn-trace-id", id)).into_iter().collect();
    let answer = Http::new().send(Method::PUT, &ticket.upload_url, &headers, bytes).await?;
    if answer.status() != StatusCode::OK {
        let said = said(&answer);
        return Err(FlowError::Refused { what: "the upload URL", status: answer.status(), said });
    }
    let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    Ok(tag.trim_matches('"').to_owned())
}

/// Uploads a photo and follows it until it is `DONE` or `FAILED`.
///
/// # Errors
///
/// When a step is refused or the end does not come.
pub async fn upload(
    stack: &StackInfo,
    tokens: &Tokens,
    photo: &Photo,
    trace: &TraceHeaders,
    reporter: &dyn Reporter,
) -> Result<Uploaded, FlowError> {
    let step = Step::start(reporter, "upload-photo", format!("Uploading {}", photo.name));
    step.detail("asking for a URL");
    let ticket = request_url(stack, tokens, trace).await?;
    step.detail(format!("sending {} bytes", photo.bytes.len()));
    put(&ticket, photo.bytes.clone(), trace).await?;
    let item = Evidence::of(stack).item(&ticket.image_id, |status| step.detail(status)).await?;
    step.finish(format!("{} is {}", photo.name, item.status));
    Ok(Uploaded { image_id: ticket.image_id, file_path: ticket.file_path, item })
}

/// The start of a refusal's body.
pub(super) fn said(answer: &Response<Bytes>) -> String {
    String::from_utf8_lossy(answer.body()).chars().take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_url_is_absent_from_debug_output() {
        let json = r#"{"upload_url":"http://x?X-Amz-Signature=s","file_path":"user-uploads/u/i.jpg",
            "image_id":"i","expires_in":300}"#;
        let ticket: Ticket = serde_json::from_str(json).unwrap();
        assert!(!format!("{ticket:?}").contains("Signature"));
    }
}
