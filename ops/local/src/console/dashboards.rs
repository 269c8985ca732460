//! Dashboards in the console, drawn as CloudWatch draws them from what this stack reported.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use cloudwatch_model::dashboard::svg::{DataSources, Rows, Theme};
use serde::Deserialize;
use serde_json::{Value, json};

use super::source::Source;
use crate::observe::insights;

/// Their names.
pub(super) async fn list(State(source): State<Source>) -> Json<Value> {
    let names: Vec<String> = source.observer.look(|seen| seen.dashboards.keys().cloned().collect());
    Json(json!({ "dashboards": names }))
}

#[derive(Debug, Deserialize)]
pub(super) struct DrawQuery {
    name: String,
    #[serde(default)]
    dark: bool,
}

/// One of them as SVG.
pub(super) async fn draw(State(source): State<Source>, Query(query): Query<DrawQuery>) -> Response {
    let now = source.observer.clock().now();
    let theme = if query.dark { Theme::Dark } else { Theme::Light };
    let drawn = source.observer.look(|seen| {
        let dashboard = seen.dashboards.get(&query.name)?;
        let logs = |text: &str| -> Result<Rows, String> {
            insights::answer(&seen.logs, text).map_err(|error| error.to_string())
        };
        let sources = DataSources {
            store: &seen.metrics,
            now,
            theme,
            state: &|name| seen.alarms.state(name),
            logs: &logs,
        };
        Some(dashboard.dashboard.svg(&sources))
    });
    match drawn {
        Some(Ok(svg)) => ([(header::CONTENT_TYPE, "image/svg+xml")], svg).into_response(),
        Some(Err(error)) => {
            (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"error": error.to_string()}))).into_response()
        }
        None => (StatusCode::NOT_FOUND, Json(json!({"error": "no dashboard of this name"}))).into_response(),
    }
}
