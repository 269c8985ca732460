//! `ops dlq list`: what lies in the queue, by cause.

use std::path::Path;
use std::time::SystemTime;

use local_stack::aws::AwsError;
use local_stack::progress::Step;
use serde::Serialize;

use super::error::DlqError;
use super::output::{Group, Row, groups, messages_of, table};
use super::queue::Counts;
use super::receive::{Judged, Walk};
use super::selection::Selection;
use super::target::{Lookup, Place};
use crate::cli::dlq::ListArgs;
use crate::failure::Failure;
use crate::progress::reporter;
use crate::signals::Signals;
use crate::terminal::{Terminal, Terminals, print_json, print_text};

/// What `list --json` prints.
#[derive(Serialize)]
struct Document<'a> {
    queue: &'a str,
    region: &'a str,
    /// How many messages are told of.
    count: usize,
    /// How many others somebody else is reading at this moment, about.
    hidden: u64,
    /// Whether the whole queue was looked at.
    complete: bool,
    /// What the causes are judged by.
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
    let place = Place::find(&args.place, root, lookup).await?;
    let limit = usize::try_from(args.select.limit.get()).unwrap_or(usize::MAX);
    let mut walk = Walk::new(&place, args.place.hold, limit);
    let progress = reporter(terminals.err);
    let label = format!("Looking at {}", place.name());
    let step = Step::start(&*progress, "dlq", label.clone());
    let looked = signals.guard(look(&place, &mut walk, &step)).await;
    walk.end().await;
    step.finish(label);
    drop(progress);
    let (counts, found) = looked?.map_err(|source| DlqError::Queue { queue: place.url.clone(), source })?;

    let (selection, now) = (Selection::of(&args.select), SystemTime::now());
    let meant = found.iter().filter(|judged| selection.takes(judged, now));
    let rows: Vec<Row> = meant.map(|judged| Row::of(judged, &place, now)).collect();
    let document = Document {
        queue: &place.url,
        region: place.aws.region(),
        count: rows.len(),
        hidden: counts.hidden,
        complete: walk.is_complete(),
        grouped_by: if walk.unreadable().is_some() { "body" } else { "body, and the image's record" },
        causes: groups(rows),
        record_unreadable: walk.unreadable(),
    };
    if args.json {
        print_json(&document)
    } else {
        print_text(&text(&document, &place, terminals.out), terminals.out)
    }
}

/// All messages, and how many others somebody else held before.
async fn look(
    place: &Place,
    walk: &mut Walk<'_>,
    step: &Step<'_>,
) -> Result<(Counts, Vec<Judged>), AwsError> {
    let counts = place.dead_letters().counts().await?;
    let mut found = Vec::new();
    while let Some(next) = walk.next().await? {
        found.extend(next);
        step.moved(String::new(), Some(found.len() as u64), Some(counts.waiting));
    }
    Ok((counts, found))
}

fn text(document: &Document<'_>, place: &Place, terminal: Terminal) -> String {
    let mut head = format!("{} in {}: {}", place.name(), document.region, messages_of(document.count));
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
        lines
            .push(format!("`ops dlq show ID{}` shows one, with the way to its trace and log", place.words()));
    }
    lines.join("\n")
}
