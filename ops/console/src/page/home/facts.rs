//! Facts of the flow: what is at each hop, from the queues themselves, the metrics and the mail.

use cloudwatch_model::{MetricId, MetricStore, Statistic, Timestamp};
use contract::item::Status;
use contract::time::unix_millis;
use local_stack::observe::Clock;
use pipeline_client::queue::{Attributes, Counts, Queue};
use trace_model::{Span, Trace};

use super::flow::{Hop, Tone};
use crate::app::App;
use crate::catalogue::{Extent, Images};
use crate::ui::{format, time};

/// What is counted of the functions: the last hour of the metrics' clock.
const WINDOW_MS: i64 = 3_600_000;
/// How many of the newest traces are looked at for when a function was at work last.
const TRACES: usize = 20;

/// In place of a figure that is not known, and why it is not.
const UNKNOWN: &str = "–";
const UNREADABLE: &str = "cannot be read";

/// All that the picture shows but the images.
#[derive(Debug)]
pub(super) struct Facts {
    queue: Option<Attributes>,
    dead: Option<Counts>,
    issued: f64,
    processed: f64,
    faults: f64,
    oldest: Option<Oldest>,
    originals: Option<Measured>,
    thumbnails: Option<Measured>,
    mail: (usize, Option<i64>),
    /// When the newest traces show that a URL was issued last, and that the processor was at work.
    issued_at: Option<i64>,
    processed_at: Option<i64>,
    clock: Clock,
}

/// How long the oldest message of the queue had waited when that was reported last.
#[derive(Clone, Copy, Debug)]
struct Oldest {
    seconds: f64,
    reported: Timestamp,
}

impl Oldest {
    /// When it came, by the metrics' clock.
    fn since(self) -> i64 {
        let millis = i64::try_from(whole(self.seconds).saturating_mul(1000)).unwrap_or(i64::MAX);
        self.reported.as_millis().saturating_sub(millis)
    }
}

/// A bucket's totals, as the metrics function counted them last.
#[derive(Clone, Copy, Debug)]
struct Measured {
    objects: f64,
    at: Timestamp,
}

/// What waits in the queue that the processor should have taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Backlog {
    /// Nothing, or nothing for long.
    None,
    /// Something may: the queue cannot be read, or it is not known for how long something waits.
    Unknown,
    /// These messages, of which the oldest has waited for so long by the metrics' clock.
    Waits { messages: u64, seconds: u64 },
}

impl Facts {
    pub(super) async fn gather(app: &App) -> Self {
        let queue = |output: &str| Queue { aws: &app.source.aws, url: app.output(output) };
        let (queue, dead) = (queue("QueueUrl"), queue("DeadLetterQueueUrl"));
        let (queue, dead) = tokio::join!(queue.attributes(), dead.counts());
        let name = app.output("QueueUrl").rsplit('/').next().unwrap_or_default();
        let clock = app.source.observer.clock();
        app.source.observer.look(|seen| {
            let sum = |metric: &str| total(&seen.metrics, metric, clock.now());
            let bucket = |output: &str| measured(&seen.metrics, app.output(output));
            let mail = seen.mail.find(None);
            let traces = seen.traces.newest(TRACES);
            Self {
                queue: queue.ok(),
                dead: dead.ok(),
                issued: sum("UploadUrlsIssued"),
                processed: sum("ImagesProcessed"),
                faults: sum("ProcessingFaults"),
                oldest: oldest(&seen.metrics, name, clock.now()),
                originals: bucket("OriginalBucketName"),
                thumbnails: bucket("ProcessedBucketName"),
                mail: (mail.len(), mail.last().and_then(|mail| unix_millis(&mail.published_at))),
                issued_at: last_of(&traces, "generate-upload-url"),
                processed_at: last_of(&traces, "image-processor"),
                clock: clock.clone(),
            }
        })
    }

    /// How many messages the queue has given up; `None` where it cannot be read.
    pub(super) fn dead_letters(&self) -> Option<u64> {
        self.dead.map(|counts| counts.waiting + counts.hidden)
    }

