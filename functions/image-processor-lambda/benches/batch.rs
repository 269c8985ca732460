//! Images per second, ten messages in one batch against one by one, where each call of S3 takes 50 ms.
//!
//!     cargo bench -p image-processor-lambda --bench batch --profile dev [-- PHOTO [MEMORY_MB]]
//!
//! Thumbnails are real. Under the profile `dev` codecs are optimised as in a release.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_precision_loss,
    reason = "a bench prints and may fail"
)]

use std::{
    collections::BTreeMap,
    path::Path,
    sync::Mutex,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aws_lambda_events::sqs::SqsEvent;
use contract::item::Item;
use image_processor_lambda::{
    app::App,
    condition::{Condition, Standing},
    config::Config,
    error::AwsError,
    handler::handle,
    store::{Note, Opened, Recorded, Store},
};
use lambda_runtime::{Context, LambdaEvent};
use serde_json::{Value, json};
use telemetry::Telemetry;
use uuid::Uuid;

const PUT: &str = include_str!("../tests/fixtures/object-created-put.json");
const LATENCY: Duration = Duration::from_millis(50);
const BATCH: usize = 10;
const ROUNDS: usize = 5;

/// One photograph under every key, behind a slow line; the rest answers at once.
struct SlowS3 {
    photo: Vec<u8>,
    items: Mutex<BTreeMap<Uuid, Item>>,
}

impl Store for SlowS3 {
    type Body = ();

    async fn open(&self, _key: &str) -> Result<Option<Opened<()>>, AwsError> {
        tokio::time::sleep(LATENCY).await;
        Ok(Some(Opened { bytes: self.photo.len() as u64, e_tag: None, traceparent: None, body: () }))
    }

    async fn read(&self, (): ()) -> Result<Vec<u8>, AwsError> {
        Ok(self.photo.clone())
    }

    async fn put(&self, _key: &str, _jpeg: Vec<u8>) -> Result<(), AwsError> {
        tokio::time::sleep(LATENCY).await;
        Ok(())
    }

    async fn record(&self, item: &Item, condition: Condition) -> Result<Recorded, AwsError> {
        let mut items = self.items.lock().unwrap();
        let standing = items.get(&item.image_id).map(Standing::of);
        if !condition.allows(item, standing.as_ref()) {
            return Ok(Recorded::Refused(standing));
        }
        items.insert(item.image_id, item.clone());
        Ok(Recorded::Written(None))
    }

    async fn notify(&self, _note: &Note) -> Result<(), AwsError> {
        Ok(())
    }

    async fn pause(&self, wait: Duration) {
        tokio::time::sleep(wait).await;
    }

    async fn delete(&self, _receipt: &str) -> Result<(), AwsError> {
        Ok(())
    }

    async fn postpone(&self, _receipt: &str, _wait: Duration) -> Result<(), AwsError> {
        Ok(())
    }
}

/// Messages about images that nobody has seen before.
fn batch(count: usize) -> SqsEvent {
    let records: Vec<Value> = (0..count)
        .map(|index| {
            let mut body: Value = serde_json::from_str(PUT).unwrap();
            let key = contract::image_id::issue("alice", "jpg").key;
            *body.pointer_mut("/Records/0/s3/object/key").unwrap() = key.into();
            json!({
                "messageId": index.to_string(),
                "receiptHandle": "r",
                "body": body.to_string(),
                "attributes": {},
                "messageAttributes": {},
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

async fn invoke(app: &App<SlowS3>, event: SqsEvent) {
    let mut context = Context::default();
    let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + Duration::from_mins(1);
    context.deadline = u64::try_from(deadline.as_millis()).unwrap();
    let response = app.telemetry.within(handle(app, LambdaEvent::new(event, context))).await;
    assert!(response.batch_item_failures.is_empty());
}

/// Images per second of the fastest round: what slows a round down is other work of the machine.
async fn rate(app: &App<SlowS3>, at_once: usize) -> f64 {
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..BATCH / at_once {
            invoke(app, batch(at_once)).await;
        }
        best = best.min(started.elapsed());
    }
    let done = app.store.items.lock().unwrap().values().filter(|item| item.notified).count();
    assert!(done > 0);
    BATCH as f64 / best.as_secs_f64()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let given: Vec<String> = std::env::args().skip(1).filter(|it| it != "--bench").collect();
    let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ops/local/photos/raccoon.jpg");
    let photo = given.first().map_or(default, |path| Path::new(path).to_owned());
    let photo = std::fs::read(photo).unwrap();
    let sizes = given.get(1).map_or_else(|| vec!["1769", "3538"], |size| vec![size.as_str()]);
    for memory in sizes {
        let config = Config::read(|name| match name {
            "ORIGINAL_BUCKET" => Some("originals".to_owned()),
            "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => Some(name.to_owned()),
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE" => Some(memory.to_owned()),
            _ => None,
        });
        let store = SlowS3 { photo: photo.clone(), items: Mutex::default() };
        let (telemetry, _) = Telemetry::capture("image-processor-lambda");
        let app = App::new(config.unwrap(), store, telemetry);
        let (alone, together) = (rate(&app, 1).await, rate(&app, BATCH).await);
        let (messages, decoders) = (app.config.parallel, app.config.decoders);
        println!(
            "{memory} MB, messages at once {messages}, decoders {decoders}: one by one {alone:.1} images/s, \
             a batch of {BATCH} {together:.1} images/s, {:.1} times as many",
            together / alone
        );
    }
}
