//! The recorder of the `metrics` crate: emits any crate's `counter!`, `gauge!` and `histogram!` as EMF.
//!
//! - Names are changed to ones that CloudWatch accepts; one of the catalogue is reserved for the crate that the
//!   catalogue names, because an alarm must not count a library's metric of the same name.
//! - Units are the catalogue's, or come from `describe_*`, converted to one that CloudWatch has (see [`unit`]).
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
    borrow::Cow,
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Metadata, Recorder, SharedString};

use crate::{
    logs::writer::Writer,
    metrics::{
        catalogue::{Dimension, Metric},
        emf::{Emf, dimension_value, is_member, metric_name},
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
    series: BTreeMap<Kind, HashMap<Key, Series>>,
    units: HashMap<(Kind, String), metrics::Unit>,
    dimension_values: HashMap<Dimension, Values>,
}

/// Values of a dimension, each with what CloudWatch accepts for it.
type Values = HashMap<String, Cow<'static, str>>;

#[derive(Debug)]
struct Series {
    /// The name that CloudWatch accepts.
    name: Cow<'static, str>,
    storage: Storage,
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
        // One event for each set of labels, and further ones for a name that is used by two kinds.
        let mut events: BTreeMap<(Vec<Label>, usize), Emf> = BTreeMap::new();
        for (kind, key, series) in sorted(series) {
            let values = series.storage.take();
            if values.is_empty() {
                continue;
            }
            let (unit, scale) = Metric::named(&series.name).map_or_else(
                || unit::of(units.get(&(kind, key.name().to_owned())).copied(), kind == Kind::Counter),
                |declared| (declared.unit, 1.0),
            );
            let labels: Vec<Label> = key.labels().cloned().collect();
            let (set, properties) = split(&labels, dimension_values);
            let mut at = (labels.clone(), 0);
            while events.get(&at).is_some_and(|emf| emf.measures(&series.name)) {
                at.1 += 1;
            }
            let emf = events.entry(at).or_insert_with(|| {
                let mut emf = Emf::default();
                for label in &properties {
                    emf.property(label.key(), label.value());
                }
                emf
            });
            emf.push(set, series.name.clone(), unit, values.into_iter().map(|value| value * scale));
        }
        events.into_values().collect()
    }

    /// The storage of `key`; `None` when `module` may not record under its name or there are too many series.
    fn storage(&self, kind: Kind, key: &Key, module: &str, new: impl FnOnce() -> Storage) -> Option<Storage> {
        if !is_allowed(key.name(), module) {
            return None;
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.series.get(&kind).and_then(|series| series.get(key)) {
            return Some(known.storage.clone());
        }
        let name = metric_name(key.name());
        if is_member(&name) || !is_allowed(&name, module) {
            return None;
        }
        if state.count() >= SERIES {
            state.series.values_mut().for_each(|series| series.retain(|_, it| !it.storage.is_idle()));
        }
        if state.count() >= SERIES {
            return None;
        }
        let storage = new();
        let series = Series { name, storage: storage.clone() };
        state.series.entry(kind).or_default().insert(key.clone(), series);
        Some(storage)
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

/// Whether the catalogue lets code in `module` record a metric of this name.
fn is_allowed(name: &str, module: &str) -> bool {
    Metric::named(name).is_none_or(|declared| declared.is_from(module))
}

/// Every series in a deterministic order.
fn sorted(series: &BTreeMap<Kind, HashMap<Key, Series>>) -> Vec<(Kind, &Key, &Series)> {
    let all =
        series.iter().flat_map(|(kind, series)| series.iter().map(|(key, series)| (*kind, key, series)));
    let mut all: Vec<_> = all.collect();
    all.sort_unstable_by_key(|(kind, key, _)| (*kind, *key));
    all
}

/// Which labels are dimensions, each once, and which are properties.
fn split<'a>(
    labels: &'a [Label],
    values: &mut HashMap<Dimension, Values>,
) -> (Vec<(Dimension, Cow<'static, str>)>, Vec<&'a Label>) {
    let (mut set, mut properties) = (Vec::new(), Vec::new());
    for label in labels {
        let declared = Dimension::ALL.iter().copied().find(|it| it.name() == label.key());
        let dimension = declared.filter(|it| set.iter().all(|(used, _)| used != it));
        let value = dimension.and_then(|it| within_limit(values.entry(it).or_default(), label.value()));
        match dimension.zip(value) {
            Some(placed) => set.push(placed),
            None => properties.push(label),
        }
    }
    (set, properties)
}

/// What CloudWatch accepts for `value`; `None` when the dimension has had its number of other values.
fn within_limit(known: &mut Values, value: &str) -> Option<Cow<'static, str>> {
    if let Some(accepted) = known.get(value) {
        return Some(accepted.clone());
    }
    (known.len() < DIMENSION_VALUES)
        .then(|| known.entry(value.to_owned()).or_insert_with(|| dimension_value(value)).clone())
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

    fn register_counter(&self, key: &Key, metadata: &Metadata<'_>) -> Counter {
        let new = || Storage::Counter(Arc::new(CounterStorage::default()));
        match self.storage(Kind::Counter, key, metadata.target(), new) {
            Some(Storage::Counter(storage)) => Counter::from_arc(storage),
            _ => Counter::from_arc(self.discard()),
        }
    }

    fn register_gauge(&self, key: &Key, metadata: &Metadata<'_>) -> Gauge {
        let new = || Storage::Gauge(Arc::new(GaugeStorage::default()));
        match self.storage(Kind::Gauge, key, metadata.target(), new) {
            Some(Storage::Gauge(storage)) => Gauge::from_arc(storage),
            _ => Gauge::from_arc(self.discard()),
        }
    }

    fn register_histogram(&self, key: &Key, metadata: &Metadata<'_>) -> Histogram {
        let new = || Storage::Histogram(Arc::new(HistogramStorage::new(self.writer.clone())));
        match self.storage(Kind::Histogram, key, metadata.target(), new) {
            Some(Storage::Histogram(storage)) => Histogram::from_arc(storage),
            _ => Histogram::from_arc(self.discard()),
        }
    }
}
