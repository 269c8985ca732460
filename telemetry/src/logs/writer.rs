//! The writer of logs and metrics: whole lines in locked writes, so that concurrent lines never mix.

use std::{
    cell::Cell,
    fmt,
    io::{self, Write},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

thread_local! {
    /// Lines of this thread that will be written at once.
    static BATCH: Cell<Option<Batch>> = const { Cell::new(None) };
}

/// The capacity for a usual line. A little more would be a large request, for which glibc first consolidates.
pub(crate) const LINE_BYTES: usize = 1_000;
/// The most bytes that are buffered.
const MAX_BUFFERED_BYTES: usize = 64 * 1024;

/// Whether a line may stay in the buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FlushPolicy {
    /// It may stay until the next flush.
    Deferred,
    /// It is flushed at once, because the process may end.
    Immediate,
}

/// The buffer.
#[derive(Default)]
struct Buffered {
    buffering: bool,
    /// Rendered lines; the vector is reused for its capacity.
    lines: Vec<u8>,
    /// Lines after `lines` that are not rendered yet.
    deferred: Vec<Lines>,
    /// The approximate bytes of `deferred`.
    bytes: usize,
}

/// Renders and appends lines.
type Lines = Box<dyn FnOnce(&mut Vec<u8>) + Send>;

struct Batch {
    /// The id of the writer that the lines belong to.
    writer: usize,
    lines: Vec<u8>,
    policy: FlushPolicy,
}

/// A shared line writer that counts lost lines and values.
#[derive(Clone)]
pub(crate) struct Writer {
    out: Arc<Mutex<dyn Write + Send>>,
    /// Lines that wait for [`Writer::flush`].
    buffered: Arc<Mutex<Buffered>>,
    lost: Arc<AtomicU64>,
    reason: Arc<Mutex<Option<String>>>,
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer").field("lost", &self.lost).finish_non_exhaustive()
    }
}

impl Writer {
    pub(crate) fn new(out: Arc<Mutex<dyn Write + Send>>) -> Self {
        Self { out, buffered: Arc::default(), lost: Arc::default(), reason: Arc::default() }
    }

    pub(crate) fn stdout() -> Self {
        Self::new(Arc::new(Mutex::new(io::stdout())))
    }

    /// Buffers lines until [`Writer::flush`] or a line with [`FlushPolicy::Immediate`]: waking the reader of a pipe
    /// takes longer than all else that telemetry does before an answer.
    pub(crate) fn start_buffering(&self) {
        self.buffered().buffering = true;
    }

    /// Writes the buffer and ends buffering.
    pub(crate) fn flush(&self) {
        let mut buffered = self.buffered();
        buffered.buffering = false;
        self.write_buffered(&mut buffered);
    }

    /// Renders the deferred lines in memory, so that what they lose is counted.
    pub(crate) fn render_deferred(&self) {
        self.buffered().render_deferred();
    }

    fn buffered(&self) -> MutexGuard<'_, Buffered> {
        self.buffered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_buffered(&self, buffered: &mut Buffered) {
        buffered.render_deferred();
        self.write_out(&buffered.lines);
        buffered.lines.clear();
        buffered.lines.shrink_to(MAX_BUFFERED_BYTES);
    }

    /// Runs `work` and writes its lines of this thread in one write, which wakes the reader of a pipe once.
    pub(crate) fn batch(&self, work: impl FnOnce()) {
        if self.buffered().buffering {
            return work();
        }
        let outer = BATCH.take();
        if outer.is_some() {
            BATCH.set(outer);
            return work();
        }
        let lines = Vec::with_capacity(LINE_BYTES);
        BATCH.set(Some(Batch { writer: self.id(), lines, policy: FlushPolicy::Deferred }));
        // Writes the lines even if `work` panics.
        let _written = BatchEnd(self);
        work();
    }

