//! The item of an image in the table `ImageMetadata`: its attributes, written and read here and nowhere else.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use uuid::Uuid;

use crate::image_id;
use crate::s3_event::Upload;
use crate::time::rfc3339;

/// The version of the item's attributes.
pub const SCHEMA_VERSION: u32 = 1;

/// How far an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// An attempt has claimed it.
    Processing,
    /// The thumbnail exists.
    Done,
    /// There will be none.
    Failed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Processing, Self::Done, Self::Failed];

    /// The attribute's value.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Processing => "PROCESSING",
            Self::Done => "DONE",
            Self::Failed => "FAILED",
        }
    }
}

/// What is known of an original once it was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// Its entity tag, without quotes.
    pub e_tag: Option<String>,
    /// Its size.
    pub bytes: Option<u64>,
    /// Its type by content, never by name.
    pub content_type: Option<&'static str>,
    /// Its upright width in pixels.
    pub width: Option<u32>,
    /// Its upright height in pixels.
    pub height: Option<u32>,
}

/// A stored thumbnail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Its key in the processed bucket.
    pub key: String,
    /// Its width in pixels.
    pub width: u32,
    /// Its height in pixels.
    pub height: u32,
    /// Its size.
    pub bytes: u64,
}

/// Why an image has no thumbnail, in a word for programs and a sentence for its owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// One word of a closed set.
    pub reason: &'static str,
    /// What is wrong and what to do.
    pub message: String,
}

/// The whole item of one image, as the processor writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The table's key.
    pub image_id: Uuid,
    /// The original's key.
    pub original_key: String,
    /// The version of the original that this is about.
    pub sequencer: String,
    /// How far the image is.
    pub status: Status,
    /// The thumbnails, first the one that `processedS3Key` names; empty unless done.
    pub thumbnails: Vec<Stored>,
    /// Why there is none; only when failed.
    pub refused: Option<Refused>,
    /// What is known of the original.
    pub original: Original,
    /// Whose it is.
    pub user_id: Option<String>,
    /// When the upload ended.
    pub uploaded_at: SystemTime,
    /// When the result was recorded.
    pub processed_at: Option<SystemTime>,
    /// The upload's trace.
    pub trace_id: Option<String>,
    /// The attempt that wrote this.
    pub attempt: Uuid,
    /// Until when that attempt excludes others.
    pub claimed_until: SystemTime,
    /// Whether the notification of this result was published.
    pub notified: bool,
}

/// An attribute's value, of the types that an item has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attribute {
    /// Text.
    S(String),
    /// A number, as DynamoDB transmits it.
    N(String),
    /// Yes or no.
    Bool(bool),
    /// Texts.
    L(Vec<String>),
}

impl Attribute {
    /// Milliseconds since the epoch, so that the database can compare times.
    #[must_use]
    pub fn millis(at: SystemTime) -> Self {
        number(at.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis()))
    }

    /// Reads a value with its type tag, as DynamoDB's JSON has it.
    fn of_tagged(tagged: &Value) -> Option<Self> {
        let (tag, value) = tagged.as_object()?.iter().next()?;
        Some(match tag.as_str() {
            "S" => Self::S(value.as_str()?.to_owned()),
            "N" => Self::N(value.as_str()?.to_owned()),
            "BOOL" => Self::Bool(value.as_bool()?),
            "L" => {
                let texts = value.as_array()?.iter().filter_map(|it| it.get("S")?.as_str());
                Self::L(texts.map(str::to_owned).collect())
            }
            _ => return None,
        })
    }
}

impl Item {
    /// The item with which `attempt` claims `image_id` for a version, excluding others `until` then.
    #[must_use]
    pub fn claim(image_id: Uuid, upload: &Upload, attempt: Uuid, until: SystemTime) -> Self {
        Self {
            image_id,
            original_key: upload.key.clone(),
            sequencer: upload.sequencer.clone(),
            status: Status::Processing,
            thumbnails: Vec::new(),
            refused: None,
            original: Original::default(),
            user_id: image_id::user_id(&upload.key).map(str::to_owned),
            uploaded_at: upload.at,
            processed_at: None,
            trace_id: None,
            attempt,
            claimed_until: until,
            notified: false,
        }
    }

