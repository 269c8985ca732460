//! Facts of the flow: what is at each hop, from the queues themselves, the metrics and the mail.

use std::sync::Arc;

use aws_client::AwsError;
use cloudwatch_model::{MetricId, MetricStore, Statistic, Timestamp};
use contract::item::{Record, Status};
use contract::time::unix_millis;
use local_stack::observe::Clock;
use pipeline_client::queue::Queue;

use super::flow::{Hop, Tone};
use crate::app::App;
use crate::ui::{format, time};

/// What is counted of the functions: the last hour of the metrics' clock.
const WINDOW_MS: i64 = 3_600_000;

/// All that the picture shows but the images.
#[derive(Debug)]
pub(super) struct Facts {
    queue: Option<Depth>,
    dead: Option<Depth>,
    issued: f64,
    processed: f64,
    faults: f64,
    oldest_seconds: Option<f64>,
    originals: Option<Measured>,
    thumbnails: Option<Measured>,
    mail: (usize, Option<i64>),
    clock: Clock,
}

/// How many messages are in a queue.
#[derive(Clone, Copy, Debug)]
struct Depth {
    waiting: u64,
    hidden: u64,
}

/// A bucket's totals, as the metrics function counted them last.
#[derive(Clone, Copy, Debug)]
struct Measured {
    objects: f64,
    at: Timestamp,
}

impl Facts {
    pub(super) async fn gather(app: &App) -> Self {
        let (queue, dead) = tokio::join!(depth(app, "QueueUrl"), depth(app, "DeadLetterQueueUrl"));
        let name = app.output("QueueUrl").rsplit('/').next().unwrap_or_default();
        let clock = app.source.observer.clock();
        app.source.observer.look(|seen| {
            let sum = |metric: &str| total(&seen.metrics, metric, clock.now());
            let bucket = |output: &str| measured(&seen.metrics, app.output(output));
            let mail = seen.mail.find(None);
            Self {
                queue: queue.ok(),
                dead: dead.ok(),
                issued: sum("UploadUrlsIssued"),
                processed: sum("ImagesProcessed"),
                faults: sum("ProcessingFaults"),
                oldest_seconds: oldest(&seen.metrics, name, clock.now()),
                originals: bucket("OriginalBucketName"),
                thumbnails: bucket("ProcessedBucketName"),
                mail: (mail.len(), mail.last().and_then(|mail| unix_millis(&mail.published_at))),
                clock: clock.clone(),
            }
        })
    }

    pub(super) fn dead_letters(&self) -> u64 {
        self.dead.map_or(0, |depth| depth.waiting + depth.hidden)
    }

    pub(super) fn hops(&self, images: &[Arc<Record>]) -> Vec<Hop> {
        let of = |status: Status| images.iter().filter(|image| image.status == status.name()).count() as u64;
        let (waiting, hidden) = self.queue.map_or((0, 0), |depth| (depth.waiting, depth.hidden));
        let count = |number: u64, unit: &str| format!("{} {unit}", format::count(number));
        let hour = |number: f64, unit: &str| count(whole(number), unit);
        let bucket = |measured: Option<Measured>| match measured {
            Some(measured) => {
                (hour(measured.objects, "objects"), format!("counted {}", self.ago(measured.at)))
            }
            None => ("–".to_owned(), "not counted yet".to_owned()),
        };
        let (originals, thumbnails) = (bucket(self.originals), bucket(self.thumbnails));
        let oldest = self.oldest_seconds;
        let counted = [self.originals, self.thumbnails].into_iter().flatten().map(|it| it.at).max();
        let dead = self.dead_letters();
        let newest =
            self.mail.1.map_or_else(|| "none yet".to_owned(), |at| format!("last {}", time::since(at)));
        vec![
            Hop::new("api", "Upload API", hour(self.issued, "URLs"), "issued in 1 h"),
            Hop::new("uploads", "Uploads bucket", originals.0, originals.1),
            Hop::new(
                "queue",
                "Queue",
                count(waiting, "waiting"),
                match (waiting, oldest) {
                    (0, _) => "nothing waits".to_owned(),
                    (_, Some(seconds)) => format!("oldest {}", format::duration(whole(seconds) * 1_000_000)),
                    // The age is reported each minute.
                    (_, None) => "oldest not known yet".to_owned(),
                },
            )
            .toned(if waiting > 0 { Tone::Busy } else { Tone::Calm }),
            Hop::new(
                "dead",
                "Dead letters",
                count(dead, "given up"),
                if dead > 0 { "see Messages" } else { "after 5 receives" },
            )
            .toned(if dead > 0 { Tone::Bad } else { Tone::Calm }),
            Hop::new(
                "processor",
                "Processor",
                count(hidden, "in work"),
                match whole(self.faults) {
                    0 => format!("{} in 1 h", hour(self.processed, "done")),
                    faults => format!("{} faults in 1 h", format::count(faults)),
                },
            )
            .toned(if hidden > 0 { Tone::Busy } else { Tone::Calm }),
            Hop::new("thumbnails", "Thumbnails bucket", thumbnails.0, thumbnails.1),
            Hop::new(
                "table",
                "Table",
                count(images.len() as u64, "images"),
                format!("{} done · {} failed", of(Status::Done), of(Status::Failed)),
            ),
            Hop::new("topic", "Topic", count(self.mail.0 as u64, "sent"), newest),
            Hop::new(
                "metrics",
                "Metrics function",
                counted.map_or_else(|| "–".to_owned(), |at| self.ago(at)),
                "counts both buckets",
            ),
        ]
    }

    fn ago(&self, at: Timestamp) -> String {
        time::since_by(&self.clock, at)
    }
}

async fn depth(app: &App, output: &str) -> Result<Depth, AwsError> {
    let counts = Queue { aws: &app.source.aws, url: app.output(output) }.counts().await?;
    Ok(Depth { waiting: counts.waiting, hidden: counts.hidden })
}

/// The sum of a function's metric within the window, without its further dimensions.
fn total(store: &MetricStore, name: &str, now: Timestamp) -> f64 {
    let is_it = |metric: &&MetricId| {
        metric.namespace() == "ImagePipeline"
            && metric.name() == name
            && metric.dimensions().iter().count() == 1
    };
    let until = now.plus_millis(1);
    let sums = store.metrics().filter(is_it).filter_map(|metric| {
        Statistic::Sum.of(&store.values(metric, None, now.plus_millis(-WINDOW_MS), until))
    });
    sums.sum()
}

/// The newest value of a metric with this dimension, and when it was reported.
fn newest(store: &MetricStore, namespace: &str, name: &str, value: &str) -> Option<(f64, Timestamp)> {
    let is_it = |metric: &&MetricId| {
        metric.namespace() == namespace
            && metric.name() == name
            && metric.dimensions().iter().any(|(_, it)| it == value)
    };
    let metric = store.metrics().find(is_it)?;
    let (_, at) = store.span(metric)?;
    Some((Statistic::Maximum.of(&store.values(metric, None, at, at.plus_millis(1)))?, at))
}

fn measured(store: &MetricStore, bucket: &str) -> Option<Measured> {
    let (objects, at) = newest(store, "CustomS3", "NumberOfObjects", bucket)?;
    Some(Measured { objects, at })
}

/// Only of the running minute or the one before: an empty queue has no age.
fn oldest(store: &MetricStore, queue: &str, now: Timestamp) -> Option<f64> {
    let (seconds, at) = newest(store, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue)?;
    (now.as_millis() - at.as_millis() < 120_000).then_some(seconds)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts: whole, and not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}
