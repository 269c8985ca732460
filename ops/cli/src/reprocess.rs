//! `ops reprocess`: sends images through the same queue again.
//!
//! - `selection` which images
//! - `sender` one message for each, written to the audit log
//! - `report` what was done, for people and programs

mod report;
mod selection;
mod sender;

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aws_client::AwsError;
use contract::image_id::image_id;
use contract::item::Record;
use contract::time::unix_millis;
use pipeline_client::audit::aws::AwsSource;
use pipeline_client::audit::source::{Bucket, Source};
use terminal::progress::Step;
use terminal::{Terminals, reporter};

use crate::cli::reprocess::ReprocessArgs;
use crate::failure::{Failure, concluded};
use crate::signals::{Signal, Signals};
use crate::target::{Lookup, Target, TargetError};
use pipeline_client::dead_letters::rate_limit::RateLimit;
use report::Report;
use selection::Selection;
use sender::{Again, Sender};

/// After this many messages in a row that the queue refused, the command stops, since the next would fail too.
const REFUSALS: usize = 3;
/// The version of an object that no item names: older than any that S3 reports.
const UNKNOWN_VERSION: &str = "0";

/// Why a reprocess could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReprocessError {
    /// Nothing was selected: everything must not be done again by accident.
    #[error(
        "what should be done again? Name it with --reason, --since, --side, --status, --image-id or --key"
    )]
    NoSelection,
    /// There is no such image.
    #[error("there is no {0} in this stack; `ops audit` names what is there")]
    Unknown(String),
    /// The table or a bucket does not answer.
    #[error("the stack's images cannot be read")]
    Aws(#[from] AwsError),
}

/// Why a run ended before all was sent.
#[derive(Debug)]
pub(crate) enum Stop {
    /// Ctrl-C or SIGTERM.
    Signal(Signal),
    /// Several messages in a row were refused.
    Refusals,
    /// `--limit`.
    Limit,
}

/// Sends the selected images again, or prints what would be sent.
///
/// # Errors
/// No such stack or image, nothing selected, or not all was sent.
pub(crate) async fn run(
    args: ReprocessArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let selection = Selection::of(&args).ok_or(ReprocessError::NoSelection)?;
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.stack, root, lookup).await?;
    let output = |name| {
        let missing = |_| TargetError::Output { stack: target.name().to_owned(), output: name };
        target.output(name).map(str::to_owned).map_err(missing)
    };
    let (queue, bucket) = (output("QueueUrl")?, output("OriginalBucketName")?);
    let source = AwsSource::new(target.aws(), |name| target.output(name), 0)
        .map_err(|missing| TargetError::Output { stack: target.name().to_owned(), output: missing.0 })?;
    let mut sender = Sender::open(target.aws(), &queue, &args, lookup).await?;
    let mut report = Report::new(&target, &queue, sender.asked_at(), &args);
    let progress = reporter(terminals.err);
    let verb = if args.execute { "Reprocessing" } else { "Looking at" };
    let step = Step::start(&*progress, "reprocess", format!("{verb} images of {}", target.name()));
    let mut work = Work {
        selection,
        source,
        bucket,
        sender: &mut sender,
        report: &mut report,
        signals: &mut signals,
        rate_limit: RateLimit::new(args.rate),
        refusals: 0,
        limit: args.limit.map_or(usize::MAX, |limit| usize::try_from(limit.get()).unwrap_or(usize::MAX)),
        step: &step,
    };
    let ended = work.run().await;
    step.finish(format!("Looked at images of {}", target.name()));
    drop(progress);
    let early = ended?;
    let is_ok = report.is_ok();
    let printed = report.print(early.as_ref(), args.stack.json, terminals);
    let verdict = match early {
        Some(Stop::Signal(signal)) => Err(Failure::Signal(signal)),
        Some(Stop::Limit) | None if is_ok => Ok(()),
        Some(Stop::Refusals | Stop::Limit) | None => Err(Failure::Pipeline),
    };
    concluded(printed, verdict)
}

/// One run.
struct Work<'a> {
    selection: Selection,
    source: AwsSource,
    bucket: String,
    sender: &'a mut Sender,
    report: &'a mut Report,
    signals: &'a mut Signals,
    rate_limit: RateLimit,
    refusals: usize,
    /// How many more messages may be sent.
    limit: usize,
    step: &'a Step<'a>,
}

