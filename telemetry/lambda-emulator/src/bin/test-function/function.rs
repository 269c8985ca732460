//! A Lambda function whose event selects what it does: work with ten spans, or one of the failures.

use std::time::Duration;

use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde::{Deserialize, Serialize};
use telemetry::{Counter, Emf, Entry, Event, Size, Telemetry, Timer, Trigger};
use tracing::{Instrument, info, info_span};

/// The event.
#[derive(Debug, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
enum Order {
    /// Ten spans, the invocation's one included, a log line and a line of metrics.
    Work { image_id: String, key: String },
    /// An error with `text` in it.
    Fail { text: String },
    /// A panic with `text` in it.
    Panic { text: String },
    /// A log line, and a span that lasts `ms` milliseconds.
    Sleep { ms: u64 },
}

#[derive(Debug, Serialize)]
struct Done {
    image_id: String,
    allocations: usize,
}

/// Runs in the mode of the environment variable `TEST_FUNCTION_MODE`: `bare` without telemetry, `fail` and `panic`
/// in the start, `queue` with a queue as its trigger, else as a function with telemetry. `allocations` counts those
/// of the process.
pub(crate) async fn run(allocations: fn() -> usize) -> Result<(), Error> {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the environment")]
    let mode = std::env::var("TEST_FUNCTION_MODE").unwrap_or_default();
    if mode == "bare" {
        let service =
            service_fn(async |event: LambdaEvent<Order>| handle(event.payload, None, allocations).await);
        return Runtime::new(service).run().await;
    }
    let telemetry = Telemetry::init("test-function")?;
    telemetry.start(async { start(&mode) }).await?;
    let trigger = if mode == "queue" { Trigger::PubSub } else { Trigger::Http };
    let entry = Entry { span: "test_function", trigger };
    let handler = telemetry.clone();
    telemetry
        .run(entry, async |event: LambdaEvent<Order>| {
            handle(event.payload, Some(&handler), allocations).await
        })
        .await
}

#[expect(clippy::panic, reason = "tests need a start that panics")]
fn start(mode: &str) -> Result<(), Error> {
    match mode {
        "fail" => Err("no table for marker@example.com".into()),
        "panic" => panic!("no table for marker@example.com"),
        _ => Ok(()),
    }
}

#[expect(clippy::panic, reason = "tests need a handler that panics")]
async fn handle(
    order: Order,
    telemetry: Option<&Telemetry>,
    allocations: fn() -> usize,
) -> Result<Done, Error> {
    match order {
        Order::Work { image_id, key } => {
            work(&image_id, &key).await;
            if let Some(telemetry) = telemetry {
                telemetry.emit(&Worked { image_id: &image_id });
            }
            Ok(Done { image_id, allocations: allocations() })
        }
        Order::Fail { text } => Err(text.into()),
        Order::Panic { text } => panic!("{text}"),
        Order::Sleep { ms } => {
            info!(ms, "Napping");
            let nap = info_span!("nap", ms);
            tokio::time::sleep(Duration::from_millis(ms)).instrument(nap).await;
            Ok(Done { image_id: String::new(), allocations: allocations() })
        }
    }
}

/// Makes the spans that the image processor makes for an image.
async fn work(image_id: &str, key: &str) {
    async {
        for _ in 0..4 {
            let step = info_span!("step", image_id, key, bytes = 1_234_567_i64);
            async {
                let call = info_span!("S3.GetObject", otel.kind = "client", aws.s3.key = key, attempt = 1);
                async {}.instrument(call).await;
            }
            .instrument(step)
            .await;
        }
    }
    .instrument(info_span!("process_image", otel.kind = "consumer", image.id = image_id, aws.s3.key = key))
    .await;
}

struct Worked<'a> {
    image_id: &'a str,
}

impl Event for Worked<'_> {
    fn log(&self) {
        info!(image_id = self.image_id, "Image processed");
    }

    fn measure(&self, emf: &mut Emf) {
        emf.property("image_id", self.image_id);
        emf.count(Counter::ImagesProcessed, 1);
        emf.time(Timer::ProcessingLatency, Duration::from_micros(65_432));
        emf.time(Timer::UploadToDoneLatency, Duration::from_micros(765_432));
        emf.size(Size::OriginalBytes, 1_234_567);
        emf.size(Size::ThumbnailBytes, 12_345);
    }
}
