//! Runbooks, as the repository has them; what of their commands can be run here has a button.

use std::time::Duration;

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Html;
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::App;
use crate::layout::{Head, page};
use crate::page::{Page, Problem};
use crate::shell::{End, NotRun, Ran, Step, obstacle, step};
use crate::ui::markdown::Block;
use crate::ui::{self, href, markdown};

fn no_such() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "No such runbook", "No file of runbooks/ has this name.")
}

pub(super) async fn show(app: App, Path(name): Path<String>) -> Page {
    let text = text(&app, &name).ok_or_else(no_such)?;
    let content = html! { div .card .document { h2 .unseen { (name) } (document(&app, &name, &text)) } };
    let head = Head { at: "/alarms", title: "Runbook", lead: &name };
    Ok(Html(page(&app, head, content).into_string()))
}

/// The name of a runbook by its file.
pub(super) fn name(file: &str) -> &str {
    file.trim_start_matches("runbooks/").trim_end_matches(".md")
}

/// The runbook that an alarm names.
pub(super) fn card(app: &App, file: &str) -> Markup {
    let name = name(file);
    let note = html! { a href=(href::runbook(name)) { (file) } };
    let content = match text(app, name) {
        Some(text) => html! { div .document { (document(app, name, &text)) } },
        None => ui::empty(
            "The runbook is not there.",
            html! { p { "The alarm names " code { (file) } ", which this repository does not have." } },
        ),
    };
    ui::card("Runbook", note, content)
}

fn text(app: &App, name: &str) -> Option<String> {
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    let path = app.source.root.join("runbooks").join(format!("{name}.md"));
    if is_name { std::fs::read_to_string(path).ok() } else { None }
}

/// The runbook with, beside each block of commands, how it is run.
fn document(app: &App, name: &str, text: &str) -> Markup {
    let blocks = markdown::blocks(text);
    let shown = markdown::render(text, |number, script| {
        let part = format!("block-{number}");
        if let Some(obstacle) = obstacle(&blocks, number, &app.source.info.name) {
            return html! { (ui::command(script)) p .note { (obstacle) } };
        }
        let label = match blocks.get(number).map(|block| step(block, false)) {
            Some(Step::DryRun(_)) => "Dry run",
            Some(Step::Ask) => "Run…",
            Some(Step::Run(_)) | None => "Run",
        };
        let button = html! {
            button .copy .run type="button" hx-post=(address(name, number, false)) hx-target={ "#" (part) }
                hx-swap="innerHTML" hx-disabled-elt="this" { (label) }
        };
        html! { (ui::command_with(script, button)) div .ran id=(part) role="status" {} }
    });
    html! {
        p .note {
            "Run has this stack alone do what the block says, in a new shell, after the first block. "
            "The first run installs the AWS CLI into " code { ".local-stack" } "."
        }
        (shown)
    }
}

/// Where a block's button leads.
fn address(name: &str, number: usize, is_sure: bool) -> String {
    let sure = if is_sure { "&sure=true" } else { "" };
    format!("{}/run?block={number}{sure}", href::runbook(name))
}

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    /// The block's number in the runbook, counted from 0.
    block: usize,
    /// Whether the reader was asked, and wants it.
    #[serde(default)]
    sure: bool,
}

/// Runs a block of a runbook, or as much of it as changes nothing, and asks.
pub(super) async fn run(app: App, Path(name): Path<String>, Query(chosen): Query<Chosen>) -> Page {
    let blocks = markdown::blocks(&text(&app, &name).ok_or_else(no_such)?);
    let Some(block) = blocks.get(chosen.block) else {
        let what = "The runbook has no block of commands with this number; reload the page.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such commands", what));
    };
    if let Some(obstacle) = obstacle(&blocks, chosen.block, &app.source.info.name) {
        return Err(Problem::new(StatusCode::CONFLICT, "Not from this page", obstacle));
    }
    let (script, asks) = match step(block, chosen.sure) {
        Step::Ask => return Ok(Html(question(&name, chosen.block, block).into_string())),
        Step::DryRun(script) => (script, true),
        Step::Run(script) => (script, false),
    };
    match app.shell.run(&app.source, &blocks, chosen.block, script).await {
        Ok(ran) => {
            let is_shown = asks && ran.end == End::Exited(Some(0));
            let answer = html! { (drawn(&ran)) @if is_shown { (question(&name, chosen.block, block)) } };
            Ok(Html(answer.into_string()))
        }
        Err(NotRun::Busy) => {
            let what = "Other commands run; wait until they are over.";
            Err(Problem::new(StatusCode::CONFLICT, "One at a time", what))
        }
        Err(NotRun::NoShell(why)) => {
            Ok(Html(html! { p .bad-text { "Nothing was run: " (why) "." } }.into_string()))
        }
    }
}

/// What follows if the block is run, and the button that runs it.
fn question(name: &str, number: usize, block: &Block) -> Markup {
    html! {
        div .question {
            p {
                strong { "Nothing was changed so far." } " "
                @match &block.loses {
                    Some(what) => { (what) " This cannot be undone." },
                    None => "Run it to do what the dry run shows.",
                }
            }
            button .danger[block.loses.is_some()] .primary[block.loses.is_none()] type="button"
                hx-post=(address(name, number, true)) hx-target={ "#block-" (number) } hx-swap="innerHTML"
                hx-disabled-elt="this" { @if block.loses.is_some() { "Run it all the same" } @else { "Run it" } }
        }
    }
}

fn drawn(ran: &Ran) -> Markup {
    let took = ui::format::duration(micros(ran.took));
    html! {
        @match ran.end {
            End::Exited(Some(0)) => p .note { "Exit status 0 after " (took) @if ran.output.is_empty() { "; it printed nothing" } "." },
            End::Exited(Some(status)) => p .bad-text { "Failed with exit status " (status) " after " (took) "." },
            End::Exited(None) => p .bad-text { "Ended by a signal after " (took) "." },
            End::TooLong => p .bad-text { "Killed after " (took) ", since it did not end. Run it in a terminal to wait longer." },
        }
        @if !ran.output.is_empty() { pre .code tabindex="0" { code { (ran.output.trim_end()) } } }
        @if ran.is_cut { p .note { "Only the beginning of the output is shown." } }
    }
}

fn micros(took: Duration) -> u64 {
    u64::try_from(took.as_micros()).unwrap_or(u64::MAX)
}
