//! Ended spans wait here until the answer is out; no thread, no timer.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use opentelemetry::Context;
use opentelemetry_sdk::{
    error::OTelSdkResult,
    trace::{Span, SpanData, SpanProcessor},
};

use crate::redact::redact_span;

/// Most spans held between two flushes; more are dropped and counted.
const CAPACITY: usize = 8_192;

/// A span processor that only remembers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Buffer(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    spans: Vec<SpanData>,
    dropped: u64,
}

impl Buffer {
    /// Takes what is held, and the number of spans that found no room.
    pub(crate) fn take(&self) -> (Vec<SpanData>, u64) {
        let (mut spans, dropped) = {
            let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            (std::mem::take(&mut held.spans), std::mem::take(&mut held.dropped))
        };
        // Here rather than when a span ends: the caller has its answer by now.
        spans.iter_mut().for_each(redact_span);
        (spans, dropped)
    }
}

impl SpanProcessor for Buffer {
    fn on_start(&self, _span: &mut Span, _context: &Context) {}

    fn on_end(&self, span: SpanData) {
        if !span.span_context.is_sampled() {
            return;
        }
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if held.spans.len() < CAPACITY {
            held.spans.push(span);
        } else {
            held.dropped += 1;
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}
