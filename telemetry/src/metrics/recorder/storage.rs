//! The storage behind the handles of the `metrics` crate: counters, gauges, histograms.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use metrics::{CounterFn, GaugeFn, HistogramFn};

use crate::{logs::writer::Writer, metrics::emf::to_f64};

/// The most values of one histogram between two ends of invocations.
const VALUES: usize = 65_536;

/// The storage of one series, shared with the handles that callers keep.
#[derive(Clone, Debug)]
pub(super) enum Storage {
    Counter(Arc<CounterStorage>),
    Gauge(Arc<GaugeStorage>),
    Histogram(Arc<HistogramStorage>),
}

impl Storage {
    /// The values recorded since the last call.
    pub(super) fn take(&self) -> Vec<f64> {
        match self {
            Self::Counter(storage) => storage.take().into_iter().collect(),
            Self::Gauge(storage) => storage.take().into_iter().collect(),
            Self::Histogram(storage) => storage.take(),
        }
    }

    /// Whether no handle is left and no value waits to be emitted.
    pub(super) fn is_idle(&self) -> bool {
        match self {
            Self::Counter(storage) => Arc::strong_count(storage) == 1 && storage.pending() == 0,
            Self::Gauge(storage) => Arc::strong_count(storage) == 1 && !lock(&storage.0).touched,
            Self::Histogram(storage) => Arc::strong_count(storage) == 1 && lock(&storage.values).is_empty(),
        }
    }
}

/// A running total and how much of it was emitted.
#[derive(Debug, Default)]
pub(super) struct CounterStorage {
    total: AtomicU64,
    flushed: AtomicU64,
}

impl CounterStorage {
    fn pending(&self) -> u64 {
        self.total.load(Ordering::Acquire).wrapping_sub(self.flushed.load(Ordering::Acquire))
    }

    fn take(&self) -> Option<f64> {
        let total = self.total.load(Ordering::Acquire);
        let added = total.wrapping_sub(self.flushed.swap(total, Ordering::AcqRel));
        (added > 0).then(|| to_f64(added))
    }
}

impl CounterFn for CounterStorage {
    fn increment(&self, value: u64) {
        self.total.fetch_add(value, Ordering::AcqRel);
    }

    fn absolute(&self, value: u64) {
        self.total.fetch_max(value, Ordering::AcqRel);
    }
}

#[derive(Debug, Default)]
pub(super) struct GaugeStorage(Mutex<Level>);

#[derive(Debug, Default)]
struct Level {
    value: f64,
    touched: bool,
}

impl GaugeStorage {
    fn take(&self) -> Option<f64> {
        let mut level = lock(&self.0);
        std::mem::take(&mut level.touched).then_some(level.value)
    }

    fn change(&self, change: impl FnOnce(f64) -> f64) {
        let mut level = lock(&self.0);
        *level = Level { value: change(level.value), touched: true };
    }
}

impl GaugeFn for GaugeStorage {
    fn increment(&self, value: f64) {
        self.change(|level| level + value);
    }

    fn decrement(&self, value: f64) {
        self.change(|level| level - value);
    }

    fn set(&self, value: f64) {
        self.change(|_| value);
    }
}

#[derive(Debug)]
pub(super) struct HistogramStorage {
    values: Mutex<Vec<f64>>,
    writer: Writer,
}

impl HistogramStorage {
    pub(super) const fn new(writer: Writer) -> Self {
        Self { values: Mutex::new(Vec::new()), writer }
    }

    fn take(&self) -> Vec<f64> {
        std::mem::take(&mut lock(&self.values))
    }
}

impl HistogramFn for HistogramStorage {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        let mut values = lock(&self.values);
        let length = values.len().saturating_add(count).min(VALUES);
        self.writer.count_lost((values.len().saturating_add(count) - length) as u64);
        values.resize(length, value);
    }
}

/// Stands in for a series beyond the limits, and counts each use as lost.
#[derive(Debug)]
pub(super) struct Discard(pub(super) Writer);

impl CounterFn for Discard {
    fn increment(&self, _value: u64) {
        self.0.count_lost(1);
    }

    fn absolute(&self, _value: u64) {
        self.0.count_lost(1);
    }
}

impl GaugeFn for Discard {
    fn increment(&self, _value: f64) {
        self.0.count_lost(1);
    }

    fn decrement(&self, _value: f64) {
        self.0.count_lost(1);
    }

    fn set(&self, _value: f64) {
        self.0.count_lost(1);
    }
}

impl HistogramFn for Discard {
    fn record(&self, _value: f64) {
        self.0.count_lost(1);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
