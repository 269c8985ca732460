//! The completion message: what subscribers of `image-processed-topic` read.

use serde_json::{Value, json};

use crate::item::Item;
use crate::time::{rfc3339, rfc3339_millis};

/// The message attribute with the item's status, for filter policies.
pub const STATUS: &str = "status";
/// The message attribute with the image's id, for filter policies.
pub const IMAGE_ID: &str = "imageId";

/// The body about `item`; what is unknown is left out rather than null.
#[must_use]
pub fn body(item: &Item) -> Value {
    let thumbnails: Vec<Value> = item
        .thumbnails
        .iter()
        .map(|it| json!({ "key": it.key, "width": it.width, "height": it.height, "bytes": it.bytes }))
        .collect();
    let fields = [
        (IMAGE_ID, json!(item.image_id.to_string())),
        (STATUS, json!(item.status.name())),
        ("originalS3Key", json!(item.original_key)),
        ("sequencer", json!(item.sequencer)),
        ("processedS3Key", json!(item.thumbnails.first().map(|it| &it.key))),
        ("reason", json!(item.refused.as_ref().map(|it| it.reason))),
        ("message", json!(item.refused.as_ref().map(|it| &it.message))),
        ("userId", json!(item.user_id)),
        ("width", json!(item.original.width)),
        ("height", json!(item.original.height)),
        ("thumbnails", json!((!thumbnails.is_empty()).then_some(thumbnails))),
        ("uploadedAt", json!(rfc3339(item.uploaded_at))),
        ("processedAt", json!(item.processed_at.map(rfc3339))),
        ("traceId", json!(item.trace_id)),
        ("reprocessedAt", json!(item.reprocess.and_then(|at| i64::try_from(at).ok()).map(rfc3339_millis))),
    ];
    let known = fields.into_iter().filter(|(_, value)| !value.is_null());
    known.map(|(name, value)| (name.to_owned(), value)).collect()
}