impl Work<'_> {
    async fn run(&mut self) -> Result<Option<Stop>, Failure> {
        for again in self.named().await? {
            if let Some(stop) = self.send(again).await? {
                return Ok(Some(stop));
            }
        }
        if !self.selection.needs_table() {
            return Ok(None);
        }
        let mut from = None;
        loop {
            let page = tokio::select! {
                biased;
                signal = self.signals.next() => return Ok(Some(Stop::Signal(signal))),
                page = self.source.scan(from) => page.map_err(ReprocessError::from)?,
            };
            for record in page.entries {
                self.report.looked_at += 1;
                if !self.selection.matches(&record) {
                    continue;
                }
                let Some(again) = self.of_item(record) else { continue };
                if let Some(stop) = self.send(again).await? {
                    return Ok(Some(stop));
                }
            }
            self.step.moved(String::new(), Some(self.report.looked_at), None);
            from = page.next;
            if from.is_none() {
                return Ok(None);
            }
        }
    }

    /// The images that are named by id or key.
    async fn named(&mut self) -> Result<Vec<Again>, ReprocessError> {
        let mut named = Vec::new();
        for id in self.selection.images.clone() {
            let record = self.source.item(id).await?;
            let again = record.and_then(|record| self.of_item(record));
            named.push(again.ok_or_else(|| ReprocessError::Unknown(format!("item of the image {id}")))?);
        }
        for key in self.selection.keys.clone() {
            let item = self.source.item(image_id(&key)).await?;
            let again = item.clone().and_then(|record| self.of_item(record));
            named.push(match again {
                Some(again) => again,
                None => self.of_object(&key, item).await?,
            });
        }
        Ok(named)
    }

    /// What is sent for an item; nothing where it lacks what a message needs.
    fn of_item(&self, record: Record) -> Option<Again> {
        let uploaded = record.uploaded_at.as_deref().and_then(unix_millis)?;
        let at = UNIX_EPOCH.checked_add(Duration::from_millis(u64::try_from(uploaded).ok()?))?;
        let is_whole = !record.original_key.is_empty() && !record.sequencer.is_empty();
        is_whole.then(|| Again {
            image_id: record.image_id,
            upload: self.upload(record.original_key, record.sequencer, at),
            was: record.reason.map_or(record.status.clone(), |reason| format!("{} {reason}", record.status)),
        })
    }

    /// What is sent for an object that has no item, or one that lacks something.
    async fn of_object(&self, key: &str, item: Option<Record>) -> Result<Again, ReprocessError> {
        let object = self.source.object(Bucket::Originals, key).await?;
        let object = object.ok_or_else(|| ReprocessError::Unknown(format!("object {key}")))?;
        Ok(Again {
            image_id: image_id(key).to_string(),
            was: if item.is_some() { "malformed item" } else { "no item" }.to_owned(),
            upload: self.upload(
                key.to_owned(),
                item.map(|record| record.sequencer)
                    .filter(|sequencer| !sequencer.is_empty())
                    .unwrap_or_else(|| UNKNOWN_VERSION.to_owned()),
                object.modified,
            ),
        })
    }

    fn upload(&self, key: String, sequencer: String, at: SystemTime) -> contract::s3_event::Upload {
        let reprocess = Some(self.sender.asked_at());
        contract::s3_event::Upload { bucket: self.bucket.clone(), key, at, sequencer, reprocess }
    }

    async fn send(&mut self, again: Again) -> Result<Option<Stop>, Failure> {
        if self.sender.was_sent(&again) {
            self.report.already_sent += 1;
            return Ok(None);
        }
        if self.limit == 0 {
            return Ok(Some(Stop::Limit));
        }
        self.limit -= 1;
        if !self.sender.executes() {
            self.report.add(&again, None);
            return Ok(None);
        }
        let wait = self.rate_limit.wait(Instant::now());
        tokio::select! {
            biased;
            signal = self.signals.next() => return Ok(Some(Stop::Signal(signal))),
            () = tokio::time::sleep(wait) => {}
        }
        let sent = self.sender.send(&again).await?;
        self.refusals = if sent.is_ok() { 0 } else { self.refusals + 1 };
        self.report.add(&again, Some(&sent));
        Ok((self.refusals == REFUSALS).then_some(Stop::Refusals))
    }
}
