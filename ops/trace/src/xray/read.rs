//! Trace from the documents that `BatchGetTraces` answers.

use std::collections::BTreeMap;

use serde_json::Value;

use super::nesting::{flatten, is_subsegment};
use super::{Document, LOCAL_OPERATION, hex_trace_id};
use crate::span::{Kind, Link, Span, Status, Trace};

const RESOURCE: &str = "otel.resource.";

/// The trace of these documents, nested or not; `None` if there are none.
///
/// X-Ray keeps fewer kinds than OpenTelemetry: a segment is read as a server's span, a call of another service as a client's,
/// and everything else as internal.
#[must_use]
pub fn trace(documents: Vec<Document>) -> Option<Trace> {
    let mut spans = Vec::new();
    for document in documents {
        let service = document.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
        let independent = is_subsegment(&document);
        spans.extend(flatten(document).iter().map(|it| span(it, if independent { "" } else { &service })));
    }
    Trace::of(spans)
}

fn span(document: &Document, service: &str) -> Span {
    let text = |key: &str| document.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let is_set = |key: &str| document.get(key).and_then(Value::as_bool).unwrap_or_default();
    let start_us = micros(document.get("start_time"));
    let (attributes, resource) = attributes(document);
    let calls = document.contains_key("namespace");
    let operation = if is_subsegment(document) {
        let operation = document.get("aws").and_then(|aws| aws.get("operation")).and_then(Value::as_str);
        operation.map(|operation| format!("{}.{operation}", text("name")))
    } else {
        attributes.get(LOCAL_OPERATION).and_then(Value::as_str).map(str::to_owned)
    };
    Span {
        trace_id: hex_trace_id(&text("trace_id")).unwrap_or_default(),
        span_id: text("id"),
        parent_span_id: Some(text("parent_id")).filter(|id| !id.is_empty()),
        name: operation.unwrap_or_else(|| text("name")),
        kind: match (is_subsegment(document), calls) {
            (false, _) => Kind::Server,
            (true, true) => Kind::Client,
            (true, false) => Kind::Internal,
        },
        service: service.to_owned(),
        start_us,
        duration_us: micros(document.get("end_time")).saturating_sub(start_us),
        status: if is_set("fault") || is_set("error") { Status::Error } else { Status::Unset },
        message: message(document),
        attributes,
        links: links(document),
        resource,
    }
}

/// Annotations and metadata; of a segment's metadata, what is its resource's apart.
fn attributes(document: &Document) -> (BTreeMap<String, Value>, BTreeMap<String, Value>) {
    let annotations = document.get("annotations").and_then(Value::as_object);
    let metadata = document.get("metadata").and_then(|it| it.get("default")).and_then(Value::as_object);
    let all = metadata.into_iter().chain(annotations).flatten();
    let (mut own, mut resource) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in all {
        match key.strip_prefix(RESOURCE) {
            Some(key) => resource.insert(key.to_owned(), value.clone()),
            None => own.insert(key.clone(), value.clone()),
        };
    }
    (own, resource)
}

fn message(document: &Document) -> String {
    let exceptions = document.get("cause").and_then(|cause| cause.get("exceptions"));
    let first = exceptions.and_then(|all| all.get(0)).and_then(|it| it.get("message"));
    first.and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn links(document: &Document) -> Vec<Link> {
    let links = document.get("links").and_then(Value::as_array).into_iter().flatten();
    let read = |link: &Value| {
        let text = |key: &str| link.get(key).and_then(Value::as_str);
        Some(Link { trace_id: hex_trace_id(text("trace_id")?)?, span_id: text("id")?.to_owned() })
    };
    links.filter_map(read).collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "rounded, and saturating at zero"
)]
fn micros(seconds: Option<&Value>) -> u64 {
    (seconds.and_then(Value::as_f64).unwrap_or_default() * 1e6).round() as u64
}
