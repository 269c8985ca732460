//! A span processor that buffers ended spans until the flush after the response; no thread, no timer.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use crate::trace::redact::{cut_span, redact_span};

/// Buffers ended spans.
#[derive(Clone, Debug)]
pub(crate) struct SpanBuffer(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    spans: Mutex<VecDeque<SpanData>>,
    /// The most spans in the buffer; more are dropped and counted.
    capacity: usize,
    dropped: AtomicU64,
    /// Most characters of an attribute.
    value_length: Option<usize>,
}

impl SpanBuffer {
    pub(crate) fn new(capacity: usize, value_length: Option<usize>) -> Self {
        Self(Arc::new(Shared { spans: Mutex::default(), capacity, dropped: AtomicU64::new(0), value_length }))
    }

    /// Takes the `most` oldest spans.
    pub(crate) fn take(&self, most: usize) -> Vec<SpanData> {
        let mut spans: Vec<SpanData> = {
            let mut held = self.0.spans.lock().unwrap_or_else(PoisonError::into_inner);
            let count = held.len().min(most);
            held.drain(..count).collect()
        };
        // Here rather than when a span ends, because the caller has its response by now.
        for span in &mut spans {
            redact_span(span);
            if let Some(length) = self.0.value_length {
                cut_span(span, length);
            }
        }
        spans
    }

    /// How many spans were dropped since the last call, because the buffer was full.
    pub(crate) fn take_dropped(&self) -> u64 {
        self.0.dropped.swap(0, Ordering::Relaxed)
    }
}

impl SpanProcessor for SpanBuffer {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut held = self.0.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if held.len() < self.0.capacity {
            held.push_back(span);
        } else {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