    /// What waits for longer than `patience_seconds`.
    pub(super) fn backlog(&self, patience_seconds: u64) -> Backlog {
        let messages = self.queue.map(|queue| queue.counts.waiting);
        match (messages, self.oldest.map(|oldest| whole(oldest.seconds))) {
            (Some(0), _) => Backlog::None,
            (Some(messages), Some(seconds)) if seconds > patience_seconds => {
                Backlog::Waits { messages, seconds }
            }
            (Some(_), Some(_)) => Backlog::None,
            (None, _) | (_, None) => Backlog::Unknown,
        }
    }

    pub(super) fn hops(&self, images: &Images) -> Vec<Hop> {
        let hour = |number: f64, unit: &str| count(whole(number), unit);
        let bucket = |measured: Option<Measured>| match measured {
            Some(measured) => {
                (hour(measured.objects, "objects"), format!("counted {}", self.ago(measured.at)))
            }
            None => (UNKNOWN.to_owned(), "not counted yet".to_owned()),
        };
        let at = |measured: Option<Measured>| measured.map(|measured| measured.at.as_millis());
        let (originals, thumbnails) = (bucket(self.originals), bucket(self.thumbnails));
        let counted = [self.originals, self.thumbnails].into_iter().flatten().map(|it| it.at).max();
        let newest =
            self.mail.1.map_or_else(|| "none yet".to_owned(), |at| format!("last {}", time::since(at)));
        let in_work = self.queue.map(|queue| queue.counts.hidden);
        vec![
            Hop::new("api", "Upload API", hour(self.issued, "URLs"), "issued in 1 h")
                .at("the last", self.issued_at),
            Hop::new("uploads", "Uploads bucket", originals.0, originals.1).at("counted", at(self.originals)),
            self.waiting(),
            self.given_up(),
            Hop::new(
                "processor",
                "Processor",
                in_work.map_or_else(|| UNKNOWN.to_owned(), |hidden| count(hidden, "in work")),
                match whole(self.faults) {
                    0 => format!("{} in 1 h", hour(self.processed, "done")),
                    faults => format!("{} in 1 h", count(faults, "faults")),
                },
            )
            .toned(if in_work.is_some_and(|hidden| hidden > 0) { Tone::Busy } else { Tone::Calm })
            .at("last at work", self.processed_at),
            Hop::new("thumbnails", "Thumbnails bucket", thumbnails.0, thumbnails.1)
                .at("counted", at(self.thumbnails)),
            table(images),
            Hop::new("topic", "Topic", count(self.mail.0 as u64, "sent"), newest)
                .at("last sent", self.mail.1),
            Hop::new(
                "metrics",
                "Metrics function",
                counted.map_or_else(|| UNKNOWN.to_owned(), |at| self.ago(at)),
                "counts both buckets",
            )
            .at("counted", counted.map(Timestamp::as_millis)),
        ]
    }

    fn waiting(&self) -> Hop {
        let Some(Counts { waiting, .. }) = self.queue.map(|queue| queue.counts) else {
            return Hop::new("queue", "Queue", UNKNOWN, UNREADABLE);
        };
        let note = match (waiting, self.oldest) {
            (0, _) => "nothing waits".to_owned(),
            (_, Some(oldest)) => format!("oldest {}", format::seconds(whole(oldest.seconds))),
            // The age is reported each minute.
            (_, None) => "oldest not known yet".to_owned(),
        };
        let since = self.oldest.filter(|_| waiting > 0).map(Oldest::since);
        let tone = if waiting > 0 { Tone::Busy } else { Tone::Calm };
        Hop::new("queue", "Queue", count(waiting, "waiting"), note).toned(tone).at("the oldest came", since)
    }

    fn given_up(&self) -> Hop {
        match self.dead_letters() {
            None => Hop::new("dead", "Dead letters", UNKNOWN, UNREADABLE),
            Some(0) => {
                let most = self.queue.and_then(|queue| queue.max_receives);
                let note =
                    most.map_or_else(String::new, |most| format!("after {}", count(most.into(), "receives")));
                Hop::new("dead", "Dead letters", count(0, "given up"), note)
            }
            Some(dead) => {
                Hop::new("dead", "Dead letters", count(dead, "given up"), "see Messages").toned(Tone::Bad)
            }
        }
    }

