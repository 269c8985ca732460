//! The core: pages in, a total out, or none at all.
//!
//! A bucket is listed as several ranges at the same time (`ranges`), as far as [`Lanes`] are free.
//!
//! # Under concurrent writes
//!
//! No listing is a snapshot, one page after the other neither. What holds, however the ranges are divided:
//!
//! - A key that exists from the begin of the scan to its end is counted once, with a size that it had meanwhile.
//! - A key that is written or deleted meanwhile is counted once or not at all.
//! - So the total lies between the keys that existed throughout and those that existed at any time.
//!
//! A moved object is two keys, one written and one deleted. Noncurrent versions, delete markers and unfinished uploads
//! are in no listing of objects, so they are not counted.

use std::time::Duration;

use futures_util::{StreamExt, stream::FuturesUnordered};
use tokio::time::timeout;

use crate::{
    error::ScanError,
    lanes::{Lane, Lanes},
    ranges::{Ranges, Request},
    store::{Buckets, ListError},
};

/// Time that must be left to ask for another page and still publish.
const RESERVE: Duration = Duration::from_secs(3);
/// Of which publishing needs this much: no page is waited for that long.
const PUBLISHING: Duration = Duration::from_secs(2);

/// What a bucket holds: the current version of each object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// How many objects.
    pub objects: u64,
    /// Their sizes, in bytes.
    pub bytes: u64,
    /// Pages that the listing took.
    pub pages: u64,
}

/// Where a page starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cursor {
    /// At the bucket's first key.
    Start,
    /// At the first key after this one, which need not exist.
    After(String),
    /// Where the page ended that came with this token.
    Token(String),
}

/// An object of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its size.
    pub bytes: u64,
}

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Its objects, in the order of the bytes of their keys.
    pub objects: Vec<Object>,
    /// The token of the next page; `None` on the last.
    pub next: Option<String>,
}

/// A page that was asked for.
type Listed<'a> = (Lane<'a>, Request, Result<Page, ListError>);

/// What a scan waits for.
enum Event<'a> {
    Listed(Listed<'a>),
    Free(Lane<'a>),
}

/// Lists `bucket` to its end, on as many of the `lanes` as are free and of use.
///
/// # Errors
///
/// Fails rather than answer a partial total: when S3 fails, or when `time_left` falls below what
/// another page and the publication need.
pub async fn scan(
    store: &impl Buckets,
    bucket: &str,
    lanes: &Lanes,
    time_left: impl Fn() -> Duration,
) -> Result<Usage, ScanError> {
    let list = async |lane, request: Request| {
        let page = store.list_page(bucket, &request.from).await;
        (lane, request, page)
    };
    let mut ranges = Ranges::new(lanes.most());
    let mut pages = FuturesUnordered::new();
    while !ranges.is_complete() {
        let left = time_left();
        let listed = ranges.usage().pages;
        let out_of_time = |left| ScanError::OutOfTime { pages: listed, left };
        if left < RESERVE {
            return Err(out_of_time(left));
        }
        // A lane that nobody waits for may list a new range.
        if let Some(lane) = lanes.try_take()
            && let Some(request) = ranges.due().or_else(|| ranges.split())
        {
            pages.push(list(lane, request));
            continue;
        }
        let event = async {
            tokio::select! {
                Some(listed) = pages.next() => Event::Listed(listed),
                lane = lanes.take(), if ranges.is_due() => Event::Free(lane),
                else => std::future::pending().await,
            }
        };
        let event = timeout(left.saturating_sub(PUBLISHING), event).await;
        match event.map_err(|_| out_of_time(time_left()))? {
            Event::Free(lane) => pages.extend(ranges.due().map(|request| list(lane, request))),
            Event::Listed((lane, request, Err(ListError::Throttled(_)))) => {
                lane.throttled();
                ranges.postponed(&request);
            }
            Event::Listed((lane, request, page)) => {
                let number = listed + 1;
                let page = page.map_err(|error| ScanError::List { page: number, source: error.into() })?;
                lane.listed();
                ranges.returned(&request, &page).map_err(|_| ScanError::Disorder { page: number })?;
            }
        }
    }
    Ok(ranges.usage())
}
