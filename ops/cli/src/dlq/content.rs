//! What the body of a message says, read as the processor reads it.

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use uuid::{Uuid, Version};

// The processor's own reading, to hold this one to it: as a dependency it would bring five SDKs into the tests.
#[cfg(test)]
#[path = "../../../../functions/image-processor-lambda/src/identity.rs"]
#[allow(dead_code, unreachable_pub, reason = "only what both sides have is compared")]
mod identity;
#[cfg(test)]
#[path = "../../../../functions/image-processor-lambda/src/notification.rs"]
#[allow(dead_code, unreachable_pub, reason = "only what both sides have is compared")]
mod notification;

/// Digits that sequencers are padded to; S3 writes 16 to 18.
const SEQUENCER_DIGITS: usize = 32;

/// What a message is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    /// Objects were created.
    Uploads(Vec<Upload>),
    /// S3 says that the configuration works.
    TestEvent,
    /// S3 did not write this; in what it differs.
    Malformed(&'static str),
}

/// One created version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upload {
    /// The bucket's name.
    pub(crate) bucket: String,
    /// The object's key, decoded.
    pub(crate) key: String,
    /// Orders the versions of one key; padded, so that text order is version order.
    pub(crate) sequencer: String,
}

impl Content {
    /// Reads a body.
    pub(crate) fn read(body: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(body) else { return Self::Malformed("it is no JSON") };
        if value.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
            return Self::TestEvent;
        }
        let Ok(event) = serde_json::from_value::<S3Event>(value) else {
            return Self::Malformed("it is JSON, but no S3 notification");
        };
        let uploads: Option<Vec<Upload>> = event.records.into_iter().map(upload).collect();
        match uploads {
            Some(uploads) if !uploads.is_empty() => Self::Uploads(uploads),
            Some(_) => Self::Malformed("it has no records"),
            None => Self::Malformed("a record lacks bucket, key or sequencer"),
        }
    }
}

fn upload(record: S3EventRecord) -> Option<Upload> {
    let present = |text: Option<String>| text.filter(|text| !text.is_empty());
    let key = present(record.s3.object.key)?.replace('+', " ");
    let sequencer = present(record.s3.object.sequencer)?.to_ascii_uppercase();
    Some(Upload {
        bucket: present(record.s3.bucket.name)?,
        key: percent_decode_str(&key).decode_utf8().ok()?.into_owned(),
        sequencer: format!("{sequencer:0<SEQUENCER_DIGITS$}"),
    })
}

impl Upload {
    /// The ids that the image may have, the usual one first: the file's stem, or one derived from the key when
    /// another user owns that already.
    pub(crate) fn image_ids(&self) -> [String; 2] {
        let name = self.key.rsplit('/').next().unwrap_or(&self.key);
        let stem = name.split('.').next().unwrap_or(name);
        let derived = Uuid::new_v5(&Uuid::NAMESPACE_URL, self.key.as_bytes());
        let own = Uuid::parse_str(stem).ok().filter(|id| id.hyphenated().to_string() == stem);
        let own = own.filter(|id| id.get_version() != Some(Version::Sha1)).unwrap_or(derived);
        [own.to_string(), derived.to_string()]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(key: &str, sequencer: &str) -> String {
        let record = json!({
            "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "x", "eventTime": "2026-01-01T00:00:00.123Z",
            "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "p"},
            "requestParameters": {"sourceIPAddress": "127.0.0.1"}, "responseElements": {},
            "s3": {"s3SchemaVersion": "1.0", "configurationId": "c",
                   "bucket": {"name": "b", "ownerIdentity": {"principalId": "p"}, "arn": "a"},
                   "object": {"key": key, "size": 1, "eTag": "e", "sequencer": sequencer}},
        });
        json!({"Records": [record]}).to_string()
    }

    /// What the processor makes of a body, in the words of this module.
    fn processor(body: &str) -> Option<Content> {
        use notification::Notification;
        Some(match notification::read(body).ok()? {
            Notification::Test => Content::TestEvent,
            Notification::Uploads(uploads) => Content::Uploads(
                uploads
                    .into_iter()
                    .map(|it| Upload { bucket: it.bucket, key: it.key, sequencer: it.sequencer })
                    .collect(),
            ),
        })
    }

    #[test]
    fn bodies_are_read_as_the_processor_reads_them() {
        let mut without_time: Value = serde_json::from_str(&body("k", "1")).unwrap();
        without_time["Records"][0].as_object_mut().unwrap().remove("eventTime");
        let bodies = [
            body("user-uploads/u/a+b%2Bc%20%E3%81%82.jpg", "0055aed6"),
            body("k", ""),
            body("", "1"),
            body("%FF", "1"),
            without_time.to_string(),
            r#"{"Service":"Amazon S3","Event":"s3:TestEvent"}"#.to_owned(),
            r#"{"Records":[]}"#.to_owned(),
            "poison".to_owned(),
            "[]".to_owned(),
            String::new(),
        ];
        for body in bodies {
            let read = Content::read(&body);
            match processor(&body) {
                Some(content) => assert_eq!(read, content, "{body}"),
                None => assert!(matches!(read, Content::Malformed(_)), "{body}"),
            }
        }
    }

    #[test]
    fn image_ids_are_those_of_the_processor() {
        let id = "0193a5b2-7c41-7d0e-9f00-5be2a1c0ffee";
        let keys = [
            format!("user-uploads/u/{id}.jpg"),
            format!("user-uploads/u/{}.jpg", id.to_uppercase()),
            "user-uploads/u/cat.jpg".to_owned(),
            format!("user-uploads/u/{}", identity::derived_id("user-uploads/v/cat.jpg")),
            String::new(),
        ];
        for key in keys {
            let upload = Upload { bucket: String::new(), key: key.clone(), sequencer: String::new() };
            let expected = [identity::image_id(&key).to_string(), identity::derived_id(&key).to_string()];
            assert_eq!(upload.image_ids(), expected, "{key}");
        }
    }
}
