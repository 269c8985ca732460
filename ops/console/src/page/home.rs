//! Home: the flow as a picture with what is at each hop, what is stuck, and the newest uploads.

mod consumer;
mod facts;
mod flow;

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use cloudwatch_model::alarm::{Alarm, State};
use contract::item::Record;
use contract::time::unix_millis;
use drill::consumer::Consumer;
use local_stack::observe::news::Topic;
use maud::{Markup, html};

use super::images::{status, tile};
use super::{Page, alarms};
use crate::app::{App, Base};
use crate::catalogue::{Extent, Images};
use crate::layout::{Head, page};
use crate::ui::{self, Column, href};
use facts::{Backlog, Facts};

/// How many uploads are shown.
const NEWEST: usize = 12;
/// How many stuck ones are listed.
const STUCK: usize = 10;
/// An upload without a result is stuck after so long; the processor itself takes a second.
const PATIENCE_SECONDS: u32 = 30;

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/", get(show)).merge(consumer::routes())
}

async fn show(app: App) -> Page {
    let (facts, images, feed) = tokio::join!(
        Facts::gather(&app),
        app.catalogue.images(&app.source),
        Consumer::find(&app.source.info),
    );
    let images = images.unwrap_or_else(|error| Images::unreadable(&error));
    let stuck = stuck(&images.all);
    let now = html! {
        div .stack {
            @if let Extent::Unreadable(why) = &images.extent { p .problem { "The table of images cannot be read: " (why) } }
            section .card .flow aria-label="The way of an upload" {
                (flow::draw(&facts.hops(&images)))
                (consumer::draw(&app, &feed))
            }
            (ringing(&app))
            (stuck_card(&app, &stuck, &facts, &images.extent))
            (newest(&app, &images))
        }
    };
    let topics = [Topic::Traces, Topic::Metrics, Topic::Mail, Topic::Alarms];
    let content = ui::live_while(images.extent.grows(), "now", &topics, now);
    let lead = "Each upload's way through the pipeline, with what is at each hop right now.";
    Ok(Html(page(&app, Head { at: "/", title: "Home", lead }, content).into_string()))
}

/// Uploads that should have a result by now, the oldest first.
fn stuck(images: &[Arc<Record>]) -> Vec<&Record> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_millis()).unwrap_or(i64::MAX);
    let is_old = |image: &&Record| {
        let uploaded = image.uploaded_at.as_deref().and_then(unix_millis);
        uploaded.is_none_or(|at| now.saturating_sub(at) > i64::from(PATIENCE_SECONDS) * 1000)
    };
    images.iter().rev().map(AsRef::as_ref).filter(|image| !image.has_ended()).filter(is_old).collect()
}

/// The alarms that ring, as the page of all alarms shows them; nothing while none does.
fn ringing(app: &App) -> Markup {
    app.source.observer.look(|seen| {
        let rings = |alarm: &&Alarm| seen.alarms.state(&alarm.name) == Some(State::Alarm);
        let ringing: Vec<&Alarm> = seen.alarms.set().iter().filter(rings).collect();
        if ringing.is_empty() {
            return html! {};
        }
        let rows = html! {
            ul .rows { @for alarm in ringing { li id={ "alarm-" (alarm.name) } { (alarms::row(app, alarm, seen)) } } }
        };
        ui::card("Alarms that ring", html! { a href="/alarms" { "all alarms" } }, rows)
    })
}

fn stuck_card(app: &App, stuck: &[&Record], facts: &Facts, extent: &Extent) -> Markup {
    let rows = html! {
        @for image in stuck.iter().take(STUCK) {
            tr id={ "stuck-" (image.image_id) } {
                td { a href=(href::image(&image.image_id)) { (ui::id(&image.image_id)) } }
                td { (ui::badge(&status(&app.source.observer, image))) }
                td { @if let Some(at) = image.uploaded_at.as_deref().and_then(unix_millis) { (ui::time::ago(at)) } }
            }
        }
    };
    let columns = [Column::Text("Image"), Column::Text("At"), Column::Text("Uploaded")];
    let in_queues = in_queues(facts);
    let content = html! {
        @if stuck.is_empty() && in_queues.0.is_empty() { (nothing_stuck(facts, extent)) }
        (in_queues)
        @if !stuck.is_empty() { (ui::table("Uploads without a result", &columns, rows)) }
        @if stuck.len() > STUCK { p .inset .soft { "and " (stuck.len() - STUCK) " more" } }
    };
    ui::card("Stuck", html! {}, content)
}

