//! Subsegments inside the segments that they belong to, and out of them again.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Document;

/// Subsegments nested deeper than this stay documents of their own: readers of JSON recurse.
const MAX_DEPTH: usize = 40;

/// The documents with each subsegment put into its parent, by their begin. A subsegment whose parent is not among them, or is
/// nested too deep, stays independent.
#[must_use]
pub fn nest(documents: Vec<Document>) -> Vec<Document> {
    let ids: BTreeSet<String> = documents.iter().filter_map(|it| id(it, "id")).map(str::to_owned).collect();
    let (mut tops, mut below) = (Vec::new(), BTreeMap::<String, Vec<Document>>::new());
    for document in documents {
        match id(&document, "parent_id").filter(|parent| is_subsegment(&document) && ids.contains(*parent)) {
            Some(parent) => below.entry(parent.to_owned()).or_default().push(document),
            None => tops.push(document),
        }
    }
    let mut nested = Vec::new();
    tops.sort_by(by_begin);
    let mut tops = std::collections::VecDeque::from(tops);
    loop {
        while let Some(top) = tops.pop_front() {
            let mut deeper = Vec::new();
            nested.push(filled(top, &mut below, 0, &mut deeper));
            tops.extend(deeper);
        }
        // Those that are each other's ancestors have no top; they are kept rather than lost.
        match below.pop_first() {
            Some((_, lost)) => tops.extend(lost),
            None => return nested,
        }
    }
}

fn filled(
    mut parent: Document,
    below: &mut BTreeMap<String, Vec<Document>>,
    depth: usize,
    deeper: &mut Vec<Document>,
) -> Document {
    let mut own = id(&parent, "id").and_then(|id| below.remove(id)).unwrap_or_default();
    if depth == MAX_DEPTH {
        deeper.append(&mut own);
    }
    own.sort_by(by_begin);
    let own = own.into_iter().map(|child| {
        let mut child = filled(child, below, depth + 1, deeper);
        for key in ["type", "trace_id", "parent_id"] {
            child.remove(key);
        }
        Value::Object(child)
    });
    let own: Vec<Value> = own.collect();
    if !own.is_empty() {
        parent.insert("subsegments".to_owned(), Value::Array(own));
    }
    parent
}

/// A document and all that are nested in it, each for itself.
#[must_use]
pub fn flatten(document: Document) -> Vec<Document> {
    let mut pending = vec![document];
    let mut flat = Vec::new();
    while let Some(mut document) = pending.pop() {
        let below = match document.remove("subsegments") {
            Some(Value::Array(below)) => below,
            _ => Vec::new(),
        };
        for child in below {
            let Value::Object(mut child) = child else { continue };
            for (key, of) in [("trace_id", "trace_id"), ("parent_id", "id")] {
                if let Some(value) = document.get(of) {
                    child.insert(key.to_owned(), value.clone());
                }
            }
            child.insert("type".to_owned(), "subsegment".into());
            pending.push(child);
        }
        flat.push(document);
    }
    flat
}

/// Whether a document is a part of another one's.
#[must_use]
pub fn is_subsegment(document: &Document) -> bool {
    document.get("type").and_then(Value::as_str) == Some("subsegment")
}

fn id<'a>(document: &'a Document, key: &str) -> Option<&'a str> {
    document.get(key).and_then(Value::as_str)
}

fn by_begin(one: &Document, other: &Document) -> std::cmp::Ordering {
    let begin = |document: &Document| document.get("start_time").and_then(Value::as_f64).unwrap_or_default();
    begin(one).total_cmp(&begin(other))
}
