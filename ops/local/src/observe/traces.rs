//! Trace store: the traces received, bounded, found by trace id and by image id.

use std::collections::{HashMap, VecDeque};

use trace_model::xray::Document;
use trace_model::{IMAGE_ID, Span, Trace};

/// The newest traces are kept.
const MAX_TRACES: usize = 2000;
/// A runaway trace must not fill the memory.
const MAX_SPANS_PER_TRACE: usize = 2000;

/// Traces by id, and which images they are about.
#[derive(Debug, Default)]
pub struct TraceStore {
    spans: HashMap<String, Vec<Span>>,
    /// Segment documents that were sent to X-Ray's API, by trace.
    documents: HashMap<String, Vec<Document>>,
    /// Trace ids in order of arrival, for eviction.
    order: VecDeque<String>,
    images: HashMap<String, Vec<String>>,
    dropped_spans: u64,
}

/// What is kept of a trace.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stored<'a> {
    /// 32 hex digits.
    pub(crate) trace_id: &'a str,
    pub(crate) spans: &'a [Span],
    pub(crate) documents: &'a [Document],
}

impl Stored<'_> {
    /// Whether any of it is between two times, in seconds since 1970, as far as that is known without reading documents.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of today fit a double")]
    pub(crate) fn may_be_within(&self, from: f64, to: f64) -> bool {
        // A begin counts in whole seconds, a range may too.
        let overlaps = |span: &Span| {
            (span.start_us as f64 / 1e6).floor() <= to && span.end_us() as f64 / 1e6 >= from.floor()
        };
        !self.documents.is_empty() || self.spans.iter().any(overlaps)
    }
}

impl TraceStore {
    /// Adds a span; the same span sent again replaces its first version.
    pub fn put(&mut self, span: Span) {
        if let Some(image_id) = span.attribute(IMAGE_ID) {
            let traces = self.images.entry(image_id.to_owned()).or_default();
            if !traces.contains(&span.trace_id) {
                traces.push(span.trace_id.clone());
            }
        }
        let spans = self.admit(&span.trace_id);
        if let Some(known) = spans.iter_mut().find(|known| known.span_id == span.span_id) {
            *known = span;
        } else if spans.len() < MAX_SPANS_PER_TRACE {
            spans.push(span);
        } else {
            self.dropped_spans += 1;
        }
        self.evict();
    }

    /// Adds a segment document; the same segment sent again replaces its first version.
    pub(crate) fn put_document(&mut self, trace_id: &str, document: Document) {
        self.admit(trace_id);
        let documents = self.documents.entry(trace_id.to_owned()).or_default();
        if let Some(known) = documents.iter_mut().find(|known| known.get("id") == document.get("id")) {
            *known = document;
        } else if documents.len() < MAX_SPANS_PER_TRACE {
            documents.push(document);
        } else {
            self.dropped_spans += 1;
        }
        self.evict();
    }

    /// What is kept of a trace, by its id.
    pub(crate) fn stored<'a>(&'a self, trace_id: &'a str) -> Option<Stored<'a>> {
        let spans = self.spans.get(trace_id)?;
        let documents = self.documents.get(trace_id).map(Vec::as_slice).unwrap_or_default();
        Some(Stored { trace_id, spans, documents })
    }

    /// What is kept of every trace.
    pub(crate) fn all(&self) -> impl Iterator<Item = Stored<'_>> {
        self.order.iter().filter_map(|trace_id| self.stored(trace_id))
    }

    /// The spans of a trace, which is known from now on.
    fn admit(&mut self, trace_id: &str) -> &mut Vec<Span> {
        if !self.spans.contains_key(trace_id) {
            self.order.push_back(trace_id.to_owned());
        }
        self.spans.entry(trace_id.to_owned()).or_default()
    }

    /// A trace by its id.
    #[must_use]
    pub fn get(&self, trace_id: &str) -> Option<Trace> {
        self.spans.get(trace_id).cloned().and_then(Trace::of)
    }

    /// The trace that an image's life began in; a redelivery may have begun another one.
    #[must_use]
    pub fn of_image(&self, image_id: &str) -> Option<Trace> {
        let traces = self.images.get(image_id)?.iter().filter_map(|id| self.get(id));
        traces.min_by_key(|trace| trace.start_us)
    }

    /// The newest traces first, at most `limit`.
    #[must_use]
    pub fn newest(&self, limit: usize) -> Vec<Trace> {
        self.order.iter().rev().take(limit).filter_map(|id| self.get(id)).collect()
    }

    /// Spans beyond what a trace may hold.
    #[must_use]
    pub fn dropped_spans(&self) -> u64 {
        self.dropped_spans
    }

    fn evict(&mut self) {
        while self.order.len() > MAX_TRACES {
            let Some(oldest) = self.order.pop_front() else { return };
            let spans = self.spans.remove(&oldest).unwrap_or_default();
            self.documents.remove(&oldest);
            for image_id in spans.iter().filter_map(|span| span.attribute(IMAGE_ID)) {
                let Some(traces) = self.images.get_mut(image_id) else { continue };
                traces.retain(|trace_id| *trace_id != oldest);
                if traces.is_empty() {
                    self.images.remove(image_id);
                }
            }
        }
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

    fn of(trace: usize, id: &str, image: &str) -> Span {
        let mut span = span(id, "", trace as u64, 1);
        span.trace_id = format!("{trace:032x}");
        span.attributes.insert(IMAGE_ID.to_owned(), image.into());
        span
    }

    #[test]
    fn an_image_is_found_in_the_trace_where_it_began() {
        let mut store = TraceStore::default();
        store.put(of(9, "retried", "cat"));
        store.put(of(3, "issued", "cat"));
        store.put(of(1, "issued", "dog"));
        assert_eq!(store.of_image("cat").unwrap().trace_id, format!("{:032x}", 3));
        assert_eq!(store.of_image("cow"), None);
    }

    #[test]
    fn the_same_span_sent_twice_is_kept_once() {
        let mut store = TraceStore::default();
        store.put(of(1, "a", "cat"));
        store.put(of(1, "a", "cat"));
        store.put(of(1, "b", "cat"));
        assert_eq!(store.get(&format!("{:032x}", 1)).unwrap().spans.len(), 2);
    }

    #[test]
    fn the_oldest_traces_leave_with_their_images() {
        let mut store = TraceStore::default();
        for trace in 0..=MAX_TRACES {
            store.put(of(trace, "a", &format!("image-{trace}")));
        }
        assert_eq!(store.of_image("image-0"), None);
        assert!(store.of_image("image-1").is_some());
        assert_eq!(store.images.len(), MAX_TRACES);
        assert_eq!(store.newest(1)[0].image_ids, [format!("image-{MAX_TRACES}")]);
    }

    #[test]
    fn a_runaway_trace_is_cut_and_the_loss_counted() {
        let mut store = TraceStore::default();
        for id in 0..MAX_SPANS_PER_TRACE + 3 {
            store.put(of(1, &format!("{id}"), "cat"));
        }
        assert_eq!(store.of_image("cat").unwrap().spans.len(), MAX_SPANS_PER_TRACE);
        assert_eq!(store.dropped_spans(), 3);
    }
}
