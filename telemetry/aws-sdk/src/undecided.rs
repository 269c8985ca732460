//! Calls that are made before their trace is known.

use std::cell::RefCell;

use tracing::Span;

tokio::task_local! {
    static CALLS: RefCell<Vec<Span>>;
}

/// The spans of calls that wait for their parent.
#[derive(Debug, Default)]
#[must_use = "spans without a parent are in no trace"]
pub struct Calls(Vec<Span>);

impl Calls {
    /// Puts the calls below `parent`, whose own parent is known by now.
    pub fn nest(self, parent: &Span) {
        for call in self.0 {
            telemetry::context::nest(&call, parent);
        }
    }
}

/// Runs `work`, whose answer tells which trace it belongs to; the calls that it makes wait for their parent.
///
/// AWS is told of Lambda's own trace meanwhile, as the SDK does by itself.
pub async fn undecided<F: Future>(work: F) -> (F::Output, Calls) {
    CALLS
        .scope(RefCell::default(), async {
            let output = work.await;
            (output, Calls(CALLS.with(RefCell::take)))
        })
        .await
}

/// Notes the span that `make` makes where calls are undecided; `None` elsewhere.
pub(crate) fn hold(make: impl FnOnce() -> Span) -> Option<Span> {
    CALLS
        .try_with(|calls| {
            let span = make();
            calls.borrow_mut().push(span.clone());
            span
        })
        .ok()
}
