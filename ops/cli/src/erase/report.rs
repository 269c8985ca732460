//! Report of an erasure, for people and as JSON, and what still holds something afterwards.

use std::time::Duration;

use pipeline_client::erase::report::{Counts, Report};
use pipeline_client::erase::subject::Subject;
use serde::Serialize;
use terminal::{Terminals, print_err};

use crate::cli::erase::EraseArgs;
use crate::dlq::output::{age, safe};
use crate::failure::Failure;
use crate::print::{print_json, print_text};
use crate::target::Target;

/// What still holds something, and for how long; docs/erase.md says what of it, and a test holds that page to these.
pub(super) const KEPT: [(&str, &str); 7] = [
    ("point-in-time recovery", "the items, for 35 days"),
    (
        "processing queue",
        "messages not yet taken name their key, for 4 days at most; the image then comes as FAILED ObjectGone",
    ),
    ("logs of the functions", "image ids, for LogRetentionDays"),
    ("access log of the API", "the user's id and address on the network, for LogRetentionDays"),
    ("traces", "the ids of image and user, for 30 days"),
    ("subscribers", "notifications that were sent: keys and ids, for as long as each keeps them"),
    ("files of operators", "evidence and audit logs of ops dlq, reprocess and erase, journals of ops upload"),
];

#[derive(Serialize)]
struct Document<'a> {
    action: &'static str,
    executed: bool,
    stack: &'a str,
    kind: &'static str,
    id: String,
    #[serde(flatten)]
    report: &'a Report,
    kept_elsewhere: Vec<Kept>,
}

#[derive(Serialize)]
struct Kept {
    by: &'static str,
    what: &'static str,
}

/// Prints the result on stdout.
pub(super) fn print(
    report: &Report,
    subject: &Subject,
    target: &Target,
    args: &EraseArgs,
    is_whole: bool,
    terminals: Terminals,
) -> Result<(), Failure> {
    let summary = summary(report, args, is_whole);
    if args.stack.json {
        print_err(&terminals.err.fold(&summary));
        return print_json(&Document {
            action: "erase",
            executed: args.execute,
            stack: target.name(),
            kind: subject.kind(),
            id: subject.id(),
            report,
            kept_elsewhere: KEPT.map(|(by, what)| Kept { by, what }).into(),
        });
    }
    let mut lines = vec![
        format!("{}: {} {}", target.name(), subject.kind(), safe(&subject.id())),
        format!("  {:<28}{:>10}{:>10}{:>10}", "", "found", "erased", "left"),
    ];
    for (name, of) in ROWS {
        let [found, erased, left] = [report.found, report.erased, report.left].map(of);
        lines.push(format!("  {name:<28}{found:>10}{erased:>10}{left:>10}"));
    }
    lines.push(String::new());
    lines.push("Still held elsewhere (docs/erase.md):".to_owned());
    lines.extend(KEPT.iter().map(|(by, what)| format!("  {by:<24}{what}")));
    lines.push(String::new());
    lines.push(summary);
    print_text(&lines.join("\n"), terminals.out)
}

type Row = (&'static str, fn(Counts) -> u64);

const ROWS: [Row; 5] = [
    ("originals, versions", |counts| counts.originals),
    ("thumbnails, versions", |counts| counts.thumbnails),
    ("items", |counts| counts.items),
    ("dead letters", |counts| counts.dead_letters),
    ("user of the pool", |counts| u64::from(counts.user)),
];

fn summary(report: &Report, args: &EraseArgs, is_whole: bool) -> String {
    let mut parts = Vec::new();
    let images = report.found.images;
    let images = if images == 1 { "1 image".to_owned() } else { format!("{images} images") };
    if report.found.is_empty() {
        parts.push("nothing of it is in this stack".to_owned());
    } else if !args.execute {
        let time = Duration::from_secs(report.found.images / u64::from(args.rate.get()));
        parts.push(format!(
            "{images} would be erased, at {} a second in {}; nothing was changed, --execute does it",
            args.rate,
            age(time)
        ));
    } else if is_whole {
        parts.push(format!("{images} erased"));
    } else {
        parts.push("not all is erased; run it again, it goes on with the rest".to_owned());
    }
    if report.under_way > 0 {
        parts.push(format!("{} under way: its work had not ended", uploads_of(report.under_way)));
    }
    if let Some(at) = &report.again_after {
        parts.push(format!("run it again after {at}: what was given out before can upload until then"));
    }
    parts.join("; ")
}

fn uploads_of(count: u64) -> String {
    if count == 1 { "1 upload".to_owned() } else { format!("{count} uploads") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_still_held_is_what_the_page_says() {
        let page = include_str!("../../../../docs/erase.md");
        for (by, what) in KEPT {
            assert!(page.contains(&format!("| {by} | {what} |")), "docs/erase.md lacks: | {by} | {what} |");
        }
    }
}
