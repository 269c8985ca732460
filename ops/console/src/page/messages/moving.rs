//! Redrive and drop: first what would be done, then it, and how far it is.

use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use local_stack::console::Source;
use maud::{Markup, html};
use pipeline_client::dead_letters::cause::Cause;
use pipeline_client::dead_letters::rate_limit::RateLimit;
use serde::Deserialize;

use super::classified;
use crate::app::{App, Base};
use crate::moves::{Moves, Progress, RATE, Target, Way};
use crate::page::{Page, Problem};
use crate::ui;

/// Where a button leads that plans or begins a move; a change's values stand in its address.
pub(super) fn address(step: &str, way: Way, cause: Cause) -> String {
    format!("/messages/{step}?way={}&cause={}", way.name(), cause.name())
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    way: String,
    cause: String,
    /// How many the plan named.
    planned: usize,
}

impl Wanted {
    fn read(&self) -> Result<(Way, Cause), Problem> {
        let read = Way::named(&self.way).zip(Cause::named(&self.cause));
        let (way, cause) = read.ok_or_else(|| {
            let what = "A move names whether to redrive or to drop, and a cause of the list.";
            Problem::new(StatusCode::BAD_REQUEST, "Not understood", what)
        })?;
        if way == Way::Redrive && cause.is_unprocessable() {
            let what = "Nothing can process these messages, so a redrive would bring them back. Drop them: each is kept in a file.";
            return Err(Problem::new(StatusCode::CONFLICT, "In vain", what));
        }
        Ok((way, cause))
    }
}

/// A dry run.
pub(super) async fn plan(app: App, Query(wanted): Query<Wanted>) -> Page {
    let (way, cause) = wanted.read()?;
    let target = Target::of(&app.source);
    let read = classified::read(&target).await?;
    let chosen: Vec<&str> = read
        .messages
        .iter()
        .filter(|classified| classified.finding.cause == cause)
        .map(|classified| classified.message.id.as_str())
        .collect();
    let time = RateLimit::new(RATE).time_of(chosen.len()).as_secs();
    let address = format!("{}&planned={}", address("move", way, cause), chosen.len());
    let count = match chosen.len() {
        1 => "1 message".to_owned(),
        count => format!("{count} messages"),
    };
    let content = html! {
        p .inset {
            (count) " would "
            @match way {
                Way::Redrive => { "go to " (target.to.rsplit('/').next().unwrap_or_default()) },
                Way::Drop => { "be written to " code { "ops-dlq-evidence.jsonl" } " and deleted" },
            }
            ", " (RATE) " a second, in about " (time) " s. Nothing was changed so far."
        }
        @if !chosen.is_empty() {
            details .inset { summary { "Which" } ul { @for id in &chosen { li { (ui::id(id)) } } } }
            div .inset .buttons {
                button .primary type="button" hx-post=(address) hx-target="#move" hx-swap="innerHTML" hx-disabled-elt="this" {
                    @match way { Way::Redrive => { "Redrive " (count) }, Way::Drop => { "Drop " (count) } }
                }
            }
        }
    };
    Ok(Html(ui::card("Dry run", html! { (cause.name()) }, content).into_string()))
}

pub(super) async fn begin(app: App, Query(wanted): Query<Wanted>) -> Page {
    let (way, cause) = wanted.read()?;
    if !app.moves.begin(&app.source, way, cause, wanted.planned) {
        let what = "Another move runs; wait until it is over.";
        return Err(Problem::new(StatusCode::CONFLICT, "One at a time", what));
    }
    Ok(so_far(&app.moves, &app.source).await)
}

pub(super) async fn progress(State(base): State<Base>) -> Html<String> {
    so_far(&base.moves, &base.source).await
}

/// How far the move is; once it is over, what was read before is not what is there, and is taken from the page.
async fn so_far(moves: &Moves, source: &Source) -> Html<String> {
    let Some(progress) = moves.progress() else { return Html(String::new()) };
    if !progress.is_over {
        return Html(drawn(&progress).into_string());
    }
    let target = Target::of(source);
    let (waiting, dead) = (target.queue(&target.to), target.queue(&target.url));
    let (waiting, dead) = tokio::join!(waiting.attributes(), dead.attributes());
    let content = html! {
        (drawn(&progress))
        div id=(super::BY_CAUSE) hx-swap-oob="innerHTML" { (super::unread(&waiting, &dead)) }
    };
    Html(content.into_string())
}

pub(super) fn drawn(progress: &Progress) -> Markup {
    let Progress { way, cause, planned, done, refused, is_over, stopped } = progress;
    let verb = match way {
        Way::Redrive => "redriven",
        Way::Drop => "dropped",
    };
    let trigger = (!is_over).then_some("every 1s");
    let address = (!is_over).then_some("/messages/progress");
    let content = html! {
        div .inset role="status" {
            p { (done) " of " (planned) " " (verb) @if *is_over { "." } @else { "…" } }
            progress max=((*planned).max(1)) value=(done) { (done) }
            @if let Some(why) = stopped { p .bad-text { "Stopped: " (why) "." } }
            @for (id, why) in refused { p { (ui::id(id)) ": " (why) } }
            @if *is_over { p .note { "Each is in the audit log " code { "ops-dlq-audit.jsonl" } "." } }
        }
    };
    html! {
        div hx-get=[address] hx-trigger=[trigger] hx-swap="outerHTML" hx-target="this" {
            (ui::card(if *way == Way::Redrive { "Redrive" } else { "Drop" }, html! { (cause.name()) }, content))
        }
    }
}
