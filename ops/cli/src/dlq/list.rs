//! `ops dlq list`: the messages of the dead-letter queue, grouped by cause.

use std::path::Path;
use std::time::SystemTime;

use aws_client::AwsError;
use serde::Serialize;
use terminal::progress::Step;
use terminal::{Terminal, Terminals, reporter};

use super::error::DlqError;
use super::output::{Group, Row, groups, messages_of, table};
use super::selection::Selection;
use super::target::{Lookup, Target};
use crate::cli::dlq::ListArgs;
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use crate::signals::Signals;
use pipeline_client::dead_letters::receive::{Classified, ReceiveLoop};
use pipeline_client::queue::Counts;

/// What `list --json` prints.
#[derive(Serialize)]
struct Document<'a> {
    queue: &'a str,
    region: &'a str,
    /// How many messages are listed.
    count: usize,
    /// About how many others are in flight: received by another consumer.
    hidden: u64,
    /// Whether the whole queue was read.
    complete: bool,
    /// What the causes are derived from.
    grouped_by: &'static str,
    causes: Vec<Group>,
    #[serde(skip_serializing_if = "Option::is_none")]
    record_unreadable: Option<&'a str>,
}

/// Prints the list.
///
/// # Errors
/// No such queue.
pub(super) async fn run(
    args: ListArgs,
    root: &Path,
    terminals: Terminals,
    lookup: Lookup<'_>,
) -> Result<(), Failure> {
    let mut signals = Signals::listen().map_err(Failure::Runtime)?;
    let target = Target::find(&args.target, root, lookup).await?;
    let limit = usize::try_from(args.select.limit.get()).unwrap_or(usize::MAX);
    let mut receive_loop = ReceiveLoop::new(target.dead_letters(), args.target.hold, limit);
    let progress = reporter(terminals.err);
    let label = format!("Looking at {}", target.name());
    let step = Step::start(&*progress, "dlq", label.clone());
    let looked = signals.guard(look(&target, &mut receive_loop, &step)).await;
    receive_loop.end().await;
    step.finish(label);
    drop(progress);
    let (counts, found) = looked?.map_err(|source| DlqError::Queue { queue: target.url.clone(), source })?;

    let (selection, now) = (Selection::of(&args.select), SystemTime::now());
    let selected = found.iter().filter(|classified| selection.matches(classified, now));
    let rows: Vec<Row> = selected.map(|classified| Row::of(classified, &target, now)).collect();
    let document = Document {
        queue: &target.url,
        region: target.aws.region(),
        count: rows.len(),
        hidden: counts.hidden,
        complete: receive_loop.is_complete(),
        grouped_by: if receive_loop.unreadable().is_some() { "body" } else { "body, and the image's record" },
        causes: groups(rows),
        record_unreadable: receive_loop.unreadable(),
    };
    if args.json {
        print_json(&document)
    } else {
        print_text(&text(&document, &target, terminals.out), terminals.out)
    }
}

/// All messages, and the queue's counts before.
async fn look(
    target: &Target,
    receive_loop: &mut ReceiveLoop<'_>,
    step: &Step<'_>,
) -> Result<(Counts, Vec<Classified>), AwsError> {
    let counts = target.dead_letters().queue.counts().await?;
    let mut found = Vec::new();
    while let Some(next) = receive_loop.next().await? {
        found.extend(next);
        step.moved(String::new(), Some(found.len() as u64), Some(counts.waiting));
    }
    Ok((counts, found))
}

fn text(document: &Document<'_>, target: &Target, terminal: Terminal) -> String {
    let mut head = format!("{} in {}: {}", target.name(), document.region, messages_of(document.count));
    if document.count > 0 {
        head.push_str(", grouped by ");
        head.push_str(document.grouped_by);
    }
    let mut lines = vec![head];
    lines.extend(
        document.record_unreadable.map(|why| format!("the images' records could not be read: {why}")),
    );
    if document.hidden > 0 {
        let hidden = document.hidden;
        lines.push(format!(
            "about {hidden} more are being read by somebody else, or were a moment ago: wait, and look again"
        ));
    }
    if !document.complete {
        lines.push("the limit was reached: there may be more; raise --limit".to_owned());
    }
    if document.count > 0 {
        lines.push(format!("\n{}\n\nWhat to do:", table(&document.causes, terminal)));
        lines.extend(document.causes.iter().map(|group| format!("  {}: {}", group.cause.name(), group.next)));
        lines.push(format!(
            "`ops dlq show ID{}` shows one, with the way to its trace and log",
            target.options()
        ));
    }
    lines.join("\n")
}
