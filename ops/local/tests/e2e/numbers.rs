//! Metrics are what happened: embedded metrics of the functions.

use cloudwatch_model::{Dimensions, MetricId, Timestamp};
use image::ImageFormat;
use local_stack::observe::Seen;
use serde_json::json;

use crate::harness::Harness;
use crate::picture::picture;
use crate::queue::{attempt, dead_letters, enqueue, notification};
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
