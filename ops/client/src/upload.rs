//! Upload as a user's program makes it: ask for a URL, PUT the bytes, wait for the result.

use std::io;

use bytes::Bytes;
use contract::item::Record;
use http::{Method, StatusCode, header};
use serde::Deserialize;
use serde_json::json;

use crate::error::{FlowError, UPLOAD_URL, reason};
use crate::follow::Follower;
use crate::retry::patiently;
use crate::stack::Pipeline;
use crate::user::{Session, Tokens};
use aws_client::AwsError;
use aws_client::http::Http;

/// The most URLs that are asked for on behalf of one upload.
const MOST_URLS: usize = 5;

/// The API's error code where `RequireContentLength` is set.
const LENGTH_REQUIRED: &str = "\"LengthRequired\"";

/// A file on its way.
#[derive(Clone, Debug)]
pub struct Photo {
    /// What people call it.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// The API's answer; a plain client looks at `upload_url` only.
#[derive(Clone, Deserialize)]
pub struct UploadUrl {
    /// Where the bytes go; whoever has it may upload.
    pub upload_url: String,
    /// The object's key.
    pub file_path: String,
    /// The image's id.
    pub image_id: String,
}

impl std::fmt::Debug for UploadUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UploadUrl").field("file_path", &self.file_path).finish_non_exhaustive()
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
    /// The item at the end: `DONE` or `FAILED`.
    pub item: Record,
}

/// Asks the API where to upload to.
///
/// # Errors
///
/// When the API refuses or does not answer.
pub async fn request_url(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    trace: &TraceHeaders,
) -> Result<UploadUrl, FlowError> {
    ask(stack, tokens, trace, String::new()).await
}

/// Asks as [`request_url`] does, and again with growing waits while there are too many requests, or for some seconds when
/// what went wrong may pass by itself.
///
/// # Errors
///
/// When the API refuses or does not answer.
pub async fn request_url_patiently(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    trace: &TraceHeaders,
) -> Result<UploadUrl, FlowError> {
    patiently(|| request_url(stack, tokens, trace), |_| ()).await
}

/// Asks as [`request_url`] does, and once more with the upload's length where the stack requires one.
///
/// # Errors
///
/// When the API refuses or does not answer.
pub async fn request_url_for(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    trace: &TraceHeaders,
    length: usize,
) -> Result<UploadUrl, FlowError> {
    match request_url(stack, tokens, trace).await {
        Err(FlowError::Refused { reason, .. }) if reason.contains(LENGTH_REQUIRED) => {
            ask(stack, tokens, trace, json!({ "content_length": length }).to_string()).await
        }
        asked => asked,
    }
}

async fn ask(
    stack: &dyn Pipeline,
    tokens: &Tokens,
    trace: &TraceHeaders,
    body: String,
) -> Result<UploadUrl, FlowError> {
    let what = "the API";
    let bearer = format!("Bearer {}", tokens.id_token);
    let mut headers = vec![("authorization", bearer.as_str())];
    headers.extend(trace.traceparent.as_deref().map(|parent| ("traceparent", parent)));
    let url = stack.output("GenerateUploadUrlEndpoint")?;
    let answer = Http::new().send(Method::POST, url, &headers, body).await?;
    if answer.status() != StatusCode::OK {
        return Err(FlowError::Refused { what, status: answer.status(), reason: reason(&answer) });
    }
    serde_json::from_slice(answer.body()).map_err(|source| FlowError::Answer { what, source })
}

/// PUTs the bytes to the upload URL; returns the object's entity tag.
///
/// # Errors
///
/// When S3 refuses or does not answer.
pub async fn put(
    issued: &UploadUrl,
    bytes: impl Into<Bytes>,
    trace: &TraceHeaders,
) -> Result<String, FlowError> {
    let headers: Vec<(&str, &str)> =
        trace.xray.as_deref().map(|id| ("x-amzn-trace-id", id)).into_iter().collect();
    let answer = Http::new().send(Method::PUT, &issued.upload_url, &headers, bytes).await?;
    if answer.status() != StatusCode::OK {
        let reason = reason(&answer);
        return Err(FlowError::Refused { what: UPLOAD_URL, status: answer.status(), reason });
    }
    let tag = answer.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    Ok(tag.trim_matches('"').to_owned())
}

/// Uploads as the pipeline's user: signed in once for all, followed with one question for all.
#[derive(Debug)]
pub struct Uploader<'a> {
    stack: &'a dyn Pipeline,
    session: Session<'a>,
    follower: Follower<'a>,
}

