//! Watches a running stack: traces, metrics, logs and mail, as they come.
//!
//! - [`span`], [`otlp`], [`traces`] spans arrive by UDP and OTLP/HTTP and make up traces
//! - `tail`, [`logs`] log groups are read on as they grow; embedded metrics leave for their store
//! - [`mail`] what the topics sent
//! - `datagrams` spans that nobody would send again are read at once
//! - `receivers` the sockets, bound before the engine starts

mod datagrams;
pub mod logs;
pub mod mail;
pub mod otlp;
mod receivers;
pub mod span;
mod tail;
pub mod traces;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use cloudwatch_model::{MetricStore, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::aws::Aws;
use logs::{LogFilter, LogLine, LogStore, chain};
use mail::{Mail, MailStore};
pub use receivers::Receivers;
use span::Trace;
use tail::Tail;
use traces::TraceStore;

/// How often a log group is asked for news; nothing wakes a reader there.
const TAIL_INTERVAL: Duration = Duration::from_millis(200);
/// How long a source that failed is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// What to watch beside the receivers.
#[derive(Clone, Debug)]
pub struct Targets {
    /// The functions' log groups, existing or not yet.
    pub log_groups: Vec<String>,
    /// The queue that gets a copy of every notification.
    pub outbox_queue_url: String,
}

/// Everything seen so far.
#[derive(Debug, Default)]
pub struct Seen {
    /// Traces received.
    pub traces: TraceStore,
    /// Log lines read.
    pub logs: LogStore,
    /// Metrics embedded in log lines.
    pub metrics: MetricStore,
    /// Messages of the topics.
    pub mail: MailStore,
    /// Sources that fail right now, each with the reason.
    pub problems: BTreeMap<String, String>,
}

/// A handle on what is seen; clones share it, and the last one to go ends the watching.
#[derive(Clone, Debug)]
pub struct Observer {
    board: Arc<Board>,
    tasks: Arc<Mutex<JoinSet<()>>>,
}

/// What the tasks write and the handles read.
#[derive(Debug)]
struct Board {
    seen: Mutex<Seen>,
    revision: watch::Sender<u64>,
}

impl Board {
    fn new() -> Self {
        Self { seen: Mutex::default(), revision: watch::Sender::new(0) }
    }

    /// Changes what is seen and wakes who waits for it.
    fn write(&self, change: impl FnOnce(&mut Seen)) {
        change(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        self.revision.send_modify(|revision| *revision += 1);
    }

    fn read<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        look(&self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes how a source fares; only news wakes who waits.
    fn note(&self, source: &str, failure: Option<String>) {
        if self.read(|seen| seen.problems.get(source) == failure.as_ref()) {
            return;
        }
        self.write(|seen| match failure {
            Some(reason) => drop(seen.problems.insert(source.to_owned(), reason)),
            None => drop(seen.problems.remove(source)),
        });
    }
}

impl Observer {
    /// Binds the sockets that spans come to, before the engine starts: its environment names them.
    ///
    /// # Errors
    /// When loopback has no free port.
    pub async fn bind() -> std::io::Result<Receivers> {
        Receivers::bind().await
    }

    /// Starts watching; must be called on a Tokio runtime.
    #[must_use]
    pub fn start(receivers: Receivers, aws: &Aws, targets: Targets) -> Self {
        let board = Arc::new(Board::new());
        let mut tasks = JoinSet::new();
        receivers.spawn(&board, &mut tasks);
        for group in targets.log_groups {
            tasks.spawn(follow_logs(Arc::clone(&board), aws.clone(), Tail::new(group)));
        }
        tasks.spawn(follow_mail(Arc::clone(&board), aws.clone(), targets.outbox_queue_url));
        Self { board, tasks: Arc::new(Mutex::new(tasks)) }
    }

    /// An observer of nothing that is told what to have seen.
    #[must_use]
    pub fn of(seen: Seen) -> Self {
        let board = Board { seen: Mutex::new(seen), revision: watch::Sender::new(0) };
        Self { board: Arc::new(board), tasks: Arc::default() }
    }

    /// Adds to what was seen, as the sources do.
    pub fn tell(&self, change: impl FnOnce(&mut Seen)) {
        self.board.write(change);
    }

    /// How many wait for news right now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.board.revision.receiver_count()
    }

    /// Ends the watching; what was seen stays.
    pub fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// Looks at everything seen so far.
    pub fn look<T>(&self, look: impl FnOnce(&Seen) -> T) -> T {
        self.board.read(look)
    }

    /// A trace by its id.
    #[must_use]
    pub fn trace(&self, trace_id: &str) -> Option<Trace> {
        self.look(|seen| seen.traces.get(trace_id))
    }

    /// The trace that an image's life began in.
    #[must_use]
    pub fn trace_of_image(&self, image_id: &str) -> Option<Trace> {
        self.look(|seen| seen.traces.of_image(image_id))
    }

    /// The newest `limit` lines that the filter takes, oldest first.
    #[must_use]
    pub fn logs(&self, filter: &LogFilter, limit: usize) -> Vec<LogLine> {
        self.look(|seen| seen.logs.find(filter, limit))
    }

    /// The mail about an image, or all of it, oldest first.
    #[must_use]
    pub fn mail(&self, image_id: Option<&str>) -> Vec<Mail> {
        self.look(|seen| seen.mail.find(image_id))
    }

    /// How often anything was seen; waits until that is more than `after` or `timeout` passes.
    pub async fn revision_after(&self, after: u64, timeout: Duration) -> u64 {
        let mut revision = self.board.revision.subscribe();
        tokio::time::timeout(timeout, revision.wait_for(|now| *now > after)).await.ok();
        *self.board.revision.borrow()
    }

    /// Waits until `condition` finds what it looks for; `None` when `timeout` passes first.
    pub async fn wait_for<T>(
        &self,
        timeout: Duration,
        mut condition: impl FnMut(&Seen) -> Option<T>,
    ) -> Option<T> {
        let mut revision = self.board.revision.subscribe();
        let found = async {
            loop {
                // Marked before looking: news that comes meanwhile wakes at once.
                revision.mark_unchanged();
                if let Some(found) = self.board.read(&mut condition) {
                    return Some(found);
                }
                revision.changed().await.ok()?;
            }
        };
        tokio::time::timeout(timeout, found).await.ok().flatten()
    }
}

async fn follow_logs(board: Arc<Board>, aws: Aws, mut tail: Tail) {
    let group = tail.group().to_owned();
    let source = format!("logs {group}");
    loop {
        let read = tail.read(&aws, |stream, events| {
            board.write(|seen| {
                for event in events {
                    let line = LogLine::read(&group, stream, event.timestamp, &event.message);
                    seen.logs.put(line, &event.message, now(), &mut seen.metrics);
                }
            });
        });
        let failure = read.await.err().map(|error| chain(&error));
        let pause = if failure.is_some() { RETRY_AFTER } else { TAIL_INTERVAL };
        board.note(&source, failure);
        tokio::time::sleep(pause).await;
    }
}

async fn follow_mail(board: Arc<Board>, aws: Aws, queue_url: String) {
    loop {
        let drained = mail::drain(&aws, &queue_url, |mail| {
            board.write(|seen| mail.into_iter().for_each(|mail| seen.mail.put(mail)));
        });
        let failure = drained.await.err().map(|error| chain(&error));
        let failed = failure.is_some();
        board.note("mail", failure);
        if failed {
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
