//! Where lines go: whole lines in locked writes, so that concurrent lines never mix.

use std::{
    cell::Cell,
    fmt,
    io::{self, Write},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use serde::Serialize;

thread_local! {
    /// Lines that this thread will write together, and the sink that they are of.
    static TOGETHER: Cell<Option<(usize, Vec<u8>)>> = const { Cell::new(None) };
}

/// Room for a usual line.
const LINE_BYTES: usize = 1_024;

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

    /// Runs `work` and writes its lines of this thread at once: the reader of a pipe is woken once.
    pub(crate) fn together(&self, work: impl FnOnce()) {
        let outer = TOGETHER.take();
        if outer.is_some() {
            TOGETHER.set(outer);
            return work();
        }
        TOGETHER.set(Some((self.id(), Vec::new())));
        // Should `work` panic, what it told before is written all the same.
        let _written = Written(self);
        work();
    }

    /// Which sink this is, among those that live.
    fn id(&self) -> usize {
        Arc::as_ptr(&self.lost).addr()
    }

    fn write(&self, lines: &[u8]) -> bool {
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        out.write_all(lines).and_then(|()| out.flush()).is_ok()
    }

    /// Writes `document` as one line, which no other line can come between.
    pub(crate) fn line(&self, document: &impl Serialize) {
        let mut line = Vec::with_capacity(LINE_BYTES);
        if serde_json::to_writer(&mut line, document).is_err() {
            return self.lose(1);
        }
        line.push(b'\n');
        match TOGETHER.take() {
            Some((id, mut lines)) if id == self.id() => {
                lines.append(&mut line);
                TOGETHER.set(Some((id, lines)));
            }
            other => {
                TOGETHER.set(other);
                self.lose(u64::from(!self.write(&line)));
            }
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

/// Writes what was held back, when it goes.
struct Written<'a>(&'a Sink);

impl Drop for Written<'_> {
    fn drop(&mut self) {
        let Some((_, lines)) = TOGETHER.take() else { return };
        if !lines.is_empty() && !self.0.write(&lines) {
            self.0.lose(lines.split_inclusive(|byte| *byte == b'\n').count() as u64);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Remembers each write.
    #[derive(Default)]
    struct Writes(Vec<String>);

    impl Write for Writes {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.push(String::from_utf8_lossy(bytes).into_owned());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn sink() -> (Sink, Arc<Mutex<Writes>>) {
        let writes = Arc::<Mutex<Writes>>::default();
        (Sink::new(Arc::clone(&writes) as _), writes)
    }

    #[test]
    fn lines_told_together_are_one_write_and_those_of_another_sink_are_not_among_them() {
        let ((sink, writes), (other, others)) = (sink(), sink());

        sink.together(|| {
            sink.line(&1);
            other.line(&"other");
            sink.together(|| sink.line(&2));
        });
        sink.line(&3);

        assert_eq!(writes.lock().unwrap().0, ["1\n2\n", "3\n"]);
        assert_eq!(others.lock().unwrap().0, ["\"other\"\n"]);
    }

    #[test]
    fn a_panic_between_lines_told_together_keeps_them() {
        let (sink, writes) = sink();

        let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            sink.together(|| {
                sink.line(&1);
                panic!("between");
            });
        }));
        sink.line(&2);

        assert!(panicked.is_err());
        assert_eq!(writes.lock().unwrap().0, ["1\n", "2\n"]);
    }
}