impl<'a> Uploader<'a> {
    /// An uploader to a stack; nobody is signed in yet.
    ///
    /// # Errors
    ///
    /// When the stack names no table.
    pub fn of(stack: &'a dyn Pipeline) -> Result<Self, FlowError> {
        Ok(Self { stack, session: Session::of(stack), follower: Follower::of(stack)? })
    }

    /// Does `work`, whose uploads are followed meanwhile.
    pub async fn following<T>(&self, work: impl Future<Output = T>) -> T {
        tokio::select! {
            done = work => done,
            never = self.follower.run() => match never {},
        }
    }

    /// Uploads a photo and waits until it is `DONE` or `FAILED`; only inside [`Uploader::following`].
    ///
    /// `begun` hears of each address before anything goes there. What may pass by itself is tried again for
    /// some seconds, and what is refused for its rate for two minutes.
    ///
    /// # Errors
    ///
    /// When a step is refused, `begun` fails, or the end does not come.
    pub async fn upload(
        &self,
        photo: Photo,
        begun: impl Fn(&UploadUrl) -> io::Result<()>,
    ) -> Result<Uploaded, FlowError> {
        let plain = TraceHeaders::default();
        let bytes = Bytes::from(photo.bytes);
        let ask = || self.request_url(&plain, bytes.len());
        let begun = |issued: &UploadUrl| begun(issued).map_err(FlowError::Journal);
        let issued = store(ask, begun, &bytes, |_| ()).await?;
        self.end(issued.image_id, issued.file_path).await
    }

    /// Goes on with an upload that somebody began; `None` when its bytes never arrived.
    ///
    /// # Errors
    ///
    /// When the store does not answer or the end does not come.
    pub async fn resume(&self, image_id: &str, key: &str) -> Result<Option<Uploaded>, FlowError> {
        if !patiently(|| self.has_arrived(key), |_| ()).await? {
            return Ok(None);
        }
        self.end(image_id.to_owned(), key.to_owned()).await.map(Some)
    }

    async fn end(&self, image_id: String, file_path: String) -> Result<Uploaded, FlowError> {
        let item = self.follower.item(&image_id).await?;
        Ok(Uploaded { image_id, file_path, item })
    }

    async fn has_arrived(&self, key: &str) -> Result<bool, FlowError> {
        let path = format!("/{}/{key}", self.stack.output("OriginalBucketName")?);
        match self.stack.aws().rest("s3", Method::HEAD, &path, Vec::new(), &[]).await {
            Ok(_) => Ok(true),
            Err(AwsError::Refused { status: 404, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    async fn request_url(&self, trace: &TraceHeaders, length: usize) -> Result<UploadUrl, FlowError> {
        request_url_in(&self.session, self.stack, trace, length).await
    }
}

/// Asks for a URL and puts the bytes there; asks for another one where that one is refused. `begun` hears of each URL before
/// anything goes there, and `refused` of each error that is tried again.
pub(crate) async fn store<F: Future<Output = Result<UploadUrl, FlowError>>>(
    ask: impl Fn() -> F,
    begun: impl Fn(&UploadUrl) -> Result<(), FlowError>,
    bytes: &Bytes,
    refused: impl Fn(&FlowError),
) -> Result<UploadUrl, FlowError> {
    let plain = TraceHeaders::default();
    let mut urls = 0;
    loop {
        let issued = patiently(&ask, &refused).await?;
        begun(&issued)?;
        urls += 1;
        match patiently(|| put(&issued, bytes.clone(), &plain), &refused).await {
            Err(error) if error.is_of_this_url() && urls < MOST_URLS => refused(&error),
            stored => return stored.map(|_| issued),
        }
    }
}

/// Asks with the tokens of the session, and with new ones when those are not taken any more.
pub(crate) async fn request_url_in(
    session: &Session<'_>,
    stack: &dyn Pipeline,
    trace: &TraceHeaders,
    length: usize,
) -> Result<UploadUrl, FlowError> {
    let tokens = session.tokens().await?;
    match request_url_for(stack, &tokens, trace, length).await {
        Err(FlowError::Refused { status: StatusCode::UNAUTHORIZED, .. }) => {
            session.forget(&tokens).await;
            request_url_for(stack, &session.tokens().await?, trace, length).await
        }
        asked => asked,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn upload_url_is_absent_from_debug_output() {
        let json = r#"{"upload_url":"http://x?X-Amz-Signature=s","file_path":"user-uploads/u/i.jpg",
            "image_id":"i","expires_in":300}"#;
        let issued: UploadUrl = serde_json::from_str(json).unwrap();
        assert!(!format!("{issued:?}").contains("Signature"));
    }
}
