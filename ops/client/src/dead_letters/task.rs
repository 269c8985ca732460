//! Task that moves the selected messages of a dead-letter queue, one after the other.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::Instant;

use aws_client::AwsError;

use super::journal::Operator;
use super::mover::{Action, Moved, Mover};
use super::rate_limit::RateLimit;
use super::receive::{Classified, ReceiveLoop};
use super::{DeadLetters, FileError};

/// After this many failed messages in a row the task stops, since the next would fail too.
pub const FAILURES: usize = 3;

/// What is moved where, and who does it.
#[derive(Debug)]
pub struct Task<'a> {
    /// Out of this queue.
    pub from: DeadLetters<'a>,
    /// Where to.
    pub action: Action<'a>,
    /// The audit log.
    pub audit: &'a Path,
    /// Who does it.
    pub operator: Operator,
    /// Messages a second at most.
    pub rate: NonZeroU32,
    /// The visibility timeout of received messages.
    pub hold_seconds: u32,
}

/// Why a task ended before the end of the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// A message that was sent again has come back: the cause is not mended.
    CameBack,
    /// Several messages in a row failed.
    Refusals,
}

/// Why a task could not go on; what was not moved is still in the queue.
#[derive(Debug, thiserror::Error)]
pub enum TaskError {
    /// The queue.
    #[error("the dead-letter queue cannot be read")]
    Queue(#[from] AwsError),
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
}

impl Task<'_> {
    /// Moves every message that `selects` takes, and calls `after` with each and what became of it.
    ///
    /// # Errors
    /// When the queue or a file refuses.
    pub async fn run(
        self,
        selects: impl Fn(&Classified) -> bool,
        mut after: impl FnMut(&Classified, &Moved),
    ) -> Result<Option<Stop>, TaskError> {
        let mut mover = Mover::open(self.from, self.action, self.audit, self.operator)?;
        let mut receive_loop = ReceiveLoop::new(self.from, self.hold_seconds, usize::MAX);
        let mut rate_limit = RateLimit::new(self.rate);
        let ended = all(&mut receive_loop, &mut mover, &mut rate_limit, &selects, &mut after).await;
        receive_loop.end().await;
        ended
    }
}

async fn all(
    receive_loop: &mut ReceiveLoop<'_>,
    mover: &mut Mover<'_>,
    rate_limit: &mut RateLimit,
    selects: &impl Fn(&Classified) -> bool,
    after: &mut impl FnMut(&Classified, &Moved),
) -> Result<Option<Stop>, TaskError> {
    let (mut sent, mut refusals) = (HashSet::new(), 0);
    while let Some(received) = receive_loop.next().await? {
        for classified in received {
            if sent.contains(&classified.message.id) {
                return Ok(Some(Stop::CameBack));
            }
            if !selects(&classified) {
                continue;
            }
            tokio::time::sleep(rate_limit.wait(Instant::now())).await;
            let result = mover.move_message(receive_loop, &classified).await?;
            refusals = if result.is_done() { 0 } else { refusals + 1 };
            sent.extend(result.new_id.clone());
            after(&classified, &result);
            if refusals == FAILURES {
                return Ok(Some(Stop::Refusals));
            }
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests;
