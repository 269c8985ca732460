//! Memory of a listing: it does not grow with the bucket.
#![expect(clippy::unwrap_used, reason = "helpers of tests; clippy only exempts #[test] functions")]

use std::time::Duration;

use peak_alloc::PeakAlloc;
use s3_metrics_lambda::{
    lanes::{Lanes, PARALLELISM},
    store::{AwsError, Buckets, ListError, Total},
    usage::{Cursor, Object, Page, scan},
};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// So many keys, which exist only while their page does.
struct Numbers(u64);

impl Buckets for Numbers {
    async fn list_page(&self, _bucket: &str, from: &Cursor) -> Result<Page, ListError> {
        tokio::time::sleep(Duration::from_millis(50)).await;
        let key = |number: u64| format!("user-uploads/{number:032x}");
        let (mut start, mut end) = (0, self.0);
        // The first number whose key is after the cursor.
        if let Cursor::After(from) | Cursor::Token(from) = from {
            while start < end {
                let middle = start.midpoint(end);
                if key(middle) > *from { end = middle } else { start = middle + 1 }
            }
        }
        let end = (start + 1000).min(self.0);
        let objects = (start..end).map(|number| Object { key: key(number), bytes: 1 }).collect();
        Ok(Page { objects, next: (end < self.0).then(|| key(end - 1)) })
    }

    async fn publish(&self, _totals: &[Total]) -> Result<(), AwsError> {
        Ok(())
    }
}

/// The most memory that a scan of this many keys took, in KiB.
async fn peak(keys: u64) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    let usage = scan(&Numbers(keys), "bucket", &Lanes::new(PARALLELISM), || Duration::from_hours(1)).await;
    assert_eq!(usage.unwrap().objects, keys);
    (ALLOCATOR.peak_usage() - before) / 1024
}

#[tokio::test(start_paused = true)]
#[expect(clippy::print_stdout, reason = "the table of docs/bucket-totals.md")]
async fn ten_times_the_keys_take_no_more_memory() {
    let (few, many) = (peak(100_000).await, peak(1_000_000).await);

    println!("100,000 keys: {few} KiB, 1,000,000 keys: {many} KiB");
    assert!(many <= few + few / 4 + 256, "{few} KiB, then {many} KiB");
    assert!(many < 4096, "{many} KiB");
}
