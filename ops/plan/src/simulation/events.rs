//! Events by time; of those at one time, the one that was added first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// The queue can hand the message of this number out.
    Visible(usize),
    /// An execution has ended.
    Free,
}

/// What will happen.
#[derive(Debug, Default)]
pub(super) struct Events {
    heap: BinaryHeap<Reverse<(u64, usize, Event)>>,
    added: usize,
}

impl Events {
    pub(super) fn add(&mut self, at: f64, event: Event) {
        // Floats that are not negative are in the order of their bits.
        self.heap.push(Reverse((at.to_bits(), self.added, event)));
        self.added += 1;
    }

    pub(super) fn next(&mut self) -> Option<(f64, Event)> {
        self.heap.pop().map(|Reverse((at, _, event))| (f64::from_bits(at), event))
    }
}
