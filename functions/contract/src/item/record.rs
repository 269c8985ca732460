//! An item as readers see it.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Value;
use uuid::Uuid;

use super::{Attribute, Status};

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
    /// The first thumbnail's key.
    pub processed_key: Option<String>,
    /// Its size.
    pub thumbnail_bytes: Option<u64>,
    /// Its width in pixels.
    pub thumbnail_width: Option<u64>,
    /// Its height in pixels.
    pub thumbnail_height: Option<u64>,
    /// The keys of the other thumbnails.
    pub other_thumbnails: Vec<String>,
    /// Why there is none, in a word.
    pub reason: Option<String>,
    /// The same in a sentence for its owner.
    pub message: Option<String>,
    /// The original's entity tag, without quotes.
    pub e_tag: Option<String>,
    /// The original's type by content.
    pub content_type: Option<String>,
    /// Whose it is.
    pub user_id: Option<String>,
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
    /// When this version was last asked to be done again, in milliseconds since 1970.
    pub reprocess: Option<u64>,
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
            thumbnail_bytes: number("thumbnailBytes"),
            thumbnail_width: number("thumbnailWidth"),
            thumbnail_height: number("thumbnailHeight"),
            other_thumbnails: match get("otherThumbnails") {
                Some(Attribute::L(keys)) => keys,
                _ => Vec::new(),
            },
            reason: text("reason"),
            message: text("message"),
            e_tag: text("eTag"),
            content_type: text("contentType"),
            user_id: text("userId"),
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
            reprocess: number("reprocess"),
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
