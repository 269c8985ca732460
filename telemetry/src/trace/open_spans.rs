//! The spans that have started and not ended, for the report of a timeout.

use std::sync::{Arc, Mutex, PoisonError};

use tracing::{Subscriber, span};
use tracing_subscriber::{Layer, layer::Context};

/// A `tracing` layer beside the one that records spans.
#[derive(Clone, Debug, Default)]
pub(crate) struct OpenSpans(Arc<Mutex<Vec<u64>>>);

impl<S: Subscriber> Layer<S> for OpenSpans {
    fn on_new_span(&self, _: &span::Attributes<'_>, id: &span::Id, _: Context<'_, S>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(id.into_u64());
    }

    fn on_close(&self, id: span::Id, _: Context<'_, S>) {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // The youngest mostly ends first, and there are few.
        if let Some(at) = open.iter().rposition(|it| *it == id.into_u64()) {
            open.swap_remove(at);
        }
    }
}

impl OpenSpans {
    /// The ids of the open spans.
    pub(crate) fn ids(&self) -> Vec<span::Id> {
        let open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        open.iter().map(|id| span::Id::from_u64(*id)).collect()
    }
}
