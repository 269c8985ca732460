//! Presigned URLs that are used with more than was signed, or longer than the bucket's policy lets them.

use std::time::{Duration, SystemTime};

use aws_client::Credentials;
use aws_client::http::Http;
use aws_client::xml;
use aws_credential_types::Credentials as SigningCredentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SignatureLocation,
    SigningSettings, UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use http::{HeaderValue, Method, Request};
use image::ImageFormat;
use uuid::Uuid;

use crate::harness::Harness;
use crate::picture::picture;
use crate::privilege::credentials_of;
use crate::queue::QUIET;
use crate::uploader::{anybody, bearer, plain_url, somebody, upload};
use crate::urls::stored;

/// How long URLs may be used, by default.
pub(crate) const LIFE: Duration = Duration::from_mins(5);

/// A presigned URL to be made.
#[derive(Debug)]
pub(crate) struct Presigned<'a> {
    pub(crate) harness: &'a Harness,
    pub(crate) method: Method,
    /// The object's key in the upload bucket, encoded for a path.
    pub(crate) key: &'a str,
    pub(crate) at: SystemTime,
    pub(crate) life: Duration,
}

impl<'a> Presigned<'a> {
    /// One that is signed now for five minutes.
    pub(crate) fn now(harness: &'a Harness, method: Method, key: &'a str) -> Self {
        Self { harness, method, key, at: SystemTime::now(), life: LIFE }
    }

    /// The URL, signed by these credentials.
    pub(crate) fn url(&self, by: &Credentials) -> String {
        self.signed(by, SignatureLocation::QueryParams).uri().to_string()
    }

    /// The headers that sign the same request, and the URL that they belong to.
    fn headers(&self, by: &Credentials) -> (String, Vec<(String, String)>) {
        let request = self.signed(by, SignatureLocation::Headers);
        let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
        let headers = request.headers().iter().map(|(name, value)| (name.to_string(), text(value)));
        (request.uri().to_string(), headers.collect())
    }

    fn signed(&self, by: &Credentials, location: SignatureLocation) -> Request<()> {
        let (id, secret) = (&by.access_key_id, &by.secret_access_key);
        let identity = SigningCredentials::new(id, secret, by.session_token.clone(), None, "test").into();
        let mut settings = SigningSettings::default();
        settings.expires_in = matches!(location, SignatureLocation::QueryParams).then_some(self.life);
        settings.signature_location = location;
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        let region = &self.harness.info.region;
        let params = v4::SigningParams::builder().identity(&identity).region(region).name("s3").time(self.at);
        let params = params.settings(settings).build().unwrap().into();
        let (endpoint, bucket) = (&self.harness.info.endpoint, self.harness.output("OriginalBucketName"));
        let url = format!("{endpoint}/{bucket}/{}", self.key);
        let (method, body) = (self.method.as_str(), SignableBody::UnsignedPayload);
        let request = SignableRequest::new(method, &url, std::iter::empty(), body).unwrap();
        let (instructions, _) = sign(request, &params).unwrap().into_parts();
        let mut request = Request::put(url).body(()).unwrap();
        instructions.apply_to_request_http1x(&mut request);
        request
    }
}

/// PUTs bytes; answers the status, S3's code and the headers that it names as not signed.
async fn put(url: &str, headers: &[(&str, &str)]) -> (u16, String, String) {
    let answer = Http::new().send(Method::PUT, url, headers, picture(ImageFormat::Jpeg)).await.unwrap();
    let text = String::from_utf8_lossy(answer.body()).into_owned();
    let first = |tag| xml::first(&text, tag).unwrap_or_default();
    (answer.status().as_u16(), first("Code"), first("HeadersNotSigned"))
}

fn denied(headers: &str) -> (u16, String, String) {
    (403, "AccessDenied".to_owned(), headers.to_owned())
}

#[tokio::test]
async fn header_of_amazons_that_was_not_signed_is_refused_by_name() {
    let harness = Harness::shared().await;
    let url = plain_url(harness, &anybody(harness).await).await.upload_url;
    for name in [
        "x-amz-acl",
        "x-amz-checksum-crc32",
        "x-amz-meta-owner",
        "x-amz-object-lock-mode",
        "x-amz-server-side-encryption",
        "x-amz-storage-class",
        "x-amz-tagging",
        "x-amz-website-redirect-location",
    ] {
        assert_eq!(put(&url, &[(name, "x")]).await, denied(name));
        assert!(!stored(harness, &url).await, "{name}");
    }
    let two = [("x-amz-meta-b", "x"), ("X-Amz-Acl", "private")];
    assert_eq!(put(&url, &two).await, denied("x-amz-acl, x-amz-meta-b"));
    // AWS's own trace is no part of any signature.
    let unsigned =
        [("x-amzn-trace-id", "Root=1-65f1a2b3-0123456789abcdef01234567"), ("content-type", "image/jpeg")];
    assert_eq!(put(&url, &unsigned).await.0, 200);
}

#[tokio::test]
async fn header_of_amazons_must_be_signed_where_headers_sign_the_request_too() {
    let (harness, _alone) = Harness::calm().await;
    plain_url(harness, &somebody(harness).await).await;
    let signer = credentials_of(harness, "GenerateUploadUrlFunctionName").await;
    let key = format!("{QUIET}/{}.raw", Uuid::new_v4());
    let (url, given) = Presigned::now(harness, Method::PUT, &key).headers(&signer);
    let headers: Vec<(&str, &str)> =
        given.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let more = [headers.as_slice(), &[("x-amz-tagging", "a=b")]].concat();
    assert_eq!(put(&url, &more).await, denied("x-amz-tagging"));
    assert!(!stored(harness, &url).await);
    assert_eq!(put(&url, &headers).await.0, 200);
}

