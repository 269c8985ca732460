//! The engine's record of what policies decided, as `decisions.py` writes it.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use local_stack::stack::StackInfo;
use serde::Deserialize;

use crate::harness::{Harness, root};

/// One decision: a statement that allowed or denied, or a refusal.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
pub(crate) struct Decision {
    /// The role's name, or the service.
    pub(crate) principal: String,
    pub(crate) action: String,
    /// The pattern of the statement that named the resource; of a refusal the resource itself.
    pub(crate) resource: String,
    /// `Allow`, `Deny` or `Refused`.
    pub(crate) effect: String,
    /// The statement's; empty for a refusal.
    #[serde(default)]
    pub(crate) sid: String,
}

/// The record of one stack.
#[derive(Debug)]
pub(crate) struct Decisions {
    file: PathBuf,
}

/// A place in the record, to read on from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark(u64);

impl Decisions {
    pub(crate) fn of(harness: &Harness) -> Self {
        let directory = StackInfo::directory(&root(), &harness.info.name);
        Self { file: directory.join("policy-decisions.jsonl") }
    }

    /// The end of the record as it is now.
    pub(crate) fn mark(&self) -> Mark {
        Mark(self.file.metadata().unwrap().len())
    }

    /// Everything that was decided so far.
    pub(crate) fn all(&self) -> Vec<Decision> {
        self.since(Mark(0))
    }

    /// The first refusal since a mark, as a sentence.
    pub(crate) fn refusal(&self, since: Mark) -> Option<String> {
        let refused = self.since(since).into_iter().find(|decision| decision.effect == "Refused")?;
        Some(format!("{} was refused {}", refused.principal, refused.action))
    }

    /// Whether an action was refused since a mark.
    pub(crate) fn has_refused(&self, since: Mark, action: &str) -> bool {
        self.since(since).iter().any(|decision| decision.effect == "Refused" && decision.action == action)
    }

    fn since(&self, Mark(offset): Mark) -> Vec<Decision> {
        let mut file = File::open(&self.file).unwrap();
        file.seek(SeekFrom::Start(offset)).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        // A line that is being written has no end yet.
        let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
        whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}
