//! What an upload URL permits, and its signature; presigning is computation, no call is made.

use std::{
    collections::BTreeMap,
    time::{Duration, SystemTime},
};

use aws_config::BehaviorVersion;
use aws_sdk_s3::{Client, presigning::PresigningConfig};
use base64::{Engine, engine::general_purpose::STANDARD};
use contract::image_id;
use serde::{Deserialize, Serialize};
use telemetry::context;
use telemetry_aws_sdk::CallSpans;
use tracing::Span;

use crate::{config::Config, content_type::ContentType, error::Refusal};

/// How long a URL may be used.
pub const EXPIRES_IN: Duration = Duration::from_mins(5);

/// The detailed form of a request; every field is optional.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// The image's type; decides the key's extension and is signed as it was asked for.
    content_type: Option<String>,
    /// The upload's exact length in bytes; signed.
    content_length: Option<u64>,
    /// Base64 SHA-256 of the upload; signed.
    checksum_sha256: Option<String>,
    /// Whether the URL may be used only once; not if left out.
    write_once: Option<bool>,
}

/// One permitted upload.
#[derive(Clone, Debug)]
pub struct UploadUrl {
    issued: image_id::Issued,
    content_type: Option<ContentType>,
    content_length: Option<i64>,
    checksum_sha256: Option<String>,
    write_once: bool,
}

/// What the client gets.
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    /// Where to PUT the bytes.
    pub upload_url: String,
    /// The object's key.
    pub file_path: String,
    /// The image's id in the table, the thumbnail's key and the notification.
    pub image_id: String,
    /// Seconds until the URL expires.
    pub expires_in: u64,
    /// Headers that the client must send with the PUT.
    pub headers: BTreeMap<&'static str, String>,
    /// Headers that make AWS's own trace complete when the client sends them.
    pub optional_headers: BTreeMap<&'static str, String>,
    /// The upload's trace, 32 hex digits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}

impl UploadUrl {
    /// Checks `request` against the limits and the types that are accepted.
    ///
    /// # Errors
    ///
    /// Refuses types, lengths and checksums that no upload of ours can have, and a missing length where one is required.
    pub fn new(user: &str, request: Option<Request>, config: &Config) -> Result<Self, Refusal> {
        let Config { accepted, max_upload_bytes, requires_length, .. } = *config;
        let request = request.unwrap_or_default();
        let content_type = match request.content_type.as_deref().map(str::trim) {
            // A browser knows no type for some files, and sends an empty text for them.
            None | Some("") => None,
            Some(asked) => {
                Some(ContentType::parse(asked, accepted).ok_or(Refusal::UnsupportedType { accepted })?)
            }
        };
        let content_length = match request.content_length {
            Some(0) => return Err(Refusal::UploadEmpty),
            Some(bytes) if bytes > max_upload_bytes => {
                return Err(Refusal::UploadTooLarge { bytes, limit: max_upload_bytes });
            }
            Some(bytes) => {
                let limit = i64::MAX.unsigned_abs();
                Some(i64::try_from(bytes).map_err(|_| Refusal::UploadTooLarge { bytes, limit })?)
            }
            None if requires_length => return Err(Refusal::LengthRequired),
            None => None,
        };
        if let Some(checksum) = &request.checksum_sha256 {
            let digest = STANDARD.decode(checksum).ok().filter(|digest| digest.len() == 32);
            digest.ok_or(Refusal::MalformedChecksum)?;
        }
        let extension = content_type.as_ref().map_or("jpg", ContentType::extension);
        Ok(Self {
            issued: image_id::issue(user, extension),
            content_type,
            content_length,
            checksum_sha256: request.checksum_sha256,
            write_once: request.write_once.unwrap_or_default(),
        })
    }

    /// The image's id.
    #[must_use]
    pub fn image_id(&self) -> String {
        self.issued.id.to_string()
    }

    /// The object's key, inside the user's own folder.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.issued.key
    }

    /// The headers that become part of the signature. `Content-Length` is signed too but never listed:
    /// browsers set it themselves and forbid a page to.
    fn headers(&self) -> BTreeMap<&'static str, String> {
        let mut headers = BTreeMap::new();
        if let Some(content_type) = &self.content_type {
            headers.insert("content-type", content_type.as_str().to_owned());
        }
        if let Some(checksum) = &self.checksum_sha256 {
            headers.insert("x-amz-checksum-sha256", checksum.clone());
        }
        if self.write_once {
            headers.insert("if-none-match", "*".to_owned());
        }
        headers
    }
}

/// Signs upload URLs with the function's own credentials.
#[derive(Clone, Debug)]
pub struct Signer {
    client: Client,
    bucket: String,
    /// Fixed by tests; otherwise the time of signing.
    now: fn() -> SystemTime,
}

impl Signer {
    /// A signer with the credentials of the environment.
    pub async fn load(config: &Config) -> Self {
        let sdk = aws_config::defaults(BehaviorVersion::latest()).load().await;
        // Signing calls nothing; were a call ever added, its trace would go along.
        let client = aws_sdk_s3::config::Builder::from(&sdk).interceptor(CallSpans::default());
        Self::new(Client::from_conf(client.build()), &config.original_bucket, SystemTime::now)
    }

    /// A signer with `client`'s credentials and region, at the time that `now` returns.
    #[must_use]
    pub fn new(client: Client, bucket: &str, now: fn() -> SystemTime) -> Self {
        Self { client, bucket: bucket.to_owned(), now }
    }

    /// Signs the URL; `span` is the start of the upload's trace.
    ///
    /// # Errors
    ///
    /// Fails when the environment has no usable credentials.
    pub async fn sign(&self, upload_url: &UploadUrl, span: &Span) -> Result<Issued, Refusal> {
        let traceparent = context::traceparent(span);
        let presigning = PresigningConfig::builder().start_time((self.now)()).expires_in(EXPIRES_IN).build();
        let presigned = self
            .client
            .put_object()
            .bucket(&self.bucket)
            .key(upload_url.key())
            .set_content_type(upload_url.content_type.as_ref().map(|it| it.as_str().to_owned()))
            .set_content_length(upload_url.content_length)
            .set_checksum_sha256(upload_url.checksum_sha256.clone())
            .set_if_none_match(upload_url.write_once.then(|| "*".to_owned()))
            .customize()
            .mutate_request(move |request| {
                // In the query it is signed yet asks nothing of the client; `.metadata()` would make it
                // a header that every client must send.
                if let Some(traceparent) = &traceparent {
                    let uri = request.uri();
                    let joint = if uri.contains('?') { '&' } else { '?' };
                    let uri = format!("{uri}{joint}x-amz-meta-{}={traceparent}", context::TRACEPARENT);
                    // A traceparent is hex and hyphens, so the URI stays one.
                    let _stays_valid = request.set_uri(uri);
                }
            })
            .presigned(presigning.map_err(|error| Refusal::Signing(error.into()))?)
            .await
            .map_err(|error| Refusal::Signing(error.into()))?;
        Ok(Issued {
            upload_url: presigned.uri().to_owned(),
            file_path: upload_url.key().to_owned(),
            image_id: upload_url.image_id(),
            expires_in: EXPIRES_IN.as_secs(),
            headers: upload_url.headers(),
            optional_headers: context::xray_header(span)
                .map(|it| ("X-Amzn-Trace-Id", it))
                .into_iter()
                .collect(),
            trace_id: context::trace_id(span),
        })
    }
}
