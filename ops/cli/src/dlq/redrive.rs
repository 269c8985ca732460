//! `ops dlq redrive`: sends the selected messages to the processing queue again.

use std::path::Path;

use pipeline_client::dead_letters::mover::Action;
use terminal::Terminals;

use super::error::DlqError;
use super::move_task::MoveTask;
use super::selection::Selection;
use super::target::{Lookup, Target};
use crate::cli::dlq::RedriveArgs;
use crate::failure::Failure;
use pipeline_client::queue::Queue;

/// Sends messages again.
///
/// # Errors
/// No such queue, or not all went well.
pub(super) async fn run(
    args: RedriveArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let target = Target::find(&args.target, root, lookup).await?;
    let to = args.to.or_else(|| target.source.clone()).ok_or(DlqError::NoDestination)?;
    let task = MoveTask {
        target: &target,
        hold_seconds: args.target.hold,
        select: &args.select,
        selection: Selection::of(&args.select).only_processable(),
        execution: &args.execution,
    };
    task.run(Action::Redrive(Queue { aws: &target.aws, url: &to }), terminals, lookup).await
}
