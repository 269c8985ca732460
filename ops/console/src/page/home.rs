//! Home: what the pipeline does right now.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use local_stack::observe::news::Topic;
use maud::html;

use super::Page;
use crate::app::{App, Base};
use crate::layout::{Head, page};
use crate::ui::{self, Column};

/// How many traces are listed.
const NEWEST: usize = 20;

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/", get(show))
}

async fn show(app: App) -> Page {
    let traces = app.source.observer.look(|seen| seen.traces.newest(NEWEST));
    let rows = html! {
        @for trace in &traces {
            tr {
                td { (ui::id(trace.image_ids.first().map_or("", String::as_str))) }
                td .number { (ui::format::duration(trace.duration_us)) }
                td .number { (ui::time::ago(i64::try_from(trace.start_us / 1000).unwrap_or(0))) }
            }
        }
    };
    let columns = [Column::Text("Image"), Column::Number("Took"), Column::Number("Began")];
    let content = html! {
        @if traces.is_empty() {
            (ui::empty("No upload yet.", html! {
                p { "Each upload becomes one trace, from the request for its URL to its notification." }
                (ui::command("cargo run -- upload FILE"))
            }))
        } @else {
            (ui::table("The newest uploads", &columns, rows))
        }
    };
    let content = ui::card("Newest uploads", html! {}, content);
    let content = ui::live("uploads", &[Topic::Traces], content);
    let head = Head { at: "/", title: "Home", lead: "What the pipeline does right now." };
    Ok(Html(page(&app, head, content).into_string()))
}

#[cfg(test)]
mod tests {
    use crate::tests::{Harness, seen};

    #[tokio::test]
    async fn an_upload_is_listed_and_its_part_asks_for_itself_when_traces_change() {
        let page = Harness::new(seen()).page("/").await;
        assert!(page.contains("<span class=\"id\">cat</span>"), "{page}");
        assert!(page.contains("hx-trigger=\"news:traces from:body\""), "{page}");
    }

    #[tokio::test]
    async fn nothing_yet_says_how_an_upload_is_sent() {
        let page = Harness::new(Default::default()).page("/").await;
        assert!(page.contains("cargo run -- upload FILE"), "{page}");
    }
}
