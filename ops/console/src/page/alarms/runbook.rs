//! Runbooks, as the repository has them.

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Html;
use maud::{Markup, html};

use crate::app::App;
use crate::layout::{Head, page};
use crate::page::{Page, Problem};
use crate::ui::{self, href, markdown};

pub(super) async fn show(app: App, Path(name): Path<String>) -> Page {
    let Some(text) = text(&app, &name) else {
        return Err(Problem::new(
            StatusCode::NOT_FOUND,
            "No such runbook",
            "No file of runbooks/ has this name.",
        ));
    };
    let content = html! { div .card .document { h2 .unseen { (name) } (markdown::render(&text)) } };
    let head = Head { at: "/alarms", title: "Runbook", lead: &name };
    Ok(Html(page(&app, head, content).into_string()))
}

/// The runbook that an alarm names.
pub(super) fn card(app: &App, file: &str) -> Markup {
    let name = file.trim_start_matches("runbooks/").trim_end_matches(".md");
    let note = html! { a href=(href::runbook(name)) { (file) } };
    let content = match text(app, name) {
        Some(text) => html! { div .document { (markdown::render(&text)) } },
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
