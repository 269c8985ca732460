//! Catalogue of images: the table's items as they were read last, newest first.
//!
//! The table has no order but that of its keys, so the whole of it is read, and again once that is a minute old, while pages
//! show what was known. In between only images are read anew that the newest traces are about and that had not ended.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_client::{Aws, AwsError};
use contract::item::Record;
use local_stack::console::Source;
use serde_json::{Value, json};
use tokio::sync::Mutex;

/// After which everything is read again.
const OLD: Duration = Duration::from_mins(1);
/// A larger table is known in part.
const MOST: usize = 20_000;
/// How many of the newest traces name images that may have changed.
const TRACES: usize = 200;
/// `BatchGetItem` takes at most so many.
const BATCH: usize = 100;

/// What is known of the table.
#[derive(Debug, Default)]
pub(crate) struct Catalogue(Arc<Mutex<Known>>);

#[derive(Debug, Default)]
struct Known {
    images: HashMap<String, Arc<Record>>,
    read: Option<Instant>,
    is_being_read: bool,
    complete: bool,
}

/// The images as a page shows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    /// Newest first.
    pub(crate) all: Vec<Arc<Record>>,
    /// Whether the table holds no others.
    pub(crate) complete: bool,
}

impl Catalogue {
    /// What is in the table now, as far as anything was seen of it.
    pub(crate) async fn images(&self, source: &Source) -> Result<Images, AwsError> {
        let Some(table) = source.info.outputs.get("MetadataTableName") else { return Ok(Images::default()) };
        let mut known = self.0.lock().await;
        if let Some(read) = known.read {
            if read.elapsed() > OLD && !known.is_being_read {
                known.is_being_read = true;
                tokio::spawn(read_again(Arc::clone(&self.0), source.aws.clone(), table.clone()));
            }
            let traces = source.observer.look(|seen| seen.traces.newest(TRACES));
            let mut open: Vec<String> = traces.into_iter().flat_map(|trace| trace.image_ids).collect();
            open.retain(|id| known.images.get(id).is_none_or(|image| !image.has_ended()));
            open.dedup();
            for ids in open.chunks(BATCH) {
                for image in get(&source.aws, table, ids).await? {
                    known.images.insert(image.image_id.clone(), Arc::new(image));
                }
            }
        } else {
            *known = scan(&source.aws, table).await?;
        }
        let mut all: Vec<_> = known.images.values().cloned().collect();
        all.sort_unstable_by(|a, b| (&b.uploaded_at, &b.image_id).cmp(&(&a.uploaded_at, &a.image_id)));
        Ok(Images { all, complete: known.complete })
    }
}

/// Takes the place of what was known; where the table cannot be read, the next page tries again.
async fn read_again(catalogue: Arc<Mutex<Known>>, aws: Aws, table: String) {
    let read = scan(&aws, &table).await;
    let mut known = catalogue.lock().await;
    match read {
        Ok(read) => *known = read,
        Err(_) => known.is_being_read = false,
    }
}

async fn scan(aws: &Aws, table: &str) -> Result<Known, AwsError> {
    let mut images = HashMap::new();
    let mut body = json!({ "TableName": table });
    loop {
        let page = aws.json("dynamodb", "DynamoDB_20120810.Scan", body).await?;
        let items = page.get("Items").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        let records = items.iter().map(Record::of_tagged);
        images.extend(records.map(|image| (image.image_id.clone(), Arc::new(image))));
        let last = page.get("LastEvaluatedKey").filter(|key| key.is_object());
        let Some(last) = last.filter(|_| images.len() < MOST) else {
            return Ok(Known {
                images,
                read: Some(Instant::now()),
                is_being_read: false,
                complete: last.is_none(),
            });
        };
        body = json!({ "TableName": table, "ExclusiveStartKey": last });
    }
}

async fn get(aws: &Aws, table: &str, ids: &[String]) -> Result<Vec<Record>, AwsError> {
    let keys: Vec<Value> = ids.iter().map(|id| json!({"imageId": {"S": id}})).collect();
    let body = json!({"RequestItems": {table: {"Keys": keys, "ConsistentRead": true}}});
    let answer = aws.json("dynamodb", "DynamoDB_20120810.BatchGetItem", body).await?;
    let items = answer.get("Responses").and_then(|tables| tables.get(table)).and_then(Value::as_array);
    Ok(items.map(Vec::as_slice).unwrap_or_default().iter().map(Record::of_tagged).collect())
}

/// One image, read now.
pub(crate) async fn one(source: &Source, image_id: &str) -> Result<Option<Record>, AwsError> {
    let Some(table) = source.info.outputs.get("MetadataTableName") else { return Ok(None) };
    Ok(get(&source.aws, table, &[image_id.to_owned()]).await?.pop())
}
