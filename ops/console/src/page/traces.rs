//! Traces: each upload's way through the pipeline, found by image, user, status and duration.

mod one;
mod segments;
mod waterfall;

use axum::Router;
use axum::extract::Query;
use axum::response::Html;
use axum::routing::get;
use local_stack::observe::news::Topic;
use maud::{Markup, html};
use serde::Deserialize;
use trace_model::{Status, Trace};

use super::Page;
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, Column, href};

/// How many are listed.
const LISTED: usize = 100;
/// How many are searched: all that the observer keeps.
const SEARCHED: usize = 2_000;
const USER_ID: &str = "user.id";

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/traces", get(show)).route("/traces/{id}", get(one::show))
}

/// What is searched for; empty fields match everything.
#[derive(Debug, Default, Deserialize)]
struct Filter {
    /// The id of an image or a trace, or how it begins.
    #[serde(default)]
    q: String,
    #[serde(default)]
    user: String,
    #[serde(default)]
    status: String,
    /// At least so long, in milliseconds.
    #[serde(default)]
    least_ms: String,
}

impl Filter {
    fn is_empty(&self) -> bool {
        [&self.q, &self.user, &self.status, &self.least_ms].iter().all(|text| text.trim().is_empty())
    }

    fn takes(&self, trace: &Trace) -> bool {
        let (q, user) = (self.q.trim(), self.user.trim());
        let named = trace.trace_id.starts_with(q) || trace.image_ids.iter().any(|id| id.starts_with(q));
        let is_users = user.is_empty() || users(trace).any(|id| id.starts_with(user));
        let status = match self.status.as_str() {
            "error" => trace.status == Status::Error,
            "ok" => trace.status != Status::Error,
            _ => true,
        };
        let least = self.least_ms.trim().parse::<u64>().unwrap_or(0);
        named && is_users && status && trace.duration_us >= least.saturating_mul(1_000)
    }

    fn form(&self) -> Markup {
        let options = [("", "Any"), ("ok", "Without error"), ("error", "With error")];
        html! {
            form .filter role="search" action="/traces" {
                label .wide { "Image or trace id" input type="search" name="q" value=(self.q) autocomplete="off"; }
                label { "User id" input type="search" name="user" value=(self.user) autocomplete="off"; }
                label { "Status" select name="status" {
                    @for (value, name) in options { option value=(value) selected[value == self.status] { (name) } }
                } }
                label { "At least, in ms" input type="number" min="0" name="least_ms" value=(self.least_ms); }
                div .buttons {
                    button .primary type="submit" { "Search" }
                    @if !self.is_empty() { a .button href="/traces" { "Show all" } }
                }
            }
        }
    }
}

fn users(trace: &Trace) -> impl Iterator<Item = &str> {
    trace.spans.iter().filter_map(|span| span.attribute(USER_ID))
}

async fn show(app: App, Query(filter): Query<Filter>) -> Page {
    let wanted = if filter.is_empty() { LISTED } else { SEARCHED };
    let mut traces = app.source.observer.look(|seen| seen.traces.newest(wanted));
    traces.retain(|trace| filter.takes(trace));
    traces.sort_unstable_by_key(|trace| std::cmp::Reverse(trace.start_us));
    traces.truncate(LISTED);
    let list = html! {
        div .card {
            @if traces.is_empty() && filter.is_empty() { (nothing()) }
            @else if traces.is_empty() { (ui::empty("No trace is like that.", html! { p { a href="/traces" { "Show all traces" } } })) }
            @else { (table(&traces)) }
        }
    };
    let content = html! { (filter.form()) (ui::live("traces", &[Topic::Traces], list)) };
    let lead = "One trace an upload, from the request for its URL to its notification; newest first.";
    Ok(Html(page(&app, Head { at: "/traces", title: "Traces", lead }, content).into_string()))
}

fn nothing() -> Markup {
    let how = html! {
        p { "Every request for an upload URL begins a trace, and the processor goes on with it." }
        (ui::command("cargo run -- upload FILE"))
    };
    ui::empty("No traces yet.", how)
}

fn table(traces: &[Trace]) -> Markup {
    let rows = html! {
        @for trace in traces {
            // By its name a row stays the one it was when a newer one comes above it.
            tr id={ "trace-" (trace.trace_id) } {
                td { a .id href=(href::trace(&trace.trace_id)) { (trace.trace_id.get(..16).unwrap_or(&trace.trace_id)) "…" } }
                td { (status(trace)) }
                td { @for id in &trace.image_ids { a .id href=(href::image(id)) { (id) } } }
                td { (trace.spans.first().map_or("", |span| span.name.as_str())) }
                td .number { (trace.spans.len()) }
                td .number { (ui::format::duration(trace.duration_us)) }
                td { (began(trace)) }
            }
        }
    };
    let columns = [
        Column::Text("Trace"),
        Column::Text("Status"),
        Column::Text("Image"),
        Column::Text("Begins with"),
        Column::Number("Spans"),
        Column::Number("Took"),
        Column::Text("Began"),
    ];
    ui::table("Traces", &columns, rows)
}

