//! Sender: one message for each image, and a line of the audit log that is on the disk before the next.

use std::collections::HashSet;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_client::{Aws, chain};
use contract::queue_attributes::REPROCESS;
use contract::s3_event::{self, Upload};
use contract::time::rfc3339_seconds;
use pipeline_client::dead_letters::journal::{JsonLines, MessageOutcome, Operator};
use pipeline_client::queue::Queue;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::cli::reprocess::ReprocessArgs;
use crate::dlq::error::DlqError;
use crate::dlq::output::safe;
use crate::target::Lookup;

/// An image that is to be done again.
#[derive(Clone, Debug)]
pub(super) struct Again {
    pub(super) image_id: String,
    pub(super) upload: Upload,
    /// What its item said.
    pub(super) was: String,
}

/// Sends messages.
#[derive(Debug)]
pub(super) struct Sender {
    aws: Aws,
    queue: String,
    /// When this was asked for, in milliseconds since 1970; the same for a whole run, and for its resumption.
    asked_at: u64,
    /// Images that the run had sent before it was resumed.
    sent: HashSet<String>,
    /// Open while messages are sent.
    log: Option<(JsonLines, Operator)>,
}

/// One line of the audit log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    action: &'static str,
    outcome: MessageOutcome,
    #[serde(flatten)]
    operator: &'a Operator,
    to: &'a str,
    asked_at: u64,
    image_id: &'a str,
    key: String,
    was: &'a str,
    new_message_id: Option<&'a str>,
    error: Option<&'a str>,
}

/// What a resumption needs of such a line.
#[derive(Deserialize)]
struct Earlier {
    to: String,
    asked_at: u64,
    image_id: String,
    outcome: String,
}

impl Sender {
    /// Opens the audit log where messages are sent, and reads it where a run is resumed.
    pub(super) async fn open(
        aws: Aws,
        queue: &str,
        args: &ReprocessArgs,
        lookup: Lookup<'_>,
    ) -> Result<Self, DlqError> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let now = u64::try_from(now).unwrap_or(u64::MAX);
        let earlier = if args.resume { last_run(&args.audit, queue) } else { None };
        let (asked_at, sent) = earlier.unwrap_or((now, HashSet::new()));
        let log = if args.execute {
            Some((JsonLines::open(&args.audit)?, Operator::find(&aws, lookup).await))
        } else {
            None
        };
        Ok(Self { aws, queue: queue.to_owned(), asked_at, sent, log })
    }

    pub(super) fn asked_at(&self) -> u64 {
        self.asked_at
    }

    pub(super) fn executes(&self) -> bool {
        self.log.is_some()
    }

    /// Whether the run that is resumed has sent it.
    pub(super) fn was_sent(&self, again: &Again) -> bool {
        self.sent.contains(&again.image_id)
    }

    /// Sends a message; the inner error is the queue's.
    ///
    /// # Errors
    /// When the audit log cannot be written.
    pub(super) async fn send(&mut self, again: &Again) -> Result<Result<String, String>, DlqError> {
        let attributes = json!({REPROCESS: {"DataType": "Number", "StringValue": self.asked_at.to_string()}});
        let queue = Queue { aws: &self.aws, url: &self.queue };
        let sent = queue.send_new(&s3_event::write(&again.upload), attributes).await;
        let sent = sent.map_err(|error| safe(&chain(&error)));
        if let Some((log, operator)) = &mut self.log {
            log.add(&Line {
                time: rfc3339_seconds(SystemTime::now()),
                action: "reprocess",
                outcome: if sent.is_ok() { MessageOutcome::Enqueued } else { MessageOutcome::Failed },
                operator,
                to: &self.queue,
                asked_at: self.asked_at,
                image_id: &again.image_id,
                key: safe(&again.upload.key),
                was: &again.was,
                new_message_id: sent.as_deref().ok(),
                error: sent.as_ref().err().map(String::as_str),
            })?;
        }
        Ok(sent)
    }
}

/// The last run to this queue in an audit log: when it was asked for, and the images that it sent.
fn last_run(path: &Path, queue: &str) -> Option<(u64, HashSet<String>)> {
    let text = std::fs::read_to_string(path).ok()?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Earlier>(line).ok());
    let lines: Vec<Earlier> = lines.filter(|line| line.to == queue).collect();
    let asked_at = lines.iter().map(|line| line.asked_at).max()?;
    let sent = lines.into_iter().filter(|line| line.asked_at == asked_at && line.outcome == "enqueued");
    Some((asked_at, sent.map(|line| line.image_id).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_run_to_the_queue_is_resumed_but_for_what_the_queue_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let line = |to: &str, asked_at: u64, image_id: &str, outcome: &str| {
            json!({"to": to, "asked_at": asked_at, "image_id": image_id, "outcome": outcome}).to_string()
        };
        let lines = [
            line("q", 1, "a", "enqueued"),
            line("q", 2, "b", "enqueued"),
            line("other", 3, "c", "enqueued"),
            line("q", 2, "d", "failed"),
            "half a line".to_owned(),
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();

        assert_eq!(last_run(&path, "q"), Some((2, HashSet::from(["b".to_owned()]))));
        assert_eq!(last_run(&path, "none"), None);
        assert_eq!(last_run(&directory.path().join("no"), "q"), None);
    }
}
