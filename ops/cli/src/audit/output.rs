//! The report for people: counts, then each kind of finding with what to do.

use pipeline_client::audit::Report;
use pipeline_client::audit::report::Findings;

use crate::dlq::output::safe;
use crate::target::Target;

/// The report without what keys may hold: anybody names their own objects.
pub(super) fn without_secrets(mut report: Report) -> Report {
    for example in report.findings.iter_mut().flat_map(|findings| &mut findings.examples) {
        example.detail = safe(&example.detail);
        example.key = example.key.as_deref().map(safe);
        example.image_id = example.image_id.as_deref().map(safe);
    }
    report
}

pub(super) fn text(report: &Report, target: &Target) -> String {
    let region = target.aws().region().to_owned();
    let mut lines = vec![format!("{} in {region}, as of {}", target.name(), report.started)];
    lines.extend(counts(report));
    lines.extend(notes(report));
    for findings in &report.findings {
        lines.push(String::new());
        lines.extend(block(findings));
    }
    lines.push(String::new());
    lines.push(match report.violations() {
        0 => "nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{} findings", grouped(count)),
    });
    lines.join("\n")
}

/// One line for each count that is not zero.
fn counts(report: &Report) -> Vec<String> {
    let objects = &report.objects;
    let named = |counts: Vec<(&str, u64)>| {
        let all = counts.iter().map(|(name, count)| format!("{name} {}", grouped(*count)));
        (counts.iter().map(|(_, count)| count).sum::<u64>(), all.collect::<Vec<_>>().join(", "))
    };
    let (failed, reasons) =
        named(objects.failed.iter().map(|(name, count)| (name.as_str(), *count)).collect());
    let (skipped, why) = named(objects.skipped.iter().map(|(name, count)| (*name, *count)).collect());
    let minutes = report.settled_after_seconds / 60;
    let rows = [
        (objects.done, "  done", String::new()),
        (failed, "  failed", reasons),
        (objects.in_work, "  in work", String::new()),
        (objects.young, "  waiting", format!("for less than {minutes} minutes")),
        (objects.perhaps_queued, "  perhaps queued", "the queue holds as many messages".to_owned()),
        (objects.dead_lettered, "  dead-lettered", "`ops dlq list` shows them".to_owned()),
        (objects.unaccounted, "  unaccounted", "in neither queue, as far as that can be seen".to_owned()),
        (objects.unknown, "  unknown", "their items are among the findings".to_owned()),
        (objects.newer, "  newer", "than the audit: left out".to_owned()),
        (skipped, "  skipped", format!("no uploads of users: {why}")),
    ];
    let line = |(count, name, more): &(u64, &str, String)| {
        format!("{name:<18}{:>12}  {more}", grouped(*count)).trim_end().to_owned()
    };
    let mut lines = vec![line(&(objects.listed, "uploads", "under user-uploads/".to_owned()))];
    lines.extend(rows.iter().filter(|(count, ..)| *count > 0).map(line));
    lines.push(line(&(report.items, "items", String::new())));
    let decoded =
        if report.decoded > 0 { format!("{} decoded", grouped(report.decoded)) } else { String::new() };
    lines.push(line(&(report.thumbnails, "thumbnails", decoded)));
    lines.extend(report.allowed.iter().map(|(name, count)| line(&(*count, "allowed", (*name).to_owned()))));
    lines
}

/// What the counts do not prove.
fn notes(report: &Report) -> Vec<String> {
    let mut notes = Vec::new();
    if let Some(queues) = report.queues.filter(|_| report.objects.unaccounted > 0) {
        if queues.may_explain > 0 {
            notes.push(format!(
                "The queue holds about {} messages, so up to {} of the unaccounted objects may only be waiting.",
                grouped(queues.messages),
                grouped(queues.may_explain)
            ));
        }
        if !queues.dead_letters_complete {
            notes.push(
                "The dead-letter queue was read in part only: others hold messages, or --dead-letters was reached."
                    .to_owned(),
            );
        }
    }
    if report.unconfirmed > 0 {
        notes.push(format!(
            "{} were seen once only, as too many were found to look at each again.",
            grouped(report.unconfirmed)
        ));
    }
    if notes.is_empty() { notes } else { [vec![String::new()], notes].concat() }
}

fn block(findings: &Findings) -> Vec<String> {
    let Findings { kind, count, means, next, examples } = findings;
    let mut lines = vec![format!("{} · {} · {means}", kind.name(), grouped(*count))];
    for example in examples {
        let parts = [example.image_id.as_deref(), example.key.as_deref(), Some(example.detail.as_str())];
        let mut shown: Vec<&str> = Vec::new();
        for part in parts.into_iter().flatten().filter(|part| !part.is_empty()) {
            if !shown.contains(&part) {
                shown.push(part);
            }
        }
        lines.push(format!("  {}", shown.join("  ")));
    }
    let more = count.saturating_sub(examples.len() as u64);
    if more > 0 {
        lines.push(format!("  and {} more: --limit", grouped(more)));
    }
    lines.push(format!("  what to do: {next}"));
    lines
}

/// A number with a comma after each thousand.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use pipeline_client::audit::Kind;
    use pipeline_client::audit::report::{Example, Objects, Queues};

    use super::*;

    fn report() -> Report {
        let example = Example {
            image_id: Some("i".to_owned()),
            key: Some("user-uploads/u/jane@example.com\u{1b}[2J.jpg".to_owned()),
            detail: "processed/i.jpg".to_owned(),
        };
        let kind = Kind::MissingThumbnail;
        let (means, next) = (kind.means(), kind.next());
        Report {
            objects: Objects {
                listed: 1_234_567,
                done: 1_234_000,
                failed: [("Corrupt".to_owned(), 560)].into(),
                unaccounted: 7,
                ..Objects::default()
            },
            findings: vec![Findings { kind, count: 1_001, means, next, examples: vec![example] }],
            queues: Some(Queues { messages: 3, may_explain: 3, dead_letters_complete: false }),
            ..Report::default()
        }
    }

    #[test]
    fn counts_are_aligned_and_those_of_nothing_are_left_out() {
        let lines = counts(&report());
        assert_eq!(lines[0], "uploads              1,234,567  under user-uploads/");
        assert_eq!(lines[2], "  failed                   560  Corrupt 560");
        assert!(lines.iter().all(|line| !line.contains("newer")), "{lines:?}");
    }

    #[test]
    fn a_finding_has_its_examples_what_is_left_out_and_what_to_do() {
        let lines = block(&without_secrets(report()).findings[0]);
        assert!(lines[0].starts_with("missing-thumbnail · 1,001 · "), "{lines:?}");
        assert_eq!(lines[1], "  i  user-uploads/u/[email]\u{fffd}[2J.jpg  processed/i.jpg");
        assert_eq!(lines[2], "  and 1,000 more: --limit");
        assert!(lines[3].starts_with("  what to do: "));
    }

    #[test]
    fn what_the_counts_do_not_prove_is_stated() {
        let notes = notes(&report()).join("\n");
        assert!(notes.contains("up to 3 of the unaccounted") && notes.contains("in part only"), "{notes}");
        assert!(super::notes(&Report::default()).is_empty());
    }
}