    fn ago(&self, at: Timestamp) -> String {
        time::since_by(&self.clock, at)
    }
}

/// A number is a total only where the whole table is known.
fn table(images: &Images) -> Hop {
    let all = images.all.len() as u64;
    let of = |status: Status| images.all.iter().filter(|image| image.status == status.name()).count();
    let ended = format!("{} done · {} failed", of(Status::Done), of(Status::Failed));
    let (figure, note) = match &images.extent {
        Extent::Whole => (count(all, "images"), ended),
        Extent::Capped => (format!("{}+ images", format::count(all)), "more than are read".to_owned()),
        Extent::Reading => ("reading…".to_owned(), format!("{} so far", count(all, "images"))),
        Extent::ReadingAgain => (count(all, "images"), "reading again…".to_owned()),
        Extent::Unreadable(_) => (UNKNOWN.to_owned(), UNREADABLE.to_owned()),
    };
    Hop::new("table", "Table", figure, note).at("last changed", changed(images))
}

/// When an image was uploaded or decided last; texts of one form are in the order of their times.
fn changed(images: &Images) -> Option<i64> {
    let times = images.all.iter().flat_map(|image| [&image.uploaded_at, &image.processed_at]);
    times.flatten().max().and_then(|at| unix_millis(at))
}

/// When the newest work of a function that these traces show ended.
fn last_of(traces: &[Trace], service: &str) -> Option<i64> {
    let spans = traces.iter().flat_map(|trace| &trace.spans).filter(|span| span.service.starts_with(service));
    spans.map(Span::end_us).max().and_then(|end| i64::try_from(end / 1000).ok())
}

/// A number with its unit, which is named in the plural.
fn count(number: u64, unit: &str) -> String {
    let unit = if number == 1 { unit.strip_suffix('s').unwrap_or(unit) } else { unit };
    format!("{} {unit}", format::count(number))
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
fn oldest(store: &MetricStore, queue: &str, now: Timestamp) -> Option<Oldest> {
    let (seconds, reported) = newest(store, "AWS/SQS", "ApproximateAgeOfOldestMessage", queue)?;
    (now.as_millis() - reported.as_millis() < 120_000).then_some(Oldest { seconds, reported })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts: whole, and not negative"
)]
fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use contract::item::Record;
    use trace_model::Trace;

    use super::{Images, changed, count, last_of};

    #[test]
    fn the_table_changed_when_an_image_was_uploaded_or_decided_last() {
        let image = |uploaded: &str, processed: Option<&str>| {
            let (uploaded, processed) = (Some(uploaded.to_owned()), processed.map(str::to_owned));
            Arc::new(Record { uploaded_at: uploaded, processed_at: processed, ..Record::default() })
        };
        let all = vec![
            image("1970-01-01T00:00:05Z", None),
            image("1970-01-01T00:00:01Z", Some("1970-01-01T00:00:07.250Z")),
        ];
        assert_eq!(changed(&Images { all, ..Images::default() }), Some(7_250));
        assert_eq!(changed(&Images::default()), None);
    }

    #[test]
    fn a_function_was_at_work_last_when_its_last_span_ended() {
        let spans = crate::tests::seen().traces.newest(1).remove(0).spans;
        let traces = Trace::of(spans).map(|trace| [trace]).unwrap();
        assert_eq!(last_of(&traces, "generate-upload-url"), Some(1));
        assert_eq!(last_of(&traces, "image-processor"), None);
    }

    #[test]
    fn one_of_a_thing_is_in_the_singular() {
        let counts = [(0, "URLs"), (1, "URLs"), (2, "images"), (1, "waiting")]
            .map(|(number, unit)| count(number, unit));
        assert_eq!(counts, ["0 URLs", "1 URL", "2 images", "1 waiting"]);
    }
}
