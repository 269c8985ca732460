//! The recorder of the `metrics` crate: emits any crate's `counter!`, `gauge!` and `histogram!` as EMF.
//!
//! - Names are changed to ones that CloudWatch accepts; those of the catalogue are reserved, because an alarm
//!   must not count a library's metric of the same name.
//! - Units come from `describe_*`, converted to one that CloudWatch has (see [`unit`]).
//! - Labels are properties, since each value of a dimension is a metric that is paid for. Only a label with
//!   the name of a declared [`Dimension`] becomes one, and of it only the first hundred values; later ones
//!   are properties too.
//! - At the end of an invocation a counter emits its increase since the last one, a gauge its last value if it
//!   was set, a histogram every value.
//! - Between two ends there are at most a thousand series, and 65,536 values of a histogram. Each
//!   use beyond is counted as lost.

mod storage;
mod unit;

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString};

use crate::{
    logs::writer::Writer,
    metrics::{
        catalogue::Dimension,
        emf::{Emf, dimension_value, metric_name},
    },
};
use storage::{CounterStorage, Discard, GaugeStorage, HistogramStorage, Storage};

/// The most series between two ends of invocations.
const SERIES: usize = 1_000;
/// The most values of a dimension in the life of an environment.
const DIMENSION_VALUES: usize = 100;

/// Stores what the macros of the `metrics` crate record.
#[derive(Clone, Debug)]
pub(crate) struct MetricsRecorder {
    state: Arc<Mutex<State>>,
    writer: Writer,
}

#[derive(Debug, Default)]
struct State {
    series: BTreeMap<Kind, HashMap<Key, Storage>>,
    units: HashMap<(Kind, String), metrics::Unit>,
    dimension_values: HashMap<Dimension, HashSet<String>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl MetricsRecorder {
    pub(crate) fn new(writer: Writer) -> Self {
        Self { state: Arc::default(), writer }
    }

    /// The metrics recorded since the last call: one event for each set of labels.
    pub(crate) fn take(&self) -> Vec<Emf> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let State { series, units, dimension_values } = &mut *state;
        // By kind too: two kinds may use one name with different units.
        let mut events: BTreeMap<(Kind, Vec<Label>), Emf> = BTreeMap::new();
        for (kind, key, storage) in sorted(series) {
            let values = storage.take();
            let Some(name) = metric_name(key.name()).filter(|_| !values.is_empty()) else { continue };
            let described = units.get(&(kind, key.name().to_owned())).copied();
            let (unit, scale) = unit::of(described, kind == Kind::Counter);
            let labels: Vec<Label> = key.labels().cloned().collect();
            let (set, properties) = split(&labels, dimension_values);
            let emf = events.entry((kind, labels.clone())).or_insert_with(|| {
                let mut emf = Emf::default();
                for label in &properties {
                    emf.property(label.key(), label.value());
                }
                emf
            });
            emf.push(set, name, unit, values.into_iter().map(|value| value * scale));
        }
        events.into_values().collect()
    }

    /// The storage of `key`; `None` when its name is reserved or there are too many series.
    fn storage(&self, kind: Kind, key: &Key, new: impl FnOnce() -> Storage) -> Option<Storage> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.series.get(&kind).and_then(|series| series.get(key)) {
            return Some(known.clone());
        }
        metric_name(key.name())?;
        if state.count() >= SERIES {
            state.series.values_mut().for_each(|series| series.retain(|_, storage| !storage.is_idle()));
        }
        if state.count() >= SERIES {
            return None;
        }
        Some(state.series.entry(kind).or_default().entry(key.clone()).or_insert_with(new).clone())
    }

    fn describe(&self, kind: Kind, name: &KeyName, unit: Option<metrics::Unit>) {
        let Some(unit) = unit else { return };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.units.len() < SERIES {
            state.units.insert((kind, name.as_str().to_owned()), unit);
        }
    }

    fn discard(&self) -> Arc<Discard> {
        Arc::new(Discard(self.writer.clone()))
    }
}

impl State {
    fn count(&self) -> usize {
        self.series.values().map(HashMap::len).sum()
    }
}

/// Every series in a deterministic order.
fn sorted(series: &BTreeMap<Kind, HashMap<Key, Storage>>) -> Vec<(Kind, &Key, &Storage)> {
    let all = series
        .iter()
        .flat_map(|(kind, storages)| storages.iter().map(|(key, storage)| (*kind, key, storage)));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable_by_key(|(kind, key, _)| (*kind, *key));
    all
}

/// Which labels are dimensions, each once, and which are properties.
fn split<'a>(
    labels: &'a [Label],
    values: &mut HashMap<Dimension, HashSet<String>>,
) -> (Vec<(Dimension, std::borrow::Cow<'static, str>)>, Vec<&'a Label>) {
    let (mut set, mut properties) = (Vec::new(), Vec::new());
    for label in labels {
        let declared = Dimension::ALL.iter().copied().find(|it| it.name() == label.key());
        match declared.filter(|it| set.iter().all(|(used, _)| used != it)) {
            Some(dimension) if is_within_limit(values.entry(dimension).or_default(), label.value()) => {
                set.push((dimension, dimension_value(label.value())));
            }
            _ => properties.push(label),
        }
    }
    (set, properties)
}

fn is_within_limit(known: &mut HashSet<String>, value: &str) -> bool {
    known.contains(value) || (known.len() < DIMENSION_VALUES && known.insert(value.to_owned()))
}

impl Recorder for MetricsRecorder {
    fn describe_counter(&self, key: KeyName, unit: Option<metrics::Unit>, _description: SharedString) {
        self.describe(Kind::Counter, &key, unit);
    }

    fn describe_gauge(&self, key: KeyName, unit: Option<metrics::Unit>, _description: SharedString) {
        self.describe(Kind::Gauge, &key, unit);
    }

    fn describe_histogram(&self, key: KeyName, unit: Option<metrics::Unit>, _description: SharedString) {
        self.describe(Kind::Histogram, &key, unit);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        match self.storage(Kind::Counter, key, || Storage::Counter(Arc::new(CounterStorage::default()))) {
            Some(Storage::Counter(storage)) => Counter::from_arc(storage),
            _ => Counter::from_arc(self.discard()),
        }
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        match self.storage(Kind::Gauge, key, || Storage::Gauge(Arc::new(GaugeStorage::default()))) {
            Some(Storage::Gauge(storage)) => Gauge::from_arc(storage),
            _ => Gauge::from_arc(self.discard()),
        }
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        let new = || Storage::Histogram(Arc::new(HistogramStorage::new(self.writer.clone())));
        match self.storage(Kind::Histogram, key, new) {
            Some(Storage::Histogram(storage)) => Histogram::from_arc(storage),
            _ => Histogram::from_arc(self.discard()),
        }
    }
}
