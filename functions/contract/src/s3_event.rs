//! S3 event notifications: the uploads that a message of the processing queue reports.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lambda_events::s3::{S3Event, S3EventRecord};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Value, json};
use telemetry::JsonError;

use crate::image_id;
use crate::time::rfc3339;

/// The content of one message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notification {
    /// S3 tests the configuration; nothing was uploaded.
    Test,
    /// What happened to objects; at least one record.
    Records(Vec<Record>),
}

impl Notification {
    /// The uploads among the records, in their order.
    #[must_use]
    pub fn uploads(self) -> Vec<Upload> {
        let records = match self {
            Self::Test => Vec::new(),
            Self::Records(records) => records,
        };
        let upload = |record| match record {
            Record::Upload(upload) => Some(upload),
            Record::Skipped(_) => None,
        };
        records.into_iter().filter_map(upload).collect()
    }
}

/// One record of a notification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Record {
    /// A user's upload.
    Upload(Upload),
    /// Something else that S3 reports rightly, and of which there is nothing to make.
    Skipped(SkipReason),
}

/// Why a record is no upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkipReason {
    /// The event is not `ObjectCreated`: an object was removed, restored or tagged.
    NotCreated,
    /// The key ends in a slash, as consoles create folders.
    Folder,
    /// The key is in no user's folder, so the image would be nobody's.
    NoUser,
}

impl SkipReason {
    /// Every reason.
    pub const ALL: [Self; 3] = [Self::NotCreated, Self::Folder, Self::NoUser];

    /// One word of a closed set; also the dimension `Reason`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotCreated => "NotCreated",
            Self::Folder => "Folder",
            Self::NoUser => "NoUser",
        }
    }

    /// Why an object of this key is no user's upload, if so.
    #[must_use]
    pub fn of_key(key: &str) -> Option<Self> {
        if key.ends_with('/') {
            Some(Self::Folder)
        } else if image_id::user_id(key).is_none() {
            Some(Self::NoUser)
        } else {
            None
        }
    }
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
    /// When this version was asked to be done again, in milliseconds since 1970; a later one comes after an earlier
    /// one, and all of them after S3's own message. No body has it, but an attribute of the message.
    pub reprocess: Option<u64>,
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
    /// A record lacks the members that name its object, or what happened to it.
    #[error("record {record} lacks its {field}")]
    Incomplete {
        /// The record's number, from 0.
        record: usize,
        /// What is missing.
        field: &'static str,
    },
    /// The event happened before S3 existed, or in the future.
    #[error("the eventTime of record {record} is out of range")]
    TimeOutOfRange {
        /// The record's number, from 0.
        record: usize,
    },
    /// The object is not in the bucket that this pipeline serves.
    #[error("the message is about another bucket")]
    ForeignBucket,
}

/// Digits that sequencers are padded to; S3 writes 16 to 18.
const SEQUENCER_DIGITS: usize = 32;
/// From the epoch to 14 March 2006, when S3 opened.
const EARLIEST: Duration = Duration::from_hours(317_304);
/// How far an event's time may be ahead of ours: clocks differ, though not by more.
const CLOCK_SKEW: Duration = Duration::from_hours(24);

/// Reads the body of a message received at `now`.
///
/// # Errors
///
/// Says how the body differs from a notification of S3.
pub fn read(body: &str, now: SystemTime) -> Result<Notification, MalformedMessage> {
    let value: Value = serde_json::from_str(body).map_err(|error| MalformedMessage::NotJson(error.into()))?;
    if value.get("Event").and_then(Value::as_str) == Some("s3:TestEvent") {
        return Ok(Notification::Test);
    }
    let event: S3Event =
        serde_json::from_value(value).map_err(|error| MalformedMessage::NotS3(error.into()))?;
    if event.records.is_empty() {
        return Err(MalformedMessage::Incomplete { record: 0, field: "records" });
    }
    let records = event.records.into_iter().enumerate();
    records
        .map(|(number, record)| classify(number, record, now))
        .collect::<Result<_, _>>()
        .map(Notification::Records)
}

/// The body of a message about an upload, as S3 writes it.
#[must_use]
pub fn write(upload: &Upload) -> String {
    let Upload { bucket, key, at, sequencer, reprocess: _ } = upload;
    let key = utf8_percent_encode(key, UNENCODED).to_string();
    json!({"Records": [{
        "eventVersion": "2.1", "eventSource": "aws:s3", "awsRegion": "", "eventTime": rfc3339(*at),
        "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "ops"},
        "requestParameters": {"sourceIPAddress": ""}, "responseElements": {},
        "s3": {
            "s3SchemaVersion": "1.0", "configurationId": "reprocess",
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": ""}, "arn": format!("arn:aws:s3:::{bucket}")},
            "object": {"key": key, "sequencer": sequencer},
        },
    }]})
    .to_string()
}

/// What S3 leaves as it is in a key.
const UNENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_');

fn classify(number: usize, record: S3EventRecord, now: SystemTime) -> Result<Record, MalformedMessage> {
    let present = |field, text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        text.ok_or(MalformedMessage::Incomplete { record: number, field })
    };
    let event = present("eventName", record.event_name)?;
    let bucket = present("bucket", record.s3.bucket.name)?;
    let key = present("key", record.s3.object.key)?;
    let key = decode_key(&key).ok_or(MalformedMessage::Incomplete { record: number, field: "key" })?;
    if !event.starts_with("ObjectCreated:") {
        return Ok(Record::Skipped(SkipReason::NotCreated));
    }
    let sequencer = present("sequencer", record.s3.object.sequencer)?;
    let at = SystemTime::from(record.event_time);
    if at < UNIX_EPOCH + EARLIEST || at > now + CLOCK_SKEW {
        return Err(MalformedMessage::TimeOutOfRange { record: number });
    }
    Ok(match SkipReason::of_key(&key) {
        Some(reason) => Record::Skipped(reason),
        None => Record::Upload(Upload { bucket, key, at, sequencer: pad(&sequencer), reprocess: None }),
    })
}

/// A key as S3 writes it into events and, where asked, into listings: `+` for a space, `%` for the rest, as a form.
/// `None` where it is no UTF-8.
#[must_use]
pub fn decode_key(key: &str) -> Option<String> {
    let spaced = key.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// S3 asks for sequencers to be compared as hexadecimal numbers padded with zeros on the right.
fn pad(sequencer: &str) -> String {
    format!("{:0<SEQUENCER_DIGITS$}", sequencer.to_ascii_uppercase())
}

#[cfg(test)]
mod tests;
