//! The consumer: a switch that breaks the pipeline as the drill `consumer-off` does, and mends it again.

use aws_client::chain;
use axum::Router;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::post;
use cloudwatch_model::alarm::State;
use drill::DrillError;
use drill::consumer::Consumer;
use drill::file::{Drill, FOLDER, Ring};
use maud::{Markup, html};

use crate::app::{App, Base};
use crate::page::clock;
use crate::page::drills::here;
use crate::page::{Page, Problem};
use crate::ui::href;

/// The drill that turns the same switch: its file names the alarm that must ring, how soon, and the runbook.
const DRILL: &str = "consumer-off";

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/consumer/break", post(off)).route("/consumer/mend", post(on))
}

async fn off(app: App) -> Page {
    switch(&app, false).await
}

async fn on(app: App) -> Page {
    switch(&app, true).await
}

async fn switch(app: &App, on: bool) -> Page {
    if let Some(drill) = app.drills.running() {
        let what = format!("The drill {drill} runs; wait until it is over, or stop it at Drills.");
        return Err(Problem::new(StatusCode::CONFLICT, "A drill runs", what));
    }
    let found = Consumer::find(&app.source.info).await?;
    found.switch(&app.source.aws, on).await?;
    Ok(Html(draw(app, &Consumer::find(&app.source.info).await).into_string()))
}

/// Whether the processor is fed, and the button that changes it.
pub(super) fn draw(app: &App, consumer: &Result<Consumer, DrillError>) -> Markup {
    let drill = Drill::read(&app.source.root.join(format!("{FOLDER}/{DRILL}.json"))).ok();
    let ring = drill.as_ref().and_then(|drill| drill.rings.first());
    html! {
        div #consumer .consumer role="status" {
            @match consumer {
                Err(error) => p .soft { "Whether the processor is fed is not known: " (chain(error)) "." },
                Ok(consumer) if consumer.is_off() => {
                    div {
                        p { span .badge .bad { (consumer.state().to_uppercase()) } " The consumer is off: uploads wait, and none is lost." }
                        @if let Some(ring) = ring { p .soft { (what_comes(app, ring)) } }
                    }
                    (button("/consumer/mend", "Switch the consumer on", true))
                    (clock::draw(app.source.observer.clock()))
                },
                Ok(_) => {
                    p .soft {
                        "The processor takes what waits in the queue. Switch that off to see an incident"
                        @if let Some(ring) = ring { ": " (ring.alarm) " rings within " (within(app, ring)) } "."
                    }
                    (button("/consumer/break", "Break the consumer", false))
                    (clock::draw(app.source.observer.clock()))
                },
            }
        }
    }
}

/// What follows while the consumer is off, and where it ends.
fn what_comes(app: &App, ring: &Ring) -> Markup {
    let alarm = html! { a href=(href::alarm(&ring.alarm)) { (ring.alarm) } };
    let rings = app.source.observer.look(|seen| seen.alarms.state(&ring.alarm)) == Some(State::Alarm);
    html! {
        @if rings { (alarm) " rings." }
        @else { a href="/upload" { "Upload a photo" } ", and " (alarm) " rings within " (within(app, ring)) "." }
        " Mend it by its " a href=(href::mitigation(&ring.alarm)) { "runbook" } ", or right here."
    }
}

/// How soon the alarm must ring.
fn within(app: &App, ring: &Ring) -> String {
    let minutes = ring.within_minutes;
    match here(app.source.observer.clock(), minutes) {
        Some(here) => format!("{minutes} min of the metrics' clock, {here}"),
        None => format!("{minutes} min"),
    }
}

fn button(address: &str, text: &str, is_urgent: bool) -> Markup {
    html! {
        button .primary[is_urgent] type="button" hx-post=(address) hx-target="#consumer" hx-swap="outerHTML" hx-disabled-elt="this" { (text) }
    }
}

#[cfg(test)]
mod tests {
    use local_stack::observe::Seen;
    use local_stack::stack::StackInfo;
    use serde_json::json;

    use crate::tests::{Harness, answered, drilled};

    async fn with(state: &str) -> StackInfo {
        let mut info = answered(json!({"EventSourceMappings": [{"UUID": "m", "State": state}]})).await;
        info.outputs.insert("ImageProcessorFunctionName".to_owned(), "processor".to_owned());
        info
    }

    #[tokio::test]
    async fn a_consumer_that_is_off_shows_the_alarm_to_come_and_its_runbook_whoever_switched_it_off() {
        let page = Harness::of(Seen::default(), &with("Disabled").await).page("/").await;
        assert!(page.contains("hx-post=\"/consumer/mend\"") && !page.contains("/consumer/break"), "{page}");
        assert!(page.contains("rings within 20 min."), "{page}");
        assert!(page.contains("href=\"/alarms/queue-backlog#doc-mitigation\""), "{page}");
        let page = Harness::of(Seen::default(), &with("Enabled").await).page("/").await;
        assert!(page.contains("hx-post=\"/consumer/break\"") && !page.contains("/consumer/mend"), "{page}");
    }

    #[tokio::test]
    async fn only_a_page_of_the_console_breaks_the_consumer_and_not_during_a_drill() {
        let info = drilled(with("Enabled").await).await;
        let harness = Harness::of(Seen::default(), &info);
        let token = harness.token().await;
        assert_eq!(harness.post("/consumer/break", "guess", "").await.0, 403);
        assert_eq!(harness.post("/consumer/break", &token, "").await.0, 200);
        assert_eq!(harness.post("/drills/begin?name=poison", &token, "").await.0, 200);
        let (status, page) = harness.post("/consumer/break", &token, "").await;
        assert!(status == 409 && page.contains("The drill poison runs"), "{page}");
    }
}
