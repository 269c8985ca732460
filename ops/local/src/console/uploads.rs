//! Uploads in the console's API: the table's items, and URLs that were issued and not used yet.

use std::collections::BTreeSet;
use std::time::SystemTime;

use contract::item::{Record, Status};
use serde::Serialize;
use serde_json::{Value, json};

use super::progress;
use super::source::Source;
use aws_client::AwsError;
use aws_client::chain;
use trace_model::Trace;

/// A local table is small; a larger one is shown in part, and the page shows that.
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
    /// RFC 3339, or `None` when the item lacks it.
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
    // Issued ids begin with their time, so they break ties by time too.
    uploads.sort_by(|a, b| (b.start_us, &b.image_id).cmp(&(a.start_us, &a.image_id)));
    json!({ "uploads": uploads, "complete": complete, "problem": problem })
}

async fn scan(source: &Source) -> Result<(Vec<Record>, bool), AwsError> {
    let Some(table) = source.info.outputs.get("MetadataTableName") else { return Ok((Vec::new(), true)) };
    let mut items = Vec::new();
    let mut body = json!({ "TableName": table });
    loop {
        let mut page = source.aws.json("dynamodb", "DynamoDB_20120810.Scan", body.clone()).await?;
        if let Some(Value::Array(found)) = page.get_mut("Items").map(Value::take) {
            items.extend(found.iter().map(Record::of_tagged));
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

fn of_item(item: &Record, source: &Source) -> Upload {
    let by_id = || item.trace_id.as_ref().and_then(|id| source.observer.trace(id));
    let trace = source.observer.trace_of_image(&item.image_id).or_else(by_id);
    let status = if item.status == Status::Processing.name() {
        progress::status(&source.observer, trace.as_ref(), item.claimed_until, SystemTime::now())
    } else {
        &item.status
    };
    Upload {
        image_id: item.image_id.clone(),
        status: status.to_owned(),
        reason: item.reason.clone(),
        key: Some(item.original_key.clone()),
        bytes: item.bytes,
        width: item.width,
        height: item.height,
        uploaded_at: item.uploaded_at.clone(),
        trace_id: trace.as_ref().map(|trace| trace.trace_id.clone()).or_else(|| item.trace_id.clone()),
        start_us: trace.as_ref().map(|trace| trace.start_us),
        duration_us: trace.as_ref().map(|trace| trace.duration_us),
        thumbnail: item.processed_key.clone(),
    }
}

/// Images that have no item: not uploaded yet, or no attempt came as far as a claim.
fn issued(trace: &Trace, source: &Source) -> impl Iterator<Item = Upload> {
    let status = match trace.span("process_image") {
        Some(_) => progress::status(&source.observer, Some(trace), None, SystemTime::now()),
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
