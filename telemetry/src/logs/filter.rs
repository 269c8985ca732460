//! What is told at all: spans of ours, and the lines that the log's filter asks for.
//!
//! One decision for each place in the code, made once and kept by `tracing`. Filters of the single layers would
//! decide the same, and be asked by each span four times.

use tracing::{
    Level, Metadata, Subscriber,
    level_filters::LevelFilter,
    span::{Attributes, Id, Record},
    subscriber::Interest,
};
use tracing_subscriber::{EnvFilter, Layer, layer::Context, registry::LookupSpan};

/// Libraries that see requests, answers and credentials; below WARN their logs hold all of these.
const LIBRARIES: [&str; 7] = ["aws_", "hyper", "h2", "rustls", "lambda_", "tower", "opentelemetry"];
/// Where the runtime logs that a handler failed, which is told already, with less said and more shown.
const DUPLICATE_TARGET: &str = "lambda_runtime::layers::panic";

/// Lets in what may be told; the filter has its say about lines alone, so that no level of a log breaks a trace.
#[derive(Debug)]
pub(crate) struct LogFilter {
    lines: EnvFilter,
    /// Whether the filter asks for lines inside of certain spans, and must see all of these.
    follows_spans: bool,
}

impl LogFilter {
    /// Admits lines as `directives` say.
    pub(crate) fn new(directives: &str) -> Self {
        Self { lines: EnvFilter::builder().parse_lossy(directives), follows_spans: directives.contains('[') }
    }
}

/// Libraries open spans of their own, which would drown ours.
fn is_our_span(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= Level::INFO && !is_of_library(metadata)
}

/// Whether lines of `metadata`'s origin may be told, whatever the filter asks for.
fn is_loggable(metadata: &Metadata<'_>) -> bool {
    (*metadata.level() <= Level::WARN || !is_of_library(metadata)) && metadata.target() != DUPLICATE_TARGET
}

/// Whether `metadata` comes from a library beneath a function.
fn is_of_library(metadata: &Metadata<'_>) -> bool {
    LIBRARIES.iter().any(|library| metadata.target().starts_with(library))
}

impl<S: Subscriber + for<'span> LookupSpan<'span>> Layer<S> for LogFilter {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        // The filter learns of every span that it may be asked for lines inside of.
        let interest = <EnvFilter as Layer<S>>::register_callsite(&self.lines, metadata);
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
        is_loggable(metadata) && <EnvFilter as Layer<S>>::enabled(&self.lines, metadata, context)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(<EnvFilter as Layer<S>>::max_level_hint(&self.lines)?.max(LevelFilter::INFO))
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_new_span(&self.lines, attributes, id, context);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_record(&self.lines, id, values, context);
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_enter(&self.lines, id, context);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_exit(&self.lines, id, context);
        }
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        if self.follows_spans {
            <EnvFilter as Layer<S>>::on_close(&self.lines, id, context);
        }
    }
}
