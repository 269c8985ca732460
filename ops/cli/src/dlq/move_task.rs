//! `ops dlq redrive` and `ops dlq drop`: the messages that are meant, one after the other.

mod mover;
mod report;

use std::collections::HashMap;
use std::path::Path;
use std::time::{Instant, SystemTime};

use local_stack::progress::Step;

use super::error::DlqError;
use super::journal::Who;
use super::output::Row;
use super::queue::Queue;
use super::rate_limit::Pace;
use super::receive::Walk;
use super::selection::{Known, Selection};
use super::target::{Lookup, Place};
use crate::cli::dlq::{CarryArgs, DropArgs, RedriveArgs, SelectArgs, WhereArgs};
use crate::failure::{Failure, concluded};
use crate::progress::reporter;
use crate::signals::{Signal, Signals};
use crate::terminal::Terminals;
use mover::{Action, Carrier};
use report::Report;

/// After so many refusals in a row the next would be one too.
const FAILURES: usize = 3;

/// Why a sweep ended before the end of the queue.
#[derive(Debug)]
enum Stop {
    /// Ctrl-C or SIGTERM.
    Signal(Signal),
    /// A message that was sent again has come back.
    CameBack { message_id: String, new_id: String },
    /// One refusal after the other.
    Refusals,
    /// The queue does not answer, or a file cannot be written.
    Error(DlqError),
}

/// Sends messages again.
///
/// # Errors
/// No such queue, or not all went well.
pub(crate) async fn redrive(
    args: RedriveArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let place = Place::find(&args.place, root, lookup).await?;
    let to = args.to.or_else(|| place.source.clone()).ok_or(DlqError::NoTarget)?;
    let selection = Selection::of(&args.select).hopeful();
    let action = Action::Redrive(Queue { aws: &place.aws, url: &to });
    let plan = Plan { place: &place, at: &args.place, select: &args.select, selection, carry: &args.carry };
    plan.run(action, terminals, lookup).await
}

/// Deletes messages, kept in a file.
///
/// # Errors
/// No such queue, nothing selected, or not all went well.
pub(crate) async fn drop(
    args: DropArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let selection = Selection::of(&args.select);
    if selection.is_everything() {
        return Err(DlqError::NoSelection.into());
    }
    let place = Place::find(&args.place, root, lookup).await?;
    let action = Action::Drop(&args.evidence);
    let plan = Plan { place: &place, at: &args.place, select: &args.select, selection, carry: &args.carry };
    plan.run(action, terminals, lookup).await
}

/// What was asked for.
struct Plan<'a> {
    place: &'a Place,
    at: &'a WhereArgs,
    select: &'a SelectArgs,
    selection: Selection,
    carry: &'a CarryArgs,
}

impl Plan<'_> {
    async fn run(self, action: Action<'_>, terminals: Terminals, lookup: Lookup<'_>) -> Result<(), Failure> {
        let mut signals = Signals::listen().map_err(Failure::Runtime)?;
        let limit = usize::try_from(self.select.limit.get()).unwrap_or(usize::MAX);
        let mut walk = Walk::new(self.place, self.at.hold, limit);
        let mut report = Report::new(self.place, action, self.carry);
        let mut known = Known::default();
        let mut carrier = None;
        if self.carry.execute {
            carrier =
                Some(Carrier::open(self.place, action, &self.carry.audit, who(self.place, lookup).await)?);
        }
        let waiting = self.place.dead_letters().counts().await.map_err(|source| self.queue_error(source))?;
        let progress = reporter(terminals.err);
        let label = format!("{} {}", report.verb(), self.place.name());
        let step = Step::start(&*progress, "dlq", label.clone());
        let moved = |done| step.moved(String::new(), Some(done), Some(waiting.waiting));
        let early =
            self.sweep(&mut walk, carrier.as_mut(), &mut signals, (&mut report, &mut known), &moved).await;
        walk.end().await;
        step.finish(label);
        std::mem::drop(progress);
        report.end(&walk, self.place.dead_letters().counts().await.ok());
        let is_ok = report.is_ok();
        let printed = report.print(early.as_ref(), self.carry.json, terminals);
        let verdict = match early {
            Some(Stop::Signal(signal)) => Err(Failure::Signal(signal)),
            Some(Stop::Error(error)) => Err(error.into()),
            None if is_ok => self.selection.unknown(&known).map_or(Ok(()), |unknown| Err(unknown.into())),
            Some(Stop::CameBack { .. } | Stop::Refusals) | None => Err(Failure::Pipeline),
        };
        concluded(printed, verdict)
    }

    /// Goes through the queue; answers why it stopped early, if so.
    async fn sweep(
        &self,
        walk: &mut Walk<'_>,
        mut carrier: Option<&mut Carrier<'_>>,
        signals: &mut Signals,
        (report, known): (&mut Report<'_>, &mut Known),
        moved: &dyn Fn(u64),
    ) -> Option<Stop> {
        let mut pace = Pace::new(self.carry.rate);
        let (mut sent, mut refusals, mut looked_at) = (HashMap::new(), 0, 0);
        loop {
            let next = tokio::select! {
                biased;
                signal = signals.next() => return Some(Stop::Signal(signal)),
                next = walk.next() => next,
            };
            let next = match next {
                Ok(next) => next?,
                Err(source) => return Some(Stop::Error(self.queue_error(source))),
            };
            for judged in next {
                looked_at += 1;
                known.add(&judged);
                if let Some(message_id) = sent.remove(&judged.letter.message_id) {
                    return Some(Stop::CameBack { message_id, new_id: judged.letter.message_id });
                }
                if !self.selection.takes(&judged, SystemTime::now()) {
                    report.others += 1;
                    continue;
                }
                let row = Row::of(&judged, self.place, SystemTime::now());
                let Some(carrier) = carrier.as_mut() else {
                    report.add(row, None);
                    continue;
                };
                if let Some(signal) = pause(&mut pace, signals).await {
                    return Some(Stop::Signal(signal));
                }
                let result = match carrier.carry(walk, &judged).await {
                    Ok(result) => result,
                    Err(error) => return Some(Stop::Error(error)),
                };
                refusals = if result.is_done() { 0 } else { refusals + 1 };
                if let Some(new_id) = &result.new_id {
                    sent.insert(new_id.clone(), judged.letter.message_id.clone());
                }
                report.add(row, Some(result));
                if refusals == FAILURES {
                    return Some(Stop::Refusals);
                }
                moved(looked_at);
            }
        }
    }

    fn queue_error(&self, source: local_stack::aws::AwsError) -> DlqError {
        DlqError::Queue { queue: self.place.url.clone(), source }
    }
}

/// Waits for the next turn, or until somebody wants to end.
async fn pause(pace: &mut Pace, signals: &mut Signals) -> Option<Signal> {
    let wait = pace.wait(Instant::now());
    tokio::select! {
        biased;
        signal = signals.next() => Some(signal),
        () = tokio::time::sleep(wait) => None,
    }
}

async fn who(place: &Place, lookup: Lookup<'_>) -> Who {
    let os_user = lookup("USER").or_else(|| lookup("LOGNAME")).unwrap_or_else(|| "unknown".to_owned());
    // It needs no permission, but an endpoint may lack it.
    Who { os_user, aws_identity: place.aws.identity().await.ok().filter(|arn| !arn.is_empty()) }
}
