//! The drill that runs, or the last one: its steps as they happen, and how it ended.

use drill::report::Outcome;
use maud::{Markup, html};

use crate::drills::{Drills, End, Progress, Step};
use crate::ui::{self, Column, href};

/// The drill; nothing when none has run. It asks for itself until the drill is over.
pub(super) fn part(drills: &Drills) -> Markup {
    let Some(progress) = drills.progress() else { return html! {} };
    let is_over = progress.end.is_some();
    let trigger = (!is_over).then_some("every 1s");
    let address = (!is_over).then_some("/drills/progress");
    html! {
        div hx-get=[address] hx-trigger=[trigger] hx-swap="morph:outerHTML" hx-target="this" { (drawn(&progress)) }
    }
}

fn drawn(progress: &Progress) -> Markup {
    let Progress { drill, steps, end } = progress;
    let note = html! { "mended by " a href=(href::runbook(&drill.runbook)) { (drill.runbook) } };
    let content = html! {
        div .inset .drill role="status" {
            p { (drill.purpose) }
            ol .happened { @for (index, step) in steps.iter().enumerate() { (happened(steps, index, step)) } }
            @match end {
                None => div .running {
                    p {
                        span .badge .busy { "RUNNING" }
                        @if !drill.rings.is_empty() { " Must ring: " }
                        @for (index, ring) in drill.rings.iter().enumerate() {
                            @if index > 0 { ", " } a href=(href::alarm(&ring.alarm)) { (ring.alarm) }
                        }
                    }
                    button type="button" hx-post="/drills/stop" hx-target="#drill" hx-swap="innerHTML" hx-disabled-elt="this" { "Stop" }
                },
                Some(End::Stopped) => p {
                    span .badge .idle { "STOPPED" } " The stack ends the fault and removes the drill's user by itself; alarms that ring end minutes of their clock later."
                },
                Some(End::BrokenOff(reason)) => p { span .badge .bad { "BROKEN OFF" } " Not run to its end: " (reason) "." },
                Some(End::Over(outcome)) => (over(outcome)),
            }
        }
    };
    ui::card(&format!("Drill {}", drill.name), note, content)
}

/// A step, and how long after the first one it came.
fn happened(steps: &[Step], index: usize, step: &Step) -> Markup {
    let first = steps.first().map_or(step.at, |first| first.at);
    let after = u64::try_from(step.at - first).unwrap_or(0) / 1000;
    html! {
        li .latest[index + 1 == steps.len()] { span .after { (ui::format::seconds(after)) } span { (step.what) } }
    }
}

fn over(outcome: &Outcome) -> Markup {
    let rows = html! {
        @for rang in &outcome.detected {
            tr {
                td { a href=(href::alarm(&rang.alarm)) { (rang.alarm) } }
                td .number { (rang.after_minutes) " min" }
                td .number { (rang.within_minutes) " min" }
            }
        }
    };
    let columns = [Column::Text("Alarm"), Column::Number("Rang after"), Column::Number("At the latest")];
    html! {
        @if outcome.is_ok() { p { span .badge .good { "OK" } " It went as its file states." } }
        @else {
            p { span .badge .bad { "FAILED" } " It did not go as its file states:" }
            ul .failures { @for failure in &outcome.failures { li { (failure) } } }
        }
        (ui::facts(&[
            ("Uploads", html! { (outcome.uploads) ": " (outcome.done) " done, " (outcome.failed) " failed, " (outcome.lost) " lost" }),
            ("Notified twice", html! { @if outcome.duplicates > 0 { (outcome.duplicates) } }),
            ("Uploads ended", html! { (format!("{:.1} s after the fault", outcome.uploads_ended_seconds)) }),
            ("Alarms OK", html! { (outcome.alarms_ok_minutes) " min after the fault" }),
            ("Took", html! { (ui::format::seconds(outcome.took_seconds)) }),
        ]))
        @if !outcome.detected.is_empty() { (ui::table("Alarms that had to ring", &columns, rows)) }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use drill::file::Drill;
    use drill::report::Detected;

    use super::*;

    fn progress(end: End) -> Progress {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
        let drill = Drill::read(&Path::new(root).join("alarms/drills/consumer-off.json")).unwrap();
        let step = |at, what: &str| Step { at, what: what.to_owned() };
        let steps = vec![step(1_000, "makes the fault"), step(84_000, "queue-backlog rings <9> min after")];
        Progress { drill, steps, end: Some(end) }
    }

    #[test]
    fn steps_have_their_time_and_an_outcome_its_alarms_and_failures() {
        let detected =
            vec![Detected { alarm: "queue-backlog".into(), after_minutes: 9.5, within_minutes: 20 }];
        let outcome = Outcome { detected, failures: vec!["lost: <cat>".into()], ..Outcome::default() };
        let markup = drawn(&progress(End::Over(Box::new(outcome)))).into_string();
        assert!(markup.contains("<span class=\"after\">1 min 23 s</span>"), "{markup}");
        assert!(markup.contains("&lt;9&gt;") && markup.contains("lost: &lt;cat&gt;"), "{markup}");
        assert!(markup.contains("9.5 min") && markup.contains("did not go as its file states"), "{markup}");
        let well = drawn(&progress(End::Over(Box::default()))).into_string();
        assert!(well.contains("It went as its file states."), "{well}");
    }

    #[test]
    fn a_drill_that_broke_off_shows_the_reason() {
        let markup = drawn(&progress(End::BrokenOff("no <queue>".into()))).into_string();
        assert!(markup.contains("Not run to its end: no &lt;queue&gt;."), "{markup}");
    }
}
