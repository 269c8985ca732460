//! The clock of metrics and alarms: how fast it goes, and the button that changes it.

use axum::Router;
use axum::extract::Query;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use local_stack::observe::Clock;
use maud::{Markup, html};
use serde::Deserialize;

use crate::app::{App, Base};
use crate::page::Problem;

/// A minute of alarms becomes a second.
const FAST: u32 = 60;

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/clock", post(change))
}

#[derive(Debug, Deserialize)]
struct Chosen {
    rate: u32,
}

/// Every time on the page changes with the clock, so the page is made anew.
async fn change(app: App, Query(Chosen { rate }): Query<Chosen>) -> Result<Response, Problem> {
    if let Some(drill) = app.drills.running() {
        let what =
            format!("The drill {drill} counts its minutes; wait until it is over, or stop it at Drills.");
        return Err(Problem::new(StatusCode::CONFLICT, "A drill runs", what));
    }
    if app.source.is_broken() {
        let what =
            "A drill of the terminal has faults in force and counts its minutes; wait until it is over.";
        return Err(Problem::new(StatusCode::CONFLICT, "A drill runs", what));
    }
    if ![1, FAST].contains(&rate) {
        let what = format!("The clock goes as the day does, or {FAST} times as fast.");
        return Err(Problem::new(StatusCode::BAD_REQUEST, "No such rate", what));
    }
    app.source.observer.set_rate(rate);
    Ok((StatusCode::NO_CONTENT, [("hx-refresh", "true")]).into_response())
}

/// How fast alarms go, and the button that changes it.
pub(super) fn draw(clock: &Clock) -> Markup {
    let rate = clock.rate();
    html! {
        div .clock {
            @if rate == 1 {
                p .soft { "Minutes of metrics and alarms are the day's." }
                (button(FAST, "Make them seconds"))
            } @else {
                p .soft {
                    span .badge .busy { "× " (rate) } " Metrics and alarms go " (rate) " times as fast as the day, and nothing else does. Their clock never goes back: afterwards it stays ahead of the day."
                }
                (button(1, "Back to the day's minutes"))
            }
        }
    }
}

fn button(rate: u32, text: &str) -> Markup {
    html! {
        button type="button" hx-post={ "/clock?rate=" (rate) } hx-target="this" hx-swap="none" hx-disabled-elt="this" { (text) }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use axum::http::{Request, header};
    use local_stack::observe::Seen;
    use serde_json::json;

    use crate::tests::{Harness, answered, drilled, info};

    #[tokio::test]
    async fn alarms_are_made_faster_and_slower_by_the_page_only_and_it_says_how_fast_they_are() {
        let harness = Harness::new(Seen::default());
        assert!(harness.page("/drills").await.contains("hx-post=\"/clock?rate=60\""));
        assert_eq!(harness.post("/clock?rate=60", "guess", "").await.0, 403);
        let token = harness.token().await;
        assert_eq!(harness.observer.clock().rate(), 1);
        assert_eq!(harness.post("/clock?rate=60", &token, "").await.0, 204);
        assert_eq!(harness.observer.clock().rate(), 60);
        let page = harness.page("/drills").await;
        assert!(page.contains("60 times as fast") && page.contains("hx-post=\"/clock?rate=1\""), "{page}");
        assert_eq!(harness.post("/clock?rate=1", &token, "").await.0, 204);
        for nonsense in ["0", "2", "4000000000"] {
            assert_eq!(
                harness.post(&format!("/clock?rate={nonsense}"), &token, "").await.0,
                400,
                "{nonsense}"
            );
        }
        assert_eq!(harness.observer.clock().rate(), 1);
    }

    #[tokio::test]
    async fn the_rate_stays_while_a_drill_counts_its_minutes() {
        let info = drilled(answered(json!({})).await).await;
        let harness = Harness::of(Seen::default(), &info);
        let token = harness.token().await;
        assert_eq!(harness.post("/drills/begin?name=consumer-off", &token, "").await.0, 200);
        let (status, text) = harness.post("/clock?rate=60", &token, "").await;
        assert_eq!((status, harness.observer.clock().rate()), (409, 1), "{text}");
    }

    #[tokio::test]
    async fn the_rate_stays_while_a_drill_of_the_terminal_has_faults_in_force() {
        let harness = Harness::new(Seen::default());
        let token = harness.token().await;
        let order = Request::post("/api/faults")
            .header(header::HOST, "127.0.0.1:2")
            .header(header::AUTHORIZATION, format!("Bearer {}", info().console_key()))
            .body(Body::from(json!({"rules": []}).to_string()))
            .unwrap();
        let lease = harness.send(order).await;
        assert_eq!(lease.status(), 200);
        assert_eq!(harness.post("/clock?rate=60", &token, "").await.0, 409);
        drop(lease);
        while harness.post("/clock?rate=60", &token, "").await.0 == 409 {
            tokio::task::yield_now().await;
        }
        assert_eq!(harness.observer.clock().rate(), 60);
    }
}
