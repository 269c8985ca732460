//! Report of drills: as a table for a terminal, as JSON, and as Markdown for the README.

use std::fmt::Write as _;

use aws_client::chain;
use serde::{Deserialize, Serialize};
use terminal::{Style, paint};

use crate::error::DrillError;
use crate::file::Drill;

/// Where a page's generated part begins and ends.
pub const MARKERS: [&str; 2] = ["<!-- drills: begin -->", "<!-- drills: end -->"];

/// All drills of a run. It has no default: a table without the day and the clock of its run states nothing.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Report {
    /// Whether each drill went as its file states.
    pub ok: bool,
    /// The day of the run, as `2026-01-31`.
    pub date: String,
    /// How many times faster than the day the metrics' clock went.
    pub clock_rate: u32,
    /// What each drill showed.
    pub drills: Vec<Outcome>,
    /// Those that this stack lacks something for.
    #[serde(default)]
    pub skipped: Vec<Skipped>,
}

/// A drill that was not begun.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Skipped {
    /// Its name.
    pub drill: String,
    /// What the stack lacks, and how to start one that has it.
    pub reason: String,
}

/// What a drill showed.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The drill's name.
    pub drill: String,
    /// What it shows, in one sentence.
    pub purpose: String,
    /// The runbook that was followed.
    pub runbook: String,
    /// Uploads that were sent while the fault stood.
    pub uploads: usize,
    /// Those that are `DONE`.
    pub done: usize,
    /// Those that are `FAILED`, with a reason.
    pub failed: usize,
    /// Those that are neither.
    pub lost: usize,
    /// Notifications that came twice.
    pub duplicates: usize,
    /// Why those cannot be avoided.
    pub duplicates_cause: String,
    /// The alarms that had to ring, and when they did.
    pub detected: Vec<Detected>,
    /// Seconds of the day from the end of the fault to the end of the last upload.
    pub uploads_ended_seconds: f64,
    /// Minutes of the metrics' clock from the end of the fault until every alarm was OK.
    pub alarms_ok_minutes: f64,
    /// How many calls each rule struck.
    pub struck: Vec<usize>,
    /// How long it took, by the day's clock.
    pub took_seconds: u64,
    /// What went otherwise than the drill's file states, one sentence each.
    pub failures: Vec<String>,
}

/// An alarm that had to ring.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Detected {
    /// Its name.
    pub alarm: String,
    /// Minutes of the metrics' clock after the fault began.
    pub after_minutes: f64,
    /// The latest that the drill's file allows.
    pub within_minutes: u32,
}

impl Outcome {
    /// Whether it went as the drill's file states.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        self.failures.is_empty()
    }

    /// The outcome of a drill that could not be run to its end.
    #[must_use]
    pub fn broken_off(drill: &Drill, error: &DrillError) -> Self {
        Self {
            drill: drill.name.clone(),
            purpose: drill.purpose.clone(),
            runbook: drill.runbook.clone(),
            failures: vec![format!("not run to its end: {}", chain(error))],
            ..Self::default()
        }
    }

    /// One line for people who wait.
    pub(crate) fn line(&self) -> String {
        let Self { drill, uploads, lost, .. } = self;
        let verdict = if self.is_ok() { "went as stated" } else { "did not go as stated" };
        format!("Drill {drill} {verdict}: {uploads} uploads, {lost} lost")
    }

    fn detection(&self) -> String {
        let each = self.detected.iter().map(|it| format!("{} {:.0} min", it.alarm, it.after_minutes.ceil()));
        let each: Vec<String> = each.collect();
        if each.is_empty() { "none needed".to_owned() } else { each.join(", ") }
    }

    fn recovery(&self) -> String {
        format!("{:.0} s, {:.0} min", self.uploads_ended_seconds.ceil(), self.alarms_ok_minutes.ceil())
    }

    fn duplicates(&self) -> String {
        match self.duplicates {
            0 => "0".to_owned(),
            count => format!("{count}: {}", self.duplicates_cause),
        }
    }
}

