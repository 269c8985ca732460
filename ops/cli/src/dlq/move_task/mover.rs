//! What is done to one message: written down first, then deleted.

use std::path::Path;
use std::time::SystemTime;

use local_stack::observe::logs::chain;
use serde_json::json;

use crate::dlq::error::DlqError;
use crate::dlq::journal::{Line, Log, Outcome, Who, rfc3339};
use crate::dlq::queue::Queue;
use crate::dlq::receive::{Judged, Walk};
use crate::dlq::target::Place;

/// What is to be done to messages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Action<'a> {
    /// Send each to this queue again.
    Redrive(Queue<'a>),
    /// Keep each in this file only.
    Drop(&'a Path),
}

impl Action<'_> {
    /// The command's name.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Redrive(_) => "redrive",
            Self::Drop(_) => "drop",
        }
    }
}

/// Carries an action out, with witnesses.
#[derive(Debug)]
pub(crate) struct Carrier<'a> {
    place: &'a Place,
    who: Who,
    audit: Log,
    action: Action<'a>,
    /// Open while messages are dropped.
    evidence: Option<Log>,
}

/// What became of a message.
#[derive(Clone, Debug)]
pub(crate) struct Carried {
    pub(crate) outcome: Outcome,
    /// Its id in the processing queue.
    pub(crate) new_id: Option<String>,
    /// What went wrong.
    pub(crate) error: Option<String>,
}

impl Carried {
    fn new(outcome: Outcome) -> Self {
        Self { outcome, new_id: None, error: None }
    }

    fn with_error(self, error: &dyn std::error::Error) -> Self {
        Self { error: Some(chain(error)), ..self }
    }

    /// Whether the message is where it should be, and only there.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.outcome, Outcome::Enqueued | Outcome::Dropped)
    }
}

impl<'a> Carrier<'a> {
    /// Gets ready: files that cannot be written are found out before anything is done.
    ///
    /// # Errors
    /// When one cannot.
    pub(crate) fn open(
        place: &'a Place,
        action: Action<'a>,
        audit: &Path,
        who: Who,
    ) -> Result<Self, DlqError> {
        let evidence = match action {
            Action::Redrive(_) => None,
            Action::Drop(evidence) => Some(Log::open(evidence)?),
        };
        Ok(Self { place, who, audit: Log::open(audit)?, action, evidence })
    }

    /// Does to a message what is to be done. It is deleted last: whoever is killed on the way leaves it where it is,
    /// at worst enqueued as well.
    ///
    /// # Errors
    /// When it could not be written down; the message is still there then.
    pub(crate) async fn carry(&mut self, walk: &mut Walk<'_>, judged: &Judged) -> Result<Carried, DlqError> {
        let carried = match self.witness(judged).await {
            Ok(carried) => carried,
            Err(Refused::Queue(carried)) => {
                self.write(judged, &carried)?;
                return Ok(carried);
            }
            Err(Refused::File(error)) => return Err(error),
        };
        self.write(judged, &carried)?;
        let Err(error) = walk.delete(&judged.letter).await else { return Ok(carried) };
        let outcome = if carried.outcome == Outcome::Enqueued { Outcome::Kept } else { Outcome::Failed };
        let kept = Carried { outcome, ..carried }.with_error(&error);
        self.write(judged, &kept)?;
        Ok(kept)
    }

    /// Brings the message to where it shall be instead.
    async fn witness(&mut self, judged: &Judged) -> Result<Carried, Refused> {
        match self.action {
            Action::Redrive(to) => match to.send(&judged.letter).await {
                Ok(id) => Ok(Carried { new_id: Some(id), ..Carried::new(Outcome::Enqueued) }),
                Err(error) => Err(Refused::Queue(Carried::new(Outcome::Failed).with_error(&error))),
            },
            Action::Drop(_) => {
                let line = json!({
                    "dropped": rfc3339(SystemTime::now()), "queue": self.place.url, "who": self.who,
                    "cause": judged.finding.cause, "message": judged.letter,
                });
                self.evidence.iter_mut().try_for_each(|it| it.add(&line)).map_err(Refused::File)?;
                Ok(Carried::new(Outcome::Dropped))
            }
        }
    }

    fn write(&mut self, judged: &Judged, carried: &Carried) -> Result<(), DlqError> {
        let trace_id = judged.trace_id();
        let line = Line {
            time: rfc3339(SystemTime::now()),
            action: self.action.name(),
            outcome: carried.outcome,
            who: &self.who,
            queue: &self.place.url,
            to: match self.action {
                Action::Redrive(to) => Some(to.url),
                Action::Drop(_) => None,
            },
            message_id: &judged.letter.message_id,
            new_message_id: carried.new_id.as_deref(),
            image_id: judged.image_id(),
            trace_id: trace_id.as_deref(),
            cause: judged.finding.cause.name(),
            error: carried.error.as_deref(),
        };
        self.audit.add(&line)
    }
}

/// The message could not be brought anywhere else.
enum Refused {
    /// The processing queue did not take it, or did not say so.
    Queue(Carried),
    /// The evidence file did not take it.
    File(DlqError),
}
