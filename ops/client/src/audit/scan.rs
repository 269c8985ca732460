//! One audit: the passes, the join, the judgement of each image, and what is counted.

use std::collections::{BTreeMap, HashSet};
use std::io;

use contract::time::rfc3339_seconds;
use terminal::progress::Step;
use uuid::Uuid;

use super::facts::{Image, millis};
use super::judge::{Class, Finding, Judgement, Rules};
use super::kind::Kind;
use super::report::{Example, Findings, Queues, Report};
use super::rows::Rows;
use super::source::{Bucket, QueueState, Source};
use super::{AuditError, Options};

/// One audit under way.
pub(super) struct Scan<'a, S> {
    pub(super) source: &'a S,
    options: &'a Options,
    pub(super) step: &'a Step<'a>,
    rules: Rules,
    rows: Option<Rows>,
    pub(super) report: Report,
    findings: BTreeMap<Kind, Tally>,
    /// What the queues hold; read when the first object lacks its result.
    queues: Option<Held>,
    pending: Vec<Pending>,
    pending_count: BTreeMap<Kind, u64>,
    /// Objects without a result that are young enough for the queue to have kept their messages.
    kept: u64,
    looks: usize,
}

#[derive(Default)]
struct Tally {
    count: u64,
    examples: Vec<Example>,
}

struct Held {
    queue: QueueState,
    dead: HashSet<Uuid>,
    is_complete: bool,
}

/// An object without a result, as an example.
struct Pending {
    kind: Kind,
    example: Example,
}

impl<'a, S: Source> Scan<'a, S> {
    pub(super) async fn start(
        source: &'a S,
        options: &'a Options,
        step: &'a Step<'a>,
    ) -> Result<Self, AuditError> {
        let settled_after = match options.settled_after {
            Some(age) => age,
            None => source.queue().await?.tries_for,
        };
        let rules = Rules {
            start: millis(options.start),
            settled_after: i64::try_from(settled_after.as_millis()).unwrap_or(i64::MAX),
            originals: source.expiry(Bucket::Originals).await?,
            thumbnails: source.expiry(Bucket::Thumbnails).await?,
        };
        let report = Report {
            started: rfc3339_seconds(options.start),
            settled_after_seconds: settled_after.as_secs(),
            ..Report::default()
        };
        let rows = Rows::create(&options.scratch);
        let scan = Self {
            source,
            options,
            step,
            rules,
            rows: None,
            report,
            findings: BTreeMap::new(),
            queues: None,
            pending: Vec::new(),
            pending_count: BTreeMap::new(),
            kept: 0,
            looks: 0,
        };
        let rows = scan.scratch(rows)?;
        Ok(Self { rows: Some(rows), ..scan })
    }

    pub(super) async fn run(mut self) -> Result<Report, AuditError> {
        // In this order: what is listed first and has no item then has had none for longer than the pass took.
        self.read_originals().await?;
        self.read_items().await?;
        self.read_thumbnails().await?;
        let rows = self.rows.take().into_iter().flat_map(Rows::parts);
        let mut joined = 0;
        for images in rows {
            for (id, image) in self.scratch(images)? {
                self.image(id, &image).await?;
                joined += 1;
                if joined % 1_000 == 0 {
                    self.step.moved("joining", Some(joined), None);
                }
            }
        }
        Ok(self.concluded())
    }

    async fn image(&mut self, id: Uuid, image: &Image) -> Result<(), AuditError> {
        let mut judgement = self.rules.judge(id, image);
        if let Some(Class::Pending(_)) = judgement.class
            && self.queues().await?.dead.contains(&id)
        {
            self.report.objects.dead_lettered += 1;
            judgement.class = None;
        }
        let mut current = image.clone();
        if judgement.is_suspicious() {
            if self.looks < self.options.second_looks {
                self.looks += 1;
                current = self.look_again(id, image).await?;
                judgement = self.rules.judge(id, &current);
            } else {
                self.report.unconfirmed += judgement.findings.len().max(1) as u64;
            }
        }
        if let (Some(measure), Some(Class::Done)) = (self.options.measure, &judgement.class) {
            self.decode(id, &current, measure, &mut judgement).await?;
        }
        self.count(id, &current, judgement);
        Ok(())
    }

