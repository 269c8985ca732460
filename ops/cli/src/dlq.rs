//! `ops dlq`: what lies in the dead-letter queue, and what becomes of it. The same on AWS and on the local stack.
//!
//! - `place` which queue, with whose credentials
//! - `queue`, `letter` SQS and its messages
//! - `content`, `items`, `cause` what a message is about, and why it is here
//! - `walk`, `selection` every message once, and which of them are meant
//! - `list`, `show` looking
//! - `sweep`, `carry`, `pace`, `record` doing: one after the other, written down before it is deleted

mod carry;
mod cause;
mod content;
mod error;
mod items;
mod letter;
mod list;
mod pace;
mod place;
mod queue;
mod record;
mod selection;
mod show;
mod sweep;
mod telling;
mod walk;

use std::path::Path;

pub(crate) use cause::Cause;
pub(crate) use error::DlqError;
use place::Lookup;
pub(crate) use selection::parse_age;

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
        DlqCommand::Redrive(args) => sweep::redrive(args, root, terminals, lookup).await,
        DlqCommand::Drop(args) => sweep::drop(args, root, terminals, lookup).await,
    }
}
