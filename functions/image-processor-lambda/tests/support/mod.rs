//! The harness of the function: a world in memory with faults on demand, captured telemetry.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aws_lambda_events::sqs::{SqsBatchResponse, SqsEvent};
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
use telemetry::{Captured, Telemetry};
use tracing::Instrument;

pub(crate) const PUT: &str = include_str!("../fixtures/object-created-put.json");
pub(crate) const KEY: &str = "user-uploads/alice/019b76da-a0ab-8000-8000-2a27bfb5dfb0.jpg";
pub(crate) const ID: &str = "019b76da-a0ab-8000-8000-2a27bfb5dfb0";
pub(crate) const TRACEPARENT: &str = "00-6553f1000af7651916cd43dd8448eb21-b7ad6b7169203331-01";

/// A call of the port, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Read,
    Put,
    Record,
    Notify,
    Postpone,
    Delete,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) objects: BTreeMap<String, Vec<u8>>,
    pub(crate) thumbnails: BTreeMap<String, Vec<u8>>,
    pub(crate) items: BTreeMap<String, Item>,
    pub(crate) notes: Vec<Note>,
    pub(crate) postponed: Vec<(String, Duration)>,
    /// Receipts of messages that were deleted before the batch was answered.
    pub(crate) deleted: Vec<String>,
    /// Each wait for another attempt.
    pub(crate) pauses: Vec<Duration>,
    /// How many pauses later the attempt that is at work ends.
    pub(crate) other_ends_after: Option<usize>,
    /// The original whose reading kills the function.
    pub(crate) deadly: Option<Vec<u8>>,
    /// Whether it did.
    pub(crate) killed: Arc<tokio::sync::Notify>,
    pub(crate) calls: Vec<Call>,
    /// Calls that fail the next time they are made.
    pub(crate) faults: Vec<Call>,
    /// The trace in each object's metadata; those not named here have [`TRACEPARENT`].
    pub(crate) traceparents: BTreeMap<String, Option<String>>,
    /// The message of a failing call; empty for the usual.
    pub(crate) complaint: String,
    /// Whether the next `Open` panics.
    pub(crate) panics: bool,
    /// Where each `Open` waits for others.
    pub(crate) meeting: Option<Arc<tokio::sync::Barrier>>,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(pub(crate) Arc<Mutex<World>>);

impl Memory {
    fn call(&self, call: Call) -> Result<std::sync::MutexGuard<'_, World>, AwsError> {
        self.0.lock().unwrap().calls.push(call);
        self.unless_faulty(call)
    }

    fn unless_faulty(&self, call: Call) -> Result<std::sync::MutexGuard<'_, World>, AwsError> {
        let mut world = self.0.lock().unwrap();
        let Some(fault) = world.faults.iter().position(|it| *it == call) else { return Ok(world) };
        world.faults.remove(fault);
        let complaint = if world.complaint.is_empty() { "service unavailable" } else { &world.complaint };
        Err(complaint.into())
    }
}

impl Store for Memory {
    type Body = Vec<u8>;

    async fn open(&self, key: &str) -> Result<Option<Opened<Vec<u8>>>, AwsError> {
        let meeting = self.0.lock().unwrap().meeting.clone();
        if let Some(meeting) = meeting {
            meeting.wait().await;
        }
        let world = self.call(Call::Open)?;
        if world.panics {
            let complaint = world.complaint.clone();
            drop(world);
            self.0.lock().unwrap().panics = false;
            panic!("a defect: {complaint}");
        }
        Ok(world.objects.get(key).map(|body| Opened {
            bytes: body.len() as u64,
            e_tag: Some("etag".to_owned()),
            traceparent: match world.traceparents.get(key) {
                Some(traceparent) => traceparent.clone(),
                None => Some(TRACEPARENT.to_owned()),
            },
            body: body.clone(),
        }))
    }

    async fn read(&self, body: Vec<u8>) -> Result<Vec<u8>, AwsError> {
        let dies = self.call(Call::Read)?.deadly.as_ref() == Some(&body);
        if dies {
            self.0.lock().unwrap().killed.notify_one();
            std::future::pending::<()>().await;
        }
        Ok(body)
    }

    async fn put(&self, key: &str, jpeg: Vec<u8>) -> Result<(), AwsError> {
        self.call(Call::Put)?.thumbnails.insert(key.to_owned(), jpeg);
        Ok(())
    }

    async fn record(&self, item: &Item, condition: Condition) -> Result<Recorded, AwsError> {
        let mut world = self.call(Call::Record)?;
        let standing = world.items.get(&item.image_id.to_string()).map(Standing::of);
        if !condition.allows(item, standing.as_ref()) {
            return Ok(Recorded::Refused(standing));
        }
        world.items.insert(item.image_id.to_string(), item.clone());
        Ok(Recorded::Written)
    }

    async fn notify(&self, note: &Note) -> Result<(), AwsError> {
        self.call(Call::Notify)?.notes.push(note.clone());
        Ok(())
    }

    async fn pause(&self, wait: Duration) {
        let mut world = self.0.lock().unwrap();
        world.pauses.push(wait);
        if world.other_ends_after.is_some_and(|pauses| world.pauses.len() >= pauses) {
            for item in world.items.values_mut() {
                item.claimed_until = UNIX_EPOCH;
                item.notified = true;
            }
        }
    }

