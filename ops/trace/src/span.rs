//! Spans and the traces they make up.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The attribute that ties a span to an image.
pub const IMAGE_ID: &str = "image.id";

/// One finished operation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Span {
    /// 32 hex digits.
    pub trace_id: String,
    /// 16 hex digits.
    pub span_id: String,
    /// The span that caused this one, if any did.
    pub parent_span_id: Option<String>,
    /// What was done.
    pub name: String,
    /// Which part it had in the conversation.
    pub kind: Kind,
    /// Which service did it.
    pub service: String,
    /// When it began, in microseconds since 1970.
    pub start_us: u64,
    /// How long it took.
    pub duration_us: u64,
    /// How it ended.
    pub status: Status,
    /// The status message: what the failure is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// Everything else that is known about it.
    pub attributes: BTreeMap<String, Value>,
    /// Spans of other traces, or beside the parent, that it belongs to.
    pub links: Vec<Link>,
    /// What is known about the service that did it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub resource: BTreeMap<String, Value>,
}

/// A span's part in a conversation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Nobody else takes part.
    #[default]
    Internal,
    /// Answers a request.
    Server,
    /// Sends a request.
    Client,
    /// Sends a message.
    Producer,
    /// Receives a message.
    Consumer,
}

/// How an operation ended, from best to worst.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Not set; that is, nothing went wrong.
    #[default]
    Unset,
    /// Set to OK.
    Ok,
    /// Failed.
    Error,
}

/// A span referred to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its trace.
    pub trace_id: String,
    /// Itself.
    pub span_id: String,
}

impl Span {
    /// When it ended, in microseconds since 1970.
    #[must_use]
    pub fn end_us(&self) -> u64 {
        self.start_us.saturating_add(self.duration_us)
    }

    /// An attribute that is a string.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).and_then(Value::as_str)
    }
}

/// The spans received so far that share a trace id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trace {
    /// 32 hex digits.
    pub trace_id: String,
    /// When the first span began, in microseconds since 1970.
    pub start_us: u64,
    /// From the first begin to the last end.
    pub duration_us: u64,
    /// The worst of its spans.
    pub status: Status,
    /// The images that its spans name.
    pub image_ids: Vec<String>,
    /// In order of their begin.
    pub spans: Vec<Span>,
}

/// A span at its place in the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node<'a> {
    /// The span.
    pub span: &'a Span,
    /// For each ancestor below the root and itself: whether no sibling follows it.
    pub last: Vec<bool>,
}

impl Trace {
    /// The trace of these spans; `None` if there are none.
    #[must_use]
    pub fn of(mut spans: Vec<Span>) -> Option<Self> {
        // A parent may begin in the same microsecond as its child; the longer one is the parent.
        spans.sort_by(|a, b| (a.start_us, b.end_us(), &a.span_id).cmp(&(b.start_us, a.end_us(), &b.span_id)));
        let first = spans.first()?;
        let (trace_id, start_us) = (first.trace_id.clone(), first.start_us);
        let end_us = spans.iter().map(Span::end_us).max()?;
        let ids: BTreeSet<&str> = spans.iter().filter_map(|span| span.attribute(IMAGE_ID)).collect();
        Some(Self {
            trace_id,
            start_us,
            duration_us: end_us - start_us,
            status: spans.iter().map(|span| span.status).max()?,
            image_ids: ids.into_iter().map(str::to_owned).collect(),
            spans,
        })
    }

    /// The first span of this name.
    #[must_use]
    pub fn span(&self, name: &str) -> Option<&Span> {
        self.spans.iter().find(|span| span.name == name)
    }

    /// The spans without a parent here; a whole trace has one.
    #[must_use]
    pub fn roots(&self) -> Vec<&Span> {
        let ids: BTreeSet<&str> = self.spans.iter().map(|span| span.span_id.as_str()).collect();
        let orphan = |span: &&Span| span.parent_span_id.as_deref().is_none_or(|id| !ids.contains(id));
        self.spans.iter().filter(orphan).collect()
    }

