//! Report of a reprocess, for people and as JSON.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

use serde::Serialize;
use terminal::{Terminals, print_err};

use super::Stop;
use super::sender::Again;
use crate::cli::reprocess::ReprocessArgs;
use crate::dlq::output::{age, messages_of, safe};
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use crate::target::Target;
use pipeline_client::dead_letters::rate_limit::RateLimit;

/// So many images are listed.
const EXAMPLES: usize = 10;

/// What was done, or would be.
#[derive(Debug, Serialize)]
pub(super) struct Report {
    action: &'static str,
    executed: bool,
    stack: String,
    to: String,
    /// When this was asked for, in milliseconds since 1970.
    asked_at: u64,
    /// How many items were looked at.
    pub(super) looked_at: u64,
    /// How many images were selected, and not sent before.
    selected: u64,
    /// How many messages the queue has accepted.
    done: u64,
    /// How many the resumed run had sent.
    pub(super) already_sent: u64,
    /// The selected images by what their items said.
    was: BTreeMap<String, u64>,
    /// The first of them.
    images: Vec<Listed>,
    /// Why the queue did not accept some.
    errors: Vec<String>,
    #[serde(skip)]
    rate: NonZeroU32,
}

#[derive(Debug, Serialize)]
struct Listed {
    image_id: String,
    key: String,
    was: String,
}

impl Report {
    pub(super) fn new(target: &Target, queue: &str, asked_at: u64, args: &ReprocessArgs) -> Self {
        Self {
            action: "reprocess",
            executed: args.execute,
            stack: target.name().to_owned(),
            to: queue.to_owned(),
            asked_at,
            looked_at: 0,
            selected: 0,
            done: 0,
            already_sent: 0,
            was: BTreeMap::new(),
            images: Vec::new(),
            errors: Vec::new(),
            rate: args.rate,
        }
    }

    /// Adds a selected image, and how it was sent.
    pub(super) fn add(&mut self, again: &Again, sent: Option<&Result<String, String>>) {
        self.selected += 1;
        *self.was.entry(safe(&again.was)).or_default() += 1;
        if self.images.len() < EXAMPLES {
            let (image_id, key) = (safe(&again.image_id), safe(&again.upload.key));
            self.images.push(Listed { image_id, key, was: safe(&again.was) });
        }
        match sent {
            Some(Ok(_)) => self.done += 1,
            Some(Err(error)) if self.errors.len() < EXAMPLES => self.errors.push(error.clone()),
            _ => {}
        }
    }

    /// Whether all that was to be done is done.
    pub(super) fn is_ok(&self) -> bool {
        !self.executed || self.done == self.selected
    }

    /// Prints the result on stdout, and the errors on stderr.
    pub(super) fn print(&self, stop: Option<&Stop>, json: bool, terminals: Terminals) -> Result<(), Failure> {
        self.errors.iter().for_each(|error| print_err(&terminals.err.fold(error)));
        if json {
            print_err(&terminals.err.fold(&self.summary(stop)));
            return print_json(self);
        }
        let mut lines = vec![format!("{}: {} of {} items", self.stack, self.selected, self.looked_at)];
        lines.extend(self.was.iter().map(|(was, count)| format!("  {was:<28}{count:>10}")));
        lines.extend(self.images.iter().map(|it| format!("  {}  {}  {}", it.image_id, it.was, it.key)));
        let more = self.selected.saturating_sub(self.images.len() as u64);
        if more > 0 {
            lines.push(format!("  and {more} more"));
        }
        lines.push(String::new());
        lines.push(self.summary(stop));
        print_text(&lines.join("\n"), terminals.out)
    }

    fn summary(&self, stop: Option<&Stop>) -> String {
        let count = |number: u64| messages_of(usize::try_from(number).unwrap_or(usize::MAX));
        let mut parts = Vec::new();
        if self.already_sent > 0 {
            parts.push(format!("{} sent by the run that is resumed", count(self.already_sent)));
        }
        if self.executed {
            parts.push(format!("{} sent", count(self.done)));
        } else {
            let time =
                RateLimit::new(self.rate).time_of(usize::try_from(self.selected).unwrap_or(usize::MAX));
            parts.push(format!(
                "{} would be sent, at {} a second in {}; nothing was changed, --execute does it",
                count(self.selected),
                self.rate,
                age(time)
            ));
        }
        match stop {
            Some(Stop::Signal(signal)) => {
                parts.push(format!("{signal}: stopped between two messages; --resume goes on"));
            }
            Some(Stop::Refusals) => {
                parts.push("the queue refuses: see the errors; --resume goes on".to_owned());
            }
            Some(Stop::Limit) => parts.push("--limit was reached: there are more".to_owned()),
            None => {}
        }
        parts.join("; ")
    }
}
