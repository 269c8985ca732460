//! Where lines go: whole lines in locked writes, so that concurrent lines never mix.

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
    /// Lines that this thread will write batch.
    static BATCH: Cell<Option<Batch>> = const { Cell::new(None) };
}

/// Room for a usual line; a little more would be one of the large requests that glibc tidies up for first.
pub(crate) const LINE_BYTES: usize = 1_000;
/// Most bytes that are buffered back.
const MAX_BUFFERED_BYTES: usize = 64 * 1024;

/// Whether a line may be buffered back for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum FlushPolicy {
    Deferred,
    /// It tells of something that may end the process.
    Immediate,
}

/// What is buffered back, if anything is.
#[derive(Default)]
struct Buffered {
    buffering: bool,
    /// Kept from one time to the next, for its room.
    lines: Vec<u8>,
    /// What comes after `lines`.
    deferred: Vec<Lines>,
    /// About how many bytes that will be.
    bytes: usize,
}

/// Appends lines when it is their turn.
type Lines = Box<dyn FnOnce(&mut Vec<u8>) + Send>;

struct Batch {
    /// The writer that the lines are of.
    writer: usize,
    lines: Vec<u8>,
    policy: FlushPolicy,
}

/// A shared line writer that counts what it loses.
#[derive(Clone)]
pub(crate) struct Writer {
    out: Arc<Mutex<dyn Write + Send>>,
    /// Lines that wait until [`Writer::flush`], if they are buffered.
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

    /// Holds lines back until [`Writer::flush`], or until one of them is in policy: waking the reader of a pipe
    /// takes longer than all else that telemetry does before an answer.
    pub(crate) fn start_buffering(&self) {
        self.buffered().buffering = true;
    }

    /// Writes what is buffered, and holds nothing back any more.
    pub(crate) fn flush(&self) {
        let mut buffered = self.buffered();
        buffered.buffering = false;
        self.write_buffered(&mut buffered);
    }

    /// Has everything that is buffered written out in memory, so that what it loses is counted.
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

    /// Runs `work` and writes its lines of this thread at once: the reader of a pipe is woken once.
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
        // Should `work` panic, what it told before is written all the same.
        let _written = BatchEnd(self);
        work();
    }

    /// Which writer this is, among those that live.
    fn id(&self) -> usize {
        Arc::as_ptr(&self.lost).addr()
    }

    /// Has `write` append a line, which no other line can come between.
    pub(crate) fn write_line(&self, policy: FlushPolicy, write: impl FnOnce(&mut Vec<u8>)) {
        self.write(policy, |out| {
            write(out);
            out.push(b'\n');
        });
    }

    /// Has `write` append whole lines, of about `bytes` bytes; while lines are buffered back, this waits with them.
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

    /// Has `write` append whole lines.
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

    /// Writes `lines`, now or when they are released.
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

    /// Writes what is buffered if it may not wait.
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

    /// Counts `n` things that could not be told.
    pub(crate) fn count_lost(&self, n: u64) {
        self.lost.fetch_add(n, Ordering::Relaxed);
    }

    /// Counts `n` things that could not be told, and remembers why.
    pub(crate) fn count_lost_because(&self, n: u64, reason: Option<String>) {
        self.count_lost(n);
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

impl Buffered {
    fn render_deferred(&mut self) {
        for write in self.deferred.drain(..) {
            write(&mut self.lines);
        }
        self.bytes = 0;
    }
}

/// Writes what was told batch, when it goes.
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
