//! Calls whose parent span is set later, because their response contains the trace that they belong to.

use std::cell::RefCell;

use tracing::Span;

tokio::task_local! {
    static CALLS: RefCell<Vec<Span>>;
}

/// The spans of calls that have no parent yet.
#[derive(Debug, Default)]
#[must_use = "spans without a parent are in no trace"]
pub struct DeferredCalls(Vec<Span>);

impl DeferredCalls {
    /// Sets `parent`, whose own parent is set by now, as the parent of the calls.
    pub fn nest(self, parent: &Span) {
        for call in self.0 {
            telemetry::context::nest(&call, parent);
        }
    }
}

/// Runs `work`, whose output contains the trace that it belongs to; the spans of its calls get their parent later.
///
/// Meanwhile AWS receives Lambda's own trace header, as the SDK sends it by itself.
pub async fn with_deferred_parent<F: Future>(work: F) -> (F::Output, DeferredCalls) {
    CALLS
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, DeferredCalls(CALLS.with(RefCell::take)))
        })
        .await
}

/// Makes a span without a parent and stores it, inside of [`with_deferred_parent`]; `None` elsewhere.
pub(crate) fn defer(make: impl FnOnce() -> Span) -> Option<Span> {
    CALLS
        .try_with(|calls| {
            let span = make();
            calls.borrow_mut().push(span.clone());
            span
        })
        .ok()
}