    async fn delete(&self, receipt: &str) -> Result<(), AwsError> {
        self.call(Call::Delete)?.deleted.push(receipt.to_owned());
        Ok(())
    }

    async fn postpone(&self, receipt: &str, wait: Duration) -> Result<(), AwsError> {
        self.unless_faulty(Call::Postpone)?.postponed.push((receipt.to_owned(), wait));
        Ok(())
    }
}

pub(crate) struct Harness {
    pub(crate) app: App<Memory>,
    pub(crate) captured: Captured,
}

impl Harness {
    pub(crate) fn new() -> Self {
        Self::built(Telemetry::capture("image-processor-lambda"))
    }

    /// A harness that logs at the most verbose level.
    pub(crate) fn at_trace() -> Self {
        let lookup = |name: &str| (name == "RUST_LOG").then(|| "trace".to_owned());
        Self::built(Telemetry::capture_with("image-processor-lambda", lookup))
    }

    fn built((telemetry, captured): (Telemetry, Captured)) -> Self {
        let config = Config::read(|name| match name {
            "ORIGINAL_BUCKET" => Some("originals".to_owned()),
            "PROCESSED_BUCKET" | "METADATA_TABLE" | "TOPIC_ARN" | "QUEUE_URL" => Some(name.to_owned()),
            _ => None,
        });
        Self { app: App::new(config.unwrap(), Memory::default(), telemetry), captured }
    }

    pub(crate) fn with_photo(key: &str) -> Self {
        let harness = Self::new();
        harness.world().objects.insert(key.to_owned(), photo());
        harness
    }

    pub(crate) fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.app.store.0.lock().unwrap()
    }

    /// How many items there are, and how many notifications.
    pub(crate) fn results(&self) -> (usize, usize) {
        let world = self.world();
        (world.items.len(), world.notes.len())
    }

    pub(crate) fn item(&self, id: &str) -> Item {
        self.world().items[id].clone()
    }

    /// Has an attempt at [`ID`] be at work for `time` from now on; with no time it is dead already.
    pub(crate) fn attempt_at_work(&self, time: Duration) {
        let mut item = self.item(ID);
        item.notified = false;
        item.claimed_until = if time.is_zero() { UNIX_EPOCH } else { SystemTime::now() + time };
        self.world().items.insert(ID.to_owned(), item);
    }

    /// Delivers `bodies` as one batch with half a minute to go; answers the ids that failed.
    pub(crate) async fn deliver(&self, bodies: &[&str]) -> Vec<String> {
        self.deliver_within(Duration::from_secs(30), bodies).await
    }

    pub(crate) async fn deliver_within(&self, time: Duration, bodies: &[&str]) -> Vec<String> {
        self.invoke(time, batch(bodies)).await
    }

    /// One invocation, in a span as the runtime's wrapper makes it.
    pub(crate) async fn invoke(&self, time: Duration, event: SqsEvent) -> Vec<String> {
        let mut context = Context::default();
        let deadline = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() + time;
        context.deadline = u64::try_from(deadline.as_millis()).unwrap();
        let work = async {
            let span = tracing::info_span!(parent: None, "process_batch");
            handle(&self.app, LambdaEvent::new(event, context)).instrument(span).await
        };
        let response: SqsBatchResponse = self.app.telemetry.within(work).await;
        response.batch_item_failures.into_iter().map(|it| it.item_identifier).collect()
    }

    pub(crate) fn sum(&self, metric: &str) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "small counts")]
        let sum = self.captured.sum(metric) as u64;
        sum
    }
}

/// Message ids are `m0`, `m1` and so on; receipt handles `r0` and so on.
pub(crate) fn batch(bodies: &[&str]) -> SqsEvent {
    let records: Vec<Value> = bodies
        .iter()
        .enumerate()
        .map(|(n, body)| {
            json!({
                "messageId": format!("m{n}"),
                "receiptHandle": format!("r{n}"),
                "body": body,
                "attributes": { "ApproximateReceiveCount": "1", "SentTimestamp": "1767225600200" },
                "messageAttributes": {},
                "md5OfBody": "x",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:ap-northeast-1:123456789012:image-processing-queue",
                "awsRegion": "ap-northeast-1",
            })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// The notification of `key` in version `sequencer`.
pub(crate) fn created(key: &str, sequencer: &str) -> String {
    let mut body: Value = serde_json::from_str(PUT).unwrap();
    let object = body.pointer_mut("/Records/0/s3/object").unwrap();
    object["key"] = key.into();
    object["sequencer"] = sequencer.into();
    body.to_string()
}

/// A picture of 400 × 300 pixels.
pub(crate) fn photo() -> Vec<u8> {
    let mut bytes = Vec::new();
    let picture = image::RgbImage::from_fn(400, 300, |x, y| image::Rgb([x as u8, y as u8, 128]));
    let encoder = image::codecs::jpeg::JpegEncoder::new(&mut bytes);
    picture.write_with_encoder(encoder).unwrap();
    bytes
}
