//! Items of the images that messages are about, read from the metadata table.

use std::collections::{BTreeSet, HashMap};

use aws_client::{Aws, AwsError};
use contract::item::Record;
use serde::Serialize;
use serde_json::{Value, json};

/// `BatchGetItem` takes at most this many keys.
const BATCH: usize = 100;
/// How often `UnprocessedKeys` are asked for again before they are left out.
const PATIENCE: usize = 5;

/// The attributes of an image's item that are used here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Item {
    /// `PROCESSING`, `DONE` or `FAILED`.
    pub status: String,
    /// Why it failed, in a word.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Whether its completion was published.
    pub notified: bool,
    /// The object that owns the id.
    #[serde(skip)]
    pub key: String,
    /// The version of it.
    #[serde(skip)]
    pub sequencer: String,
    /// The trace that the processor worked in.
    #[serde(skip)]
    pub trace_id: Option<String>,
}

/// Items by image id.
pub type Items = HashMap<String, Item>;

/// Reads the items of `ids`; those that do not exist are left out.
///
/// # Errors
/// When DynamoDB refuses, or does not answer.
pub async fn look_up(aws: &Aws, table: &str, ids: BTreeSet<String>) -> Result<Items, AwsError> {
    let mut items = Items::new();
    let ids: Vec<String> = ids.into_iter().collect();
    for ids in ids.chunks(BATCH) {
        let keys: Vec<Value> = ids.iter().map(|id| json!({"imageId": {"S": id}})).collect();
        let mut wanted = json!({table: {"Keys": keys, "ConsistentRead": true}});
        for _ in 0..PATIENCE {
            let ask = json!({"RequestItems": wanted});
            let mut answer = aws.json("dynamodb", "DynamoDB_20120810.BatchGetItem", ask).await?;
            let found = answer.get("Responses").and_then(|tables| tables.get(table)?.as_array());
            items.extend(found.into_iter().flatten().filter_map(read));
            wanted = answer.get_mut("UnprocessedKeys").map(Value::take).unwrap_or_default();
            if wanted.as_object().is_none_or(serde_json::Map::is_empty) {
                break;
            }
        }
    }
    Ok(items)
}

fn read(item: &Value) -> Option<(String, Item)> {
    let Record { image_id, original_key, sequencer, status, reason, notified, trace_id, .. } =
        Record::of_tagged(item);
    let notified = notified.unwrap_or_default();
    let read = Item { status, reason, notified, key: original_key, sequencer, trace_id };
    (![&image_id, &read.key, &read.status].iter().any(|it| it.is_empty())).then_some((image_id, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn item_is_read_as_the_processor_writes_it() {
        let item = json!({
            "imageId": {"S": "i"}, "originalS3Key": {"S": "k"}, "status": {"S": "FAILED"}, "reason": {"S": "Corrupt"},
            "sequencer": {"S": "1"}, "notified": {"BOOL": true}, "traceId": {"S": "t"}, "width": {"N": "1"},
        });
        let (id, item) = read(&item).unwrap();
        assert_eq!(
            (id.as_str(), item.status.as_str(), item.reason.as_deref()),
            ("i", "FAILED", Some("Corrupt"))
        );
        assert_eq!((item.key.as_str(), item.sequencer.as_str(), item.notified), ("k", "1", true));
        assert_eq!(read(&json!({"imageId": {"S": "i"}})), None);
    }
}
