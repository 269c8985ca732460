//! A million images: what an audit of them takes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant, UNIX_EPOCH};

use aws_client::AwsError;
use contract::image_id::image_id;
use contract::item::Record;
use contract::thumbnail_key::thumbnail_key;
use terminal::progress::Step;
use uuid::Uuid;

use super::world::{HOUR, start};
use crate::audit::source::{Bucket, DeadLetters, Expiry, Object, Page, QueueState, Source};
use crate::audit::{Kind, Options, run};

const IMAGES: usize = 1_000_000;
const PAGE: usize = 1_000;
/// Most memory that an audit may add, in kilobytes.
const MEMORY_KB: u64 = 40 * 1_024;

/// A bucket of uploads, a table and a bucket of thumbnails that exist only while they are read.
#[derive(Debug)]
struct Many;

fn key(number: usize) -> String {
    format!("user-uploads/9f1c7e52-4a0b-4c3d-8e21-6b5f0d9a7c11/holiday-picture-{number:020}.jpg")
}

fn page<T>(from: Option<String>, entry: impl Fn(usize) -> T) -> Page<T> {
    let first: usize = from.map_or(0, |from| from.parse().unwrap());
    let next = first + PAGE;
    Page {
        entries: (first..next.min(IMAGES)).map(entry).collect(),
        next: (next < IMAGES).then(|| next.to_string()),
    }
}

fn object(key: String, bytes: u64) -> Object {
    Object { key, bytes, e_tag: "d41d8cd98f00b204e9800998ecf8427e".to_owned(), modified: start() - 2 * HOUR }
}

fn record(number: usize) -> Record {
    let (key, time) = (key(number), Some("2027-01-15T06:00:00Z".to_owned()));
    let id = image_id(&key);
    Record {
        image_id: id.to_string(),
        original_key: key,
        status: "DONE".to_owned(),
        processed_key: Some(thumbnail_key(id, None)),
        thumbnail_bytes: Some(9_000),
        thumbnail_width: Some(256),
        thumbnail_height: Some(192),
        e_tag: Some("d41d8cd98f00b204e9800998ecf8427e".to_owned()),
        uploaded_at: time.clone(),
        processed_at: time,
        claimed_until: Some(UNIX_EPOCH + Duration::from_secs(1)),
        notified: Some(true),
        ..Record::default()
    }
}

impl Source for Many {
    async fn list(&self, bucket: Bucket, from: Option<String>) -> Result<Page<Object>, AwsError> {
        Ok(page(from, |number| match bucket {
            Bucket::Originals => object(key(number), 2_000_000),
            // One of them is not as its item describes it.
            Bucket::Thumbnails => {
                object(thumbnail_key(image_id(&key(number)), None), 9_000 - u64::from(number == 123_456))
            }
        }))
    }

    async fn scan(&self, from: Option<String>) -> Result<Page<Record>, AwsError> {
        Ok(page(from, record))
    }

    async fn item(&self, _: Uuid) -> Result<Option<Record>, AwsError> {
        Ok(Some(record(123_456)))
    }

    async fn object(&self, _: Bucket, key: &str) -> Result<Option<Object>, AwsError> {
        Ok(Some(object(key.to_owned(), 2_000_000)))
    }

    async fn thumbnails(&self, image_id: Uuid) -> Result<Vec<Object>, AwsError> {
        Ok(vec![object(thumbnail_key(image_id, None), 8_999)])
    }

    async fn read(&self, _: &str) -> Result<Option<Vec<u8>>, AwsError> {
        Ok(None)
    }

    async fn queue(&self) -> Result<QueueState, AwsError> {
        Ok(QueueState { messages: 0, tries_for: HOUR, keeps_for: HOUR })
    }

    async fn dead_letters(&self) -> Result<DeadLetters, AwsError> {
        Ok(DeadLetters::default())
    }

    async fn expiry(&self, _: Bucket) -> Result<Expiry, AwsError> {
        Ok(Expiry::default())
    }

    fn requests(&self) -> BTreeMap<&'static str, u64> {
        BTreeMap::new()
    }
}

/// The most memory that this process has had, in kilobytes.
fn peak_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
#[ignore = "takes a minute and half a gigabyte of disk; the memory is that of the process, so run it alone"]
#[expect(clippy::print_stdout, reason = "the figures are what it is run for")]
async fn a_million_images_are_audited_in_little_memory() {
    let (before, began) = (peak_kb(), Instant::now());

    let options = Options { start: start(), ..Options::now() };
    let report = run(&Many, &options, &Step::start(&(), "audit", "")).await.unwrap();

    let more = peak_kb() - before;
    println!("{IMAGES} images: {:.1} s, {more} kB more", began.elapsed().as_secs_f64());
    assert_eq!((report.objects.done, report.items), (IMAGES as u64, IMAGES as u64));
    let found: Vec<_> = report.findings.iter().map(|it| (it.kind, it.count)).collect();
    assert_eq!(found, [(Kind::ThumbnailDiffers, 1)]);
    assert!(more < MEMORY_KB, "{more} kB");
}
