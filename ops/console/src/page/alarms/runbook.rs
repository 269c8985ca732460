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
use crate::shell::{End, NotRun, Ran, obstacle};
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
        let address = format!("{}/run?block={number}", href::runbook(name));
        let part = format!("block-{number}");
        if let Some(obstacle) = obstacle(&blocks, number, &app.source.info.name) {
            return html! { (ui::command(script)) p .note { (obstacle) } };
        }
        let button = html! {
            button .copy .run type="button" hx-post=(address) hx-target={ "#" (part) } hx-swap="innerHTML"
                hx-disabled-elt="this" { "Run" }
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

#[derive(Debug, Deserialize)]
pub(super) struct Chosen {
    /// The block's number in the runbook, counted from 0.
    block: usize,
}

/// Runs a block of a runbook.
pub(super) async fn run(app: App, Path(name): Path<String>, Query(chosen): Query<Chosen>) -> Page {
    let blocks = markdown::blocks(&text(&app, &name).ok_or_else(no_such)?);
    if chosen.block >= blocks.len() {
        let what = "The runbook has no block of commands with this number; reload the page.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such commands", what));
    }
    if let Some(obstacle) = obstacle(&blocks, chosen.block, &app.source.info.name) {
        return Err(Problem::new(StatusCode::CONFLICT, "Not from this page", obstacle));
    }
    match app.shell.run(&app.source, &blocks, chosen.block).await {
        Ok(ran) => Ok(Html(drawn(&ran).into_string())),
        Err(NotRun::Busy) => {
            let what = "Other commands run; wait until they are over.";
            Err(Problem::new(StatusCode::CONFLICT, "One at a time", what))
        }
        Err(NotRun::NoShell(why)) => {
            Ok(Html(html! { p .bad-text { "Nothing was run: " (why) "." } }.into_string()))
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
