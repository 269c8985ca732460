//! Handlers of the console's JSON API.

use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::source::Source;
use super::{metrics, uploads};
use crate::observe::Seen;
use crate::observe::logs::LogFilter;
use trace_model::Trace;
use trace_model::waterfall::Layout;

/// Less than the minute after which our own client gives up.
const MAX_WAIT: Duration = Duration::from_secs(50);
const DEFAULT_TRACES: usize = 50;
const DEFAULT_LINES: usize = 500;

/// How long to wait for an answer that is not empty; 0 answers at once.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(super) struct Wait {
    #[serde(default)]
    pub(super) wait_ms: u64,
}

impl Wait {
    /// What `look` gives once `enough` accepts it, or when time is up.
    pub(super) async fn until<T>(
        self,
        source: &Source,
        look: impl Fn(&Seen) -> T,
        enough: impl Fn(&T) -> bool,
    ) -> T {
        let timeout = Duration::from_millis(self.wait_ms).min(MAX_WAIT);
        let found = source.observer.wait_for(timeout, |seen| Some(look(seen)).filter(&enough)).await;
        found.unwrap_or_else(|| source.observer.look(look))
    }
}

pub(super) async fn stack(State(source): State<Source>) -> Json<Value> {
    Json(json!(source.public()))
}

#[derive(Debug, Deserialize)]
pub(super) struct TraceQuery {
    image_id: Option<String>,
    trace_id: Option<String>,
    /// Names, with commas between, of spans to wait for.
    #[serde(default)]
    spans: String,
    limit: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

impl TraceQuery {
    fn find(&self, seen: &Seen) -> Vec<Trace> {
        match (&self.trace_id, &self.image_id) {
            (Some(id), _) => seen.traces.get(id).into_iter().collect(),
            (None, Some(id)) => seen.traces.of_image(id).into_iter().collect(),
            (None, None) => seen.traces.newest(self.limit.unwrap_or(DEFAULT_TRACES)),
        }
    }

    fn is_enough(&self, traces: &[Trace]) -> bool {
        let names = || self.spans.split(',').filter(|name| !name.is_empty());
        traces.iter().any(|trace| names().all(|name| trace.span(name).is_some()))
    }
}

pub(super) async fn traces(State(source): State<Source>, Query(query): Query<TraceQuery>) -> Json<Value> {
    let wait = Wait { wait_ms: query.wait_ms };
    let traces = wait.until(&source, |seen| query.find(seen), |traces| query.is_enough(traces)).await;
    Json(json!({ "traces": traces }))
}

/// One trace with the places of its bars.
pub(super) async fn waterfall(State(source): State<Source>, Query(query): Query<TraceQuery>) -> Json<Value> {
    let trace = source.observer.look(|seen| query.find(seen)).into_iter().next();
    let layout = trace.as_ref().map(Layout::of);
    Json(json!({ "trace": trace, "layout": layout }))
}

#[derive(Debug, Deserialize)]
pub(super) struct MetricQuery {
    namespace: Option<String>,
    name: Option<String>,
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn metrics(State(source): State<Source>, Query(query): Query<MetricQuery>) -> Json<Value> {
    let (namespace, name) = (query.namespace.as_deref(), query.name.as_deref());
    let look = |seen: &Seen| metrics::summaries(&seen.metrics, namespace, name);
    let metrics = Wait { wait_ms: query.wait_ms }.until(&source, look, |found| !found.is_empty()).await;
    let refused = source.observer.look(|seen| seen.logs.refused_metrics());
    Json(json!({ "metrics": metrics, "refused": refused }))
}

#[derive(Debug, Deserialize)]
pub(super) struct MailQuery {
    image_id: Option<String>,
    /// How many messages to wait for.
    at_least: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn mail(State(source): State<Source>, Query(query): Query<MailQuery>) -> Json<Value> {
    let look = |seen: &Seen| seen.mail.find(query.image_id.as_deref());
    let enough = query.at_least.unwrap_or(1);
    let mail = Wait { wait_ms: query.wait_ms }.until(&source, look, |mail| mail.len() >= enough).await;
    Json(json!({ "mail": mail }))
}

#[derive(Debug, Deserialize)]
pub(super) struct LogQuery {
    image_id: Option<String>,
    trace_id: Option<String>,
    level: Option<String>,
    limit: Option<usize>,
    #[serde(default)]
    wait_ms: u64,
}

pub(super) async fn logs(State(source): State<Source>, Query(query): Query<LogQuery>) -> Json<Value> {
    let limit = query.limit.unwrap_or(DEFAULT_LINES);
    let filter = LogFilter { image_id: query.image_id, trace_id: query.trace_id, level: query.level };
    let look = |seen: &Seen| seen.logs.find(&filter, limit);
    let logs = Wait { wait_ms: query.wait_ms }.until(&source, look, |lines| !lines.is_empty()).await;
    Json(json!({ "logs": logs }))
}

pub(super) async fn uploads(State(source): State<Source>) -> Json<Value> {
    Json(uploads::gather(&source).await)
}

/// Sources that fail right now, and what was lost.
pub(super) async fn problems(State(source): State<Source>) -> Json<Value> {
    Json(source.observer.look(|seen| {
        let refused = seen.logs.refused_metrics();
        json!({
            "problems": seen.problems, "refused_metric_lines": refused,
            "dropped_spans": seen.traces.dropped_spans(),
        })
    }))
}

#[derive(Debug, Deserialize)]
pub(super) struct RevisionQuery {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    wait_ms: u64,
}

/// A number that grows with everything seen; asking with `after` waits for news.
pub(super) async fn revision(
    State(source): State<Source>,
    Query(query): Query<RevisionQuery>,
) -> Json<Value> {
    let timeout = Duration::from_millis(query.wait_ms).min(MAX_WAIT);
    Json(json!({ "revision": source.observer.revision_after(query.after, timeout).await }))
}
