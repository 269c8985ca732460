//! Listings of a bucket, read; and keys in paths.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::{AwsError, xml};
use contract::s3_event::decode_key;
use contract::time::unix_millis;
use url::form_urlencoded;

use super::source::{Object, Page};

/// Reads a page of `ListObjectsV2` whose keys are URL-encoded.
pub(super) fn read(text: &str) -> Result<Page<Object>, AwsError> {
    let truncated = xml::first(text, "IsTruncated");
    let Some(truncated) = truncated else {
        return Err(unexpected("s3 ListObjectsV2", "it is no listing"));
    };
    let found = xml::members(text, "ListBucketResult", ["Key", "Size", "ETag", "LastModified"]).into_iter();
    let entries = found.filter(|[key, ..]| !key.is_empty()).map(|[key, size, e_tag, modified]| {
        let (bytes, modified) = (size.parse().ok(), unix_millis(&modified).and_then(time));
        let object = decode_key(&key).zip(bytes).zip(modified);
        let object = object.map(|((key, bytes), modified)| Object {
            key,
            bytes,
            e_tag: e_tag.trim_matches('"').to_owned(),
            modified,
        });
        object.ok_or_else(|| {
            unexpected("s3 ListObjectsV2", "an entry lacks its size or time, or its key is no text")
        })
    });
    let next = (truncated == "true").then(|| xml::first(text, "NextContinuationToken")).flatten();
    Ok(Page { entries: entries.collect::<Result<_, _>>()?, next })
}

/// A key as part of a path.
pub(crate) fn path_of(key: &str) -> String {
    let encoded = |part: &str| form_urlencoded::byte_serialize(part.as_bytes()).collect::<String>();
    // Of what a form leaves as it is, S3 signs all but the asterisk.
    let part = |part: &str| encoded(part).replace('+', "%20").replace('*', "%2A").replace("%7E", "~");
    key.split('/').map(part).collect::<Vec<_>>().join("/")
}

/// A time in milliseconds since 1970.
pub(crate) fn time(millis: i64) -> Option<SystemTime> {
    UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(millis).ok()?))
}

pub(crate) fn unexpected(call: &str, what: &str) -> AwsError {
    AwsError::Answer { call: call.to_owned(), source: what.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_decoded_keys_and_what_follows_it() {
        let page = |more: &str| {
            let entry = "<Contents><Key>user-uploads/u/a+b%01.jpg</Key><LastModified>1970-01-01T00:00:01.000Z</LastModified>\
                <ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>";
            format!("<ListBucketResult xmlns='x'><KeyCount>1</KeyCount>{more}{entry}</ListBucketResult>")
        };
        let more = page("<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>");
        let Page { entries, next } = read(&more).unwrap();
        let (key, e_tag) = ("user-uploads/u/a b\u{1}.jpg".to_owned(), "e".to_owned());
        let modified = UNIX_EPOCH + Duration::from_secs(1);
        assert_eq!((entries, next.as_deref()), (vec![Object { key, bytes: 7, e_tag, modified }], Some("t")));
        assert_eq!(read(&page("<IsTruncated>false</IsTruncated>")).unwrap().next, None);
        assert!(read(&page("")).is_err() && read("no listing").is_err());
    }

    #[test]
    fn keys_in_paths_are_encoded_as_s3_signs_them() {
        assert_eq!(path_of("user-uploads/a b/c+d*~é.jpg"), "user-uploads/a%20b/c%2Bd%2A~%C3%A9.jpg");
    }
}
