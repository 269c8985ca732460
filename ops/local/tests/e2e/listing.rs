//! Objects of a bucket, as S3 lists them.

use aws_client::xml;
use http::Method;
use percent_encoding::percent_decode_str;

use crate::harness::Harness;

/// An object of a listing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) bytes: u64,
}

/// All objects of a bucket whose keys begin with `prefix`.
///
/// Keys are asked for encoded, since they may hold characters that XML cannot.
pub(crate) async fn list(harness: &Harness, bucket: &str, prefix: &str) -> Vec<Object> {
    let mut objects = Vec::new();
    let mut from = String::new();
    loop {
        let prefix = encoded(prefix);
        let path = format!("/{bucket}?list-type=2&encoding-type=url&prefix={prefix}{from}");
        let answer = harness.aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await.unwrap();
        let page = std::str::from_utf8(answer.body()).unwrap();
        let truncated = xml::first(page, "IsTruncated").expect("the page is XML");
        let found = xml::members(page, "ListBucketResult", ["Key", "Size"]).into_iter();
        objects.extend(found.filter(|[key, _]| !key.is_empty()).map(|[key, size]| {
            // S3 writes a space as a plus.
            let key = percent_decode_str(&key.replace('+', " ")).decode_utf8().unwrap().into_owned();
            Object { key, bytes: size.parse().unwrap() }
        }));
        if truncated != "true" {
            return objects;
        }
        let token = xml::first(page, "NextContinuationToken").unwrap();
        from = format!("&continuation-token={}", encoded(&token));
    }
}

/// A value of a query, or a key in a path.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
