//! The result of an audit.

use std::collections::BTreeMap;

use serde::Serialize;

use super::kind::Kind;

/// What an audit has seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Report {
    /// Whether nothing was found.
    pub ok: bool,
    /// When it started, as RFC 3339.
    pub started: String,
    /// From which age on an object must have a result.
    pub settled_after_seconds: u64,
    /// The objects under `user-uploads/`, each in one of the counts.
    pub objects: Objects,
    /// How many items the table has.
    pub items: u64,
    /// How many objects the bucket of thumbnails has.
    pub thumbnails: u64,
    /// How many of them were decoded.
    pub decoded: u64,
    /// What does not fit and need not.
    pub allowed: BTreeMap<&'static str, u64>,
    /// The violations, by kind.
    pub findings: Vec<Findings>,
    /// How many of them were seen once only, since the limit of second looks was reached.
    pub unconfirmed: u64,
    /// What the queues say of objects without a result; absent where there is none to explain.
    pub queues: Option<Queues>,
    /// How often each API operation was called.
    pub requests: BTreeMap<&'static str, u64>,
}

/// Objects by how far they are.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Objects {
    /// All of them.
    pub listed: u64,
    /// DONE.
    pub done: u64,
    /// FAILED, by reason.
    pub failed: BTreeMap<String, u64>,
    /// No uploads of users, by reason.
    pub skipped: BTreeMap<&'static str, u64>,
    /// Newer than the audit, and left out.
    pub newer: u64,
    /// Without a result, and younger than the queue needs.
    pub young: u64,
    /// In the hands of an attempt.
    pub in_work: u64,
    /// Without a result, and about as many messages are in the queue.
    pub perhaps_queued: u64,
    /// Without a result, and with a message in the dead-letter queue.
    pub dead_lettered: u64,
    /// Without a result, and in neither queue as far as that can be seen.
    pub unaccounted: u64,
    /// With an item that is not fit to be judged.
    pub unknown: u64,
}

/// What the queues say of objects without a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Queues {
    /// About how many messages the processing queue holds.
    pub messages: u64,
    /// So many of the objects without a result may be theirs: which ones, only receiving them would show.
    pub may_explain: u64,
    /// Whether the whole dead-letter queue was read.
    pub dead_letters_complete: bool,
}

/// The violations of one kind.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: u64,
    /// What was seen.
    pub means: &'static str,
    /// What to do.
    pub next: &'static str,
    /// The first of them.
    pub examples: Vec<Example>,
}

/// One violation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Example {
    /// The image, where there is one.
    pub image_id: Option<String>,
    /// The original's key, where it is known.
    pub key: Option<String>,
    /// What was seen of it.
    pub detail: String,
}

impl Report {
    /// How many violations there are.
    #[must_use]
    pub fn violations(&self) -> u64 {
        self.findings.iter().map(|findings| findings.count).sum()
    }
}