    fn count(&mut self, id: Uuid, image: &Image, judgement: Judgement) {
        let key = image.original.as_ref().map(|it| &it.key).or(image.item.as_ref().map(|it| &it.key));
        let example = |detail: String| Example { image_id: Some(id.to_string()), key: key.cloned(), detail };
        let objects = &mut self.report.objects;
        match judgement.class {
            None => {}
            Some(Class::Done) => objects.done += 1,
            Some(Class::Failed(reason)) => *objects.failed.entry(reason).or_default() += 1,
            Some(Class::Newer) => objects.newer += 1,
            Some(Class::Young) => objects.young += 1,
            Some(Class::InWork) => objects.in_work += 1,
            Some(Class::Unknown) => objects.unknown += 1,
            Some(Class::Pending(kind)) => {
                objects.unaccounted += 1;
                let age = image.original.as_ref().map_or(0, |original| self.rules.start - original.modified);
                let kept = self.queues.as_ref().is_some_and(|held| age < duration_millis(&held.queue));
                self.kept += u64::from(kept);
                *self.pending_count.entry(kind).or_default() += 1;
                if self.pending.iter().filter(|it| it.kind == kind).count() < self.options.examples {
                    let detail = format!("stored {} minutes before the audit", age / 60_000);
                    self.pending.push(Pending { kind, example: example(detail) });
                }
            }
        }
        for allowed in judgement.allowed {
            *self.report.allowed.entry(allowed.name()).or_default() += 1;
        }
        for Finding { kind, detail } in judgement.findings {
            self.find(kind, example(detail));
        }
    }

    pub(super) fn find(&mut self, kind: Kind, example: Example) {
        let tally = self.findings.entry(kind).or_default();
        tally.count += 1;
        if tally.examples.len() < self.options.examples {
            tally.examples.push(example);
        }
    }

    /// What the queues hold, read once.
    async fn queues(&mut self) -> Result<&Held, AuditError> {
        if let Some(held) = self.queues.take() {
            return Ok(self.queues.insert(held));
        }
        // The count first: a message that moves on meanwhile is seen twice rather than never.
        let queue = self.source.queue().await?;
        let dead = self.source.dead_letters().await?;
        let held = Held { queue, dead: dead.images, is_complete: dead.is_complete };
        Ok(self.queues.insert(held))
    }

    /// The report. Objects without a result are no violation where as many messages are in the queue.
    fn concluded(mut self) -> Report {
        if let Some(Held { queue, is_complete, .. }) = &self.queues {
            let may_explain = queue.messages.min(self.kept);
            self.report.queues =
                Some(Queues { messages: queue.messages, may_explain, dead_letters_complete: *is_complete });
            let objects = &mut self.report.objects;
            if may_explain >= objects.unaccounted {
                objects.perhaps_queued = std::mem::take(&mut objects.unaccounted);
                self.pending_count.clear();
            }
        }
        for (kind, count) in std::mem::take(&mut self.pending_count) {
            let tally = self.findings.entry(kind).or_default();
            tally.count += count;
            let examples = self.pending.extract_if(.., |pending| pending.kind == kind);
            tally.examples.extend(examples.map(|pending| pending.example));
        }
        let findings = std::mem::take(&mut self.findings).into_iter();
        self.report.findings = findings
            .map(|(kind, Tally { count, examples })| Findings {
                kind,
                count,
                means: kind.means(),
                next: kind.next(),
                examples,
            })
            .collect();
        self.report.ok = self.report.findings.is_empty();
        self.report.requests = self.source.requests();
        self.report
    }

    pub(super) fn write(&mut self, add: impl FnOnce(&mut Rows) -> io::Result<()>) -> Result<(), AuditError> {
        let written = self.rows.as_mut().map_or(Ok(()), add);
        self.scratch(written)
    }

    fn scratch<T>(&self, result: io::Result<T>) -> Result<T, AuditError> {
        result.map_err(|source| AuditError::Scratch { directory: self.options.scratch.clone(), source })
    }
}

fn duration_millis(queue: &QueueState) -> i64 {
    i64::try_from(queue.keeps_for.as_millis()).unwrap_or(i64::MAX)
}
