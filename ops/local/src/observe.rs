//! Observer of a running stack: traces, metrics, logs and mail, as they come.
//!
//! - [`otlp`], [`traces`] spans arrive by UDP and OTLP/HTTP and make up traces
//! - `tail`, [`logs`] log groups are read on as they grow; embedded metrics leave for their store
//! - [`insights`] queries of them
//! - [`mail`] what the topics sent
//! - [`alarms`] the alarms, evaluated as time goes on; `clock` may make it go faster
//! - `board` everything seen, for tasks to write and handles to read; [`news`] what of it changed
//! - `service_reports` metrics of AWS's services
//! - `datagrams` spans that nobody would send again are read at once
//! - `receivers` the sockets, bound before the engine starts
//! - `handed_on` requests of AWS's APIs that the engine hands on

pub mod alarms;
mod board;
mod clock;
mod datagrams;
mod handed_on;
pub mod insights;
pub mod logs;
pub mod mail;
pub mod news;
pub mod otlp;
mod receivers;
mod service_reports;
mod tail;
pub mod traces;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_client::chain;
use tokio::task::JoinSet;

use crate::deploy::Assets;
use alarms::AlarmBoard;
use aws_client::Aws;
pub use board::Seen;
use board::{Board, RETRY_AFTER};
pub use clock::{Clock, rfc3339};
use handed_on::Answering;
use logs::{LogFilter, LogLine, LogStore};
use mail::Mail;
use news::{News, Topic};
use pipeline_client::inbox::drain;
pub use receivers::Receivers;
use tail::Tail;
use trace_model::Trace;

/// How often a log group is asked for news; nothing wakes a reader there.
const TAIL_INTERVAL: Duration = Duration::from_millis(200);

/// What to watch beside the receivers.
#[derive(Debug)]
pub struct Targets {
    /// The log groups, existing or not yet.
    pub log_groups: Vec<String>,
    /// The queue that gets a copy of every notification.
    pub outbox_queue_url: String,
    /// The alarms to evaluate and the dashboards to draw.
    pub assets: Assets,
    /// By which clock.
    pub clock: Clock,
}

/// A handle on what is seen; clones share it, and the last one to go ends the watching.
#[derive(Clone, Debug)]
pub struct Observer {
    board: Arc<Board>,
    tasks: Arc<Mutex<JoinSet<()>>>,
    clock: Clock,
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
        let Targets { log_groups, outbox_queue_url, assets, clock } = targets;
        let alarms = AlarmBoard::new(assets.alarms, clock.now());
        let logs = LogStore::by(clock.clone());
        let seen = Seen { logs, alarms, dashboards: assets.dashboards, ..Seen::default() };
        let board = Arc::new(Board::of(seen));
        let mut tasks = JoinSet::new();
        let answering = Answering {
            board: Arc::clone(&board),
            aws: aws.clone(),
            clock: clock.clone(),
            account: assets.account,
        };
        receivers.spawn(answering, &mut tasks);
        for group in log_groups {
            tasks.spawn(follow_logs(Arc::clone(&board), aws.clone(), Tail::new(group)));
        }
        tasks.spawn(follow_mail(Arc::clone(&board), aws.clone(), outbox_queue_url));
        tasks.spawn(alarms::follow(Arc::clone(&board), aws.clone(), clock.clone()));
        Self { board, tasks: Arc::new(Mutex::new(tasks)), clock }
    }

    /// An observer of nothing, for tests: it has seen what is put into it.
    #[must_use]
    pub fn of(seen: Seen) -> Self {
        Self { board: Arc::new(Board::of(seen)), tasks: Arc::default(), clock: Clock::default() }
    }

    /// Adds to what was seen, as the sources do.
    pub fn put(&self, change: impl FnOnce(&mut Seen)) {
        self.board.write(&Topic::ALL, change);
    }

    /// How many wait for news right now.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.board.revisions.receiver_count()
    }

    /// Ends the watching; what was seen stays.
    pub fn stop(&self) {
        self.tasks.lock().unwrap_or_else(PoisonError::into_inner).abort_all();
    }

    /// The clock that metrics and alarms go by.
    #[must_use]
    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Has the clock go `rate` times as fast as the day from now on, schedules and samples with it.
    pub fn set_rate(&self, rate: u32) {
        self.clock.set_rate(rate);
        // What any page says of times is true no longer.
        self.put(|_| ());
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
        let mut revisions = self.board.revisions.subscribe();
        tokio::time::timeout(timeout, revisions.wait_for(|now| now.total > after)).await.ok();
        self.revision()
    }

    /// How often anything was seen so far.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.board.revisions.borrow().total
    }

    /// What changes after that revision, topic by topic.
    #[must_use]
    pub fn news_after(&self, revision: u64) -> News {
        News::after(revision, &self.board.revisions)
    }

    /// Waits until `condition` finds what it looks for; `None` when `timeout` passes first.
    pub async fn wait_for<T>(
        &self,
        timeout: Duration,
        mut condition: impl FnMut(&Seen) -> Option<T>,
    ) -> Option<T> {
        let mut revisions = self.board.revisions.subscribe();
        let found = async {
            loop {
                // Marked before looking: news that comes meanwhile wakes at once.
                revisions.mark_unchanged();
                if let Some(found) = self.board.read(&mut condition) {
                    return Some(found);
                }
                revisions.changed().await.ok()?;
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
            board.write(&[Topic::Logs, Topic::Metrics], |seen| {
                for event in events {
                    let line = LogLine::read(&group, stream, event.timestamp, &event.message);
                    seen.logs.put(line, &event.message, clock::today(), &mut seen.metrics);
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
        let drained = drain(&aws, &queue_url, mail::LONG_POLL_SECONDS, |mail| {
            board.write(&[Topic::Mail], |seen| mail.into_iter().for_each(|mail| seen.mail.put(mail)));
        });
        let failure = drained.await.err().map(|error| chain(&error));
        let failed = failure.is_some();
        board.note("mail", failure);
        if failed {
            tokio::time::sleep(RETRY_AFTER).await;
        }
    }
}
