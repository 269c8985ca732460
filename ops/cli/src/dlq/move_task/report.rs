//! How a sweep is told.

use std::path::Path;

use serde::Serialize;

use super::Stop;
use crate::cli::dlq::CarryArgs;
use crate::dlq::journal::Outcome;
use crate::dlq::move_task::mover::{Action, Carried};
use crate::dlq::output::{Row, age, groups, messages_of, table};
use crate::dlq::queue::Counts;
use crate::dlq::rate_limit::Pace;
use crate::dlq::receive::Walk;
use crate::dlq::target::Place;
use crate::failure::Failure;
use crate::terminal::{Terminals, print_json, print_text, say};

/// One message that was meant.
#[derive(Debug, Serialize)]
struct Told {
    #[serde(flatten)]
    row: Row,
    /// What became of it; absent in a dry run.
    outcome: Option<Outcome>,
    new_message_id: Option<String>,
    error: Option<String>,
}

/// What a sweep did, or would do.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    action: &'static str,
    executed: bool,
    queue: &'a str,
    to: Option<&'a str>,
    /// How many messages were not meant.
    pub(super) others: usize,
    /// How many were done: moved, or dropped.
    done: usize,
    /// Whether the whole queue was looked at.
    complete: bool,
    /// Why the records of images could not be read.
    record_unreadable: Option<String>,
    /// How many messages lie in the queue now, those that somebody holds included.
    left: Option<u64>,
    /// How many messages somebody else held, so that they were not looked at.
    hidden: Option<u64>,
    messages: Vec<Told>,
    #[serde(skip)]
    place: &'a Place,
    #[serde(skip)]
    carry: &'a CarryArgs,
    #[serde(skip)]
    evidence: Option<&'a Path>,
}

impl<'a> Report<'a> {
    pub(super) fn new(place: &'a Place, action: Action<'a>, carry: &'a CarryArgs) -> Self {
        let (to, evidence) = match action {
            Action::Redrive(to) => (Some(to.url), None),
            Action::Drop(evidence) => (None, Some(evidence)),
        };
        Self {
            action: action.name(),
            executed: carry.execute,
            queue: &place.url,
            to,
            others: 0,
            done: 0,
            complete: false,
            record_unreadable: None,
            left: None,
            hidden: None,
            messages: Vec::new(),
            place,
            carry,
            evidence,
        }
    }

    /// What is being done, for people.
    pub(super) fn verb(&self) -> &'static str {
        match (self.executed, self.evidence) {
            (false, _) => "Looking at",
            (true, None) => "Redriving",
            (true, Some(_)) => "Dropping from",
        }
    }

    /// Takes a message that was meant, and what became of it.
    pub(super) fn add(&mut self, row: Row, carried: Option<Carried>) {
        self.done += usize::from(carried.as_ref().is_some_and(Carried::is_done));
        let (outcome, new_message_id, error) = match carried {
            Some(carried) => (Some(carried.outcome), carried.new_id, carried.error),
            None => (None, None, None),
        };
        self.messages.push(Told { row, outcome, new_message_id, error });
    }

    /// Takes what is known at the end.
    pub(super) fn end(&mut self, walk: &Walk<'_>, counts: Option<Counts>) {
        self.complete = walk.is_complete();
        self.record_unreadable = walk.unreadable().map(str::to_owned);
        self.left = counts.map(|counts| counts.waiting + counts.hidden);
        self.hidden = counts.map(|counts| counts.hidden);
    }

    /// Whether all that was to be done is done.
    pub(super) fn is_ok(&self) -> bool {
        !self.executed || self.done == self.messages.len()
    }

    /// Prints the result on stdout, and what is left on stderr.
    pub(super) fn print(
        mut self,
        stop: Option<&Stop>,
        json: bool,
        terminals: Terminals,
    ) -> Result<(), Failure> {
        let summary = self.summary(stop);
        if json {
            say(&terminals.err.fold(&summary.join("\n")));
            return print_json(&self);
        }
        let troubles = self.messages.iter().filter_map(|told| {
            let error = told.error.as_deref()?;
            Some(format!("{}: {}", told.row.message_id, crate::dlq::output::safe(error)))
        });
        troubles.for_each(|line| say(&terminals.err.fold(&line)));
        let rows: Vec<Row> = self.messages.drain(..).map(|told| told.row).collect();
        let mut text = table(&groups(rows), terminals.out);
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&summary.join("\n"));
        print_text(&text, terminals.out)
    }

    fn summary(&self, stop: Option<&Stop>) -> Vec<String> {
        let meant = self.messages.len();
        let target = match (self.to, self.evidence) {
            (Some(to), _) => format!("to {}", to.rsplit('/').next().unwrap_or(to)),
            (None, Some(evidence)) => format!("into {}", evidence.display()),
            (None, None) => String::new(),
        };
        let mut lines = Vec::new();
        if self.executed {
            let verb = if self.evidence.is_some() { "dropped" } else { "redriven" };
            lines.push(format!("{} of {meant} that were meant {verb} {target}", self.done));
            lines.push(format!("audit log: {}", self.carry.audit.display()));
        } else {
            let time = age(Pace::new(self.carry.rate).time_of(meant));
            let messages = messages_of(meant);
            lines.push(format!(
                "dry run: {messages} would go {target}, at {} a second in about {time}; nothing was changed, --execute does it",
                self.carry.rate
            ));
        }
        if self.others > 0 {
            lines.push(format!("{} not meant, and left alone", messages_of(self.others)));
        }
        if let Some(why) = &self.record_unreadable {
            lines.push(format!(
                "the images' records could not be read, so causes are by the body alone: {why}"
            ));
        }
        lines.extend(stop.and_then(|stop| self.stopped(stop)));
        if !self.complete && stop.is_none() {
            lines.push("the limit was reached: there may be more; run it again, or raise --limit".to_owned());
        }
        if let Some(hidden) = self.hidden.filter(|hidden| *hidden > 0) {
            lines.push(format!(
                "about {hidden} more are being read by somebody else, or were a moment ago: wait, and run it again"
            ));
        }
        if let Some(left) = self.left.filter(|_| self.executed) {
            lines.push(format!("about {left} left in {}", self.place.name()));
        }
        lines
    }

    fn stopped(&self, stop: &Stop) -> Option<String> {
        Some(match stop {
            Stop::Signal(signal) => {
                format!("{signal}: stopped between two messages; the same command goes on with what is left")
            }
            Stop::CameBack { message_id, new_id } => format!(
                "stopped: {message_id} was sent again as {new_id} and has come back, so the cause is not mended; see `ops dlq show {new_id}{}`",
                self.place.words()
            ),
            Stop::Refusals => {
                "stopped after several refusals in a row; what was refused is still here".to_owned()
            }
            // Told as the command's failure.
            Stop::Error(_) => return None,
        })
    }
}
