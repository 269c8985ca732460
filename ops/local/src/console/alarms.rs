//! Alarms in the console's API: definition, state and history.

use axum::Json;
use axum::extract::{self, Query};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use cloudwatch_model::alarm::{Alarm, Kind, State, Transition};
use cloudwatch_model::{MetricStore, Timestamp};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::api::Wait;
use super::source::Source;
use crate::observe::{Seen, rfc3339};

/// Every alarm with its state, in the order of the templates.
pub(super) async fn list(extract::State(source): extract::State<Source>) -> Json<Value> {
    Json(source.observer.look(|seen| {
        let alarms: Vec<_> = seen.alarms.set().iter().map(|alarm| summary(alarm, seen)).collect();
        json!({
            "alarms": alarms, "evaluated_at": seen.alarms.evaluated().map(rfc3339),
            "now": rfc3339(source.observer.clock().now()), "clock_rate": source.observer.clock().rate(),
        })
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct Named {
    name: String,
}

/// One alarm whole: its definition, and what it was decided from last.
pub(super) async fn one(
    extract::State(source): extract::State<Source>,
    Query(query): Query<Named>,
) -> Response {
    let now = source.observer.clock().now();
    let answer = source.observer.look(|seen| {
        let alarm = seen.alarms.set().get(&query.name)?;
        let of_it = |transition: &&Transition| transition.alarm == alarm.name;
        let history: Vec<Value> = seen.alarms.history().filter(of_it).map(described).collect();
        let mut answer = summary(alarm, seen);
        answer.insert("history".to_owned(), history.into());
        answer.insert("definition".to_owned(), alarm.definition());
        let at = seen.alarms.evaluated().unwrap_or(now);
        answer.insert("now".to_owned(), evidence(alarm, &seen.metrics, at, seen));
        Some(answer)
    });
    match answer {
        Some(answer) => Json(answer).into_response(),
        None => (StatusCode::NOT_FOUND, Json(json!({"error": "no alarm of this name"}))).into_response(),
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct After {
    /// How many transitions are known already.
    #[serde(default)]
    after: usize,
    #[serde(default)]
    wait_ms: u64,
}

/// Transitions as they come.
pub(super) async fn transitions(
    extract::State(source): extract::State<Source>,
    Query(query): Query<After>,
) -> Json<Value> {
    let look = |seen: &Seen| seen.alarms.after(query.after);
    let wait = Wait { wait_ms: query.wait_ms };
    let (new, count) = wait.until(&source, look, |(_, count)| *count > query.after).await;
    let new: Vec<Value> = new.iter().map(described).collect();
    Json(json!({ "transitions": new, "count": count }))
}

fn described(transition: &Transition) -> Value {
    let Transition { alarm, at, from, to, reason } = transition;
    json!({
        "alarm": alarm, "at": rfc3339(*at), "from": from.as_str(), "to": to.as_str(), "reason": reason,
    })
}

fn summary(alarm: &Alarm, seen: &Seen) -> Map<String, Value> {
    let standing = seen.alarms.standing(&alarm.name);
    let summary = json!({
        "name": alarm.name,
        "state": seen.alarms.state(&alarm.name).map(State::as_str),
        "since": standing.map(|standing| rfc3339(standing.since)),
        "reason": standing.map(|standing| standing.reason.as_str()),
        "severity": alarm.notes.severity,
        "notifies": !alarm.actions.on(State::Alarm).is_empty(),
        "runbook": alarm.notes.runbook,
        "description": alarm.description,
        "kind": match alarm.kind { Kind::Metric(_) => "metric", Kind::Composite(_) => "composite" },
    });
    summary.as_object().cloned().unwrap_or_default()
}

/// What an evaluation at `at` goes by.
fn evidence(alarm: &Alarm, metrics: &MetricStore, at: Timestamp, seen: &Seen) -> Value {
    match &alarm.kind {
        Kind::Composite(rule) => {
            let states = rule
                .alarms()
                .into_iter()
                .map(|name| (name.to_owned(), seen.alarms.state(name).map(State::as_str).into()));
            json!({ "states": states.collect::<Map<String, Value>>() })
        }
        Kind::Metric(metric) => {
            let before = seen.alarms.state(&alarm.name).unwrap_or(State::InsufficientData);
            match metric.evaluate(metrics, at, before) {
                Ok(verdict) => json!({ "points": verdict.points, "because": metric.explain(&verdict) }),
                Err(error) => json!({ "error": error.to_string() }),
            }
        }
    }
}
