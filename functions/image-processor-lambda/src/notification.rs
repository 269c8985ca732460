//! What a message of the queue says.

use std::time::SystemTime;

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use percent_encoding::percent_decode_str;
use serde_json::Value;
use telemetry::JsonError;

/// The content of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// S3 says that the configuration works; nothing was uploaded.
    Test,
    /// Objects were created.
    Uploads(Vec<Upload>),
}

/// One created version of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The bucket's name.
    pub bucket: String,
    /// The object's key, decoded.
    pub key: String,
    /// When the upload ended.
    pub at: SystemTime,
    /// Orders the versions of one key; padded, so that text order is version order.
    pub sequencer: String,
}

/// A message that S3 did not write: a defect of ours or an intruder.
#[derive(Debug, thiserror::Error)]
pub enum MalformedMessage {
    /// The body is missing or no JSON.
    #[error("the message is no JSON")]
    NotJson(#[source] JsonError),
    /// The body is JSON of another kind.
    #[error("the message is no S3 notification")]
    NotS3(#[source] JsonError),
    /// A record lacks what tells which object it is about.
    #[error("record {record} lacks its {field}")]
    Incomplete {
        /// The record's number, from 0.
        record: usize,
        /// What is missing.
        field: &'static str,
    },
    /// The object is not in the bucket that this pipeline serves.
    #[error("the message is about another bucket")]
    ForeignBucket,
}

/// Digits that sequencers are padded to; S3 writes 16 to 18.
const SEQUENCER_DIGITS: usize = 32;

/// Reads the body of a message.
///
/// # Errors
///
/// Says how the body differs from a notification of S3.
pub fn read(body: &str) -> Result<Notification, MalformedMessage> {
    let value: Value = serde_json::from_str(body).map_err(|error| MalformedMessage::NotJson(error.into()))?;
    if value.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Notification::Test);
    }
    let event: S3Event =
        serde_json::from_value(value).map_err(|error| MalformedMessage::NotS3(error.into()))?;
    if event.records.is_empty() {
        return Err(MalformedMessage::Incomplete { record: 0, field: "records" });
    }
    let uploads = event.records.into_iter().enumerate().map(|(number, record)| upload(number, record));
    uploads.collect::<Result<_, _>>().map(Notification::Uploads)
}

fn upload(number: usize, record: S3EventRecord) -> Result<Upload, MalformedMessage> {
    let lacks = |field| MalformedMessage::Incomplete { record: number, field };
    let bucket = record.s3.bucket.name.filter(|name| !name.is_empty()).ok_or_else(|| lacks("bucket"))?;
    let key = record.s3.object.key.filter(|key| !key.is_empty()).ok_or_else(|| lacks("key"))?;
    let sequencer =
        record.s3.object.sequencer.filter(|it| !it.is_empty()).ok_or_else(|| lacks("sequencer"))?;
    Ok(Upload {
        bucket,
        key: decode_key(&key).ok_or_else(|| lacks("key"))?,
        at: record.event_time.into(),
        sequencer: pad(&sequencer),
    })
}

/// S3 encodes keys as a form does: `+` for a space, `%` for the rest.
fn decode_key(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// S3 asks for sequencers to be compared as hexadecimal numbers padded with zeros on the right.
fn pad(sequencer: &str) -> String {
    format!("{:0<SEQUENCER_DIGITS$}", sequencer.to_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_decoded_as_s3_encodes_them() {
        assert_eq!(decode_key("a+b%2Bc%20d/%E3%81%82.jpg").as_deref(), Some("a b+c d/あ.jpg"));
        assert_eq!(decode_key("%FF"), None);
    }

    #[test]
    fn sequencers_of_different_length_are_ordered_as_padded_numbers() {
        assert!(pad("0055AED6DCD90281E5") < pad("0055AED6DCD90281E6"));
        assert!(pad("00A") < pad("00a1"));
        assert_eq!(pad("00A"), pad("00A0"));
    }

    #[test]
    fn what_s3_did_not_write_is_malformed() {
        for body in
            ["", "{", "null", "[]", "{}", r#"{"Records":[]}"#, r#"{"Records":[{}]}"#, r#""s3:TestEvent""#]
        {
            assert!(read(body).is_err(), "{body}");
        }
    }
}
