//! Home: the flow as a picture with what is at each hop, what is stuck, and the newest uploads.

mod consumer;
mod facts;
mod flow;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use cloudwatch_model::alarm::State;
use contract::item::Record;
use contract::time::unix_millis;
use drill::consumer::Consumer;
use local_stack::observe::news::Topic;
use maud::{Markup, html};

use super::Page;
use super::images::{status, tile};
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, Column, href};
use facts::Facts;

/// How many uploads are shown.
const NEWEST: usize = 12;
/// How many stuck ones are listed.
const STUCK: usize = 10;
/// An upload without a result is stuck after so long; the processor itself takes a second.
const PATIENCE_MS: i64 = 30_000;

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/", get(show)).merge(consumer::routes())
}

async fn show(app: App) -> Page {
    let (facts, images, feed) = tokio::join!(
        Facts::gather(&app),
        app.catalogue.images(&app.source),
        Consumer::find(&app.source.info),
    );
    let (images, problem) = match images {
        Ok(images) => (images.all, None),
        Err(error) => (Vec::new(), Some(aws_client::chain(&error))),
    };
    let stuck = stuck(&images);
    let now = html! {
        div .stack {
            @if let Some(problem) = &problem { p .problem { (problem) } }
            section .card .flow aria-label="The way of an upload" {
                (flow::draw(&facts.hops(&images)))
                (consumer::draw(&app, &feed))
            }
            (ringing(&app))
            (stuck_card(&app, &stuck, facts.dead_letters()))
            (newest(&app, &images))
        }
    };
    let content = ui::live("now", &[Topic::Traces, Topic::Metrics, Topic::Mail, Topic::Alarms], now);
    let lead = "Each upload's way through the pipeline, with what is at each hop right now.";
    Ok(Html(page(&app, Head { at: "/", title: "Home", lead }, content).into_string()))
}

/// Uploads that should have a result by now, the oldest first.
fn stuck(images: &[Arc<Record>]) -> Vec<&Record> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let is_old = |image: &&Record| {
        let uploaded = image.uploaded_at.as_deref().and_then(unix_millis);
        uploaded.is_none_or(|at| now.saturating_sub(at) > PATIENCE_MS)
    };
    images.iter().rev().map(AsRef::as_ref).filter(|image| !image.has_ended()).filter(is_old).collect()
}

/// The alarms that ring; nothing while none does.
fn ringing(app: &App) -> Markup {
    let clock = app.source.observer.clock();
    app.source.observer.look(|seen| {
        let names = seen.alarms.set().iter().map(|alarm| alarm.name.as_str());
        let mut ringing = names.filter(|name| seen.alarms.state(name) == Some(State::Alarm)).peekable();
        if ringing.peek().is_none() {
            return html! {};
        }
        ui::card(
            "Alarms that ring",
            html! { a href="/alarms" { "all alarms" } },
            html! {
                ul .ringing .inset {
                    @for name in ringing {
                        li {
                            (ui::badge(State::Alarm.as_str())) " " a href=(href::alarm(name)) { (name) }
                            @if let Some(standing) = seen.alarms.standing(name) {
                                " " span .soft { (ui::time::ago_by(clock, standing.since)) }
                                p .soft { (standing.reason) }
                            }
                            p { "Mend it by its " a href=(href::mitigation(name)) { "runbook" } "." }
                        }
                    }
                }
            },
        )
    })
}

fn stuck_card(app: &App, stuck: &[&Record], dead_letters: u64) -> Markup {
    let rows = html! {
        @for image in stuck.iter().take(STUCK) {
            tr {
                td { a href=(href::image(&image.image_id)) { (ui::id(&image.image_id)) } }
                td { (ui::badge(&status(&app.source.observer, image))) }
                td { @if let Some(at) = image.uploaded_at.as_deref().and_then(unix_millis) { (ui::time::ago(at)) } }
            }
        }
    };
    let columns = [Column::Text("Image"), Column::Text("At"), Column::Text("Uploaded")];
    let content = html! {
        @if stuck.is_empty() && dead_letters == 0 {
            (ui::empty("Nothing is stuck.", html! { p { "An upload without a result after half a minute is listed here, and so is what the queue has given up." } }))
        }
        @if dead_letters > 0 {
            p .inset { (ui::format::count(dead_letters)) @if dead_letters == 1 { " message is" } @else { " messages are" } " in the dead-letter queue." }
        }
        @if !stuck.is_empty() { (ui::table("Uploads without a result", &columns, rows)) }
        @if stuck.len() > STUCK { p .inset .soft { "and " (stuck.len() - STUCK) " more" } }
    };
    ui::card("Stuck", html! {}, content)
}

fn newest(app: &App, images: &[Arc<Record>]) -> Markup {
    let content = html! {
        @if images.is_empty() {
            (ui::empty("No upload yet.", html! {
                p { a href="/upload" { "Upload a photo" } " in this browser, or send some from a terminal:" }
                (ui::command("cargo run -- upload FILE"))
            }))
        } @else {
            ul .grid .inset { @for image in images.iter().take(NEWEST) { li { (tile(&app.source.observer, image)) } } }
        }
    };
    ui::card("Newest uploads", html! { a href="/images" { "all images" } }, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tests::{Harness, seen};

    #[tokio::test]
    async fn the_flow_is_drawn_while_nothing_answers_and_the_problem_is_named() {
        let page = Harness::new(seen()).page("/").await;
        for hop in [
            "Upload API",
            "Queue",
            "Dead letters",
            "Processor",
            "Thumbnails bucket",
            "Table",
            "Topic",
            "Metrics function",
        ] {
            assert!(page.contains(&format!(">{hop}</text>")), "{hop}: {page}");
        }
        assert!(page.contains("class=\"problem\"") && page.contains("cargo run -- upload FILE"), "{page}");
    }

    #[test]
    fn only_uploads_without_a_result_that_are_old_are_stuck() {
        let image = |id: &str, status: &str, at: &str| {
            Arc::new(Record {
                image_id: id.into(),
                status: status.into(),
                uploaded_at: Some(at.into()),
                ..Record::default()
            })
        };
        let (old, now) = ("2026-01-01T00:00:00Z", contract::time::rfc3339(SystemTime::now()));
        let images =
            [image("new", "PROCESSING", &now), image("stuck", "PROCESSING", old), image("done", "DONE", old)];
        let found: Vec<&str> = stuck(&images).iter().map(|image| image.image_id.as_str()).collect();
        assert_eq!(found, ["stuck"]);
    }
}