    /// All spans, parents before children, siblings by their begin.
    #[must_use]
    pub fn tree(&self) -> Vec<Node<'_>> {
        let ids: BTreeSet<&str> = self.spans.iter().map(|span| span.span_id.as_str()).collect();
        let mut children: BTreeMap<&str, Vec<&Span>> = BTreeMap::new();
        for span in &self.spans {
            if let Some(parent) = span.parent_span_id.as_deref().filter(|id| ids.contains(id)) {
                children.entry(parent).or_default().push(span);
            }
        }
        let mut nodes = Vec::with_capacity(self.spans.len());
        for root in self.roots() {
            descend(root, &mut children, &mut nodes);
        }
        // Spans that are each other's ancestors have no root; they are shown rather than lost.
        while let Some((_, lost)) = children.pop_first() {
            for span in lost {
                descend(span, &mut children, &mut nodes);
            }
        }
        nodes
    }
}

/// Takes the children out of the map, so that each is visited once whatever the ids are.
fn descend<'a>(top: &'a Span, children: &mut BTreeMap<&str, Vec<&'a Span>>, nodes: &mut Vec<Node<'a>>) {
    let mut pending = vec![Node { span: top, last: Vec::new() }];
    while let Some(node) = pending.pop() {
        let below = children.remove(node.span.span_id.as_str()).unwrap_or_default();
        for (after, span) in below.into_iter().rev().enumerate() {
            let mut last = node.last.clone();
            last.push(after == 0);
            pending.push(Node { span, last });
        }
        nodes.push(node);
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A span of one trace: id, parent, begin and duration in microseconds.
    pub(crate) fn span(id: &str, parent: &str, start_us: u64, duration_us: u64) -> Span {
        Span {
            trace_id: "4bf92f3577b34da6a3ce929d0e0e4736".to_owned(),
            span_id: id.to_owned(),
            parent_span_id: (!parent.is_empty()).then(|| parent.to_owned()),
            name: id.to_owned(),
            service: "image-processor".to_owned(),
            start_us,
            duration_us,
            ..Span::default()
        }
    }

    fn names(trace: &Trace) -> Vec<(&str, usize)> {
        trace.tree().iter().map(|node| (node.span.name.as_str(), node.last.len())).collect()
    }

    #[test]
    fn children_follow_their_parents_in_order_of_time_however_they_came() {
        let spans = vec![
            span("encode", "process", 60, 10),
            span("process", "issue", 50, 40),
            span("decode", "process", 50, 10),
            span("issue", "", 0, 5),
        ];
        let trace = Trace::of(spans).unwrap();
        assert_eq!(names(&trace), [("issue", 0), ("process", 1), ("decode", 2), ("encode", 2)]);
        assert_eq!((trace.start_us, trace.duration_us), (0, 90));
        let last: Vec<_> = trace.tree().into_iter().map(|node| node.last).collect();
        assert_eq!(last[2..], [vec![true, false], vec![true, true]]);
    }

    #[test]
    fn a_span_whose_parent_never_came_is_a_root() {
        let trace = Trace::of(vec![span("a", "", 0, 1), span("b", "gone", 2, 1)]).unwrap();
        assert_eq!(trace.roots().len(), 2);
        assert_eq!(names(&trace), [("a", 0), ("b", 0)]);
    }

    #[test]
    fn spans_that_are_each_others_ancestors_are_shown_once() {
        let trace =
            Trace::of(vec![span("a", "b", 0, 1), span("b", "a", 1, 1), span("c", "c", 2, 1)]).unwrap();
        let mut shown: Vec<_> = trace.tree().iter().map(|node| node.span.name.clone()).collect();
        shown.sort();
        assert_eq!(shown, ["a", "b", "c"]);
    }

    #[test]
    fn the_worst_span_decides_how_a_trace_ended() {
        let mut failed = span("b", "a", 1, 1);
        failed.status = Status::Error;
        assert_eq!(Trace::of(vec![span("a", "", 0, 9), failed]).unwrap().status, Status::Error);
    }
}
