//! Saved queries of Logs Insights, as the template has them, answered from what this stack logged.

use aws_client::AwsError;
use axum::extract::Query;
use axum::response::Html;
use local_stack::observe::insights;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};

use super::tabs;
use crate::app::App;
use crate::layout::{Head, page};
use crate::page::Page;
use crate::ui::{self, Column};

/// How many rows are shown.
const SHOWN: usize = 200;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    /// The name of a saved query.
    name: Option<String>,
}

/// A saved query.
struct Saved {
    name: String,
    text: String,
    groups: Vec<String>,
}

impl Saved {
    /// Its name without what all of them begin with.
    fn title(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    /// The query with its groups in it, as a dashboard has it.
    fn whole(&self) -> String {
        let sources = self.groups.iter().map(|group| format!("SOURCE '{group}'"));
        sources.chain([self.text.clone()]).collect::<Vec<_>>().join(" | ")
    }
}

pub(super) async fn show(app: App, Query(chosen): Query<Chosen>) -> Page {
    let queries = saved(&app).await?;
    let named = queries.iter().find(|query| Some(&query.name) == chosen.name.as_ref());
    let current = named.or(queries.first());
    let content = html! {
        (tabs(true))
        @if let Some(current) = current {
            nav .choices .toolbar aria-label="Saved queries" {
                @for query in &queries {
                    a href={ "/logs/queries?name=" (query.name) } aria-current=[(query.name == current.name).then_some("true")] { (query.title()) }
                }
            }
            div .stack { (answer(&app, current)) }
        } @else {
            div .card { (ui::empty("The stack has no saved queries.", html! { p { "They are resources of " code { "template.yaml" } "." } })) }
        }
    };
    let lead = "What runbooks and dashboards ask of the logs.";
    Ok(Html(page(&app, Head { at: "/logs", title: "Logs", lead }, content).into_string()))
}

async fn saved(app: &App) -> Result<Vec<Saved>, AwsError> {
    let answer = app.source.aws.json("logs", "Logs_20140328.DescribeQueryDefinitions", json!({})).await?;
    let definitions = answer.get("queryDefinitions").and_then(Value::as_array).into_iter().flatten();
    let mut queries: Vec<Saved> = definitions.map(read).collect();
    queries.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(queries)
}

fn read(definition: &Value) -> Saved {
    let text = |name: &str| definition.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let groups = definition.get("logGroupNames").and_then(Value::as_array).into_iter().flatten();
    Saved {
        name: text("name"),
        text: text("queryString"),
        groups: groups.filter_map(Value::as_str).map(str::to_owned).collect(),
    }
}

fn answer(app: &App, query: &Saved) -> Markup {
    let found = app.source.observer.look(|seen| insights::answer(&seen.logs, &query.whole()));
    let result = match found {
        Err(error) => html! { p .problem { (error) } },
        Ok(found) if found.rows.is_empty() => ui::empty(
            "It finds nothing.",
            html! { p { "Nothing of the kind was logged since the stack came up." } },
        ),
        Ok(found) => {
            let columns: Vec<Column<'_>> = found.columns.iter().map(|name| Column::Text(name)).collect();
            let rows = html! { @for row in found.rows.iter().take(SHOWN) { tr { @for cell in row { td .cell { (cell) } } } } };
            ui::table(query.title(), &columns, rows)
        }
    };
    html! {
        (ui::card("Query", html! { "of " (query.groups.join(", ")) }, html! { div .inset { (ui::command(&query.text)) } }))
        (ui::card("Result", html! {}, result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_query_is_asked_of_its_own_groups() {
        let definition =
            json!({"name": "image-pipeline/slow", "queryString": "fields a", "logGroupNames": ["g", "h"]});
        let query = read(&definition);
        assert_eq!((query.title(), query.whole().as_str()), ("slow", "SOURCE 'g' | SOURCE 'h' | fields a"));
    }
}
