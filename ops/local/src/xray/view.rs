//! A trace as X-Ray sees it: its documents, each for itself.

use serde_json::Value;
use trace_model::xray::nesting::is_subsegment;
use trace_model::xray::{Document, trace_id};

use crate::observe::traces::Stored;
use trace_model::xray::segment::document;

/// A trace; it has at least one document.
#[derive(Debug)]
pub(super) struct View {
    /// In X-Ray's notation.
    pub(super) id: String,
    /// By their begin.
    pub(super) documents: Vec<Document>,
}

impl View {
    pub(super) fn of(stored: Stored<'_>) -> Option<Self> {
        let own = stored.spans.iter().filter_map(document);
        let mut documents: Vec<Document> = own.chain(stored.documents.iter().cloned()).collect();
        documents.sort_by(|one, other| start(one).total_cmp(&start(other)));
        (!documents.is_empty()).then(|| Self { id: trace_id(stored.trace_id), documents })
    }

    /// The segment that the request came in by: the first one without a parent here, else the first of all.
    pub(super) fn root(&self) -> Option<&Document> {
        let has_parent = |it: &&Document| text(it, "parent_id").is_some();
        let mut segments = self.documents.iter().filter(|it| !is_subsegment(it));
        segments.clone().find(|it| !has_parent(it)).or_else(|| segments.next()).or(self.documents.first())
    }

    /// When the first segment began, in seconds since 1970.
    pub(super) fn start(&self) -> f64 {
        self.documents.iter().map(start).fold(f64::INFINITY, f64::min)
    }

    /// When the last segment ended, as far as segments have ended.
    pub(super) fn end(&self) -> f64 {
        self.documents.iter().filter_map(end).fold(self.start(), f64::max)
    }

    /// Whether a segment has begun and not ended.
    pub(super) fn is_partial(&self) -> bool {
        self.documents.iter().any(|it| is_set(it, "in_progress"))
    }
}

pub(super) fn text<'a>(document: &'a Document, key: &str) -> Option<&'a str> {
    document.get(key).and_then(Value::as_str)
}

pub(super) fn is_set(document: &Document, key: &str) -> bool {
    document.get(key).and_then(Value::as_bool).unwrap_or_default()
}

pub(super) fn start(document: &Document) -> f64 {
    document.get("start_time").and_then(Value::as_f64).unwrap_or_default()
}

pub(super) fn end(document: &Document) -> Option<f64> {
    document.get("end_time").and_then(Value::as_f64)
}

/// How long a document's work took; `None` while it is in progress.
pub(super) fn duration(document: &Document) -> Option<f64> {
    end(document).map(|end| end - start(document))
}

/// A field of the request or response that a document is about.
pub(super) fn http<'a>(document: &'a Document, part: &str, key: &str) -> Option<&'a Value> {
    document.get("http")?.get(part)?.get(key)
}

/// The type of the service that a document is about, as X-Ray's service map has it.
pub(super) fn service_type(document: &Document) -> Option<String> {
    if let Some(origin) = text(document, "origin") {
        return Some(origin.to_owned());
    }
    match (is_subsegment(document), text(document, "namespace")) {
        (true, Some("aws")) => Some(format!("AWS::{}", text(document, "name")?)),
        (true, _) => text(document, "namespace").map(str::to_owned),
        (false, _) => None,
    }
}

/// Whether a document is a service of its own on the service map: a segment, or a call of another service.
pub(super) fn is_service(document: &Document) -> bool {
    !is_subsegment(document) || document.contains_key("namespace")
}
