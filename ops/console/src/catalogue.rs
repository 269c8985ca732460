//! Catalogue of images: the table's items as they were read last, newest first.
//!
//! The table has no order but that of its keys, so the whole of it is read. A page waits for a first part only, which is all
//! of a small table; the rest is read in the background. Once that is a minute old, or more was uploaded than the newest traces
//! tell of, it is read again, while pages show what was known. In between only images are read anew that the newest traces are
//! about and that had not ended.

mod scan;

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_client::{Aws, AwsError, chain};
use contract::item::Record;
use local_stack::console::Source;
use serde_json::{Value, json};
use tokio::sync::Mutex;
use trace_model::Trace;

use scan::Scan;

/// After which everything is read again.
const OLD: Duration = Duration::from_mins(1);
/// A larger table is known in part.
const MOST: usize = 20_000;
/// Items of a table that was never read for which a page waits.
const FIRST: usize = 500;
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
    /// Those of them that were read by themselves since the table is being read, which may have passed them before.
    fresh: HashMap<String, Arc<Record>>,
    /// When the whole of it was read last.
    read: Option<Instant>,
    is_being_read: bool,
    is_complete: bool,
    /// The newest trace when it was looked at last, and whether there may have been images since that no look has heard of.
    latest: Option<String>,
    has_missed: bool,
    /// Why the last read in the background ended early.
    failure: Option<String>,
}

/// How much of the table the images are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it.
    #[default]
    Whole,
    /// As many as are kept; the table holds more.
    Capped,
    /// As many as are read so far.
    Reading,
    /// All that it held a while ago; it is being read again.
    ReadingAgain,
    /// What is known, since it cannot be read, and why.
    Unreadable(String),
}

impl Extent {
    /// Whether more will be known soon, without any news.
    pub(crate) const fn grows(&self) -> bool {
        matches!(self, Self::Reading | Self::ReadingAgain)
    }

    /// Whether an image that is not among them may be in the table for all that is known.
    pub(crate) const fn is_partial(&self) -> bool {
        !self.has_pages() || matches!(self, Self::Capped)
    }

    /// Whether it is known how many pages those that are listed fill.
    pub(crate) const fn has_pages(&self) -> bool {
        !matches!(self, Self::Reading | Self::Unreadable(_))
    }
}

/// The images as a page shows them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    /// Newest first.
    pub(crate) all: Vec<Arc<Record>>,
    pub(crate) extent: Extent,
}

impl Images {
    /// None, since the table cannot be read.
    pub(crate) fn unreadable(error: &AwsError) -> Self {
        Self { all: Vec::new(), extent: Extent::Unreadable(chain(error)) }
    }
}

impl Catalogue {
    /// What is in the table now, as far as anything was seen of it.
    pub(crate) async fn images(&self, source: &Source) -> Result<Images, AwsError> {
        let Some(table) = source.info.outputs.get("MetadataTableName") else { return Ok(Images::default()) };
        let mut known = self.0.lock().await;
        let failure = known.failure.take();
        let traces = source.observer.look(|seen| seen.traces.newest(TRACES));
        known.heard(&traces);
        if !known.is_being_read && (known.has_missed || known.read.is_none_or(|read| read.elapsed() > OLD)) {
            self.read(&mut known, Scan::of(&source.aws, table)).await?;
        }
        // An image may have several traces, and a request names none twice.
        let mut open: BTreeSet<String> = traces.into_iter().flat_map(|trace| trace.image_ids).collect();
        open.retain(|id| known.images.get(id).is_none_or(|image| !image.has_ended()));
        let open: Vec<String> = open.into_iter().collect();
        for ids in open.chunks(BATCH) {
            for image in get(&source.aws, table, ids).await? {
                let (id, image) = (image.image_id.clone(), Arc::new(image));
                if known.is_being_read {
                    known.fresh.insert(id.clone(), Arc::clone(&image));
                }
                known.images.insert(id, image);
            }
        }
        let mut all: Vec<_> = known.images.values().cloned().collect();
        all.sort_unstable_by(|a, b| (&b.uploaded_at, &b.image_id).cmp(&(&a.uploaded_at, &a.image_id)));
        Ok(Images { all, extent: known.extent(failure) })
    }

    /// Reads a first part where nothing is known, and the rest in the background.
    async fn read(&self, known: &mut Known, mut scan: Scan) -> Result<(), AwsError> {
        if known.images.is_empty() {
            scan.part(Some(FIRST)).await?;
            known.images.clone_from(&scan.images);
        }
        known.has_missed = false;
        if scan.is_over() {
            known.end(scan);
        } else {
            known.is_being_read = true;
            // What a read that failed left here is older than what this one reads.
            known.fresh.clear();
            tokio::spawn(read_on(Arc::clone(&self.0), scan));
        }
        Ok(())
    }
}

impl Known {
    /// Notes up to where the traces reach; where they do not reach back to those of the last look, images may be missed.
    fn heard(&mut self, newest_first: &[Trace]) {
        let is_last = |trace: &Trace| self.latest.as_ref() == Some(&trace.trace_id);
        self.has_missed |= newest_first.len() == TRACES && !newest_first.iter().any(is_last);
        self.latest = newest_first.first().map(|trace| trace.trace_id.clone());
    }

    fn end(&mut self, scan: Scan) {
        (self.read, self.is_being_read, self.is_complete) = (Some(Instant::now()), false, scan.is_complete());
        self.images = scan.images;
        self.images.extend(self.fresh.drain());
    }

    fn extent(&self, failure: Option<String>) -> Extent {
        match (failure, self.is_being_read, self.read) {
            (Some(why), ..) => Extent::Unreadable(why),
            (None, true, None) => Extent::Reading,
            (None, true, Some(_)) => Extent::ReadingAgain,
            (None, false, _) if self.is_complete => Extent::Whole,
            (None, false, _) => Extent::Capped,
        }
    }
}

/// Reads to the end, and takes the place of what was known; where the table cannot be read, the next page tries again.
async fn read_on(catalogue: Arc<Mutex<Known>>, mut scan: Scan) {
    while !scan.is_over() {
        let read = scan.part(None).await;
        let mut known = catalogue.lock().await;
        if let Err(error) = read {
            (known.is_being_read, known.has_missed, known.failure) = (false, true, Some(chain(&error)));
            return;
        }
        if known.read.is_none() {
            for (id, image) in &scan.images {
                known.images.entry(id.clone()).or_insert_with(|| Arc::clone(image));
            }
        }
    }
    catalogue.lock().await.end(scan);
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

#[cfg(test)]
mod tests;
