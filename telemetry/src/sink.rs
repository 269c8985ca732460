//! Where lines go: one locked write a line, so that concurrent lines never mix.

use std::{
    fmt,
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;

/// A shared line writer that counts what it loses.
#[derive(Clone)]
pub(crate) struct Sink {
    out: Arc<Mutex<dyn Write + Send>>,
    lost: Arc<AtomicU64>,
    reason: Arc<Mutex<Option<String>>>,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl Sink {
    pub(crate) fn new(out: Arc<Mutex<dyn Write + Send>>) -> Self {
        Self { out, lost: Arc::default(), reason: Arc::default() }
    }

    pub(crate) fn stdout() -> Self {
        Self::new(Arc::new(Mutex::new(io::stdout())))
    }

    /// Writes `document` as one line, in a single write that no other line can come between.
    pub(crate) fn line(&self, document: &impl Serialize) {
        let Ok(mut line) = serde_json::to_vec(document) else { return self.lose(1) };
        line.push(b'\n');
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(&line).and_then(|()| out.flush()).is_err() {
            self.lose(1);
        }
    }

    /// Counts `n` things that could not be told.
    pub(crate) fn lose(&self, n: u64) {
        self.lost.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts `n` things that could not be told, and remembers why.
    pub(crate) fn lose_because(&self, n: u64, reason: Option<String>) {
        self.lose(n);
        if reason.is_some() {
            *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
        }
    }

    /// Why something was lost, as far as known, since the last call.
    pub(crate) fn take_reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// What was lost and not yet told.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// What was lost since the last call.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}
