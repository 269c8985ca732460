//! `ops dlq drop`: deletes the selected messages, which stay in an evidence file.

use std::path::Path;

use pipeline_client::dead_letters::mover::Action;
use terminal::Terminals;

use super::error::DlqError;
use super::move_task::MoveTask;
use super::selection::Selection;
use super::target::{Lookup, Target};
use crate::cli::dlq::DropArgs;
use crate::failure::Failure;

/// Deletes messages, kept in a file.
///
/// # Errors
/// No such queue, nothing selected, or not all went well.
pub(super) async fn run(
    args: DropArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let selection = Selection::of(&args.select);
    if selection.is_everything() {
        return Err(DlqError::NoSelection.into());
    }
    let target = Target::find(&args.target, root, lookup).await?;
    let task = MoveTask {
        target: &target,
        hold_seconds: args.target.hold,
        select: &args.select,
        selection,
        execution: &args.execution,
    };
    task.run(Action::Drop(&args.evidence), terminals, lookup).await
}
