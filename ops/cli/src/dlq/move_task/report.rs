//! Report of a move task, for people and as JSON.

use std::path::Path;

use serde::Serialize;
use terminal::{Terminals, print_err};

use super::Stop;
use crate::cli::dlq::ExecutionArgs;
use crate::dlq::output::{Row, age, groups, messages_of, table};
use crate::dlq::target::Target;
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use pipeline_client::dead_letters::journal::MessageOutcome;
use pipeline_client::dead_letters::mover::{Action, Moved};
use pipeline_client::dead_letters::rate_limit::RateLimit;
use pipeline_client::dead_letters::receive::ReceiveLoop;
use pipeline_client::queue::Counts;

/// One selected message.
#[derive(Debug, Serialize)]
struct SelectedMessage {
    #[serde(flatten)]
    row: Row,
    /// What happened to it; absent in a dry run.
    outcome: Option<MessageOutcome>,
    new_message_id: Option<String>,
    error: Option<String>,
}

/// What a move task did, or would do in a dry run.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    action: &'static str,
    executed: bool,
    queue: &'a str,
    to: Option<&'a str>,
    /// How many messages were not selected.
    pub(super) others: usize,
    /// How many were moved: redriven or dropped.
    done: usize,
    /// Whether the whole queue was read.
    complete: bool,
    /// Why the records of images could not be read.
    record_unreadable: Option<String>,
    /// How many messages are in the queue now, those in flight included.
    left: Option<u64>,
    /// How many messages were in flight, so that they were not read.
    hidden: Option<u64>,
    messages: Vec<SelectedMessage>,
    #[serde(skip)]
    target: &'a Target,
    #[serde(skip)]
    execution: &'a ExecutionArgs,
    #[serde(skip)]
    evidence: Option<&'a Path>,
}

impl<'a> Report<'a> {
    pub(super) fn new(target: &'a Target, action: Action<'a>, execution: &'a ExecutionArgs) -> Self {
        let (to, evidence) = match action {
            Action::Redrive(to) => (Some(to.url), None),
            Action::Drop(evidence) => (None, Some(evidence)),
        };
        Self {
            action: action.name(),
            executed: execution.execute,
            queue: &target.url,
            to,
            others: 0,
            done: 0,
            complete: false,
            record_unreadable: None,
            left: None,
            hidden: None,
            messages: Vec::new(),
            target,
            execution,
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

    /// Adds a selected message, and what happened to it.
    pub(super) fn add(&mut self, row: Row, moved: Option<Moved>) {
        self.done += usize::from(moved.as_ref().is_some_and(Moved::is_done));
        let (outcome, new_message_id, error) = match moved {
            Some(moved) => (Some(moved.outcome), moved.new_id, moved.error),
            None => (None, None, None),
        };
        self.messages.push(SelectedMessage { row, outcome, new_message_id, error });
    }

    /// Adds what is known at the end.
    pub(super) fn end(&mut self, receive_loop: &ReceiveLoop<'_>, counts: Option<Counts>) {
        self.complete = receive_loop.is_complete();
        self.record_unreadable = receive_loop.unreadable().map(str::to_owned);
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
            print_err(&terminals.err.fold(&summary.join("\n")));
            return print_json(&self);
        }
        let troubles = self.messages.iter().filter_map(|message| {
            let error = message.error.as_deref()?;
            Some(format!("{}: {}", message.row.message_id, crate::dlq::output::safe(error)))
        });
        troubles.for_each(|line| print_err(&terminals.err.fold(&line)));
        let rows: Vec<Row> = self.messages.drain(..).map(|message| message.row).collect();
        let mut text = table(&groups(rows), terminals.out);
        if !text.is_empty() {
            text.push_str("\n\n");
        }
        text.push_str(&summary.join("\n"));
        print_text(&text, terminals.out)
    }

    fn summary(&self, stop: Option<&Stop>) -> Vec<String> {
        let selected = self.messages.len();
        let destination = match (self.to, self.evidence) {
            (Some(to), _) => format!("to {}", to.rsplit('/').next().unwrap_or(to)),
            (None, Some(evidence)) => format!("into {}", evidence.display()),
            (None, None) => String::new(),
        };
        let mut lines = Vec::new();
        if self.executed {
            let verb = if self.evidence.is_some() { "dropped" } else { "redriven" };
            lines.push(format!("{} of {selected} that were meant {verb} {destination}", self.done));
            lines.push(format!("audit log: {}", self.execution.audit.display()));
        } else {
            let time = age(RateLimit::new(self.execution.rate).time_of(selected));
            let messages = messages_of(selected);
            lines.push(format!(
                "dry run: {messages} would go {destination}, at {} a second in about {time}; nothing was changed, --execute does it",
                self.execution.rate
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
            lines.push(format!("about {left} left in {}", self.target.name()));
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
                self.target.options()
            ),
            Stop::Refusals => {
                "stopped after several refusals in a row; what was refused is still here".to_owned()
            }
            // Printed as the command's failure.
            Stop::Error(_) => return None,
        })
    }
}
