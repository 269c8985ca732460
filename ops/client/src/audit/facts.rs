//! What is known of one image: its object, its item, its thumbnails.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::{SystemTime, UNIX_EPOCH};

use contract::image_id;
use contract::item::{Record, Status};
use contract::thumbnail_key;
use contract::time::unix_millis;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::source::Object;

/// Short names, since millions of rows are written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Original {
    #[serde(rename = "k")]
    pub(super) key: String,
    #[serde(rename = "b")]
    pub(super) bytes: u64,
    /// A hash of the entity tag.
    #[serde(rename = "e")]
    pub(super) e_tag: u64,
    /// Milliseconds since 1970, as all times here.
    #[serde(rename = "m")]
    pub(super) modified: i64,
}

/// The item of an image.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Item {
    #[serde(rename = "k")]
    pub(super) key: String,
    /// What is wrong with the item itself.
    #[serde(rename = "d", skip_serializing_if = "Option::is_none", default)]
    pub(super) defect: Option<String>,
    /// `P`, `D` or `F`.
    #[serde(rename = "s")]
    pub(super) progress: Progress,
    #[serde(rename = "n")]
    pub(super) is_notified: bool,
    #[serde(rename = "c")]
    pub(super) claimed_until: i64,
    #[serde(rename = "r", skip_serializing_if = "Option::is_none", default)]
    pub(super) reason: Option<String>,
    #[serde(rename = "e", skip_serializing_if = "Option::is_none", default)]
    pub(super) e_tag: Option<u64>,
    #[serde(rename = "u")]
    pub(super) uploaded: i64,
    /// When this version was uploaded, or asked to be done again.
    #[serde(rename = "v")]
    pub(super) begun: i64,
    #[serde(rename = "p")]
    pub(super) processed: i64,
    /// Size and sides of the first thumbnail.
    #[serde(rename = "b", skip_serializing_if = "Option::is_none", default)]
    pub(super) thumbnail_bytes: Option<u64>,
    #[serde(rename = "x", skip_serializing_if = "Option::is_none", default)]
    pub(super) sides: Option<(u64, u64)>,
    /// The sides of the others, as their keys name them.
    #[serde(rename = "o", skip_serializing_if = "Vec::is_empty", default)]
    pub(super) others: Vec<u32>,
}

/// How far an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Progress {
    #[default]
    #[serde(rename = "P")]
    Processing,
    #[serde(rename = "D")]
    Done,
    #[serde(rename = "F")]
    Failed,
}

/// A thumbnail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Thumbnail {
    /// The side that the key names; `None` for the first.
    #[serde(rename = "s", skip_serializing_if = "Option::is_none", default)]
    pub(super) side: Option<u32>,
    #[serde(rename = "b")]
    pub(super) bytes: u64,
    #[serde(rename = "m")]
    pub(super) modified: i64,
}

/// All that is known of one image.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) original: Option<Original>,
    pub(super) item: Option<Item>,
    pub(super) thumbnails: Vec<Thumbnail>,
}

impl Original {
    pub(super) fn of(object: Object) -> Self {
        let Object { key, bytes, e_tag, modified } = object;
        Self { key, bytes, e_tag: hash(&e_tag), modified: millis(modified) }
    }
}

impl Item {
    /// Reads an item, and the image that it is of.
    pub(super) fn of(record: &Record) -> Option<(Uuid, Self)> {
        let id = Uuid::parse_str(&record.image_id).ok()?;
        let progress = match record.status.as_str() {
            status if status == Status::Done.name() => Progress::Done,
            status if status == Status::Failed.name() => Progress::Failed,
            _ => Progress::Processing,
        };
        let uploaded = time(record.uploaded_at.as_deref());
        let others = record.other_thumbnails.iter().filter_map(|key| of_image(id, key)?.1);
        let item = Self {
            defect: defect(id, record),
            progress,
            is_notified: record.notified.unwrap_or_default(),
            claimed_until: record.claimed_until.map_or(0, millis),
            reason: record.reason.clone(),
            e_tag: record.e_tag.as_deref().map(hash),
            uploaded,
            begun: record.reprocess.and_then(|at| i64::try_from(at).ok()).unwrap_or(uploaded),
            processed: time(record.processed_at.as_deref()),
            thumbnail_bytes: record.thumbnail_bytes,
            sides: record.thumbnail_width.zip(record.thumbnail_height),
            others: others.collect(),
            key: record.original_key.clone(),
        };
        Some((id, item))
    }
}

impl Thumbnail {
    /// Reads a thumbnail, and the image that it is of; `None` for an object that is named otherwise.
    pub(super) fn of(object: &Object) -> Option<(Uuid, Self)> {
        let (id, side) = thumbnail_key::read(&object.key)?;
        Some((id, Self { side, bytes: object.bytes, modified: millis(object.modified) }))
    }
}

/// How an item differs from what the processor writes.
fn defect(id: Uuid, record: &Record) -> Option<String> {
    let lacks = |name: &str| Some(format!("it lacks {name}"));
    if record.original_key.is_empty() {
        return lacks("originalS3Key");
    }
    if !Status::ALL.iter().any(|status| status.name() == record.status) {
        return Some("its status is none of PROCESSING, DONE, FAILED".to_owned());
    }
    if record.status == Status::Failed.name() && record.reason.is_none() {
        return Some("it is FAILED without a reason".to_owned());
    }
    if record.status == Status::Done.name() {
        let Some(first) = &record.processed_key else { return lacks("processedS3Key") };
        if of_image(id, first) != Some((id, None)) {
            return Some("its processedS3Key is not named after the image".to_owned());
        }
        if record.other_thumbnails.iter().any(|key| !matches!(of_image(id, key), Some((_, Some(_))))) {
            return Some("its otherThumbnails are not named after the image".to_owned());
        }
        if record.thumbnail_bytes.is_none() {
            return lacks("thumbnailBytes");
        }
    }
    None
}

/// Reads a thumbnail's key, if it is one of this image.
fn of_image(id: Uuid, key: &str) -> Option<(Uuid, Option<u32>)> {
    thumbnail_key::read(key).filter(|(of, _)| *of == id)
}

/// Whether the item stands under the id of its key.
pub(super) fn is_under_its_id(id: Uuid, item: &Item) -> bool {
    image_id::image_id(&item.key) == id
}

pub(super) fn millis(at: SystemTime) -> i64 {
    let since = at.duration_since(UNIX_EPOCH).map(|since| since.as_millis()).unwrap_or_default();
    i64::try_from(since).unwrap_or(i64::MAX)
}

fn time(text: Option<&str>) -> i64 {
    text.and_then(unix_millis).unwrap_or_default()
}

fn hash(e_tag: &str) -> u64 {
    // Its keys are fixed.
    let mut hasher = DefaultHasher::new();
    e_tag.hash(&mut hasher);
    hasher.finish()
}
