//! Move of one message: sent again or written to the evidence file, then to the audit log, and only then deleted.

use std::path::Path;
use std::time::SystemTime;

use aws_client::chain;
use contract::time::rfc3339_seconds;
use serde_json::json;

use super::journal::{AuditEntry, JsonLines, MessageOutcome, Operator};
use super::receive::{Classified, ReceiveLoop};
use super::{DeadLetters, FileError};
use crate::queue::Queue;

/// What is done with messages.
#[derive(Clone, Copy, Debug)]
pub enum Action<'a> {
    /// Send each to this queue again.
    Redrive(Queue<'a>),
    /// Write each to this evidence file.
    Drop(&'a Path),
}

impl Action<'_> {
    /// The command's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Redrive(_) => "redrive",
            Self::Drop(_) => "drop",
        }
    }
}

/// Moves messages, and writes each move to the audit log.
#[derive(Debug)]
pub struct Mover<'a> {
    from: DeadLetters<'a>,
    operator: Operator,
    audit: JsonLines,
    action: Action<'a>,
    /// Open while messages are dropped.
    evidence: Option<JsonLines>,
}

/// What happened to a message.
#[derive(Clone, Debug)]
pub struct Moved {
    /// What.
    pub outcome: MessageOutcome,
    /// Its id in the processing queue.
    pub new_id: Option<String>,
    /// Why it was not moved, or not deleted.
    pub error: Option<String>,
}

impl Moved {
    fn new(outcome: MessageOutcome) -> Self {
        Self { outcome, new_id: None, error: None }
    }

    fn with_error(self, error: &dyn std::error::Error) -> Self {
        Self { error: Some(chain(error)), ..self }
    }

    /// Whether the message is at its destination, and no longer in the dead-letter queue.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self.outcome, MessageOutcome::Enqueued | MessageOutcome::Dropped)
    }
}

impl<'a> Mover<'a> {
    /// Opens the files, so that one that cannot be written is an error before anything is moved.
    ///
    /// # Errors
    /// When one cannot.
    pub fn open(
        from: DeadLetters<'a>,
        action: Action<'a>,
        audit: &Path,
        operator: Operator,
    ) -> Result<Self, FileError> {
        let evidence = match action {
            Action::Redrive(_) => None,
            Action::Drop(evidence) => Some(JsonLines::open(evidence)?),
        };
        Ok(Self { from, operator, audit: JsonLines::open(audit)?, action, evidence })
    }

    /// Moves a message. It is deleted last: a process that is killed on the way leaves it in the dead-letter queue, at
    /// worst enqueued as well.
    ///
    /// # Errors
    /// When a file could not be written; the message is still in the dead-letter queue then.
    pub async fn move_message(
        &mut self,
        receive_loop: &mut ReceiveLoop<'_>,
        classified: &Classified,
    ) -> Result<Moved, FileError> {
        let moved = match self.deliver(classified).await {
            Ok(moved) => moved,
            Err(Undelivered::Queue(moved)) => {
                self.write(classified, &moved)?;
                return Ok(moved);
            }
            Err(Undelivered::File(error)) => return Err(error),
        };
        self.write(classified, &moved)?;
        let Err(error) = receive_loop.delete(&classified.message).await else { return Ok(moved) };
        let outcome = if moved.outcome == MessageOutcome::Enqueued {
            MessageOutcome::Kept
        } else {
            MessageOutcome::Failed
        };
        let kept = Moved { outcome, ..moved }.with_error(&error);
        self.write(classified, &kept)?;
        Ok(kept)
    }

    /// Sends the message to the queue, or writes it to the evidence file.
    async fn deliver(&mut self, classified: &Classified) -> Result<Moved, Undelivered> {
        match self.action {
            Action::Redrive(to) => match to.send(&classified.message).await {
                Ok(id) => Ok(Moved { new_id: Some(id), ..Moved::new(MessageOutcome::Enqueued) }),
                Err(error) => Err(Undelivered::Queue(Moved::new(MessageOutcome::Failed).with_error(&error))),
            },
            Action::Drop(_) => {
                let line = json!({
                    "dropped": rfc3339_seconds(SystemTime::now()), "queue": self.from.queue.url, "who": self.operator,
                    "cause": classified.finding.cause, "message": classified.message,
                });
                self.evidence.iter_mut().try_for_each(|it| it.add(&line)).map_err(Undelivered::File)?;
                Ok(Moved::new(MessageOutcome::Dropped))
            }
        }
    }

    fn write(&mut self, classified: &Classified, moved: &Moved) -> Result<(), FileError> {
        let trace_id = classified.trace_id();
        let line = AuditEntry {
            time: rfc3339_seconds(SystemTime::now()),
            action: self.action.name(),
            outcome: moved.outcome,
            operator: &self.operator,
            queue: self.from.queue.url,
            to: match self.action {
                Action::Redrive(to) => Some(to.url),
                Action::Drop(_) => None,
            },
            message_id: &classified.message.id,
            new_message_id: moved.new_id.as_deref(),
            image_id: classified.image_id(),
            trace_id: trace_id.as_deref(),
            cause: classified.finding.cause.name(),
            error: moved.error.as_deref(),
        };
        self.audit.add(&line)
    }
}

/// Why a message was not delivered.
enum Undelivered {
    /// The processing queue did not accept it, or its answer was lost.
    Queue(Moved),
    /// The evidence file could not be written.
    File(FileError),
}
