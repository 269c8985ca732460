//! Versions of a bucket's objects, delete markers among them: listed and deleted.

use aws_client::{Aws, AwsError, xml};
use contract::s3_event::decode_key;
use contract::time::unix_millis;
use http::Method;
use url::form_urlencoded;

use super::estate::Version;
use crate::audit::listing::{path_of, time, unexpected};
use crate::audit::source::Page;

const CALL: &str = "s3 ListObjectVersions";

/// A page of `ListObjectVersions`; `from` is what the page before had for it.
pub(crate) async fn list(
    aws: &Aws,
    bucket: &str,
    prefix: &str,
    from: Option<&str>,
) -> Result<Page<Version>, AwsError> {
    let more = from.map(|from| format!("&{from}")).unwrap_or_default();
    let path =
        format!("/{bucket}?versions=&{}{more}", written([("encoding-type", "url"), ("prefix", prefix)]));
    let answer = aws.rest("s3", Method::GET, &path, Vec::new(), &[]).await?;
    read(&String::from_utf8_lossy(answer.body()))
}

/// Deletes a version, for good.
pub(crate) async fn delete(aws: &Aws, bucket: &str, version: &Version) -> Result<(), AwsError> {
    let id: String = form_urlencoded::byte_serialize(version.id.as_bytes()).collect();
    let path = format!("/{bucket}/{}?versionId={id}", path_of(&version.key));
    aws.rest("s3", Method::DELETE, &path, Vec::new(), &[]).await.map(drop)
}

/// Part of a query. S3 signs `%20`, and no plus.
fn written(pairs: [(&str, &str); 2]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish().replace('+', "%20")
}

fn read(text: &str) -> Result<Page<Version>, AwsError> {
    let Some(truncated) = xml::first(text, "IsTruncated") else {
        return Err(unexpected(CALL, "it is no listing"));
    };
    // An endpoint that encodes keys says so.
    let is_encoded = xml::first(text, "EncodingType").is_some_and(|encoding| encoding == "url");
    let decoded = |key: &str| if is_encoded { decode_key(key) } else { Some(key.to_owned()) };
    let tags = ["Key", "VersionId", "IsLatest", "ETag", "LastModified"];
    let found = xml::members(text, "ListVersionsResult", tags).into_iter();
    let entries = found.filter(|[key, id, ..]| !key.is_empty() && !id.is_empty());
    let entries = entries.map(|[key, id, latest, e_tag, modified]| {
        let (key, modified) = (decoded(&key), unix_millis(&modified).and_then(time));
        let version = key.zip(modified).map(|(key, modified)| Version {
            key,
            id,
            is_latest: latest == "true",
            e_tag: e_tag.trim_matches('"').to_owned(),
            modified,
        });
        version.ok_or_else(|| unexpected(CALL, "an entry lacks its time, or its key is no text"))
    });
    let next = || {
        let (key, version) = (xml::first(text, "NextKeyMarker")?, xml::first(text, "NextVersionIdMarker")?);
        let key = decoded(&key)?;
        Some(written([("key-marker", &key), ("version-id-marker", &version)]))
    };
    let next = match truncated.as_str() {
        "true" => Some(next().ok_or_else(|| unexpected(CALL, "it does not say where the next page begins"))?),
        _ => None,
    };
    Ok(Page { entries: entries.collect::<Result<_, _>>()?, next })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(more: &str) -> String {
        format!(
            "<ListVersionsResult xmlns='x'><Prefix>p</Prefix>{more}\
             <Version><Key>u/a+b%2B.jpg</Key><VersionId>null</VersionId><IsLatest>true</IsLatest>\
             <LastModified>1970-01-01T00:00:01.000Z</LastModified><ETag>&quot;e&quot;</ETag></Version>\
             <DeleteMarker><Key>u/c.jpg</Key><VersionId>v</VersionId><IsLatest>false</IsLatest>\
             <LastModified>1970-01-01T00:00:01.000Z</LastModified></DeleteMarker></ListVersionsResult>"
        )
    }

    #[test]
    fn a_page_has_versions_and_delete_markers_and_where_the_next_begins() {
        let whole = read(&page("<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>")).unwrap();
        let facts: Vec<_> =
            whole.entries.iter().map(|it| (&*it.key, &*it.id, it.is_latest, &*it.e_tag)).collect();
        assert_eq!(facts, [("u/a b+.jpg", "null", true, "e"), ("u/c.jpg", "v", false, "")]);
        assert_eq!(whole.next, None);
        let more = "<IsTruncated>true</IsTruncated><NextKeyMarker>u/c d.jpg</NextKeyMarker><NextVersionIdMarker>v</NextVersionIdMarker>";
        let part = read(&page(more)).unwrap();
        assert_eq!(part.next.as_deref(), Some("key-marker=u%2Fc%20d.jpg&version-id-marker=v"));
        assert_eq!(
            part.entries[0].key, "u/a+b%2B.jpg",
            "keys that are not said to be encoded are as they stand"
        );
    }

    #[test]
    fn a_listing_that_cannot_be_gone_on_with_is_an_error_and_no_end() {
        assert!(read(&page("<IsTruncated>true</IsTruncated>")).is_err());
        assert!(read("no listing").is_err());
    }
}