impl Report {
    /// A line for each drill, and what went wrong below it.
    #[must_use]
    pub fn table(&self, style: Style) -> String {
        let widest = self.drills.iter().map(|it| it.drill.len()).max().unwrap_or_default();
        let mut lines = Vec::new();
        for outcome in &self.drills {
            let (word, code) = if outcome.is_ok() { ("ok", "32") } else { ("FAILED", "31") };
            lines.push(format!(
                "{:widest$}  {}  {} uploads, {} lost, {} duplicates; detected: {}; recovered: {}",
                outcome.drill,
                paint(code, &format!("{word:<6}"), style),
                outcome.uploads,
                outcome.lost,
                outcome.duplicates,
                outcome.detection(),
                outcome.recovery(),
            ));
            lines.extend(outcome.failures.iter().map(|failure| format!("  {}", paint("31", failure, style))));
        }
        let good = self.drills.iter().filter(|it| it.is_ok()).count();
        lines.extend(self.skipped.iter().map(|it| format!("skipped: {}", it.reason)));
        lines.push(format!("{good} of {} drills went as their files state", self.drills.len()));
        lines.join("\n")
    }

    /// The table of the README.
    #[must_use]
    pub fn markdown(&self) -> String {
        let sum = |count: fn(&Outcome) -> usize| self.drills.iter().map(count).sum::<usize>();
        let mut text = format!(
            "{} faults, {} uploads affected, {} lost, {} notified twice. Measured on {} by `ops drill` with a metrics' clock {} \
             times as fast as the day.\n\n",
            self.drills.len(),
            sum(|it| it.uploads),
            sum(|it| it.lost),
            sum(|it| it.duplicates),
            self.date,
            self.clock_rate,
        );
        text.push_str("| drill | what it shows | uploads | lost | notified twice | detected by, after | recovered: uploads, alarms |\n");
        text.push_str("|---|---|---|---|---|---|---|\n");
        for outcome in &self.drills {
            let Outcome { drill, purpose, uploads, lost, runbook, .. } = outcome;
            let failed = if outcome.is_ok() { "" } else { " **failed**" };
            // Writing to a string cannot fail.
            writeln!(
                text,
                "| [`{drill}`](alarms/drills/{drill}.json){failed} | {purpose} [{runbook}](runbooks/{runbook}.md) | {uploads} | {lost} | {} | {} | {} |",
                outcome.duplicates(),
                outcome.detection(),
                outcome.recovery(),
            )
            .ok();
        }
        text
    }

    /// A page with the table between its [`MARKERS`]; the table alone where the page has none.
    #[must_use]
    pub fn into_page(&self, page: &str) -> String {
        let [begin, end] = MARKERS;
        let parts = page.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
        match parts {
            Some((before, after)) => format!("{before}{begin}\n{}{end}{after}", self.markdown()),
            None => self.markdown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let detected =
            vec![Detected { alarm: "queue-backlog".into(), after_minutes: 13.2, within_minutes: 16 }];
        let good = Outcome {
            drill: "consumer-off".into(),
            purpose: "Uploads wait.".into(),
            runbook: "queue-backlog".into(),
            uploads: 5,
            done: 5,
            detected,
            uploads_ended_seconds: 1.2,
            alarms_ok_minutes: 3.0,
            ..Outcome::default()
        };
        let bad = Outcome { drill: "other".into(), failures: vec!["slo-burn rang".into()], ..good.clone() };
        Report {
            ok: false,
            date: "2026-11-28".into(),
            clock_rate: 60,
            drills: vec![good, bad],
            skipped: Vec::new(),
        }
    }

    const STYLE: Style = Style { width: 200, unicode: true, color: false };

    #[test]
    fn table_has_a_line_for_each_drill_and_what_went_wrong_below_it() {
        let table = report().table(STYLE);
        let lines: Vec<&str> = table.lines().collect();
        assert!(lines[0].contains("detected: queue-backlog 14 min; recovered: 2 s, 3 min"), "{table}");
        assert_eq!(lines[2], "  slo-burn rang");
        assert_eq!(lines[3], "1 of 2 drills went as their files state");
    }

    #[test]
    fn markdown_replaces_what_stands_between_the_markers_and_nothing_else() {
        let [begin, end] = MARKERS;
        let page = report().into_page(&format!("before\n{begin}\nold\n{end}\nafter\n"));
        assert!(
            page.starts_with(&format!("before\n{begin}\n2 faults, 10 uploads affected, 0 lost")),
            "{page}"
        );
        assert!(page.ends_with(&format!("{end}\nafter\n")) && !page.contains("old"), "{page}");
        assert_eq!(report().into_page("no markers"), report().markdown());
    }
}
