//! Move task: receives messages, and redrives or drops those that are selected, one at a time. Unlike SQS's
//! `StartMessageMoveTask` it selects, can be tried first, and keeps an audit log.

mod report;

use std::collections::HashMap;
use std::time::{Instant, SystemTime};

use terminal::progress::Step;
use terminal::{Terminals, reporter};

use super::error::DlqError;
use super::output::Row;
use super::selection::{Known, Selection};
use super::target::{Lookup, Target};
use crate::cli::dlq::{ExecutionArgs, SelectArgs};
use crate::failure::{Failure, concluded};
use crate::signals::{Signal, Signals};
use pipeline_client::dead_letters::journal::Operator;
use pipeline_client::dead_letters::mover::{Action, Mover};
use pipeline_client::dead_letters::rate_limit::RateLimit;
use pipeline_client::dead_letters::receive::ReceiveLoop;
use pipeline_client::dead_letters::task::FAILURES;
use report::Report;

/// Why a task ended before the end of the queue.
#[derive(Debug)]
enum Stop {
    /// Ctrl-C or SIGTERM.
    Signal(Signal),
    /// A message that was sent again has come back.
    CameBack { message_id: String, new_id: String },
    /// Several messages in a row failed.
    Refusals,
    /// The queue does not answer, or a file cannot be written.
    Error(DlqError),
}

/// Which messages are moved, and how.
pub(super) struct MoveTask<'a> {
    pub(super) target: &'a Target,
    /// The visibility timeout of received messages.
    pub(super) hold_seconds: u32,
    pub(super) select: &'a SelectArgs,
    pub(super) selection: Selection,
    pub(super) execution: &'a ExecutionArgs,
}

impl MoveTask<'_> {
    /// Moves the messages, or prints what would be moved.
    ///
    /// # Errors
    /// No such queue, or not all went well.
    pub(super) async fn run(
        self,
        action: Action<'_>,
        terminals: Terminals,
        lookup: Lookup<'_>,
    ) -> Result<(), Failure> {
        let mut signals = Signals::listen().map_err(Failure::Runtime)?;
        let limit = usize::try_from(self.select.limit.get()).unwrap_or(usize::MAX);
        let mut receive_loop = ReceiveLoop::new(self.target.dead_letters(), self.hold_seconds, limit);
        let mut report = Report::new(self.target, action, self.execution);
        let mut known = Known::default();
        let mut mover = None;
        if self.execution.execute {
            let operator = Operator::find(&self.target.aws, lookup).await;
            let opened = Mover::open(self.target.dead_letters(), action, &self.execution.audit, operator);
            mover = Some(opened.map_err(DlqError::from)?);
        }
        let waiting =
            self.target.dead_letters().queue.counts().await.map_err(|source| self.queue_error(source))?;
        let progress = reporter(terminals.err);
        let label = format!("{} {}", report.verb(), self.target.name());
        let step = Step::start(&*progress, "dlq", label.clone());
        let advance = |done| step.moved(String::new(), Some(done), Some(waiting.waiting));
        let early = self
            .move_all(&mut receive_loop, mover.as_mut(), &mut signals, (&mut report, &mut known), &advance)
            .await;
        receive_loop.end().await;
        step.finish(label);
        std::mem::drop(progress);
        report.end(&receive_loop, self.target.dead_letters().queue.counts().await.ok());
        let is_ok = report.is_ok();
        let printed = report.print(early.as_ref(), self.execution.json, terminals);
        let verdict = match early {
            Some(Stop::Signal(signal)) => Err(Failure::Signal(signal)),
            Some(Stop::Error(error)) => Err(error.into()),
            None if is_ok => self.selection.unknown(&known).map_or(Ok(()), |unknown| Err(unknown.into())),
            Some(Stop::CameBack { .. } | Stop::Refusals) | None => Err(Failure::Pipeline),
        };
        concluded(printed, verdict)
    }

    /// Handles every message of the queue; returns why it stopped early, if so.
    async fn move_all(
        &self,
        receive_loop: &mut ReceiveLoop<'_>,
        mut mover: Option<&mut Mover<'_>>,
        signals: &mut Signals,
        (report, known): (&mut Report<'_>, &mut Known),
        advance: &dyn Fn(u64),
    ) -> Option<Stop> {
        let mut rate_limit = RateLimit::new(self.execution.rate);
        let (mut sent, mut refusals, mut looked_at) = (HashMap::new(), 0, 0);
        loop {
            let next = tokio::select! {
                biased;
                signal = signals.next() => return Some(Stop::Signal(signal)),
                next = receive_loop.next() => next,
            };
            let next = match next {
                Ok(next) => next?,
                Err(source) => return Some(Stop::Error(self.queue_error(source))),
            };
            for classified in next {
                looked_at += 1;
                known.add(&classified);
                if let Some(message_id) = sent.remove(&classified.message.id) {
                    return Some(Stop::CameBack { message_id, new_id: classified.message.id });
                }
                if !self.selection.matches(&classified, SystemTime::now()) {
                    report.others += 1;
                    continue;
                }
                let row = Row::of(&classified, self.target, SystemTime::now());
                let Some(mover) = mover.as_mut() else {
                    report.add(row, None);
                    continue;
                };
                if let Some(signal) = pause(&mut rate_limit, signals).await {
                    return Some(Stop::Signal(signal));
                }
                let result = match mover.move_message(receive_loop, &classified).await {
                    Ok(result) => result,
                    Err(error) => return Some(Stop::Error(error.into())),
                };
                refusals = if result.is_done() { 0 } else { refusals + 1 };
                if let Some(new_id) = &result.new_id {
                    sent.insert(new_id.clone(), classified.message.id.clone());
                }
                report.add(row, Some(result));
                if refusals == FAILURES {
                    return Some(Stop::Refusals);
                }
                advance(looked_at);
            }
        }
    }

    fn queue_error(&self, source: aws_client::AwsError) -> DlqError {
        DlqError::Queue { queue: self.target.url.clone(), source }
    }
}

/// Waits as the rate limit demands, or until a signal.
async fn pause(rate_limit: &mut RateLimit, signals: &mut Signals) -> Option<Signal> {
    let wait = rate_limit.wait(Instant::now());
    tokio::select! {
        biased;
        signal = signals.next() => Some(signal),
        () = tokio::time::sleep(wait) => None,
    }
}
