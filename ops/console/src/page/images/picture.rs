//! Pictures by image id, so that no page holds a signed address of a bucket.

use aws_client::AwsError;
use axum::extract::Path;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use contract::thumbnail_key::thumbnail_key;
use uuid::Uuid;

use crate::app::App;
use crate::catalogue;
use crate::page::Problem;

/// The types that browsers show, none of which can hold a script.
const SHOWN: [&str; 6] = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp", "image/avif"];

/// Whether a browser shows originals of that type.
pub(super) fn is_shown(content_type: Option<&str>) -> bool {
    content_type.is_some_and(|kind| SHOWN.contains(&kind))
}

/// The first thumbnail.
pub(super) async fn thumbnail(
    app: App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let Ok(id) = Uuid::parse_str(&id) else { return Err(missing()) };
    object(&app, "ProcessedBucketName", &thumbnail_key(id, None), "image/jpeg", &headers).await
}

/// The bytes that were uploaded, under the type that the processor found in them.
pub(super) async fn original(
    app: App,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let image = catalogue::one(&app.source, &id).await?.ok_or_else(missing)?;
    let kind = image.content_type.as_deref().filter(|kind| is_shown(Some(kind))).ok_or_else(missing)?;
    object(&app, "OriginalBucketName", &image.original_key, kind, &headers).await
}

async fn object(
    app: &App,
    bucket: &str,
    key: &str,
    kind: &str,
    headers: &HeaderMap,
) -> Result<Response, Problem> {
    let path = format!("/{}/{}", app.output(bucket), encoded(key));
    let known = headers.get(header::IF_NONE_MATCH).and_then(|tag| tag.to_str().ok());
    let condition: Vec<(&str, &str)> = known.map(|tag| ("if-none-match", tag)).into_iter().collect();
    let found = match app.source.aws.rest("s3", Method::GET, &path, Vec::new(), &condition).await {
        Err(AwsError::Refused { status: 404, .. }) => return Err(missing()),
        Err(AwsError::Refused { status: 304, .. }) => {
            return Ok(StatusCode::NOT_MODIFIED.into_response());
        }
        found => found?,
    };
    let tag = found.headers().get(header::ETAG).and_then(|tag| tag.to_str().ok()).unwrap_or_default();
    let own = [
        (header::CONTENT_TYPE, kind),
        // Asked about each time, since an image can be done again.
        (header::CACHE_CONTROL, "private, no-cache"),
        (header::ETAG, tag),
    ];
    Ok((found.status(), own, found.body().clone()).into_response())
}

/// A key as it stands in a path.
fn encoded(key: &str) -> String {
    let segment = |part: &str| {
        url::form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>().replace('+', "%20")
    };
    key.split('/').map(segment).collect::<Vec<_>>().join("/")
}

fn missing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such picture", "There is no picture of this image.")
}
