//! Every upload known: the table's items, and URLs that were issued but not used yet.

use std::collections::BTreeSet;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Source, progress};
use crate::aws::AwsError;
use crate::observe::logs::chain;
use crate::observe::span::Trace;

/// A local table is small; a larger one is shown in part, and the page says so.
const MAX_ITEMS: usize = 2000;
const TRACES: usize = 500;

/// One upload as the page shows it.
#[derive(Debug, Default, PartialEq, Serialize)]
pub(super) struct Upload {
    image_id: String,
    /// ISSUED before the object is there, then as in the table, except that an upload without a result is
    /// PROCESSING only while an attempt is at work.
    status: String,
    reason: Option<String>,
    key: Option<String>,
    bytes: Option<u64>,
    width: Option<u64>,
    height: Option<u64>,
    /// RFC 3339, or `None` when the table does not say.
    uploaded_at: Option<String>,
    trace_id: Option<String>,
    start_us: Option<u64>,
    duration_us: Option<u64>,
    thumbnail: Option<String>,
}

/// Newest first; without the table's part when the table cannot be read.
pub(super) async fn gather(source: &Source) -> Value {
    let (items, complete, problem) = match scan(source).await {
        Ok((items, complete)) => (items, complete, None),
        Err(error) => (Vec::new(), false, Some(chain(&error))),
    };
    let mut uploads: Vec<Upload> = items.iter().map(|item| of_item(item, source)).collect();
    let known: BTreeSet<String> = uploads.iter().map(|upload| upload.image_id.clone()).collect();
    let traces = source.observer.look(|seen| seen.traces.newest(TRACES));
    let issued = |trace| issued(trace, source);
    uploads.extend(traces.iter().flat_map(issued).filter(|upload| !known.contains(&upload.image_id)));
    // Identifiers are UUIDv7 as a rule, so they break ties by time too.
    uploads.sort_by(|a, b| (b.start_us, &b.image_id).cmp(&(a.start_us, &a.image_id)));
    json!({ "uploads": uploads, "complete": complete, "problem": problem })
}

async fn scan(source: &Source) -> Result<(Vec<Map<String, Value>>, bool), AwsError> {
    let Some(table) = source.stack.outputs.get("MetadataTableName") else { return Ok((Vec::new(), true)) };
    let mut items = Vec::new();
    let mut body = json!({ "TableName": table });
    loop {
        let mut page = source.aws.json("dynamodb", "DynamoDB_20120810.Scan", body.clone()).await?;
        if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
            items.extend(found.iter().filter_map(Value::as_object).map(plain));
        }
        let Some(last) = page.get("LastEvaluatedKey").filter(|key| key.is_object()) else {
            return Ok((items, true));
        };
        if items.len() >= MAX_ITEMS {
            return Ok((items, false));
        }
        body = json!({ "TableName": table, "ExclusiveStartKey": last });
    }
}

/// Strings and numbers without DynamoDB's type tags.
fn plain(item: &Map<String, Value>) -> Map<String, Value> {
    let members = item.iter().filter_map(|(name, tagged)| {
        let (tag, value) = tagged.as_object()?.iter().next()?;
        let value = match tag.as_str() {
            "N" => serde_json::from_str(value.as_str()?).ok()?,
            _ => value.clone(),
        };
        Some((name.clone(), value))
    });
    members.collect()
}

fn of_item(item: &Map<String, Value>, source: &Source) -> Upload {
    let text = |name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| item.get(name).and_then(Value::as_u64);
    let image_id = text("imageId").unwrap_or_default();
    let by_id = || text("traceId").and_then(|id| source.observer.trace(&id));
    let trace = source.observer.trace_of_image(&image_id).or_else(by_id);
    let status = match text("status").unwrap_or_default().as_str() {
        "PROCESSING" => {
            let until = number("claimedUntil").unwrap_or_default();
            progress::status(&source.observer, trace.as_ref(), Some(until), now_ms()).to_owned()
        }
        status => status.to_owned(),
    };
    Upload {
        status,
        reason: text("reason"),
        key: text("originalS3Key"),
        bytes: number("bytes"),
        width: number("width"),
        height: number("height"),
        uploaded_at: text("uploadedAt"),
        trace_id: trace.as_ref().map(|trace| trace.trace_id.clone()).or_else(|| text("traceId")),
        start_us: trace.as_ref().map(|trace| trace.start_us),
        duration_us: trace.as_ref().map(|trace| trace.duration_us),
        thumbnail: text("processedS3Key"),
        image_id,
    }
}

/// Images that have no item: not uploaded yet, or no attempt came as far as a claim.
fn issued(trace: &Trace, source: &Source) -> impl Iterator<Item = Upload> {
    let status = match trace.span("process_image") {
        Some(_) => progress::status(&source.observer, Some(trace), None, now_ms()),
        None => "ISSUED",
    };
    trace.image_ids.iter().map(move |image_id| Upload {
        image_id: image_id.clone(),
        status: status.to_owned(),
        trace_id: Some(trace.trace_id.clone()),
        start_us: Some(trace.start_us),
        duration_us: Some(trace.duration_us),
        ..Upload::default()
    })
}

/// Milliseconds since 1970.
fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
