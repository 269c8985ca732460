//! Segment documents that somebody sends, checked as X-Ray checks them.

use serde_json::{Value, json};
use trace_model::xray::nesting::flatten;
use trace_model::xray::segment::MAX_DOCUMENT_BYTES;
use trace_model::xray::{Document, hex_trace_id, is_hex};

use super::view::{end, is_set, text};

/// A document that is not kept.
#[derive(Debug, PartialEq)]
pub(super) struct Unprocessed {
    id: Option<String>,
    code: &'static str,
}

impl Unprocessed {
    /// As `PutTraceSegments` answers it.
    pub(super) fn answer(self) -> Value {
        let Self { id, code } = self;
        let message = format!("Invalid segment. ErrorCode: {code}");
        match id {
            Some(id) => json!({"Id": id, "ErrorCode": code, "Message": message}),
            None => json!({"ErrorCode": code, "Message": message}),
        }
    }
}

/// The trace's id in hex digits, and the documents that one holds, each for itself.
pub(super) fn read(text: &str) -> Result<(String, Vec<Document>), Unprocessed> {
    if text.len() > MAX_DOCUMENT_BYTES {
        return Err(Unprocessed { id: None, code: "SegmentTooLarge" });
    }
    let document: Document =
        serde_json::from_str(text).map_err(|_| Unprocessed { id: None, code: "ParseError" })?;
    let id = self::text(&document, "id").map(str::to_owned);
    let refuse = |code| Err(Unprocessed { id: id.clone(), code });
    let Some(trace_id) = document.get("trace_id").and_then(Value::as_str) else {
        return refuse("MissingTraceId");
    };
    let Some(trace_id) = hex_trace_id(trace_id) else { return refuse("InvalidTraceId") };
    let is_subsegment = document.contains_key("type");
    if is_subsegment && self::text(&document, "type") != Some("subsegment") {
        return refuse("InvalidType");
    }
    if is_subsegment && !self::text(&document, "parent_id").is_some_and(|id| is_hex(id, 16)) {
        return refuse("MissingParentId");
    }
    let documents = flatten(document);
    match documents.iter().find_map(missing) {
        Some(code) => refuse(code),
        None => Ok((trace_id, documents)),
    }
}

/// What a segment or subsegment lacks.
fn missing(document: &Document) -> Option<&'static str> {
    if !text(document, "id").is_some_and(|id| is_hex(id, 16)) {
        return Some("MissingId");
    }
    if !text(document, "name").is_some_and(|name| !name.is_empty() && name.chars().count() <= 200) {
        return Some("MissingName");
    }
    if !document.get("start_time").is_some_and(Value::is_number) {
        return Some("MissingStartTime");
    }
    if end(document).is_some() == is_set(document, "in_progress") {
        return Some("MissingEndTime");
    }
    None
}