#[tokio::test]
async fn request_without_a_signature_reaches_no_object() {
    let harness = Harness::shared().await;
    let url = plain_url(harness, &anybody(harness).await).await.upload_url;
    let (bare, query) = url.split_once('?').unwrap();
    let without = |name: &str| {
        let kept: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with(name)).collect();
        format!("{bare}?{}", kept.join("&"))
    };
    for (what, url) in [
        ("nothing", bare.to_owned()),
        ("no signature", without("X-Amz-Signature")),
        ("no algorithm", without("X-Amz-Algorithm")),
        ("no credential", without("X-Amz-Credential")),
        ("no date", without("X-Amz-Date")),
        ("no list of headers", without("X-Amz-SignedHeaders")),
        ("no session", without("X-Amz-Security-Token")),
    ] {
        for method in [Method::PUT, Method::GET, Method::DELETE] {
            let answer = Http::new().send(method.clone(), &url, &[], "x").await.unwrap();
            assert!([400, 403].contains(&answer.status().as_u16()), "{what}: {method} {}", answer.status());
        }
        assert!(!stored(harness, &url).await, "{what}");
    }
    let form = "--b\r\ncontent-disposition: form-data; name=\"key\"\r\n\r\nuser-uploads/x/form.jpg\r\n--b\r\n\
                content-disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--b--\r\n";
    let bucket = format!("{}/{}", harness.info.endpoint, harness.output("OriginalBucketName"));
    let multipart = [("content-type", "multipart/form-data; boundary=b")];
    let answer = Http::new().send(Method::POST, &bucket, &multipart, form).await.unwrap();
    assert_eq!(answer.status().as_u16(), 403, "{:?}", answer.body());
    assert_eq!(harness.object(harness.output("OriginalBucketName"), "user-uploads/x/form.jpg").await, None);
}

#[tokio::test]
async fn upload_url_copies_nobodys_original() {
    let harness = Harness::shared().await;
    let victim = upload(harness, &somebody(harness).await, picture(ImageFormat::Png)).await;
    let url = plain_url(harness, &somebody(harness).await).await.upload_url;
    let source = format!("/{}/{}", harness.output("OriginalBucketName"), victim.file_path);
    assert_eq!(put(&url, &[("x-amz-copy-source", &source)]).await, denied("x-amz-copy-source"));
    assert!(!stored(harness, &url).await);
}

#[tokio::test]
async fn upload_url_is_refused_when_a_token_goes_with_it() {
    let harness = Harness::shared().await;
    let tokens = anybody(harness).await;
    let url = plain_url(harness, &tokens).await.upload_url;
    for authorization in [bearer(&tokens.id_token), "Basic dGVzdDp0ZXN0".to_owned()] {
        let (status, code, _) = put(&url, &[("authorization", &authorization)]).await;
        assert_eq!((status, code.as_str()), (400, "InvalidArgument"));
    }
    assert!(!stored(harness, &url).await);
}

#[tokio::test]
async fn url_older_than_five_minutes_is_refused_by_policy_however_long_its_signer_let_it_live() {
    let (harness, _alone) = Harness::calm().await;
    plain_url(harness, &somebody(harness).await).await;
    let signer = credentials_of(harness, "GenerateUploadUrlFunctionName").await;
    let second = Duration::from_secs(1);
    let life = Duration::from_hours(24);
    for (age, refusal) in [(LIFE + second, Some(denied(""))), (LIFE / 2, None)] {
        let key = format!("{QUIET}/{}.raw", Uuid::new_v4());
        let url =
            Presigned { at: SystemTime::now() - age, life, ..Presigned::now(harness, Method::PUT, &key) }
                .url(&signer);
        let answer = put(&url, &[]).await;
        assert_eq!(answer, refusal.clone().unwrap_or((200, String::new(), String::new())), "{age:?}");
        assert_eq!(stored(harness, &url).await, refusal.is_none(), "{age:?}");
    }
}

#[tokio::test]
async fn url_from_the_future_for_too_long_or_for_another_method_is_refused() {
    let harness = Harness::shared().await;
    let by = &harness.info.credentials;
    let key = format!("{QUIET}/{}.raw", Uuid::new_v4());
    let now = || Presigned::now(harness, Method::PUT, &key);
    let future = Presigned { at: SystemTime::now() + Duration::from_hours(1), ..now() }.url(by);
    assert_eq!(put(&future, &[]).await, denied(""));
    let week = Duration::from_hours(24 * 7);
    // The signer of the SDK makes none longer than a week, so that one is changed afterwards.
    let long =
        Presigned { life: week, ..now() }.url(by).replace("X-Amz-Expires=604800", "X-Amz-Expires=604801");
    assert_eq!(put(&long, &[]).await.1, "AuthorizationQueryParametersError");
    let other = Presigned { method: Method::GET, ..now() }.url(by);
    assert_eq!(put(&other, &[]).await.1, "SignatureDoesNotMatch");
    let good = now().url(by);
    for twice in
        ["X-Amz-Expires=604800", "X-Amz-SignedHeaders=host%3Bx-amz-acl", "X-Amz-Date=20300101T000000Z"]
    {
        assert_eq!(put(&format!("{good}&{twice}"), &[]).await.1, "SignatureDoesNotMatch", "{twice}");
    }
    assert!(!stored(harness, &good).await);
    assert_eq!(put(&good, &[]).await.0, 200);
}