    /// The item as the table holds it; what is unknown is left out.
    pub fn attributes(&self) -> impl Iterator<Item = (&'static str, Attribute)> {
        let first = self.thumbnails.first();
        let rest = self.thumbnails.get(1..).unwrap_or_default();
        let rest: Vec<String> = rest.iter().map(|it| it.key.clone()).collect();
        let fields = [
            ("imageId", Some(text(&self.image_id))),
            ("originalS3Key", Some(text(&self.original_key))),
            ("processedS3Key", first.map(|it| text(&it.key))),
            ("status", Some(text(self.status.name()))),
            ("userId", self.user_id.as_deref().map(text)),
            ("reason", self.refused.as_ref().map(|it| text(it.reason))),
            ("message", self.refused.as_ref().map(|it| text(&it.message))),
            ("width", self.original.width.map(number)),
            ("height", self.original.height.map(number)),
            ("thumbnailWidth", first.map(|it| number(it.width))),
            ("thumbnailHeight", first.map(|it| number(it.height))),
            ("thumbnailBytes", first.map(|it| number(it.bytes))),
            ("otherThumbnails", (!rest.is_empty()).then_some(Attribute::L(rest))),
            ("bytes", self.original.bytes.map(number)),
            ("contentType", self.original.content_type.map(text)),
            ("eTag", self.original.e_tag.as_deref().map(text)),
            ("sequencer", Some(text(&self.sequencer))),
            ("uploadedAt", Some(text(&rfc3339(self.uploaded_at)))),
            ("processedAt", self.processed_at.map(|at| text(&rfc3339(at)))),
            ("traceId", self.trace_id.as_deref().map(text)),
            ("schemaVersion", Some(number(SCHEMA_VERSION))),
            ("attempt", Some(text(&self.attempt))),
            ("claimedUntil", Some(Attribute::millis(self.claimed_until))),
            ("notified", Some(Attribute::Bool(self.notified))),
        ];
        fields.into_iter().filter_map(|(name, value)| Some((name, value?)))
    }
}

/// An item as a reader sees it; what the table lacks is absent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The table's key.
    pub image_id: String,
    /// The original's key; it owns the id.
    pub original_key: String,
    /// The version of the original that this is about.
    pub sequencer: String,
    /// One of [`Status`]'s names, or whatever else stands there.
    pub status: String,
    /// The thumbnail's key.
    pub processed_key: Option<String>,
    /// Why there is none, in a word.
    pub reason: Option<String>,
    /// The original's size.
    pub bytes: Option<u64>,
    /// The original's upright width in pixels.
    pub width: Option<u64>,
    /// The original's upright height in pixels.
    pub height: Option<u64>,
    /// When the upload ended, as RFC 3339.
    pub uploaded_at: Option<String>,
    /// When the result was recorded, as RFC 3339.
    pub processed_at: Option<String>,
    /// The upload's trace.
    pub trace_id: Option<String>,
    /// The attempt that wrote this.
    pub attempt: Option<Uuid>,
    /// Until when that attempt excludes others.
    pub claimed_until: Option<SystemTime>,
    /// Whether the notification of this result was published.
    pub notified: Option<bool>,
}

impl Record {
    /// Reads an item whose attributes `get` finds by name.
    #[must_use]
    pub fn read(get: impl Fn(&str) -> Option<Attribute>) -> Self {
        let text = |name: &str| match get(name) {
            Some(Attribute::S(text)) => Some(text),
            _ => None,
        };
        let number = |name: &str| match get(name) {
            Some(Attribute::N(number)) => number.parse::<u64>().ok(),
            _ => None,
        };
        let notified = match get("notified") {
            Some(Attribute::Bool(notified)) => Some(notified),
            _ => None,
        };
        Self {
            image_id: text("imageId").unwrap_or_default(),
            original_key: text("originalS3Key").unwrap_or_default(),
            sequencer: text("sequencer").unwrap_or_default(),
            status: text("status").unwrap_or_default(),
            processed_key: text("processedS3Key"),
            reason: text("reason"),
            bytes: number("bytes"),
            width: number("width"),
            height: number("height"),
            uploaded_at: text("uploadedAt"),
            processed_at: text("processedAt"),
            trace_id: text("traceId"),
            attempt: text("attempt").and_then(|attempt| Uuid::parse_str(&attempt).ok()),
            claimed_until: number("claimedUntil")
                .and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))),
            notified,
        }
    }

    /// Reads an item with DynamoDB's type tags, as its JSON API answers it.
    #[must_use]
    pub fn of_tagged(item: &Value) -> Self {
        Self::read(|name| Attribute::of_tagged(item.get(name)?))
    }

    /// Whether the pipeline has decided.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        [Status::Done, Status::Failed].iter().any(|ended| ended.name() == self.status)
    }
}

fn text(value: &(impl ToString + ?Sized)) -> Attribute {
    Attribute::S(value.to_string())
}

fn number(value: impl Into<u128>) -> Attribute {
    Attribute::N(value.into().to_string())
}

#[cfg(test)]
mod tests;
