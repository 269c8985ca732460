//! One trace: its waterfall, or X-Ray's segments of it.

use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Html;
use local_stack::observe::logs::LogFilter;
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use serde::Deserialize;
use trace_model::Trace;

use super::{began, segments, status, waterfall};
use crate::app::App;
use crate::layout::{Head, page};
use crate::page::{Page, Problem};
use crate::ui::{self, href};

/// The newest lines that are shown.
const LINES: usize = 500;

#[derive(Debug, Default, Deserialize)]
pub(super) struct View {
    #[serde(default)]
    view: String,
}

pub(super) async fn show(app: App, Path(id): Path<String>, Query(view): Query<View>) -> Page {
    let Some(trace) = app.source.observer.trace(&id) else {
        let what = "No trace has this id; the newest 2,000 are kept, as long as the stack runs.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such trace", what));
    };
    let shows_segments = view.view == "segments";
    let drawing = if shows_segments {
        segments::card(&trace)
    } else {
        let filter = LogFilter { trace_id: Some(trace.trace_id.clone()), ..LogFilter::default() };
        waterfall::card(&trace, &app.source.observer.logs(&filter, LINES))
    };
    let content = html! {
        nav .choices .toolbar aria-label="Views of this trace" {
            a href=(href::trace(&id)) aria-current=[(!shows_segments).then_some("true")] { "Waterfall" }
            a href={ (href::trace(&id)) "?view=segments" } aria-current=[shows_segments.then_some("true")] { "X-Ray segments" }
        }
        (ui::live("trace", &[Topic::Traces, Topic::Logs], html! { div .stack { (facts(&trace)) (drawing) } }))
    };
    Ok(Html(page(&app, Head { at: "/traces", title: "Trace", lead: &trace.trace_id }, content).into_string()))
}

fn facts(trace: &Trace) -> Markup {
    let images = html! { @for id in &trace.image_ids { div { a .id href=(href::image(id)) { (id) } } } };
    let mut users: Vec<&str> = super::users(trace).collect();
    users.sort_unstable();
    users.dedup();
    let users = html! { @for user in users { div { a .id href={ "/traces?user=" (user) } { (user) } } } };
    ui::card(
        "Summary",
        html! {},
        ui::facts(&[
            ("Status", status(trace)),
            ("Image", images),
            ("User", users),
            ("Began", began(trace)),
            ("Took", html! { (ui::format::duration(trace.duration_us)) ", waiting included" }),
            ("Spans", html! { (trace.spans.len()) }),
        ]),
    )
}