fn status(trace: &Trace) -> Markup {
    ui::badge(if trace.status == Status::Error { "ERROR" } else { "OK" })
}

fn began(trace: &Trace) -> Markup {
    ui::time::ago(i64::try_from(trace.start_us / 1_000).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use local_stack::observe::Seen;
    use local_stack::observe::logs::LogLine;
    use serde_json::json;
    use trace_model::{IMAGE_ID, Kind, Link, Span, Status};

    use crate::tests::Harness;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    fn span(trace: &str, id: &str, parent: Option<&str>, name: &str, start_us: u64) -> Span {
        Span {
            trace_id: trace.to_owned(),
            span_id: id.to_owned(),
            parent_span_id: parent.map(str::to_owned),
            name: name.to_owned(),
            service: "image-processor".to_owned(),
            kind: Kind::Server,
            start_us,
            duration_us: 5_000,
            ..Span::default()
        }
    }

    fn seen() -> Seen {
        let mut seen = Seen::default();
        let mut first = span(TRACE, "00f067aa0ba902b7", None, "issue_upload_url", 1_000);
        first.attributes =
            [(IMAGE_ID.to_owned(), json!("cat")), ("user.id".to_owned(), json!("<alice>"))].into();
        let mut second = span(TRACE, "00f067aa0ba902b8", Some("00f067aa0ba902b7"), "decode", 90_000_000);
        (second.status, second.message) = (Status::Error, "corrupt".to_owned());
        second.links = vec![Link { trace_id: "a".repeat(32), span_id: "b".repeat(16) }];
        seen.traces.put(first);
        seen.traces.put(second);
        seen.traces.put(span(&"c".repeat(32), "00f067aa0ba902b9", None, "list", 2_000));
        let raw = json!({"level": "WARN", "message": "Image rejected", "trace_id": TRACE, "span_id": "00f067aa0ba902b8"});
        let line = LogLine::read("g", "s", 90_000, &raw.to_string());
        seen.logs.put(line, &raw.to_string(), cloudwatch_model::Timestamp::default(), &mut seen.metrics);
        seen
    }

    #[tokio::test]
    async fn traces_are_found_by_image_user_status_and_duration() {
        let harness = Harness::new(seen());
        for (query, found) in [
            ("", [true, true]),
            ("?q=cat", [true, false]),
            ("?q=cccc", [false, true]),
            ("?user=%3Calice", [true, false]),
            ("?status=error", [true, false]),
            ("?status=ok", [false, true]),
            ("?least_ms=6", [true, false]),
            ("?q=cat&status=ok", [false, false]),
        ] {
            let page = harness.page(&format!("/traces{query}")).await;
            let listed = [TRACE.to_owned(), "c".repeat(32)].map(|id| page.contains(&format!("/traces/{id}")));
            assert_eq!(listed, found, "{query}");
        }
    }

    #[tokio::test]
    async fn each_row_has_a_name_by_which_it_is_the_same_when_another_comes_above_it() {
        let page = Harness::new(seen()).page("/traces").await;
        for id in [TRACE.to_owned(), "c".repeat(32)] {
            assert_eq!(page.matches(&format!("<tr id=\"trace-{id}\">")).count(), 1, "{page}");
        }
    }

    #[tokio::test]
    async fn a_trace_names_its_gap_and_shows_attributes_failure_links_and_logs_in_place() {
        let page = Harness::new(seen()).page(&format!("/traces/{TRACE}")).await;
        assert!(page.contains("between issue_upload_url and decode"), "{page}");
        assert!(page.contains("&lt;alice&gt;") && page.contains("corrupt"), "{page}");
        assert!(page.contains(&format!("href=\"/traces/{}\"", "a".repeat(32))), "{page}");
        let (_, decode) = page.split_once("id=\"span-00f067aa0ba902b8\"").expect("the span has an id");
        assert!(decode.contains("Image rejected"), "{page}");
        assert_eq!(page.matches("Image rejected").count(), 1, "{page}");
    }

    #[tokio::test]
    async fn the_segments_are_what_x_ray_would_show() {
        let page = Harness::new(seen()).page(&format!("/traces/{TRACE}?view=segments")).await;
        assert!(page.contains("1-4bf92f35-77b34da6a3ce929d0e0e4736"), "{page}");
        assert!(page.contains("&quot;id&quot;: &quot;00f067aa0ba902b7&quot;"), "{page}");
    }

    #[tokio::test]
    async fn nothing_yet_says_how_a_trace_begins_and_an_unknown_id_is_not_found() {
        let harness = Harness::new(Seen::default());
        assert!(harness.page("/traces").await.contains("cargo run -- upload FILE"));
        assert_eq!(harness.get("/traces/nope").await.0, 404);
    }
}
