//! Dashboards: each as CloudWatch would draw it, from what this stack reported.

use aws_client::chain;
use axum::Router;
use axum::extract::{Path, Query};
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use cloudwatch_model::dashboard::Dashboard;
use cloudwatch_model::dashboard::svg::{DataSources, Rows, Theme};
use local_stack::observe::insights;
use local_stack::observe::news::Topic;
use maud::{Markup, PreEscaped, html};

use super::{Page, Problem};
use crate::app::{App, Base};
use crate::assets;
use crate::layout::{Head, page};
use crate::ui::range::Range;
use crate::ui::{self, href};

pub(super) fn routes() -> Router<Base> {
    Router::new().route("/dashboards", get(first)).route("/dashboards/{name}", get(one))
}

async fn first(app: App, Query(range): Query<Range>) -> Page {
    let name = app.source.observer.look(|seen| seen.dashboards.keys().next().cloned());
    if let Some(name) = name {
        return show(&app, &name, &range);
    }
    let how = html! {
        p { "Each is a file of " code { "dashboards/" } ", deployed as a nested stack. Start the stack anew to have them:" }
        (ui::command("cargo run"))
    };
    let empty = html! { div .card { (ui::empty("This stack has no dashboards.", how)) } };
    let head = Head { at: "/dashboards", title: "Dashboards", lead: "" };
    Ok(Html(page(&app, head, empty).into_string()))
}

async fn one(app: App, Path(name): Path<String>, Query(range): Query<Range>) -> Page {
    show(&app, &name, &range)
}

fn show(app: &App, name: &str, range: &Range) -> Page {
    let names: Vec<String> = app.source.observer.look(|seen| seen.dashboards.keys().cloned().collect());
    let Some((default, body, drawing)) = draw(app, name, range) else {
        let what = format!("The stack's dashboards are: {}.", names.join(", "));
        return Err(Problem::new(StatusCode::NOT_FOUND, "No such dashboard", what));
    };
    let content = html! {
        div .toolbar {
            nav .choices aria-label="Dashboards" {
                @for each in &names {
                    a href=(href::dashboard(each)) aria-current=[(each == name).then_some("true")] { (each) }
                }
            }
            (range.links(default))
            button type="button" data-fullscreen="dashboard" { "Full screen" }
        }
        div #dashboard .drawing .wide .scroll tabindex="0" role="region" aria-label={ "Dashboard " (name) } {
            // Drawn anew at most so often: functions report with each invocation.
            div #drawing hx-get="" hx-select="#drawing" hx-swap="outerHTML" hx-target="this" hx-sync="this:drop"
                hx-trigger={ "news:" (Topic::Metrics.name()) " from:body throttle:2s, news:" (Topic::Alarms.name()) " from:body" } {
                (drawing)
            }
        }
        p .note { "Times are UTC. Point at a graph for its values, or focus the dashboard and use ← and →." }
        details .card .beside {
            summary { "JSON of this dashboard" }
            div .inset { button .copy type="button" data-copy=(body) { "Copy" } pre .code tabindex="0" { code { (body) } } }
        }
        script src=(assets::path("graphs.js")) defer {}
    };
    let lead = "As CloudWatch would draw them, from what this stack reported.";
    Ok(Html(page(app, Head { at: "/dashboards", title: "Dashboards", lead }, content).into_string()))
}

/// The range that it has of itself, its body, and its drawing.
fn draw(app: &App, name: &str, range: &Range) -> Option<(i64, String, Markup)> {
    let now = app.source.observer.clock().now();
    app.source.observer.look(|seen| {
        let deployed = seen.dashboards.get(name)?;
        let default = deployed.dashboard.span_millis;
        let dashboard = Dashboard { span_millis: range.millis(default), ..deployed.dashboard.clone() };
        let logs = |text: &str| -> Result<Rows, String> {
            insights::answer(&seen.logs, text).map_err(|error| error.to_string())
        };
        let sources = DataSources {
            store: &seen.metrics,
            now,
            theme: Theme::Page,
            state: &|name| seen.alarms.state(name),
            logs: &logs,
        };
        let drawing = match dashboard.svg(&sources) {
            Ok(svg) => PreEscaped(svg),
            Err(error) => html! { p .problem { (chain(&error)) } },
        };
        let body = serde_json::from_str::<serde_json::Value>(&deployed.body)
            .and_then(|it| serde_json::to_string_pretty(&it));
        Some((default, body.unwrap_or_else(|_| deployed.body.clone()), drawing))
    })
}

#[cfg(test)]
mod tests {
    use cloudwatch_model::dashboard::Dashboard;
    use local_stack::deploy::DeployedDashboard;
    use local_stack::observe::Seen;
    use serde_json::json;

    use crate::tests::Harness;

    fn seen() -> Seen {
        let body = json!({"widgets": [{"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": {
            "title": "Do <users> get thumbnails?", "region": "r", "period": 60, "metrics": [["N", "M", {"label": "done"}]]}}]});
        let dashboard = Dashboard::read("one", &body).unwrap();
        let deployed = DeployedDashboard { body: body.to_string(), dashboard };
        Seen { dashboards: [("one".to_owned(), deployed)].into(), ..Seen::default() }
    }

    #[tokio::test]
    async fn a_dashboard_is_drawn_with_the_colours_of_the_page_and_holds_its_values() {
        let page = Harness::new(seen()).page("/dashboards").await;
        assert!(page.contains("fill=\"var(--surface)\"") && page.contains("data-values=\"{&quot;"), "{page}");
        assert!(page.contains("Do &lt;users&gt; get"), "{page}");
        assert!(page.contains("&quot;period&quot;: 60"), "the JSON stands beside it: {page}");
    }

    #[tokio::test]
    async fn the_time_range_is_that_of_the_address() {
        let harness = Harness::new(seen());
        let count = |page: &str| {
            let starts = page.split("&quot;starts&quot;:[").nth(1).unwrap();
            starts.split(']').next().unwrap().split(',').count()
        };
        assert_eq!(count(&harness.page("/dashboards/one").await), 181);
        assert_eq!(count(&harness.page("/dashboards/one?range=1h").await), 61);
    }

    #[tokio::test]
    async fn no_dashboard_teaches_where_they_come_from_and_an_unknown_one_names_those_that_there_are() {
        let none = Harness::new(Seen::default()).page("/dashboards").await;
        assert!(none.contains("dashboards/"), "{none}");
        let (status, page) = Harness::new(seen()).get("/dashboards/two").await;
        assert!(status == 404 && page.contains("dashboards are: one."), "{page}");
    }
}
