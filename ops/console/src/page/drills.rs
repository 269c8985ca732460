//! Drills: faults on purpose, the alarms that must ring, and the one that runs right now.

mod running;

use aws_client::chain;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::{get, post};
use drill::consumer::Consumer;
use drill::file::Drill;
use local_stack::observe::Clock;
use maud::{Markup, html};
use serde::Deserialize;

use super::{Page, Problem, clock};
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, href};

pub(super) fn routes() -> Router<Base> {
    Router::new()
        .route("/drills", get(show))
        .route("/drills/begin", post(begin))
        .route("/drills/progress", get(progress))
        .route("/drills/stop", post(stop))
}

async fn show(app: App) -> Page {
    let name = &app.source.info.name;
    let option = if name == "default" { String::new() } else { format!(" --name {name}") };
    let content = match Drill::all(&app.source.root) {
        Ok(drills) if drills.is_empty() => html! {
            div .card { (ui::empty("No drills.", html! { p { "Each is a file of " code { "alarms/drills" } "." } })) }
        },
        Ok(drills) => html! {
            div #drill .stack { (running::part(&app.drills)) }
            p .found {
                (drills.len()) " drills, one at a time, from here or by " code { "cargo run -- drill NAME" (option) }
                ". They wait for alarms, which may go faster; the retries of uploads take as long as ever."
            }
            (clock::draw(app.source.observer.clock()))
            div .card { ul .rows .with-actions { @for drill in &drills { li id={ "drill-" (drill.name) } { (row(&app, drill, &option)) } } } }
        },
        Err(error) => html! { p .problem { (chain(&error)) } },
    };
    let lead = "Faults on purpose: one breaks the stack for a while, its alarm must ring in time and no other, and the runbook mends it.";
    Ok(Html(page(&app, Head { at: "/drills", title: "Drills", lead }, content).into_string()))
}

fn row(app: &App, drill: &Drill, option: &str) -> Markup {
    let begin = format!("/drills/begin?name={}", drill.name);
    html! {
        div .row-text {
            div .row-head {
                span .row-name { (drill.name) }
                span .soft { "at most " (drill.minutes()) " min" @if let Some(here) = here(app.source.observer.clock(), drill.minutes()) { ", " (here) } }
            }
            p { (drill.purpose) }
            p .soft {
                @if drill.rings.is_empty() { "No alarm must ring. " }
                @else { "Must ring: " @for ring in &drill.rings { a href=(href::alarm(&ring.alarm)) { (ring.alarm) } " within " (ring.within_minutes) " min. " } }
                "Mended by " a href=(href::runbook(&drill.runbook)) { (drill.runbook) } "."
            }
        }
        div .row-actions {
            button .copy type="button" data-copy={ "cargo run -- drill " (drill.name) (option) }
                aria-label={ "Copy command of " (drill.name) } { "Copy command" }
            button type="button" hx-post=(begin) hx-target="#drill" hx-swap="innerHTML show:window:top" hx-disabled-elt="this"
                aria-label={ "Start " (drill.name) } { "Start" }
        }
    }
}

/// What minutes of the metrics' clock are on this stack, in words; `None` where they are as many.
pub(super) fn here(clock: &Clock, minutes: u32) -> Option<String> {
    let took = clock.wait(i64::from(minutes) * 60_000);
    (clock.rate() > 1).then(|| format!("about {} on this stack", ui::format::seconds(took.as_secs())))
}

#[derive(Debug, Deserialize)]
struct Chosen {
    name: String,
}

async fn begin(app: App, Query(Chosen { name }): Query<Chosen>) -> Page {
    let drills = Drill::all(&app.source.root)
        .map_err(|error| Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "No drills", chain(&error)))?;
    let Some(drill) = drills.into_iter().find(|drill| drill.name == name) else {
        let what = "No file of alarms/drills has this name; reload the page.";
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such drill", what));
    };
    // Where Lambda does not answer, the drill itself says why it cannot run.
    if Consumer::find(&app.source.info).await.is_ok_and(|consumer| consumer.is_off()) {
        let what =
            "The consumer is off; switch it on at Home first, since a drill begins on a stack that is well.";
        return Err(Problem::new(StatusCode::CONFLICT, "Not well", what));
    }
    if !app.drills.begin(&app.source, drill) {
        let what = "Another drill runs; wait until it is over, or stop it.";
        return Err(Problem::new(StatusCode::CONFLICT, "One at a time", what));
    }
    Ok(Html(running::part(&app.drills).into_string()))
}

async fn progress(State(base): State<Base>) -> Html<String> {
    Html(running::part(&base.drills).into_string())
}

async fn stop(State(base): State<Base>) -> Html<String> {
    base.drills.stop();
    Html(running::part(&base.drills).into_string())
}

#[cfg(test)]
mod tests {
    use local_stack::observe::{Clock, Seen};
    use serde_json::json;

    use super::here;
    use crate::tests::{Harness, answered, drilled};

    #[tokio::test]
    async fn every_drill_has_its_alarm_its_runbook_how_long_it_takes_and_what_begins_it_on_this_stack() {
        let page = Harness::new(Seen::default()).page("/drills").await;
        assert!(page.contains("data-copy=\"cargo run -- drill consumer-off --name one\""), "{page}");
        assert!(page.contains("hx-post=\"/drills/begin?name=consumer-off\""), "{page}");
        assert!(page.contains(">at most 55 min<"), "{page}");
        assert!(
            page.contains("href=\"/alarms/queue-backlog\"")
                && page.contains("href=\"/runbooks/queue-backlog\""),
            "{page}"
        );
    }

    #[test]
    fn minutes_of_the_metrics_clock_are_converted_only_where_it_is_faster_than_the_day() {
        assert_eq!(here(&Clock::start(1), 55), None);
        assert_eq!(here(&Clock::start(60), 55).as_deref(), Some("about 55 s on this stack"));
    }

    #[tokio::test]
    async fn a_drill_is_begun_and_stopped_by_the_page_only_and_shown_step_by_step_with_its_end() {
        let info = drilled(answered(json!({})).await).await;
        let harness = Harness::of(Seen::default(), &info);
        let token = harness.token().await;
        assert_eq!(harness.post("/drills/begin?name=poison", "guess", "").await.0, 403);
        assert_eq!(harness.post("/drills/begin?name=..%2Fpoison", &token, "").await.0, 404);

        let (status, part) = harness.post("/drills/begin?name=poison", &token, "").await;
        assert!(
            status == 200 && part.contains("poison") && part.contains("hx-post=\"/drills/stop\""),
            "{part}"
        );
        assert!(part.contains("hx-get=\"/drills/progress\" hx-trigger=\"every 1s\""), "{part}");

        let (_, stopped) = harness.post("/drills/stop", &token, "").await;
        assert!(stopped.contains("STOPPED") && !stopped.contains("every 1s"), "{stopped}");
        assert!(harness.page("/drills").await.contains("STOPPED"), "another page shows it too");
    }

    #[tokio::test]
    async fn no_drill_begins_while_somebody_has_switched_the_consumer_off() {
        let mapping = json!({"UUID": "m", "State": "Disabled"});
        let mut info = answered(json!({"EventSourceMappings": [mapping]})).await;
        info.outputs.insert("ImageProcessorFunctionName".to_owned(), "processor".to_owned());
        let harness = Harness::of(Seen::default(), &info);
        let (status, page) = harness.post("/drills/begin?name=poison", &harness.token().await, "").await;
        assert!(status == 409 && page.contains("The consumer is off"), "{page}");
    }
}
