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
    /// Lines that this thread will write together.
    static TOGETHER: Cell<Option<Together>> = const { Cell::new(None) };
}

/// Room for a usual line; a little more would be one of the large requests that glibc tidies up for first.
pub(crate) const LINE_BYTES: usize = 1_000;
/// Most bytes that are held back.
const MOST_HELD: usize = 64 * 1024;

/// Whether a line may be held back for a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Haste {
    CanWait,
    /// It tells of something that may end the process.
    AtOnce,
}

/// What is held back, if anything is.
#[derive(Default)]
struct Held {
    holding: bool,
    /// Kept from one time to the next, for its room.
    lines: Vec<u8>,
    /// What comes after `lines`.
    unwritten: Vec<Lines>,
    /// About how many bytes that will be.
    bytes: usize,
}

/// Appends lines when it is their turn.
type Lines = Box<dyn FnOnce(&mut Vec<u8>) + Send>;

struct Together {
    /// The sink that the lines are of.
    sink: usize,
    lines: Vec<u8>,
    haste: Haste,
}

/// A shared line writer that counts what it loses.
#[derive(Clone)]
pub(crate) struct Sink {
    out: Arc<Mutex<dyn Write + Send>>,
    /// Lines that wait until [`Sink::release`], if they are held.
    held: Arc<Mutex<Held>>,
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
        Self { out, held: Arc::default(), lost: Arc::default(), reason: Arc::default() }
    }

    pub(crate) fn stdout() -> Self {
        Self::new(Arc::new(Mutex::new(io::stdout())))
    }

    /// Holds lines back until [`Sink::release`], or until one of them is in haste: waking the reader of a pipe
    /// takes longer than all else that telemetry does before an answer.
    pub(crate) fn hold(&self) {
        self.held().holding = true;
    }

    /// Writes what is held, and holds nothing back any more.
    pub(crate) fn release(&self) {
        let mut held = self.held();
        held.holding = false;
        self.put_held(&mut held);
    }

    /// Has everything that is held written out in memory, so that what it loses is counted.
    pub(crate) fn settle(&self) {
        self.held().settle();
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put_held(&self, held: &mut Held) {
        held.settle();
        self.put(&held.lines);
        held.lines.clear();
        held.lines.shrink_to(MOST_HELD);
    }

    /// Runs `work` and writes its lines of this thread at once: the reader of a pipe is woken once.
    pub(crate) fn together(&self, work: impl FnOnce()) {
        if self.held().holding {
            return work();
        }
        let outer = TOGETHER.take();
        if outer.is_some() {
            TOGETHER.set(outer);
            return work();
        }
        let lines = Vec::with_capacity(LINE_BYTES);
        TOGETHER.set(Some(Together { sink: self.id(), lines, haste: Haste::CanWait }));
        // Should `work` panic, what it told before is written all the same.
        let _written = Written(self);
        work();
    }

    /// Which sink this is, among those that live.
    fn id(&self) -> usize {
        Arc::as_ptr(&self.lost).addr()
    }

    /// Has `write` append a line, which no other line can come between.
    pub(crate) fn line(&self, haste: Haste, write: impl FnOnce(&mut Vec<u8>)) {
        self.lines(haste, |out| {
            write(out);
            out.push(b'\n');
        });
    }

    /// Has `write` append whole lines, of about `bytes` bytes; while lines are held back, this waits with them.
    pub(crate) fn later(&self, bytes: usize, write: impl FnOnce(&mut Vec<u8>) + Send + 'static) {
        let mut held = self.held();
        if held.holding {
            held.unwritten.push(Box::new(write));
            held.bytes += bytes;
            return self.bound(Haste::CanWait, &mut held);
        }
        drop(held);
        self.lines(Haste::CanWait, write);
    }

    /// Has `write` append whole lines.
    fn lines(&self, haste: Haste, write: impl FnOnce(&mut Vec<u8>)) {
        match TOGETHER.take() {
            Some(mut together) if together.sink == self.id() => {
                write(&mut together.lines);
                together.haste = together.haste.max(haste);
                TOGETHER.set(Some(together));
            }
            other => {
                TOGETHER.set(other);
                let mut lines = Vec::with_capacity(LINE_BYTES);
                write(&mut lines);
                self.take(lines, haste);
            }
        }
    }

    /// Writes `lines`, now or when they are released.
    fn take(&self, lines: Vec<u8>, haste: Haste) {
        let mut held = self.held();
        if !held.holding {
            drop(held);
            return self.put(&lines);
        }
        if held.unwritten.is_empty() {
            held.lines.extend_from_slice(&lines);
        } else {
            held.bytes += lines.len();
            held.unwritten.push(Box::new(move |out| out.extend_from_slice(&lines)));
        }
        self.bound(haste, &mut held);
    }

    /// Writes what is held if it may not wait.
    fn bound(&self, haste: Haste, held: &mut Held) {
        if haste == Haste::AtOnce || held.lines.len() + held.bytes > MOST_HELD {
            self.put_held(held);
        }
    }

    /// Writes `lines`; those that cannot be written are lost.
    fn put(&self, lines: &[u8]) {
        if lines.is_empty() {
            return;
        }
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.write_all(lines).and_then(|()| out.flush()).is_err() {
            self.lose(lines.split_inclusive(|byte| *byte == b'\n').count() as u64);
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

impl Held {
    fn settle(&mut self) {
        for write in self.unwritten.drain(..) {
            write(&mut self.lines);
        }
        self.bytes = 0;
    }
}

/// Writes what was told together, when it goes.
struct Written<'a>(&'a Sink);

impl Drop for Written<'_> {
    fn drop(&mut self) {
        if let Some(Together { lines, haste, .. }) = TOGETHER.take() {
            self.0.take(lines, haste);
        }
    }
}

#[cfg(test)]
mod tests;
