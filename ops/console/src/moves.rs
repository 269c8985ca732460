//! Moves of dead letters: the one that runs, and how far it is.

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use aws_client::{Aws, chain};
use local_stack::console::Source;
use pipeline_client::dead_letters::DeadLetters;
use pipeline_client::dead_letters::cause::Cause;
use pipeline_client::dead_letters::journal::Operator;
use pipeline_client::dead_letters::mover::Action;
use pipeline_client::dead_letters::task::{Stop, Task};
use pipeline_client::queue::Queue;

/// The files of `ops dlq`, in the repository.
const AUDIT: &str = "ops-dlq-audit.jsonl";
const EVIDENCE: &str = "ops-dlq-evidence.jsonl";
/// Messages a second, as `ops dlq` has it.
pub(crate) const RATE: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");
/// How long a message that is looked at stays hidden from others.
pub(crate) const HOLD_SECONDS: u32 = 60;

/// What is done with messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Redrive,
    Drop,
}

impl Way {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Redrive => "redrive",
            Self::Drop => "drop",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Redrive, Self::Drop].into_iter().find(|way| way.name() == name)
    }
}

/// How far a move is.
#[derive(Clone, Debug)]
pub(crate) struct Progress {
    pub(crate) way: Way,
    pub(crate) cause: Cause,
    /// How many were to be moved when it began.
    pub(crate) planned: usize,
    pub(crate) done: usize,
    /// The messages that were refused, each with the reason.
    pub(crate) refused: Vec<(String, String)>,
    pub(crate) is_over: bool,
    /// Why it ended early.
    pub(crate) stopped: Option<String>,
}

/// The move that runs or ran last.
#[derive(Clone, Debug, Default)]
pub(crate) struct Moves(Arc<Mutex<Option<Progress>>>);

impl Moves {
    pub(crate) fn progress(&self) -> Option<Progress> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(change);
    }

    /// Begins a move; false when another one runs.
    pub(crate) fn begin(&self, source: &Source, way: Way, cause: Cause, planned: usize) -> bool {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|running| !running.is_over) {
            return false;
        }
        let begun =
            Progress { way, cause, planned, done: 0, refused: Vec::new(), is_over: false, stopped: None };
        *current = Some(begun);
        let (moves, target) = (self.clone(), Target::of(source));
        // A task of its own: what was begun goes on when the page is closed.
        tokio::spawn(async move {
            let stopped = run(&moves, &target, way, cause).await;
            moves.change(|progress| (progress.is_over, progress.stopped) = (true, stopped));
        });
        true
    }
}

/// The stack's queues, and what is known beside them.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    aws: Aws,
    pub(crate) url: String,
    pub(crate) to: String,
    table: String,
    bucket: String,
    root: PathBuf,
}

impl Target {
    pub(crate) fn of(source: &Source) -> Self {
        let output = |name: &str| source.info.outputs.get(name).cloned().unwrap_or_default();
        Self {
            aws: source.aws.clone(),
            url: output("DeadLetterQueueUrl"),
            to: output("QueueUrl"),
            table: output("MetadataTableName"),
            bucket: output("OriginalBucketName"),
            root: source.root.clone(),
        }
    }

    pub(crate) fn queue<'a>(&'a self, url: &'a str) -> Queue<'a> {
        Queue { aws: &self.aws, url }
    }

    pub(crate) fn dead_letters(&self) -> DeadLetters<'_> {
        DeadLetters { queue: self.queue(&self.url), table: Some(&self.table), bucket: Some(&self.bucket) }
    }
}

/// Moves, and returns why it ended early.
async fn run(moves: &Moves, target: &Target, way: Way, cause: Cause) -> Option<String> {
    let evidence = target.root.join(EVIDENCE);
    let audit = target.root.join(AUDIT);
    let task = Task {
        from: target.dead_letters(),
        action: match way {
            Way::Redrive => Action::Redrive(target.queue(&target.to)),
            Way::Drop => Action::Drop(&evidence),
        },
        audit: &audit,
        operator: Operator { os_user: "console".to_owned(), aws_identity: target.aws.identity().await.ok() },
        rate: RATE,
        hold_seconds: HOLD_SECONDS,
    };
    let ended = task.run(
        |classified| classified.finding.cause == cause,
        |classified, moved| {
            let refused = moved.error.clone().map(|why| (classified.message.id.clone(), why));
            moves.change(|progress| {
                progress.done += usize::from(moved.is_done());
                progress.refused.extend(refused);
            });
        },
    );
    match ended.await {
        Ok(None) => None,
        Ok(Some(Stop::CameBack)) => {
            Some("a message that was sent again has come back, so the cause is not mended".to_owned())
        }
        Ok(Some(Stop::Refusals)) => Some("several messages in a row were refused".to_owned()),
        Err(error) => Some(chain(&error)),
    }
}
