//! The core: pages in, a total out, or none at all.

use std::time::Duration;

use tokio::time::timeout;

use crate::{error::ScanError, store::Buckets};

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

/// One page of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Objects on this page.
    pub objects: u64,
    /// Their sizes, in bytes.
    pub bytes: u64,
    /// Where the next page starts; `None` on the last.
    pub next: Option<String>,
}

/// Lists `bucket` to its end.
///
/// # Errors
///
/// Fails rather than answer a partial total: when S3 fails, or when `time_left` falls below what
/// another page and the publication need.
pub async fn scan(
    store: &impl Buckets,
    bucket: &str,
    time_left: impl Fn() -> Duration,
) -> Result<Usage, ScanError> {
    let mut usage = Usage::default();
    let mut next = None;
    loop {
        let left = time_left();
        if left < RESERVE {
            return Err(ScanError::OutOfTime { pages: usage.pages, left });
        }
        let Ok(page) = timeout(left.saturating_sub(PUBLISHING), store.list_page(bucket, next)).await else {
            return Err(ScanError::OutOfTime { pages: usage.pages, left: time_left() });
        };
        let page = page.map_err(|source| ScanError::List { page: usage.pages + 1, source })?;
        usage.pages += 1;
        usage.objects += page.objects;
        usage.bytes += page.bytes;
        next = page.next;
        if next.is_none() {
            return Ok(usage);
        }
    }
}
