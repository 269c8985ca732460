//! Drills: faults on purpose, the alarms that must ring, and how one is begun.

use aws_client::chain;
use axum::Router;
use axum::response::Html;
use axum::routing::get;
use drill::file::Drill;
use maud::{Markup, html};

use super::Page;
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, href};

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/drills", get(show))
}

async fn show(app: App) -> Page {
    let name = &app.source.info.name;
    let option = if name == "default" { String::new() } else { format!(" --name {name}") };
    let content = match Drill::all(&app.source.root) {
        Ok(drills) if drills.is_empty() => html! {
            div .card { (ui::empty("No drills.", html! { p { "Each is a file of " code { "alarms/drills" } "." } })) }
        },
        Ok(drills) => html! {
            p .found { (drills.len()) " drills. Minutes are of the metrics' clock, which goes faster on a stack that is started with "
                code { "cargo run -- up --clock-rate 60" } "." }
            div .card { ul .rows { @for drill in &drills { li id={ "drill-" (drill.name) } { (row(drill, &option)) } } } }
        },
        Err(error) => html! { p .problem { (chain(&error)) } },
    };
    let lead = "Faults on purpose: one breaks the stack for a while, its alarm must ring in time and no other, and the runbook mends it.";
    Ok(Html(page(&app, Head { at: "/drills", title: "Drills", lead }, content).into_string()))
}

fn row(drill: &Drill, option: &str) -> Markup {
    html! {
        div .row-head {
            span .row-name { (drill.name) }
            span .soft { "at most " (drill.minutes()) " min" }
        }
        p { (drill.purpose) }
        p .soft {
            @if drill.rings.is_empty() { "No alarm must ring. " }
            @else { "Must ring: " @for ring in &drill.rings { a href=(href::alarm(&ring.alarm)) { (ring.alarm) } " within " (ring.within_minutes) " min. " } }
            "Mended by " a href=(href::runbook(&drill.runbook)) { (drill.runbook) } "."
        }
        (ui::command(&format!("cargo run -- drill {}{option}", drill.name)))
    }
}

#[cfg(test)]
mod tests {
    use local_stack::observe::Seen;

    use crate::tests::Harness;

    #[tokio::test]
    async fn every_drill_has_its_alarm_its_runbook_and_the_command_that_begins_it_on_this_stack() {
        let page = Harness::new(Seen::default()).page("/drills").await;
        assert!(page.contains("data-copy=\"cargo run -- drill consumer-off --name one\""), "{page}");
        assert!(
            page.contains("href=\"/alarms/queue-backlog\"")
                && page.contains("href=\"/runbooks/queue-backlog\""),
            "{page}"
        );
    }
}
