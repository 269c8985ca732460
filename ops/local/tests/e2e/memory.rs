//! Memory of the functions over thousands of uploads and a hundred scans: a leak of a few KiB per image would show here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;

use http::Method;

use crate::crowd::{distinct_picture, left, push};
use crate::harness::Harness;
use crate::processes::functions;
use crate::uploader::somebody;

/// Uploads after which a function has seen all that it allocates once: pools, caches, arenas of threads.
const WARM_UP: usize = 500;

/// Uploads in all.
const UPLOADS: usize = 2000;

/// Uploads pushed together, so that the processes of the functions are as many throughout.
const CROWD: usize = 100;

/// Calls to the API at the same time: as many of its processes share them.
const ASKERS: usize = 2;

/// Growth that is no leak: heaps that fragment grew by up to 0.8 MiB here. Two processes of a function
/// share the 1,500 uploads between the looks, so a leak of 3 KiB per image goes beyond it, or of 28 per scan.
const MOST_GROWTH_KIB: u64 = 2 * 1024;

/// Scans of the buckets until their function has allocated all that it does once; the schedule runs hourly here, so
/// the test stands in for it.
const WARM_UP_SCANS: usize = 25;

/// Scans in all.
const SCANS: usize = 100;

/// Resident memory in KiB by process, for each function.
type Resident = BTreeMap<String, BTreeMap<i32, u64>>;

/// Looks at the processes of a group that run functions.
fn resident(group: i32) -> Resident {
    let mut resident = Resident::new();
    for process in functions(group) {
        let Some(kib) = process.resident_kib() else { continue };
        resident.entry(process.function().to_owned()).or_default().insert(process.id, kib);
    }
    resident
}

/// Uploads these pictures in crowds; all must end well.
async fn upload(harness: &Harness, numbers: Range<usize>) {
    for first in numbers.step_by(CROWD) {
        // Signed in anew, as the token would grow old.
        let tokens = somebody(harness).await;
        let ids =
            push(harness, &tokens, ASKERS, (first..first + CROWD).map(distinct_picture).collect()).await;
        let left = left(harness, &ids).await;
        assert!(ids.iter().all(|id| left.items[id].status() == "DONE"), "{:?}", left.queued);
    }
}

/// Has the buckets scanned so often, one scan after the other.
async fn scan(harness: &Harness, times: usize) {
    let path = format!("/2015-03-31/functions/{}/invocations", harness.output("S3MetricsFunctionName"));
    for _ in 0..times {
        let scan = harness.aws.rest("lambda", Method::POST, &path, b"{}".to_vec(), &[]).await.unwrap();
        assert_eq!(scan.headers().get("x-amz-function-error"), None);
    }
}

/// The most that one process of a function has.
fn most(processes: &BTreeMap<i32, u64>) -> u64 {
    processes.values().copied().max().unwrap_or_default()
}

#[tokio::test]
#[ignore = "long: run by .ci/run"]
#[expect(clippy::print_stdout, reason = "the table is what the run of CI shows of it")]
async fn memory_of_each_function_is_flat_over_two_thousand_uploads() {
    let (harness, _alone) = Harness::narrow().await;
    let [issuer, processor, metrics] =
        ["GenerateUploadUrlFunctionName", "ImageProcessorFunctionName", "S3MetricsFunctionName"]
            .map(|output| harness.output(output));

    upload(harness, 0..WARM_UP).await;
    let warm = resident(harness.group);
    upload(harness, WARM_UP..UPLOADS).await;
    let end = resident(harness.group);
    // A scan holds several pages at the same time, the more the fuller the buckets are: they stay as they are now.
    scan(harness, WARM_UP_SCANS).await;
    let warm_scanner = resident(harness.group);
    scan(harness, SCANS - WARM_UP_SCANS).await;
    let end_scanner = resident(harness.group);

    let mut table =
        format!("{:<24} {:>9} {:>12} {:>12}\n", "resident memory", "processes", "warm", "at the end");
    let mut grown = Vec::new();
    for (function, warm, end) in
        [(issuer, &warm, &end), (processor, &warm, &end), (metrics, &warm_scanner, &end_scanner)]
    {
        let (before, after) = (most(&warm[function]), most(&end[function]));
        writeln!(table, "{function:<24} {:>9} {before:>8} KiB {after:>8} KiB", end[function].len()).unwrap();
        if after > before + MOST_GROWTH_KIB {
            grown.push(function);
        }
    }
    println!("{table}");
    assert!(grown.is_empty(), "{grown:?} grew beyond {MOST_GROWTH_KIB} KiB\n{table}");
}
