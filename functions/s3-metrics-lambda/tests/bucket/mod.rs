//! A bucket in memory, which answers as S3 does, each page 50 ms after it was asked for.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use s3_metrics_lambda::{
    store::{AwsError, Buckets, ListError, Total},
    usage::{Cursor, Object, Page},
};

/// What S3 takes for a page.
pub(crate) const LATENCY: Duration = Duration::from_millis(50);

/// Keys of a whole page of S3.
pub(crate) const PAGE: usize = 1000;

/// Sizes by key.
pub(crate) type Keys = BTreeMap<String, u64>;

/// One bucket, under any name.
#[derive(Default)]
pub(crate) struct Bucket {
    pub(crate) keys: Mutex<Keys>,
    /// Requests at the same time beyond which S3 throttles, if it does.
    pub(crate) limit: Option<usize>,
    /// What others do to the bucket before each page.
    pub(crate) change: Option<fn(&mut Keys, usize)>,
    /// Pages asked for, throttled ones too.
    pub(crate) requests: AtomicUsize,
    /// Requests on their way, and the most of them since somebody looked.
    pub(crate) running: AtomicUsize,
    pub(crate) most_running: AtomicUsize,
}

impl Bucket {
    pub(crate) fn new(keys: impl IntoIterator<Item = String>) -> Self {
        let keys = keys.into_iter().map(|key| (key, 1)).collect();
        Self { keys: Mutex::new(keys), ..Self::default() }
    }

    fn page(&self, from: &Cursor) -> Page {
        let keys = self.keys.lock().unwrap();
        let start = match from {
            Cursor::Start => Bound::Unbounded,
            Cursor::After(key) | Cursor::Token(key) => Bound::Excluded(key.as_str()),
        };
        let mut rest = keys.range::<str, _>((start, Bound::Unbounded));
        let objects: Vec<Object> =
            rest.by_ref().take(PAGE).map(|(key, bytes)| Object { key: key.clone(), bytes: *bytes }).collect();
        let next = rest.next().and_then(|_| objects.last()).map(|last| last.key.clone());
        Page { objects, next }
    }
}

impl Buckets for Bucket {
    async fn list_page(&self, _bucket: &str, from: &Cursor) -> Result<Page, ListError> {
        let running = self.running.fetch_add(1, Ordering::Relaxed) + 1;
        self.most_running.fetch_max(running, Ordering::Relaxed);
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(LATENCY).await;
        self.running.fetch_sub(1, Ordering::Relaxed);
        if self.limit.is_some_and(|limit| running > limit) {
            return Err(ListError::Throttled(AwsError::from("SlowDown")));
        }
        if let Some(change) = self.change {
            change(&mut self.keys.lock().unwrap(), number);
        }
        Ok(self.page(from))
    }

    async fn publish(&self, _totals: &[Total]) -> Result<(), AwsError> {
        Ok(())
    }
}

/// Numbers that look random, the same ones each time: a permutation of `SplitMix64`.
pub(crate) fn scrambled(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

/// A UUID of version 4, the same one for the same number.
pub(crate) fn uuid(number: u64) -> String {
    let (high, low) = (scrambled(number * 2), scrambled(number * 2 + 1));
    let (one, two, three) = (high >> 32, high >> 16 & 0xFFFF, high & 0xFFF);
    format!(
        "{one:08x}-{two:04x}-4{three:03x}-{:04x}-{:012x}",
        low >> 48 & 0x3FFF | 0x8000,
        low & 0xFFFF_FFFF_FFFF
    )
}
