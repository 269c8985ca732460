//! The filter of spans and log events: our spans, and the events that `RUST_LOG` selects.
//!
//! One global filter, whose decision `tracing` caches for each callsite. Filters of the single layers would decide
//! the same, but each span would evaluate them four times.

use tracing::{
    Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{EnvFilter, Layer, layer::Context, registry::LookupSpan};

/// Target prefixes of libraries whose events below WARN contain requests, responses and credentials.
const LIBRARIES: [&str; 7] = ["aws_", "hyper", "h2", "rustls", "lambda_", "tower", "opentelemetry"];
/// The target where the runtime logs a failed handler, which [`crate::run`] logs already, with redaction.
const DUPLICATE_TARGET: &str = "lambda_runtime::layers::panic";

/// Applies `RUST_LOG` to events only, so that no log level breaks a trace.
#[derive(Debug)]
pub(crate) struct LogFilter {
    events: EnvFilter,
    /// Whether a directive selects events inside of certain spans, so that the filter must see all of these.
    follows_spans: bool,
}

impl LogFilter {
    /// Selects events by the directives of `RUST_LOG`.
    pub(crate) fn new(directives: &str) -> Self {
        Self { events: EnvFilter::builder().parse_lossy(directives), follows_spans: directives.contains('[') }
    }
}

/// Whether a span is ours: libraries open many more.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO && !is_of_library(metadata)
}

/// Whether an event may be logged, whatever `RUST_LOG` selects.
fn is_loggable(metadata: &Metadata<'_>) -> bool {
    (*metadata.level() <= Level::WARN || !is_of_library(metadata)) && metadata.target() != DUPLICATE_TARGET
}

/// Whether `metadata` comes from a library that functions use.
fn is_of_library(metadata: &Metadata<'_>) -> bool {
    LIBRARIES.iter().any(|library| metadata.target().starts_with(library))
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for LogFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The filter must register every span that a directive may name.
        let interest = <EnvFilter as Layer<S>>::register_callsite(&self.events, metadata);
        match metadata.is_span() {
            true if is_our_span(metadata) => Interest::always(),
            false if is_loggable(metadata) => interest,
            _ => Interest::never(),
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, context: Context<'_, S>) -> bool {
        if metadata.is_span() {
            return is_our_span(metadata);
        }
        is_loggable(metadata) && <EnvFilter as Layer<S>>::enabled(&self.events, metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(<EnvFilter as Layer<S>>::max_level_hint(&self.events)?.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_new_span(&self.events, attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_record(&self.events, id, values, context);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_enter(&self.events, id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_exit(&self.events, id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_close(&self.events, id, context);
        }
    }
}
