//! Metrics are what happened: embedded metrics of the functions, and the totals of the buckets.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_client::xml;
use cloudwatch_model::{Dimensions, MetricId, Timestamp};
use http::Method;
use image::ImageFormat;
use local_stack::observe::Seen;
use serde_json::{Value, json};

use crate::harness::Harness;
use crate::listing::{encoded, list};
use crate::picture::picture;
use crate::queue::{QUIET, attempt, dead_letters, enqueue, notification};
use crate::uploader::{ask, bearer, somebody, upload};

/// How often a metric was reported, and the sum of its values.
pub(crate) fn total(seen: &Seen, service: &str, name: &str, dimension: Option<(&str, &str)>) -> (f64, f64) {
    let dimensions = Dimensions::new([("service", service)].into_iter().chain(dimension)).unwrap();
    let metric = MetricId::new("ImagePipeline", name, dimensions).unwrap();
    let ever = (Timestamp::from_millis(0), Timestamp::from_millis(i64::MAX));
    let values = seen.metrics.values(&metric, None, ever.0, ever.1);
    values.iter().fold((0.0, 0.0), |(times, sum), (value, count)| (times + count, sum + value * count))
}

pub(crate) const PROCESSOR: &str = "image-processor-lambda";
pub(crate) const ISSUER: &str = "generate-upload-url";

/// Waits until a counter of the processor has risen to `expected`.
async fn counted(harness: &Harness, name: &str, dimension: Option<(&str, &str)>, expected: f64) {
    let reached = |seen: &Seen| (total(seen, PROCESSOR, name, dimension).1 >= expected).then_some(());
    harness.seen(&format!("{name} {dimension:?} = {expected}"), "", reached).await;
}

#[tokio::test]
async fn damaged_files_are_refused_with_their_reason_and_raise_no_alarm() {
    let (harness, _alone) = Harness::calm().await;
    let tokens = somebody(harness).await;
    let whole = picture(ImageFormat::Jpeg);
    let mut damaged = picture(ImageFormat::Png);
    // Inside the first chunk of pixels: the checksum no longer holds.
    damaged[60] ^= 0xFF;
    for (bytes, reason) in [
        (b"not an image".to_vec(), "NotAnImage"),
        (whole[..whole.len() / 2].to_vec(), "Truncated"),
        (damaged, "Corrupt"),
        (Vec::new(), "Empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec(), "UnsupportedFormat"),
    ] {
        let before = harness
            .observer
            .look(|seen| total(seen, PROCESSOR, "ImagesRejected", Some(("Reason", reason))).1);
        let id = upload(harness, &tokens, bytes).await.image_id;

        let item = harness.settled(&id).await;

        assert_eq!((item.status(), item.text("reason")), ("FAILED", reason), "{item:?}");
        assert!(!item.text("message").is_empty());
        assert_eq!((item.text("processedS3Key"), harness.thumbnail(&id).await), ("", None));
        assert_eq!(harness.notifications(&id).await, ["FAILED"]);
        counted(harness, "ImagesRejected", Some(("Reason", reason)), before + 1.0).await;
    }
    assert_eq!(harness.observer.look(|seen| total(seen, PROCESSOR, "ProcessingFaults", None)), (0.0, 0.0));
    assert_eq!(dead_letters(harness).await, [""; 0]);
}

#[tokio::test]
async fn embedded_metrics_count_what_was_done() {
    let (harness, _alone) = Harness::calm().await;
    let tokens = somebody(harness).await;
    let sum = |service: &str, name: &str, dimension: Option<(&str, &str)>| {
        harness.observer.look(|seen| total(seen, service, name, dimension))
    };
    let all = || {
        let not_an_image = Some(("Reason", "NotAnImage"));
        let unsupported = Some(("Reason", "UnsupportedType"));
        [
            sum(ISSUER, "UploadUrlsIssued", None).1,
            sum(ISSUER, "UploadUrlLatency", None).0,
            sum(ISSUER, "UploadUrlRejections", unsupported).1,
            sum(PROCESSOR, "UploadsSeen", None).1,
            sum(PROCESSOR, "ImagesReceived", None).1,
            sum(PROCESSOR, "ImagesProcessed", None).1,
            sum(PROCESSOR, "ImagesRejected", not_an_image).1,
            sum(PROCESSOR, "Duplicates", None).1,
            sum(PROCESSOR, "UploadToDoneLatency", None).0,
            sum(PROCESSOR, "UrlToUploadLatency", None).0,
            sum(PROCESSOR, "StageLatency", Some(("Stage", "decode"))).0,
            sum(PROCESSOR, "DecodedPixels", None).1,
            sum(PROCESSOR, "OriginalBytes", None).1,
            sum(PROCESSOR, "ThumbnailBytes", None).1,
        ]
    };
    let before = all();

    let pictures = [picture(ImageFormat::Jpeg), picture(ImageFormat::Png)];
    let original_bytes: usize = pictures.iter().map(Vec::len).sum();
    let mut thumbnail_bytes = 0;
    for bytes in pictures {
        let id = upload(harness, &tokens, bytes).await.image_id;
        thumbnail_bytes += harness.settled(&id).await.number("thumbnailBytes").unwrap();
    }
    let refused = upload(harness, &tokens, b"not an image".to_vec()).await;
    let sequencer = harness.settled(&refused.image_id).await.text("sequencer").to_owned();
    let again = enqueue(harness, &notification(harness, &refused.file_path, &sequencer), json!({})).await;
    attempt(harness, &again).await;
    ask(harness, "", Some(&bearer(&tokens.id_token)), &[], r#"{"content_type":"image/jxl"}"#).await;

    let bytes = |count: usize| f64::from(u32::try_from(count).unwrap());
    let thumbnail_bytes = f64::from(u32::try_from(thumbnail_bytes).unwrap());
    let done = [
        3.0,
        3.0,
        1.0,
        3.0,
        4.0,
        2.0,
        1.0,
        1.0,
        2.0,
        2.0,
        2.0,
        512_000.0,
        bytes(original_bytes),
        thumbnail_bytes,
    ];
    let grown = || {
        let grown: Vec<f64> = all().iter().zip(before).map(|(now, then)| now - then).collect();
        grown.iter().zip(done).all(|(grown, done)| *grown >= done).then_some(grown)
    };
    let grown = harness.until(async || grown()).await;
    assert_eq!(grown.as_deref(), Some(done.as_slice()), "{:?}\n{}", all(), harness.story(""));
    assert_eq!(sum(PROCESSOR, "ProcessingFaults", None), (0.0, 0.0));
    assert_eq!(
        harness.observer.look(|seen| seen.logs.refused_metrics()),
        0,
        "CloudWatch would take every line"
    );
}

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
    let since = now();
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

    let pages = |seen: &Seen| {
        let lines = seen.logs.find(&local_stack::observe::logs::LogFilter::default(), usize::MAX);
        let scanned = lines.into_iter().filter(|line| line.message == "Bucket scanned");
        scanned
            .filter(|line| line.fields["bucket"] == original)
            .find_map(|line| line.fields["pages"].as_u64().filter(|pages| *pages > 1))
    };
    // How many more than two depends on the keys that other tests left: a range may end with a page that is not full.
    let pages = harness.seen("the log line of the scan", original, pages).await;
    assert!((2..=2 + 16).contains(&pages), "{pages} pages");
}