/// What the queue holds for longer than it should, and what it has given up; nothing where there is neither.
fn in_queues(facts: &Facts) -> Markup {
    let messages = |count: u64, verbs: [&str; 2]| {
        let [noun, verb] = if count == 1 { ["message", verbs[0]] } else { ["messages", verbs[1]] };
        format!("{} {noun} {verb}", ui::format::count(count))
    };
    html! {
        @if let Backlog::Waits { messages: count, seconds } = facts.backlog(PATIENCE_SECONDS.into()) {
            p .inset {
                (messages(count, ["waits", "wait"])) " in the " a href="/messages" { "queue" } ", the oldest for "
                (ui::format::seconds(seconds)) "."
            }
        }
        @if let Some(count @ 1..) = facts.dead_letters() {
            p .inset { (messages(count, ["is", "are"])) " in the " a href="/messages" { "dead-letter queue" } "." }
        }
    }
}

/// What stands where nothing is listed: that nothing is stuck, if that is known.
fn nothing_stuck(facts: &Facts, extent: &Extent) -> Markup {
    let is_known = facts.dead_letters().is_some() && facts.backlog(PATIENCE_SECONDS.into()) == Backlog::None;
    if is_known && !extent.is_partial() {
        let what = "An upload without a result after half a minute is listed here, and so is what waits in the queue and what it has given up.";
        return ui::empty("Nothing is stuck.", html! { p { (what) } });
    }
    let what = "The table and the queues are not read whole, or the age of what waits is not reported yet.";
    ui::empty("Not known yet.", html! { p { (what) } })
}

fn newest(app: &App, images: &Images) -> Markup {
    let content = html! {
        @if images.all.is_empty() && images.extent.is_partial() {
            (ui::empty("Not known yet.", html! { p { "The table could not be read so far." } }))
        } @else if images.all.is_empty() {
            (ui::empty("No upload yet.", html! {
                p { a href="/upload" { "Upload a photo" } " in this browser, or send some from a terminal:" }
                (ui::command("cargo run -- upload FILE"))
            }))
        } @else {
            ul .grid .inset { @for image in images.all.iter().take(NEWEST) { li { (tile(&app.source.observer, image)) } } }
        }
    };
    ui::card("Newest uploads", html! { a href="/images" { "all images" } }, content)
}

#[cfg(test)]
mod tests {
    use cloudwatch_model::{Datapoint, Dimensions, Distribution, MetricId, Resolution, Unit};
    use local_stack::observe::{Clock, Seen};
    use serde_json::{Value, json};

    use super::*;
    use crate::tests::{Harness, answering, seen};

    /// A stack in whose queue this many messages wait, the oldest for so long, as far as that is known.
    async fn backlog(messages: u64, seconds: Option<f64>) -> Harness {
        let answer = move |body: &str| -> Value {
            let waiting = if body.contains("dlq") { 0 } else { messages };
            json!({"Attributes": {"ApproximateNumberOfMessages": waiting.to_string()}})
        };
        let mut info = answering(answer).await;
        for (output, queue) in
            [("QueueUrl", "http://sqs/1/uploads"), ("DeadLetterQueueUrl", "http://sqs/1/dlq")]
        {
            info.outputs.insert(output.to_owned(), queue.to_owned());
        }
        let mut seen = Seen::default();
        if let Some(seconds) = seconds {
            let dimensions = Dimensions::new([("QueueName", "uploads")]).unwrap();
            seen.metrics.put(Datapoint {
                metric: MetricId::new("AWS/SQS", "ApproximateAgeOfOldestMessage", dimensions).unwrap(),
                timestamp: Clock::default().now(),
                unit: Unit::Seconds,
                values: Distribution::of_values(&[seconds]).unwrap(),
                resolution: Resolution::Standard,
            });
        }
        Harness::of(seen, &info)
    }

    #[tokio::test]
    async fn what_waits_in_the_queue_for_long_is_stuck_and_for_how_long_may_not_be_known_yet() {
        for (messages, seconds, found) in [
            (0, None, "Nothing is stuck."),
            (2, None, "Not known yet."),
            (2, Some(29.0), "Nothing is stuck."),
            (1, Some(31.0), "1 message waits in the <a href=\"/messages\">queue</a>, the oldest for 31 s."),
            (
                2,
                Some(600.0),
                "2 messages wait in the <a href=\"/messages\">queue</a>, the oldest for 10 min.",
            ),
        ] {
            let page = backlog(messages, seconds).await.page("/").await;
            assert!(page.contains(found), "{found}: {page}");
            assert_eq!(page.contains("Nothing is stuck."), found == "Nothing is stuck.", "{found}: {page}");
        }
    }

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
        assert!(page.contains("class=\"problem\""), "{page}");
        for made_up in ["Nothing is stuck.", "No upload yet.", ">0 images<", ">0 waiting<", ">0 given up<"] {
            assert!(!page.contains(made_up), "{made_up}: {page}");
        }
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
