//! Made-up data of a stack that nobody runs: images, their traces and mail, metrics, alarms, dead letters.

mod answers;
mod image;
mod metrics;
mod watched;

use std::error::Error;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::Credentials;
use cloudwatch_model::Timestamp;
use local_stack::console::Source;
use local_stack::deploy::Reconciled;
use local_stack::faults::Faults;
use local_stack::observe::logs::LogLine;
use local_stack::observe::{Observer, Seen};
use local_stack::stack::{DemoUser, StackInfo};
use serde_json::json;

use image::Image;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// What a console is served from.
pub(crate) async fn source() -> Result<Source, Box<dyn Error>> {
    let now_ms = i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis())?;
    let images: Vec<Image> = (0..7).map(|number| Image::new(number, now_ms)).collect();
    let mut seen = Seen::default();
    images.iter().flat_map(Image::spans).for_each(|span| seen.traces.put(span));
    for image in images.iter().rev() {
        image.mail(&mut seen);
    }
    failures(&mut seen, now_ms, &images);
    watched::put(&mut seen, now_ms)?;
    metrics::put(&mut seen, now_ms)?;

    let endpoint = answers::serve(images.iter().filter_map(Image::item).collect()).await?;
    let mut source = Source::of(Observer::of(seen), &info(endpoint), Faults::default());
    source.root = ROOT.into();
    Ok(source)
}

fn failures(seen: &mut Seen, now_ms: i64, images: &[Image]) {
    for image in images.iter().filter(|image| image.is_failed()) {
        let line = json!({
            "level": "WARN", "message": "Image rejected", "reason": "Corrupt", "image_id": image.id,
            "trace_id": image.trace_id, "service": "image-processor", "error": "corrupt: <b>the image data ends</b> after 71 % of its rows",
        });
        let raw = line.to_string();
        let line = LogLine::read("/aws/lambda/image-processor-lambda", "s", now_ms - 90_000, &raw);
        seen.logs.put(line, &raw, Timestamp::from_millis(now_ms), &mut seen.metrics);
    }
}

fn info(endpoint: String) -> StackInfo {
    let outputs = [
        ("ApiUrl", "http://a1b2c3.execute-api.localhost:4566/generate-upload-url"),
        ("ImageProcessorFunctionName", "image-processor-lambda"),
        ("HostedUiUrl", "http://localhost:4566/login?client_id=4f7"),
        ("MetadataTableName", "ImageMetadata"),
        ("OriginalBucketName", "uploads-000000000000-ap-northeast-1"),
        ("ProcessedBucketName", "thumbnails-000000000000-ap-northeast-1"),
        ("QueueUrl", "http://localhost:4566/000000000000/image-processing-queue"),
        ("DeadLetterQueueUrl", "http://localhost:4566/000000000000/image-processing-dlq"),
    ];
    StackInfo {
        name: "default".to_owned(),
        endpoint,
        console: String::new(),
        region: "ap-northeast-1".to_owned(),
        outputs: outputs.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        log_groups: Vec::new(),
        outbox_queue_url: String::new(),
        credentials: Credentials {
            access_key_id: "test".to_owned(),
            secret_access_key: "test".to_owned(),
            session_token: None,
        },
        user: DemoUser {
            email: "demo@example.com".to_owned(),
            password: "-".to_owned(),
            sub: "-".to_owned(),
        },
        pid: 1,
        reconciled: Reconciled::default(),
    }
}
