//! `ops dlq`: lists, shows, redrives and drops the messages of the dead-letter queue, on AWS and on the local stack.
//!
//! - `target` the dead-letter queue and the credentials for it
//! - `selection` which of its messages are selected
//! - `list`, `show` commands that only read
//! - `redrive`, `drop` commands that move messages, by way of `move_task`: receive, deliver, write down, delete
//! - `output` rows for people and machines
//!
//! Why a message is there and how one is moved is `pipeline_client::dead_letters`'.

mod drop;
pub(crate) mod error;
mod list;
mod move_task;
pub(crate) mod output;
mod redrive;
mod selection;
mod show;
mod target;

use std::collections::BTreeSet;
use std::path::Path;

use crate::target::Lookup;
use terminal::Terminals;

use crate::cli::dlq::{DlqCommand, TargetArgs};
use crate::failure::Failure;
use error::DlqError;
use pipeline_client::dead_letters::receive::ReceiveLoop;
use target::Target;

/// Runs a command.
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
        DlqCommand::Redrive(args) => redrive::run(args, root, terminals, lookup).await,
        DlqCommand::Drop(args) => drop::run(args, root, terminals, lookup).await,
    }
}

/// The images that the messages of a local stack's dead-letter queue are about.
///
/// # Errors
/// No such stack, or the queue cannot be read.
pub(crate) async fn images(name: &str, root: &Path, lookup: Lookup<'_>) -> Result<BTreeSet<String>, Failure> {
    const HOLD_SECONDS: u32 = 60;
    let args =
        TargetArgs { name: name.to_owned(), stack: None, queue_url: None, table: None, hold: HOLD_SECONDS };
    let target = Target::find(&args, root, lookup).await?;
    let mut messages = ReceiveLoop::new(target.dead_letters(), HOLD_SECONDS, usize::MAX);
    let mut images = BTreeSet::new();
    let read = loop {
        match messages.next().await {
            Ok(Some(received)) => {
                images.extend(received.iter().filter_map(|message| message.image_id().map(str::to_owned)));
            }
            Ok(None) => break Ok(images),
            Err(error) => break Err(error),
        }
    };
    messages.end().await;
    let failed = |source| DlqError::Queue { queue: target.url.clone(), source };
    Ok(read.map_err(failed)?)
}
