//! `ops dlq`: what lies in the dead-letter queue, and what becomes of it. The same on AWS and on the local stack.
//!
//! - `target` which queue, with whose credentials
//! - `queue`, `message` SQS and its messages
//! - `content`, `items`, `cause` what a message is about, and why it is here
//! - `receive`, `selection` every message once, and which of them are meant
//! - `list`, `show` looking
//! - `move_task`, `rate_limit`, `journal` doing: one after the other, written down before it is deleted

mod cause;
mod content;
mod error;
mod items;
mod journal;
mod list;
mod message;
mod move_task;
mod output;
mod queue;
mod rate_limit;
mod receive;
mod selection;
mod show;
mod target;

use std::path::Path;

pub(crate) use cause::Cause;
pub(crate) use error::DlqError;
pub(crate) use selection::parse_age;
use target::Lookup;

use crate::cli::dlq::DlqCommand;
use crate::failure::Failure;
use crate::terminal::Terminals;

/// Carries out a command.
///
/// # Errors
/// No such queue, or not all went well.
pub(crate) async fn run(
    command: DlqCommand,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    match command {
        DlqCommand::List(args) => list::run(args, root, terminals, lookup).await,
        DlqCommand::Show(args) => show::run(args, root, terminals.out, lookup).await,
        DlqCommand::Redrive(args) => move_task::redrive(args, root, terminals, lookup).await,
        DlqCommand::Drop(args) => move_task::drop(args, root, terminals, lookup).await,
    }
}
