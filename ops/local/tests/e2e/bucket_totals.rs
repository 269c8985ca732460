//! Totals of the buckets: what `s3-metrics-lambda` publishes is what they hold, however much that is.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_client::xml;
use contract::image_id;
use futures_util::{StreamExt, stream};
use http::Method;
use local_stack::observe::Seen;
use local_stack::observe::logs::LogFilter;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::harness::Harness;
use crate::listing::{encoded, list};
use crate::queue::QUIET;

/// Objects and bytes in a bucket, as a listing has them.
async fn listed(harness: &Harness, bucket: &str) -> (u64, u64) {
    let objects = list(harness, bucket, "").await;
    (u64::try_from(objects.len()).unwrap(), objects.iter().map(|object| object.bytes).sum())
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

/// The newest value of a metric of a bucket in `CustomS3`, and its unit.
async fn newest(harness: &Harness, bucket: &str, name: &str, since: u64) -> Option<(f64, String)> {
    let time = |seconds: u64| contract::time::rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
    let (from, until) = (time(since), time(now() + 60));
    let params = [
        ("Namespace", "CustomS3"),
        ("MetricName", name),
        ("Dimensions.member.1.Name", "BucketName"),
        ("Dimensions.member.1.Value", bucket),
        ("StartTime", &from),
        ("EndTime", &until),
        ("Period", "1"),
        ("Statistics.member.1", "Maximum"),
    ];
    let answer = harness.aws.query("monitoring", "2010-08-01", "GetMetricStatistics", &params).await.unwrap();
    let mut points = xml::members(&answer, "Datapoints", ["Timestamp", "Maximum", "Unit"]);
    points.sort();
    let [_, value, unit] = points.pop()?;
    Some((value.parse().unwrap(), unit))
}

/// Runs the function, and checks what it published of each bucket: objects and bytes.
async fn assert_measured(harness: &Harness, expected: [(&str, (u64, u64)); 2]) {
    // CloudWatch keeps what belongs to one second together, an earlier run's values too.
    let unused = async || {
        let since = now();
        newest(harness, expected[0].0, "NumberOfObjects", since).await.is_none().then_some(since)
    };
    let since = harness.until(unused).await.expect("a second without values should come");
    let path = format!("/2015-03-31/functions/{}/invocations", harness.output("S3MetricsFunctionName"));
    let answer = harness.aws.rest("lambda", Method::POST, &path, b"{}".to_vec(), &[]).await.unwrap();

    assert_eq!(answer.headers().get("x-amz-function-error"), None, "{answer:?}");
    assert_eq!(serde_json::from_slice::<Value>(answer.body()).unwrap(), json!({"buckets": 2}));
    for (bucket, (objects, bytes)) in expected {
        let exact = |count: u64| f64::from(u32::try_from(count).unwrap());
        let size = newest(harness, bucket, "BucketSizeBytes", since).await;
        assert_eq!(size, Some((exact(bytes), "Bytes".to_owned())), "{bucket}");
        let number = newest(harness, bucket, "NumberOfObjects", since).await;
        assert_eq!(number, Some((exact(objects), "Count".to_owned())), "{bucket}");
    }
}

/// The pages that the scan took which found so many objects in the bucket.
async fn pages(harness: &Harness, bucket: &str, objects: u64) -> u64 {
    let pages = |seen: &Seen| {
        let lines = seen.logs.find(&LogFilter::default(), usize::MAX);
        let scanned = lines.into_iter().filter(|line| line.message == "Bucket scanned");
        let mut of_bucket = scanned.filter(|line| line.fields["bucket"] == bucket);
        of_bucket.find(|line| line.fields["objects"] == objects)?.fields["pages"].as_u64()
    };
    harness.seen("the log line of the scan", bucket, pages).await
}

#[tokio::test]
async fn totals_count_keys_that_xml_cannot_hold() {
    let (harness, _alone) = Harness::calm().await;
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    let odd = ["\u{1}", "\u{b}", "\u{1b}", "\u{1f}", "\u{fffe}", "\u{ffff}", "\r\n", "&<>+ %20", "é"];
    let keys = odd.map(|odd| format!("{QUIET}/odd-{odd}.raw"));
    let mut expected =
        [(original, listed(harness, original).await), (processed, listed(harness, processed).await)];
    for key in &keys {
        harness.put_object(original, &encoded(key).replace("%2F", "/"), b"odd", &[]).await;
    }
    expected[0].1.0 += 9;
    expected[0].1.1 += 27;

    assert_measured(harness, expected).await;

    let found = list(harness, original, &format!("{QUIET}/odd-")).await;
    let mut wanted = keys.to_vec();
    wanted.sort_unstable();
    assert_eq!(found.into_iter().map(|object| object.key).collect::<Vec<_>>(), wanted);
    for key in &keys {
        let path = format!("/{original}/{}?versionId=null", encoded(key).replace("%2F", "/"));
        harness.aws.rest("s3", Method::DELETE, &path, Vec::new(), &[]).await.unwrap();
    }
}

#[tokio::test]
async fn totals_of_both_buckets_are_exact_to_the_byte_over_several_pages() {
    let (harness, _alone) = Harness::calm().await;
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    let mut expected = [listed(harness, original).await, listed(harness, processed).await];
    // More than a page of 1000, and sizes whose sum no wrong number of objects gives.
    let objects = (1..=1_003_u64).map(|size| (original, size)).chain([(processed, 7), (processed, 0)]);
    for (bucket, size) in objects {
        let bytes = vec![b'x'; usize::try_from(size).unwrap()];
        harness.put_object(bucket, &format!("{QUIET}/{size:04}.raw"), &bytes, &[]).await;
        let total = &mut expected[usize::from(bucket == processed)];
        *total = (total.0 + 1, total.1 + size);
    }

    assert_measured(harness, [(original, expected[0]), (processed, expected[1])]).await;

    // How many more than two depends on the keys that other tests left: a range may end with a page that is not full.
    let pages = pages(harness, original, expected[0].0).await;
    assert!((2..=2 + 16).contains(&pages), "{pages} pages");
}

#[tokio::test]
async fn totals_leave_out_noncurrent_versions_delete_markers_and_unfinished_uploads() {
    let (harness, _alone) = Harness::calm().await;
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    let s3 = async |method: Method, path: &str, body: &str| {
        let answer = harness.aws.rest("s3", method, path, body.as_bytes().to_vec(), &[]).await.unwrap();
        String::from_utf8_lossy(answer.body()).into_owned()
    };
    let keep = async |status: &str| {
        let versioning =
            format!("<VersioningConfiguration><Status>{status}</Status></VersioningConfiguration>");
        s3(Method::PUT, &format!("/{original}?versioning"), &versioning).await;
    };
    let mut expected = [listed(harness, original).await, listed(harness, processed).await];
    keep("Enabled").await;
    let [kept, deleted, unfinished] =
        ["kept", "deleted", "unfinished"].map(|name| format!("{QUIET}/versions/{name}.raw"));
    for size in [100, 10, 1] {
        harness.put_object(original, &kept, &vec![b'x'; size], &[]).await;
    }
    harness.put_object(original, &deleted, b"deleted", &[]).await;
    s3(Method::DELETE, &format!("/{original}/{deleted}"), "").await;
    let started = s3(Method::POST, &format!("/{original}/{unfinished}?uploads"), "").await;
    let upload = xml::first(&started, "UploadId").unwrap();
    let part = format!("/{original}/{unfinished}?partNumber=1&uploadId={upload}");
    s3(Method::PUT, &part, "a part of an upload").await;
    // The newest version of one key is all of this that is an object.
    expected[0] = (expected[0].0 + 1, expected[0].1 + 1);

    assert_measured(harness, [(original, expected[0]), (processed, expected[1])]).await;

    let found = s3(Method::GET, &format!("/{original}?versions&prefix={QUIET}/versions/"), "").await;
    let of = |element: &str| found.matches(&format!("<{element}>")).count();
    assert_eq!((of("Version"), of("DeleteMarker")), (4, 1), "there was something to leave out: {found}");
    let uploads = s3(Method::GET, &format!("/{original}?uploads&prefix={QUIET}/versions/"), "").await;
    assert!(uploads.contains(&upload), "{uploads}");
    s3(Method::DELETE, &format!("/{original}/{unfinished}?uploadId={upload}"), "").await;
    for [key, version] in xml::members(&found, "ListVersionsResult", ["Key", "VersionId"]) {
        if !key.is_empty() {
            s3(Method::DELETE, &format!("/{original}/{key}?versionId={version}"), "").await;
        }
    }
    keep("Suspended").await;
}

/// Objects of the large bucket, of how many users they are, and how many thumbnails the other bucket holds.
const MANY: usize = 100_000;
const OWNERS: usize = 5_000;
const THUMBNAILS: usize = 3_000;

/// Requests on their way while a bucket is filled.
const WRITERS: usize = 32;

/// Fills a bucket with `keys`, each with as many bytes as a digit of its number says; answers the bytes.
async fn fill(harness: &Harness, bucket: &str, keys: impl Iterator<Item = String>) -> u64 {
    let puts = keys.enumerate().map(async |(number, key)| {
        let bytes = vec![b'x'; number % 10];
        harness.put_object(bucket, &key, &bytes, &[]).await;
        u64::try_from(bytes.len()).unwrap()
    });
    stream::iter(puts).buffer_unordered(WRITERS).fold(0, async |sum, bytes| sum + bytes).await
}

#[tokio::test]
#[ignore = "long: run by .ci/nightly"]
#[expect(clippy::print_stdout, reason = "the figures are what the run of CI shows of it")]
async fn totals_of_100_000_uploads_are_exact_within_the_pages_that_a_scan_may_take() {
    let harness = &Harness::up("e2e-totals", &[("MetricsSchedule", "rate(1 hour)")]).await;
    let (original, processed) = (harness.output("OriginalBucketName"), harness.output("ProcessedBucketName"));
    let owners: Vec<Uuid> = (0..OWNERS).map(|_| Uuid::new_v4()).collect();
    // Names that `hush` has the bucket send no notification about, and that are otherwise as the API issues them.
    let uploads = (0..MANY).map(|number| {
        let issued = image_id::issue(&owners[number * 7919 % OWNERS].to_string(), "jpg");
        issued.key.replace(".jpg", ".raw")
    });
    let thumbnails = (0..THUMBNAILS).map(|_| format!("processed/{}.jpg", Uuid::now_v7()));
    let begun = Instant::now();
    let bytes = (fill(harness, original, uploads).await, fill(harness, processed, thumbnails).await);
    let filled = begun.elapsed();
    let held = [
        (original, (u64::try_from(MANY).unwrap(), bytes.0)),
        (processed, (u64::try_from(THUMBNAILS).unwrap(), bytes.1)),
    ];

    let begun = Instant::now();
    assert_measured(harness, held).await;

    let took = begun.elapsed();
    for (bucket, (objects, _)) in held {
        let (pages, full) = (pages(harness, bucket, objects).await, objects.div_ceil(1000));
        println!("{objects} objects: {pages} pages, of which {full} are full");
        assert!(pages <= full + 16.max(full / 20), "{pages} pages");
    }
    println!("filled in {} s, both scanned in {:.1} s", filled.as_secs(), took.as_secs_f64());
}