    /// The identity of this writer.
    fn id(&self) -> usize {
        Arc::as_ptr(&self.lost).addr()
    }

    /// Writes the line that `write` appends, whole.
    pub(crate) fn write_line(&self, policy: FlushPolicy, write: impl FnOnce(&mut Vec<u8>)) {
        self.write(policy, |out| {
            write(out);
            out.push(b'\n');
        });
    }

    /// Writes the lines that `write` appends, of about `bytes` bytes; while lines are buffered, rendering waits too.
    pub(crate) fn write_deferred(&self, bytes: usize, write: impl FnOnce(&mut Vec<u8>) + Send + 'static) {
        let mut buffered = self.buffered();
        if buffered.buffering {
            buffered.deferred.push(Box::new(write));
            buffered.bytes += bytes;
            return self.flush_if_due(FlushPolicy::Deferred, &mut buffered);
        }
        drop(buffered);
        self.write(FlushPolicy::Deferred, write);
    }

    /// Writes the lines that `write` appends.
    fn write(&self, policy: FlushPolicy, write: impl FnOnce(&mut Vec<u8>)) {
        match BATCH.take() {
            Some(mut batch) if batch.writer == self.id() => {
                write(&mut batch.lines);
                batch.policy = batch.policy.max(policy);
                BATCH.set(Some(batch));
            }
            other => {
                BATCH.set(other);
                let mut lines = Vec::with_capacity(LINE_BYTES);
                write(&mut lines);
                self.accept(lines, policy);
            }
        }
    }

    /// Writes or buffers `lines`.
    fn accept(&self, lines: Vec<u8>, policy: FlushPolicy) {
        let mut buffered = self.buffered();
        if !buffered.buffering {
            drop(buffered);
            return self.write_out(&lines);
        }
        if buffered.deferred.is_empty() {
            buffered.lines.extend_from_slice(&lines);
        } else {
            buffered.bytes += lines.len();
            buffered.deferred.push(Box::new(move |out| out.extend_from_slice(&lines)));
        }
        self.flush_if_due(policy, &mut buffered);
    }

    /// Writes the buffer if it is full or `policy` demands it.
    fn flush_if_due(&self, policy: FlushPolicy, buffered: &mut Buffered) {
        if policy == FlushPolicy::Immediate || buffered.lines.len() + buffered.bytes > MAX_BUFFERED_BYTES {
            self.write_buffered(buffered);
        }
    }

    /// Writes `lines`; those that cannot be written are lost.
    fn write_out(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(lines).and_then(|()| out.flush()).is_err() {
            self.count_lost(lines.split_inclusive(|byte| *byte == b'\n').count() as u64);
        }
    }

    /// Counts `n` lost lines, values, fields or spans.
    pub(crate) fn count_lost(&self, n: u64) {
        self.lost.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts `n` losses and stores their reason.
    pub(crate) fn count_lost_because(&self, n: u64, reason: Option<String>) {
        self.count_lost(n);
        if reason.is_some() {
            *self.reason.lock().unwrap_or_else(PoisonError::into_inner) = reason;
        }
    }

    /// The reason of a loss since the last call, if known.
    pub(crate) fn take_reason(&self) -> Option<String> {
        self.reason.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// The losses that no metric counts yet.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// The losses since the last call.
    pub(crate) fn take_lost(&self) -> u64 {
        self.lost.swap(0, Ordering::Relaxed)
    }
}

impl Buffered {
    fn render_deferred(&mut self) {
        for write in self.deferred.drain(..) {
            write(&mut self.lines);
        }
        self.bytes = 0;
    }
}

/// Writes the batch when it is dropped.
struct BatchEnd<'a>(&'a Writer);

impl Drop for BatchEnd<'_> {
    fn drop(&mut self) {
        if let Some(Batch { lines, policy, .. }) = BATCH.take() {
            self.0.accept(lines, policy);
        }
    }
}

#[cfg(test)]
mod tests;
