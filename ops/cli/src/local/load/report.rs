//! Report of a load, for people and programs.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use pipeline_client::load::{Ledger, Percentiles, Plan};
use serde::Serialize;
use terminal::{Style, clean, paint};

/// How many images are named of each kind of failure.
const EXAMPLES: usize = 5;

/// What `load --json` prints.
#[derive(Debug, Serialize)]
pub(super) struct Report<'a> {
    /// Whether every upload ended as it must.
    pub(super) ok: bool,
    /// The plan: uploads a second, kinds, seed.
    rate: f64,
    mix: String,
    seed: u64,
    users: usize,
    /// Uploads a second that were begun.
    achieved_rate: f64,
    /// From the first upload to the last result.
    seconds: f64,
    sent: usize,
    done: usize,
    refused: &'a BTreeMap<String, usize>,
    /// Uploads that the API or S3 did not take, by what the user saw.
    not_uploaded: &'a BTreeMap<String, usize>,
    /// Images that were stored and have neither a result nor a message in the dead-letter queue.
    lost: Vec<&'a str>,
    /// Images whose message is in the dead-letter queue; one that failed to notify has a result all the same.
    dead_lettered: Vec<&'a str>,
    /// Images that ended otherwise than their kind must.
    unexpected: &'a [String],
    /// Images that were sent twice.
    duplicates: usize,
    /// Images with a result and without a notification.
    not_notified: Vec<&'a str>,
    /// Notifications beyond the first of each image.
    notified_again: usize,
    /// Answers 429, and other refusals, that were tried again.
    throttled: usize,
    retried: usize,
    /// Calls of the functions that failed on demand.
    failed_calls: usize,
    /// Uploads that the generator itself began late, and the most that it was late.
    late: usize,
    most_late_ms: u128,
    stages: [Percentiles; 4],
}

impl<'a> Report<'a> {
    pub(super) fn of(
        plan: &Plan,
        ledger: &'a Ledger,
        dead_letters: &BTreeSet<String>,
        failed_calls: usize,
    ) -> Self {
        let unended = ledger.unended.iter().map(String::as_str);
        let lost = unended.filter(|id| !dead_letters.contains(*id)).collect();
        let dead_lettered: Vec<&str> = ledger.images().filter(|id| dead_letters.contains(*id)).collect();
        Self {
            ok: ledger.is_whole() && dead_lettered.is_empty(),
            rate: plan.rate,
            mix: plan.mix.to_string(),
            seed: plan.seed,
            users: plan.users,
            achieved_rate: ledger.achieved_rate(),
            seconds: ledger.took.as_secs_f64(),
            sent: ledger.sent,
            done: ledger.done,
            refused: &ledger.refused,
            not_uploaded: &ledger.not_uploaded,
            lost,
            dead_lettered,
            unexpected: &ledger.unexpected,
            duplicates: ledger.duplicates,
            not_notified: ledger.not_notified(),
            notified_again: ledger.notified_again(),
            throttled: ledger.throttled,
            retried: ledger.retried,
            failed_calls,
            late: ledger.late,
            most_late_ms: ledger.most_late.as_millis(),
            stages: ledger.latencies.percentiles(),
        }
    }

    /// Counts, then latencies.
    pub(super) fn text(&self, style: Style) -> String {
        let mut text = String::new();
        let mut row = |number: usize, what: &str, is_bad: bool| {
            let what = if is_bad && number > 0 { paint("31", what, style) } else { what.to_owned() };
            // Writing to a string cannot fail.
            writeln!(text, "{number:>8}  {what}").ok();
        };
        row(self.sent, "sent", false);
        row(self.done, "DONE", false);
        for (reason, count) in self.refused {
            row(*count, &format!("refused: {}", clean(reason)), false);
        }
        for (reason, count) in self.not_uploaded {
            row(*count, &format!("not uploaded: {}", clean(reason)), true);
        }
        row(self.lost.len(), &named("lost", &self.lost), true);
        row(self.dead_lettered.len(), &named("in the dead-letter queue", &self.dead_lettered), true);
        let unexpected: Vec<&str> = self.unexpected.iter().map(String::as_str).collect();
        row(unexpected.len(), &named("ended otherwise than they must", &unexpected), true);
        row(self.not_notified.len(), &named("without a notification", &self.not_notified), true);
        row(self.duplicates, "sent twice", false);
        row(self.notified_again, "notifications beyond the first of an image", false);
        row(self.throttled, "answers 429, tried again", false);
        row(self.retried, "other refusals, tried again", false);
        row(self.failed_calls, "calls of the functions that failed on demand", false);
        row(self.late, &format!("begun late by the generator, by at most {} ms", self.most_late_ms), false);
        let (rate, achieved, seconds) = (self.rate, self.achieved_rate, self.seconds);
        writeln!(
            text,
            "\n{achieved:.2} uploads a second were begun, of {rate} asked for; all took {seconds:.1} s\n"
        )
        .ok();
        writeln!(
            text,
            "{:<12}{:>8}{:>11}{:>11}{:>11}{:>11}",
            "stage, ms", "count", "p50", "p90", "p99", "max"
        )
        .ok();
        for it in &self.stages {
            let stage = format!("{:?}", it.stage).to_lowercase();
            let times =
                [it.p50_ms, it.p90_ms, it.p99_ms, it.max_ms].map(|time| format!("{time:>11.1}")).concat();
            writeln!(text, "{stage:<12}{:>8}{times}", it.count).ok();
        }
        if !self.dead_lettered.is_empty() {
            text.push_str("\nSend them to the processor again: ops dlq redrive --execute\n");
        }
        text.trim_end().to_owned()
    }
}

/// What they are, and some of them by name.
fn named(what: &str, images: &[&str]) -> String {
    if images.is_empty() {
        return what.to_owned();
    }
    let more = if images.len() > EXAMPLES { ", …" } else { "" };
    let examples: Vec<String> = images.iter().take(EXAMPLES).map(|image| clean(image)).collect();
    format!("{what}: {}{more}", examples.join(", "))
}
